"""Meta's reports in any order, repeated, days late, and among what a media process does: one call, one end, one run of
the work after it, in every case the same."""

import copy
import itertools
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.records.call import CallRecord, CallStatus, EndedBy, EndReason
from shared.contracts.records.carrier_call import CarrierFacts, CarrierOutcome, CarrierPhase
from shared.services.call_closing import start_closing
from shared.services.outbound_calls import user_hash
from tests.functions.webhooks.carriers import Carriers, change
from tests.functions.webhooks.test_whatsapp import _outbound, altered
from tests.services.carrier_world import CarrierWorld
from tests.services.world import START

NEXT = itertools.count(5000)
SECONDS = int(START.timestamp())
ENDED_AT = START + timedelta(seconds=100)
BEFORE_THE_END, THE_END = range(5), (5, 6)


class Executions:
    """Workflows that were started, by name: the same name again starts nothing."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def start(self, name: str, company_id: str, call_id: str) -> None:
        self.names.add(name)


def outbound_reports(wacid: str, opaque: str, to: str) -> list[dict[str, Any]]:
    """What Meta tells of a call of ours that was taken, some of it twice."""
    known = {"id": wacid, "direction": "BUSINESS_INITIATED", "to": to[1:], "biz_opaque_callback_data": opaque}
    status = {"id": wacid, "type": "call", "recipient_id": to[1:], "biz_opaque_callback_data": opaque}

    def told(word: str, after: int) -> dict[str, Any]:
        return change({"statuses": [{**status, "status": word, "timestamp": str(SECONDS + after)}]})

    end = altered("terminate_after_talk", **known)
    return [
        altered("connect", **known),
        altered("connect", **known),
        told("RINGING", 2),
        told("ACCEPTED", 10),
        told("ACCEPTED", 10),
        end,
        copy.deepcopy(end),
    ]


def inbound_reports(wacid: str, user: str) -> list[dict[str, Any]]:
    """What Meta tells of a user's call that was taken, some of it twice."""
    known = {"id": wacid, "from": user[1:]}
    connect, end = altered("connect", **known), altered("terminate_after_talk", **known)
    return [connect, copy.deepcopy(connect), copy.deepcopy(connect), end, copy.deepcopy(end)]


def join(world: CarrierWorld, call_id: str) -> None:
    """A media process has the call."""
    call = world.world.calls.get("company-a", call_id)
    assert call is not None and call.ended_at is None
    joined = {"status": CallStatus.ACTIVE, "owner": "media-1", "epoch": 1, "started_at": START + timedelta(seconds=10)}
    assert world.world.calls.replace(call, joined) is not None


def leave(world: CarrierWorld, call_id: str) -> None:
    """It says how the call ended, as its journal does."""
    call = world.world.calls.get("company-a", call_id)
    assert call is not None and call.ended_at is None and call.owner == "media-1"
    ended = {
        "status": CallStatus.COMPLETED,
        "end_reason": EndReason.USER_ENDED,
        "ended_by": EndedBy.CALLER,
        "ended_at": ENDED_AT,
        "duration_ms": 90_000,
        "owner": None,
    }
    assert world.world.calls.replace(call, ended) is not None
    world.queues.call_ended("company-a", call_id)


def closings(world: CarrierWorld, call_id: str) -> int:
    """How many runs of the work after the call come of all messages that ask for it."""
    executions = Executions()
    asked = [one for one in world.queues.ended if one == ("company-a", call_id)]
    for company_id, ended in [*asked, *asked]:  # queues deliver twice
        start_closing((world.world.calls, executions), company_id, ended, ENDED_AT)
    return len(executions.names)


ORDERS = {"max_examples": 8, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(**ORDERS)  # type: ignore[arg-type]  # of different types
@given(data=st.data())
async def test_a_call_of_ours_that_was_taken(carriers: Carriers, data: st.DataObject) -> None:
    """Meta's end never comes before the call was joined: it is the media process that reports on it until then."""
    world, number = carriers.world, next(NEXT)
    world.world.now = START
    wacid, to = f"wacid.T{number}", f"+1415555{number:04d}"
    call = _outbound(world, to)
    reports = outbound_reports(wacid, call.call_id, to)
    early = data.draw(st.permutations(BEFORE_THE_END))
    cut = data.draw(st.integers(0, len(early)))
    late: list[int | str] = data.draw(st.permutations([*early[cut:], *THE_END, "leave"]))
    for step in [*early[:cut], "join", *late]:
        if step == "join":
            join(world, call.call_id)
        elif step == "leave":
            leave(world, call.call_id)
        else:
            assert isinstance(step, int)
            assert (await carriers.whatsapp(copy.deepcopy(reports[step]))).status_code == 200
            world.world.pass_time(hours=data.draw(st.sampled_from([0, 0, 30])))
    world.world.now = START
    _same_end(world, world.world.calls.get("company-a", call.call_id), wacid)
    permission = world.permissions.get("company-a", "chat-a", user_hash(to))
    assert [(attempt.carrier_call_id, attempt.connected) for attempt in permission.attempts] == [(wacid, True)]
    assert world.queues.offers == [] and closings(world, call.call_id) == 1


@settings(**ORDERS)  # type: ignore[arg-type]  # of different types
@given(data=st.data())
async def test_a_call_that_came_in_and_was_taken(carriers: Carriers, data: st.DataObject) -> None:
    world, number = carriers.world, next(NEXT)
    world.world.now = START
    wacid, user = f"wacid.J{number}", f"+1415555{number:04d}"
    before, offered = {call.call_id for call in world.calls()}, len(world.queues.offers)
    reports = inbound_reports(wacid, user)
    assert (await carriers.whatsapp(reports[0])).status_code == 200
    [call] = [one for one in world.calls() if one.call_id not in before]
    join(world, call.call_id)
    for step in data.draw(st.permutations([1, 2, 3, 4, "leave"])):
        if step == "leave":
            leave(world, call.call_id)
        else:
            assert isinstance(step, int)
            assert (await carriers.whatsapp(copy.deepcopy(reports[step]))).status_code == 200
            world.world.pass_time(hours=data.draw(st.sampled_from([0, 0, 30])))
    world.world.now = START
    [same] = [one for one in world.calls() if one.call_id not in before]
    _same_end(world, same, wacid)
    assert len(world.queues.offers) == offered + 1 and closings(world, call.call_id) == 1


@settings(**ORDERS)  # type: ignore[arg-type]  # of different types
@given(order=st.permutations(range(5)), twice=st.lists(st.integers(0, 4), max_size=3))
async def test_calls_that_nobody_took_are_closed_once(carriers: Carriers, order: list[int], twice: list[int]) -> None:
    """Rung out, or turned down: the work after the call runs once, whoever asks for it how often."""
    world, number = carriers.world, next(NEXT)
    world.world.now = START
    wacid, to = f"wacid.N{number}", f"+1415555{number:04d}"
    call = _outbound(world, to)
    known = {"id": wacid, "direction": "BUSINESS_INITIATED", "to": to[1:], "biz_opaque_callback_data": call.call_id}
    status = {"id": wacid, "type": "call", "recipient_id": to[1:], "biz_opaque_callback_data": call.call_id}
    reports = [
        altered("connect", **known),
        change({"statuses": [{**status, "status": "RINGING", "timestamp": str(SECONDS + 2)}]}),
        change({"statuses": [{**status, "status": "REJECTED", "timestamp": str(SECONDS + 20)}]}),
        altered("terminate", **known),
        altered("terminate_failed", **known),
    ]
    for index in [*order, *twice]:
        assert (await carriers.whatsapp(copy.deepcopy(reports[index]))).status_code == 200
    ended = world.world.calls.get("company-a", call.call_id)
    assert ended is not None and ended.status is CallStatus.ABANDONED
    assert (ended.ended_at, ended.duration_ms, ended.carrier_call_id) == (START + timedelta(seconds=20), 0, wacid)
    assert world.queues.ended.count(("company-a", call.call_id)) == 1
    assert closings(world, call.call_id) == 1


def _same_end(world: CarrierWorld, call: CallRecord | None, wacid: str) -> None:
    stored = world.carrier_calls.get("company-a", "chat-a", wacid)
    assert call is not None and stored is not None and stored.call_id == call.call_id
    assert (call.carrier_call_id, call.status, call.end_reason, call.ended_by) == (
        wacid,
        CallStatus.COMPLETED,
        EndReason.USER_ENDED,
        EndedBy.CALLER,
    )
    assert (call.ended_at, call.duration_ms, call.epoch, call.owner) == (ENDED_AT, 90_000, 1, None)
    facts = stored.facts.model_copy(update={"began_at": None})
    assert facts == CarrierFacts(
        phase=CarrierPhase.ENDED,
        outcome=CarrierOutcome.COMPLETED,
        answered_at=START + timedelta(seconds=10),
        ended_at=ENDED_AT,
        seconds=90,
    )
