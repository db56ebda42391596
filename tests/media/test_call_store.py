"""Who may join a call: every kind of token, races for one token, and the hand-over between processes."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from shared.adapters.aws.media.call_store import DynamoCallStore
from shared.contracts.records.call import CallStatus, Checkpoint, MediaTask, Session
from shared.ports.media_store import Claimed, ClaimRefused
from shared.services.sessions import hash_token
from tests.platform import NOW, ORIGIN, TOKEN, Cloud, opened


@pytest.fixture
async def dynamo(cloud: Cloud) -> AsyncIterator[Any]:
    async with cloud.aclient("dynamodb") as client:
        yield client


def store_of(dynamo: Any) -> DynamoCallStore:
    tokens = itertools.count(1)
    return DynamoCallStore(dynamo, calls="calls", live="live", token=lambda: f"resume-{next(tokens)}")


async def refused(store: DynamoCallStore, session_id: str, token: str, **changes: Any) -> str:
    given: dict[str, Any] = {"origin": ORIGIN, "task_id": "task-a", "now": NOW, **changes}
    with pytest.raises(ClaimRefused) as caught:
        await store.claim(session_id, hash_token(token), given["origin"], given["task_id"], given["now"])
    return caught.value.why


async def test_a_stream_of_another_call_leaves_the_call_free(cloud: Cloud, dynamo: Any) -> None:
    call, session = opened(cloud)
    assert cloud.calls.replace(call, {"carrier_call_id": "CA1"}) is not None
    store, joining = store_of(dynamo), (session.session_id, hash_token(TOKEN), ORIGIN, "task-a", NOW)
    with pytest.raises(ClaimRefused) as refusal:
        await store.claim(*joining, "CA2")
    assert refusal.value.why == "unauthorized"
    stored = cloud.calls.get("acme", call.call_id)
    assert stored is not None and (stored.owner, stored.epoch, stored.status) == (None, 0, CallStatus.PENDING)
    assert (await store.claim(*joining, "CA1")).call.owner == "task-a", "the ticket was not used up"


async def join(store: DynamoCallStore, session: Session, token: str, task: str = "task-a") -> Claimed:
    return await store.claim(session.session_id, hash_token(token), ORIGIN, task, NOW + timedelta(seconds=5))


async def test_the_first_token_opens_the_call_once(cloud: Cloud, dynamo: Any) -> None:
    call, session = opened(cloud)
    store = store_of(dynamo)
    claimed = await join(store, session, TOKEN)
    assert not claimed.resumed
    stored = cloud.calls.get("acme", call.call_id)
    assert stored == claimed.call
    assert (stored.owner, stored.epoch, stored.status) == ("task-a", 1, CallStatus.ACTIVE)
    assert stored.started_at == NOW + timedelta(seconds=5)
    assert await refused(store, session.session_id, TOKEN) == "unauthorized"


async def test_what_may_not_join(cloud: Cloud, dynamo: Any) -> None:
    _, session = opened(cloud)
    store = store_of(dynamo)
    assert await refused(store, "no-such-session", TOKEN) == "unauthorized"
    assert await refused(store, session.session_id, "tampered") == "unauthorized"
    assert await refused(store, session.session_id, TOKEN, now=session.connect_by) == "unauthorized"
    assert await refused(store, session.session_id, TOKEN, now=session.expires_at) == "unauthorized"
    assert await refused(store, session.session_id, TOKEN, origin="https://evil.example") == "origin"
    assert not (await join(store, session, TOKEN)).resumed, "a refusal must not use the token up"


async def test_a_token_is_looked_at_without_being_used_up(cloud: Cloud, dynamo: Any) -> None:
    _, session = opened(cloud)
    store = store_of(dynamo)

    async def expected(token: str, **other: Any) -> bool:
        given = {"session_id": session.session_id, "origin": ORIGIN, "now": NOW, **other}
        return bool(await store.expects(token_hash=hash_token(token), **given))

    assert await expected(TOKEN)
    assert await expected(TOKEN)
    assert not await expected("another")
    assert not await expected(TOKEN, session_id="no-such-session")
    assert not await expected(TOKEN, origin="https://evil.example")
    assert not await expected(TOKEN, now=session.connect_by)
    resume_token = (await join(store, session, TOKEN)).resume_token
    assert not await expected(TOKEN)
    assert await expected(resume_token)


async def test_the_resume_token_rotates_and_brings_the_memory_back(cloud: Cloud, dynamo: Any) -> None:
    call, session = opened(cloud)
    store = store_of(dynamo)
    first = await join(store, session, TOKEN)
    await dynamo.update_item(
        TableName="calls",
        Key={"PK": {"S": f"CALL#acme#{call.call_id}"}, "SK": {"S": "CKPT"}},
        UpdateExpression="SET #data = :data, rev = :one",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={
            ":data": {"S": Checkpoint(epoch=1, at_ms=900, core={"a": 1}).model_dump_json()},
            ":one": {"N": "1"},
        },
    )
    second = await join(store, session, first.resume_token, "task-b")
    assert second.resumed
    assert second.checkpoint is not None
    assert second.checkpoint.core == {"a": 1}
    assert (second.call.owner, second.call.epoch) == ("task-b", 2)
    assert second.call.started_at == first.call.started_at
    assert await refused(store, session.session_id, first.resume_token) == "unauthorized"
    assert (await join(store, session, second.resume_token)).call.epoch == 3


async def test_a_resume_token_ends_with_the_session_and_keeps_to_its_origin(cloud: Cloud, dynamo: Any) -> None:
    _, session = opened(cloud)
    store = store_of(dynamo)
    claimed = await join(store, session, TOKEN)
    token = claimed.resume_token
    assert await refused(store, session.session_id, token, now=session.expires_at) == "unauthorized"
    assert await refused(store, session.session_id, token, origin="https://evil.example") == "origin"
    late = session.expires_at - timedelta(seconds=1)
    again = await store.claim(session.session_id, hash_token(token), ORIGIN, "task-a", late)
    assert again.resumed


@pytest.mark.parametrize("kind", ["first", "resume"])
async def test_of_many_sockets_with_one_token_exactly_one_wins(cloud: Cloud, dynamo: Any, kind: str) -> None:
    _, session = opened(cloud)
    store = store_of(dynamo)
    token = TOKEN
    if kind == "resume":
        token = (await join(store, session, TOKEN)).resume_token
    racers = [join(store, session, token, f"task-{n}") for n in range(8)]
    results = await asyncio.gather(*racers, return_exceptions=True)
    winners = [result for result in results if isinstance(result, Claimed)]
    assert len(winners) == 1
    losers = [result.why for result in results if isinstance(result, ClaimRefused)]
    assert losers == ["unauthorized"] * 7
    stored = cloud.calls.get("acme", session.call_id)
    assert stored is not None
    assert stored.owner == winners[0].call.owner


class Deaf:
    """A client whose first transaction arrives, but not its answer."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._deaf = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def transact_write_items(self, **arguments: Any) -> Any:
        answer = await self._client.transact_write_items(**arguments)
        if self._deaf:
            self._deaf = False
            raise ReadTimeoutError(endpoint_url="http://database")
        return answer


async def test_a_claim_whose_answer_was_lost_is_still_a_claim(cloud: Cloud, dynamo: Any) -> None:
    _, session = opened(cloud)
    store = store_of(Deaf(dynamo))
    first = await join(store, session, TOKEN)
    assert (first.resumed, first.call.epoch) == (False, 1)
    assert (await join(store, session, first.resume_token)).resumed


class Meddling:
    """A client before whose transactions somebody else changes the call, so that they lose."""

    def __init__(self, client: Any, meddle: Any) -> None:
        self._client, self._meddle = client, meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def transact_write_items(self, **arguments: Any) -> Any:
        self._meddle()
        return await self._client.transact_write_items(**arguments)


async def test_a_change_of_the_call_meanwhile_does_not_cost_the_caller_the_call(cloud: Cloud, dynamo: Any) -> None:
    call, session = opened(cloud)
    changes = iter([{"interruption_count": 1}, {"interruption_count": 2}])

    def meddle() -> None:
        change = next(changes, None)
        stored = cloud.calls.get("acme", call.call_id)
        if change is not None and stored is not None:
            assert cloud.calls.replace(stored, change) is not None

    claimed = await join(store_of(Meddling(dynamo, meddle)), session, TOKEN)
    assert claimed.call.interruption_count == 2


@pytest.mark.parametrize("status", [CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.ABANDONED])
async def test_a_call_that_is_over_cannot_be_joined(cloud: Cloud, dynamo: Any, status: CallStatus) -> None:
    call, session = opened(cloud)
    assert cloud.calls.replace(call, {"status": status, "ended_at": NOW}) is not None
    assert await refused(store_of(dynamo), session.session_id, TOKEN) == "over"


async def test_heartbeats_show_the_newest_state_of_a_process(cloud: Cloud, dynamo: Any) -> None:
    store = store_of(dynamo)
    for calls in (1, 2):
        beat = MediaTask(task_id="task-h", address="h:1", calls=calls, draining=False, heartbeat_at=NOW)
        await store.heartbeat(beat)
    assert [task.calls for task in cloud.tasks.all() if task.task_id == "task-h"] == [2]
