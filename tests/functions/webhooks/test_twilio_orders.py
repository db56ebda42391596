"""Twilio's reports in any order, repeated, days late: one call, the same record, one message that closes it."""

import itertools
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.records.call import CallStatus, EndedBy, EndReason
from shared.contracts.records.carrier_call import CarrierOutcome, CarrierPhase
from shared.contracts.settings.widget_config import WidgetConfig
from shared.services.carrier_calls import Opening, open_outbound
from shared.services.sessions import Admitted, freeze
from tests.functions.webhooks.carriers import Carriers
from tests.services.world import START

NEXT = itertools.count(1)
Report = tuple[str, dict[str, str]]


def at(seconds: int) -> str:
    """A time as Twilio writes it."""
    return (START + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S +0000")


RANG: tuple[Report, ...] = (
    ("voice", {"CallStatus": "ringing"}),
    ("voice", {"CallStatus": "ringing"}),
    ("stream-status", {"StreamEvent": "stream-error", "StreamError": "31920", "StreamSid": "MZ1"}),
    ("connect", {"CallStatus": "completed"}),
    ("status", {"CallStatus": "completed", "CallDuration": "25", "Timestamp": at(25), "SequenceNumber": "0"}),
)
BUSY: tuple[Report, ...] = (
    ("status", {"CallStatus": "initiated", "Timestamp": at(0), "SequenceNumber": "0"}),
    ("status", {"CallStatus": "ringing", "Timestamp": at(2), "SequenceNumber": "1"}),
    ("status", {"CallStatus": "busy", "CallDuration": "0", "Timestamp": at(20), "SequenceNumber": "2"}),
    ("status", {"CallStatus": "no such status", "Timestamp": at(1)}),
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)), twice=st.integers(0, 4), late=st.lists(st.booleans(), min_size=6, max_size=6))
async def test_an_incoming_call_that_no_process_took(
    carriers: Carriers, order: list[int], twice: int, late: list[bool]
) -> None:
    world, sid = carriers.world, f"CA{next(NEXT):032x}"
    known = {call.call_id for call in world.calls()}
    for index, later in zip([*order, twice], late, strict=True):
        what, changes = RANG[index]
        world.world.now = START + timedelta(days=3 if later and what != "voice" else 0)
        assert (await carriers.twilio(what, CallSid=sid, From=f"+1415555{next(NEXT):04d}", **changes)).status_code < 300
    world.world.now = START
    [call] = [call for call in world.calls() if call.call_id not in known]
    stored = world.carrier_calls.get("company-a", "phone-a", sid)
    assert stored is not None and stored.call_id == call.call_id
    assert (call.status, call.end_reason, call.ended_by) == (
        CallStatus.ABANDONED,
        EndReason.NEVER_CONNECTED,
        EndedBy.CALLER,
    )
    assert (call.created_at, call.ended_at) == (START, START + timedelta(seconds=25))
    assert (stored.facts.phase, stored.facts.ended_at) == (CarrierPhase.ENDED, START + timedelta(seconds=25))
    assert world.queues.ended.count(("company-a", call.call_id)) == 1


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)), twice=st.integers(0, 3), late=st.lists(st.booleans(), min_size=5, max_size=5))
async def test_a_call_of_ours_that_was_not_taken(
    carriers: Carriers, order: list[int], twice: int, late: list[bool]
) -> None:
    world, number = carriers.world, next(NEXT)
    world.world.now = START
    call_id, sid = _placed(carriers), f"CA{number + 2**64:032x}"
    for index, later in zip([*order, twice], late, strict=True):
        what, changes = BUSY[index]
        world.world.now = START + timedelta(days=3 if later else 0)
        query = f"accountId=phone-a&callId={call_id}"
        answer = await carriers.twilio(what, query, CallSid=sid, Direction="outbound-api", **changes)
        assert answer.status_code == 204
    world.world.now = START
    call, stored = world.world.calls.get("company-a", call_id), world.carrier_calls.get("company-a", "phone-a", sid)
    assert call is not None and stored is not None
    assert (call.carrier_call_id, call.status, call.ended_at) == (
        sid,
        CallStatus.ABANDONED,
        START + timedelta(seconds=20),
    )
    facts = stored.facts
    assert (facts.phase, facts.outcome, facts.ended_at) == (CarrierPhase.ENDED, CarrierOutcome.BUSY, call.ended_at)
    assert facts.answered_at is None
    assert world.queues.ended.count(("company-a", call_id)) == 1


def _placed(carriers: Carriers) -> str:
    """A call of ours whose CallSid the worker has not stored yet."""
    world = carriers.world
    company, chatbot = world.world.companies.get("company-a"), world.world.chatbots.get("company-a", "bot-a")
    account = world.accounts.get("company-a", "phone-a")
    assert company is not None and chatbot is not None and account is not None
    frozen = freeze(world.carrier.sessions, Admitted(company, chatbot, WidgetConfig()))
    wanted = Opening(account, "bot-a", frozen, START, "+14155550123", direction="outbound", limit=1000)
    return open_outbound(world.carrier, wanted)[0].call_id
