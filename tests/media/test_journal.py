"""The journal against a real database over loopback: faults lose nothing, fenced processes learn it, one message."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared.adapters.aws.media import batch_writer as batch_module
from shared.adapters.aws.media import journal as journal_module
from shared.adapters.aws.media.batch_writer import BatchWriter
from shared.adapters.aws.media.call_store import DynamoCallStore
from shared.adapters.aws.media.journal import DynamoJournal
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    Checkpoint,
    EndedBy,
    EndReason,
    Role,
    TranscriptSegment,
    UsageEntry,
    UsageKind,
)
from shared.services.sessions import hash_token
from tests.platform import NOW, ORIGIN, TOKEN, Cloud, opened

END = NOW + timedelta(minutes=3)


class Faulty:
    """A client some of whose requests fail, before or after they reached the server."""

    def __init__(self, client: Any, fails: Callable[[], str | None]) -> None:
        self._client, self._fails = client, fails
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)

        async def call(**arguments: Any) -> Any:
            how = self._fails()
            if how is None:
                return await real(**arguments)
            self.failed += 1
            if how == "answer lost":
                await real(**arguments)
                raise EndpointConnectionError(endpoint_url="http://database")
            if how == "unreachable":
                raise EndpointConnectionError(endpoint_url="http://database")
            error: Any = {"Error": {"Code": how, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(error, name)

        return call


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "RETRY_SECONDS", 0.002)
    monkeypatch.setattr(journal_module, "LONGEST_RETRY", 0.01)
    monkeypatch.setattr(batch_module, "GATHER_SECONDS", 0.001)


class Owned:
    """A claimed call with its journal."""

    def __init__(self, record: CallRecord, journal: DynamoJournal, dynamo: Any) -> None:
        self.record, self.journal, self.dynamo = record, journal, dynamo
        self.epoch = record.epoch
        self.fenced = 0
        self.resume_token = ""


@asynccontextmanager
async def owned(cloud: Cloud, fails: Callable[[], str | None] = lambda: None) -> AsyncIterator[Owned]:
    _, session = opened(cloud)
    async with cloud.aclient("dynamodb") as dynamo, cloud.aclient("sqs") as sqs:
        store = DynamoCallStore(dynamo, calls="calls", live="live")
        claimed = await store.claim(session.session_id, hash_token(TOKEN), ORIGIN, "task-a", NOW)
        holder: list[Owned] = []

        def fenced() -> None:
            holder[0].fenced += 1

        faulty = Faulty(dynamo, fails)
        journal = DynamoJournal(
            faulty,
            BatchWriter(faulty),
            Faulty(sqs, fails),
            claimed.call,
            table="calls",
            queue_url=cloud.queue_url,
            epoch=lambda: holder[0].epoch,
            fenced=fenced,
            utc_now=lambda: END,
        )
        holder.append(Owned(claimed.call, journal, dynamo))
        holder[0].resume_token = claimed.resume_token
        yield holder[0]


def segment(number: int, text: str = "words") -> TranscriptSegment:
    return TranscriptSegment(
        segment_id=f"s{number}", role=Role.USER, text=text, start_ms=number * 100, end_ms=number * 100 + 90
    )


def usage(number: int) -> UsageEntry:
    return UsageEntry(
        usage_id=f"u{number}", kind=UsageKind.REPLY, model_id="m", price_version="1", cost_usd=Decimal("0.01")
    )


def write_everything(journal: DynamoJournal) -> None:
    for number in range(20):
        journal.transcript(segment(number))
        journal.usage(usage(number))
        journal.checkpoint(Checkpoint(epoch=1, at_ms=number, core={"n": number}))
    journal.finish(EndReason.USER_ENDED, EndedBy.CALLER, 180_000, 2)


def check_everything(cloud: Cloud, record: CallRecord) -> None:
    ids = (record.company_id, record.call_id)
    assert [found.segment_id for found in cloud.calls.transcript(*ids)] == [f"s{n}" for n in range(20)]
    assert {found.usage_id for found in cloud.calls.usage(*ids)} == {f"u{n}" for n in range(20)}
    checkpoint = cloud.calls.checkpoint(*ids)
    assert checkpoint is not None
    assert checkpoint.at_ms == 19
    ended = cloud.calls.get(*ids)
    assert ended is not None
    assert (ended.status, ended.end_reason, ended.ended_by) == (
        CallStatus.COMPLETED,
        EndReason.USER_ENDED,
        EndedBy.CALLER,
    )
    assert (ended.ended_at, ended.duration_ms, ended.interruption_count) == (END, 180_000, 2)


FAULTS = ("ThrottlingException", "InternalServerError", "unreachable", "answer lost")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fifth_of_the_requests_failing_loses_nothing(cloud: Cloud, fault: str) -> None:
    rng = random.Random(fault)
    async with owned(cloud, lambda: fault if rng.random() < 0.2 else None) as call:
        write_everything(call.journal)
        await asyncio.wait_for(call.journal.close(), 20)
        check_everything(cloud, call.record)
        messages = [json.loads(body) for body in cloud.messages()]
        assert {"company_id": "acme", "call_id": call.record.call_id} in messages
        assert len(messages) == 1 or fault == "answer lost"
        assert call.fenced == 0


async def test_a_database_that_is_away_for_a_while_stalls_nobody_and_loses_nothing(cloud: Cloud) -> None:
    away = True
    async with owned(cloud, lambda: "ThrottlingException" if away else None) as call:
        write_everything(call.journal)
        await asyncio.sleep(0.2)
        assert cloud.calls.transcript("acme", call.record.call_id) == []
        away = False
        await asyncio.wait_for(call.journal.close(), 20)
        check_everything(cloud, call.record)


async def test_a_request_that_can_never_succeed_holds_up_nothing(cloud: Cloud) -> None:
    plan = iter(["ValidationException"])
    async with owned(cloud, lambda: next(plan, None)) as call:
        call.journal.transcript(segment(0))
        call.journal.transcript(segment(1))
        await asyncio.wait_for(call.journal.close(), 5)
        assert [found.segment_id for found in cloud.calls.transcript("acme", call.record.call_id)] == ["s1"]


async def test_a_later_version_of_a_segment_replaces_the_earlier(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        call.journal.transcript(segment(0, "long before the barge-in"))
        call.journal.transcript(segment(0, "long"))
        await call.journal.close()
        assert [found.text for found in cloud.calls.transcript("acme", call.record.call_id)] == ["long"]


async def test_what_waits_for_the_database_is_bounded(cloud: Cloud) -> None:
    away = True
    async with owned(cloud, lambda: "unreachable" if away else None) as call:
        for number in range(100):
            call.journal.transcript(segment(number, "x" * 10_000))
        call.journal.finish(EndReason.USER_ENDED, EndedBy.CALLER, 1, 0)
        away = False
        await asyncio.wait_for(call.journal.close(), 10)
        kept = cloud.calls.transcript("acme", call.record.call_id)
        assert 20 <= len(kept) <= 26
        ended = cloud.calls.get("acme", call.record.call_id)
        assert ended is not None
        assert ended.ended_at == END


async def test_the_message_is_sent_by_close_once_the_recorder_is_done(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        call.journal.finish(EndReason.USER_ENDED, EndedBy.CALLER, 1, 0)
        for _ in range(200):
            await asyncio.sleep(0.01)
            stored = cloud.calls.get("acme", call.record.call_id)
            if stored is not None and stored.ended_at is not None:
                break
        assert cloud.messages() == []
        assert [found.call_id for found in cloud.calls.unclosed() if found.call_id == call.record.call_id]
        await call.journal.close()
        await call.journal.close()
        assert len(cloud.messages()) == 1


async def _taken_over(call: Owned, task: str) -> CallRecord:
    store = DynamoCallStore(call.dynamo, calls="calls", live="live")
    token = hash_token(call.resume_token)
    return (await store.claim(call.record.session_id, token, ORIGIN, task, NOW)).call


async def test_a_call_taken_over_by_another_process_fences_this_one_once(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        call.journal.checkpoint(Checkpoint(epoch=1, at_ms=1, core={"mine": 1}))
        await call.journal.close()
        await _taken_over(call, "task-b")
        call.journal.checkpoint(Checkpoint(epoch=1, at_ms=2, core={"stale": 1}))
        call.journal.finish(EndReason.CONNECTION_LOST, EndedBy.CALLER, 1, 0)
        await call.journal.close()
        assert call.fenced == 1
        stored = cloud.calls.get("acme", call.record.call_id)
        assert stored is not None
        assert (stored.status, stored.owner, stored.ended_at) == (CallStatus.ACTIVE, "task-b", None)
        assert cloud.messages() == []


async def test_a_caller_coming_back_to_the_same_process_does_not_fence_it(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        again = await _taken_over(call, "task-a")
        call.journal.checkpoint(Checkpoint(epoch=1, at_ms=5, core={"n": 5}))
        await asyncio.sleep(0.1)  # the claim is stored, but its answer has not reached the engine
        call.epoch = again.epoch
        await asyncio.wait_for(call.journal.close(), 5)
        assert call.fenced == 0
        checkpoint = cloud.calls.checkpoint("acme", call.record.call_id)
        assert checkpoint is not None
        assert checkpoint.at_ms == 5


async def test_a_caller_who_vanished_while_coming_back_does_not_keep_the_call_from_ending(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        again = await _taken_over(call, "task-a")  # the engine never learns of it: the socket was gone
        call.journal.checkpoint(Checkpoint(epoch=1, at_ms=5, core={}))
        call.journal.transcript(segment(0))
        call.journal.finish(EndReason.CONNECTION_LOST, EndedBy.CALLER, 9, 0)
        await asyncio.wait_for(call.journal.close(), 5)
        stored = cloud.calls.get("acme", call.record.call_id)
        assert stored is not None
        assert (stored.end_reason, stored.epoch) == (EndReason.CONNECTION_LOST, again.epoch)
        assert len(cloud.messages()) == 1
        assert call.fenced == 0
        call.epoch = again.epoch  # had another socket joined after all, its call would be told
        call.journal._ours = 0
        call.journal.checkpoint(Checkpoint(epoch=2, at_ms=6, core={}))
        await asyncio.wait_for(call.journal.close(), 5)
        assert call.fenced == 1


async def test_a_write_is_acknowledged_within_a_second(cloud: Cloud) -> None:
    async with owned(cloud) as call:
        loop = asyncio.get_running_loop()
        waits = []
        for number in range(30):
            began = loop.time()
            call.journal.transcript(segment(number))
            await call.journal.close()
            waits.append(loop.time() - began)
        assert max(waits) < 1.0


async def test_an_end_that_was_stored_although_the_answer_was_lost_still_sends_its_message(cloud: Cloud) -> None:
    plan = iter([None, "answer lost"])  # the record is read, then written
    async with owned(cloud, lambda: next(plan, None)) as call:
        call.journal.finish(EndReason.USER_ENDED, EndedBy.CALLER, 1, 0)
        await asyncio.wait_for(call.journal.close(), 5)
        assert len(cloud.messages()) == 1
        assert call.fenced == 0


async def test_a_checkpoint_that_comes_while_another_is_written_is_not_forgotten(cloud: Cloud) -> None:
    holder: list[Owned] = []

    def meanwhile() -> None:
        if holder:
            holder.pop().journal.checkpoint(Checkpoint(epoch=1, at_ms=2, core={}))

    async with owned(cloud, meanwhile) as call:
        holder.append(call)
        call.journal.checkpoint(Checkpoint(epoch=1, at_ms=1, core={}))
        await asyncio.wait_for(call.journal.close(), 5)
        stored = cloud.calls.checkpoint("acme", call.record.call_id)
        assert stored is not None
        assert stored.at_ms == 2
