"""A call over each real vendor adapter, once for each of its events: there the connection in use breaks.

`scripted(vendor, drop_at)` plays a failing one again.
"""

from functools import cache

import orjson
import pytest

from infra.local.standins.conversation import StandInScript
from media_tier.call.commands import RunTool
from media_tier.call.events import PlaybackFinished, PlaybackStarted, ProviderFailed
from shared.contracts.records.call import EndedBy, EndReason, Role
from shared.contracts.settings.call_settings import DEFAULT_GREETING
from tests.call.level_speech import status
from tests.call.virtual_call import Plan, Vendor, VirtualCall
from tests.call.virtual_caller import Utterance
from tests.call.virtual_time import run

SPEAKS_AGAIN_S = 3.0
SAID = (
    (4.5, "What about question 1?"),
    (9.5, "Where is my order 2?"),
    (15.0, "Tell me story 3."),
    (19.5, "What about question 4?"),
    (25.0, "Goodbye 5!"),
    # In case nobody heard it.
    (31.0, "Goodbye 6!"),
)


async def scripted(vendor: Vendor, drop_at: int | None = None, script: StandInScript | None = None) -> VirtualCall:
    utterances = [Utterance(at, number, 800) for number, (at, _) in enumerate(SAID)]
    settings = {"disclosure": {"enabled": False}}
    texts = [text for _, text in SAID]
    return await VirtualCall(
        Plan(vendor, 7, texts, utterances, script or StandInScript(), settings, drop_at=drop_at)
    ).run()


@cache
def undisturbed(vendor: Vendor) -> VirtualCall:
    return run(scripted(vendor))


VENDORS: tuple[Vendor, ...] = ("openai", "google")
POINTS = [(vendor, drop_at) for vendor in VENDORS for drop_at in range(1, len(undisturbed(vendor).events) + 1)]


@pytest.mark.parametrize(("vendor", "drop_at"), POINTS)
def test_a_connection_that_breaks_anywhere_is_replaced(vendor: Vendor, drop_at: int) -> None:
    call = run(scripted(vendor, drop_at))
    ((reason, by, _, _),) = call.journal.ends
    assert (reason, by) == (EndReason.USER_ENDED, EndedBy.CALLER)
    lines = [(row.role, row.text) for row in call.transcript()]
    understood = any("order 2" in text for role, text in lines if role is Role.USER)
    assert call.tools.effects == ["2"] if understood else call.tools.effects in ([], ["2"])
    assert len(call.all(RunTool)) <= 1
    if understood:
        assert any(text.startswith(status("2")[:10]) for role, text in lines if role is Role.ASSISTANT)
    assert [text for _, text in lines].count(DEFAULT_GREETING) == 1, "nobody is greeted twice"
    if call.dropped_at is None:
        return
    assert len(call.heard(ProviderFailed)) <= 1
    if call.owed_at_drop and not heard_through(call, call.dropped_at):
        spoken = [at for at, _ in call.heard(PlaybackStarted) if at > call.dropped_at]
        assert spoken
        assert spoken[0] - call.dropped_at <= SPEAKS_AGAIN_S


def heard_through(call: VirtualCall, at: float) -> bool:
    """Whether something that was audible at this time went on to its end."""
    begun = {event.playback_id for when, event in call.heard(PlaybackStarted) if when <= at}
    return any(event.playback_id in begun for when, event in call.heard(PlaybackFinished) if when > at)


@pytest.mark.parametrize("vendor", VENDORS)
def test_some_drops_meet_a_caller_who_waits(vendor: Vendor) -> None:
    """The test above would say nothing if no answer were ever owed."""
    count = len(undisturbed(vendor).events)
    assert sum(run(scripted(vendor, drop_at)).owed_at_drop for drop_at in range(3, count, 10)) >= 3


@pytest.mark.parametrize("drop_at", range(10, 90, 10))
def test_a_refused_handle_is_replaced_by_the_history(drop_at: int) -> None:
    call = run(scripted("google", drop_at, StandInScript(refuse_handle=True)))
    assert [reason for reason, _, _, _ in call.journal.ends] == [EndReason.USER_ENDED]
    refused, opened = (socket.near.sent for socket in call.sockets[1:])
    assert "handle" in orjson.loads(refused[0])["setup"]["sessionResumption"]
    assert orjson.loads(opened[0])["setup"]["historyConfig"] == {"initialHistoryInClientContent": True}
    assert DEFAULT_GREETING in opened[1].decode()
    assert call.tools.effects == ["2"]
