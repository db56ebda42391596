"""A process that leaves: what can go on elsewhere goes, what cannot is stayed with, and nobody new comes in."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

import pytest

from media_tier.engine.roster import DrainPlan
from media_tier.engine.staying import stays
from media_tier.ports import Refused
from shared.contracts.records.call import CallRecord, Channel, EndedBy, EndReason
from shared.ports.media_store import Claimed
from tests.media.call_fakes import NOW, SilentLeg, Surroundings, roster_of


@dataclass
class Channels(Surroundings):
    """A session's id begins with its channel."""

    async def claim(
        self,
        session_id: str,
        token_hash: str,
        origin: str,
        task_id: str,
        now: datetime,
        carrier_call_id: str | None = None,
    ) -> Claimed:
        claimed = await super().claim(session_id, token_hash, origin, task_id, now, carrier_call_id)
        call = claimed.call.model_copy(update={"channel": Channel(session_id.partition("-")[0])})
        return Claimed(claimed.session, call, claimed.resumed, claimed.resume_token)


def record(channel: Channel) -> CallRecord:
    surroundings = Surroundings()
    return CallRecord(
        company_id="c",
        call_id="1",
        chatbot_id="b",
        session_id="s",
        channel=channel,
        configuration=surroundings.configuration,
        created_at=NOW,
    )


@pytest.mark.parametrize(
    ("channel", "expected"), [(Channel.WEB, False), (Channel.TWILIO, False), (Channel.WHATSAPP, True)]
)
def test_which_calls_hold_a_process(channel: Channel, expected: bool) -> None:
    assert stays(record(channel)) is expected


async def test_calls_that_cannot_move_are_left_alone_while_the_others_go() -> None:
    roster = roster_of(Channels())
    widget, phone = SilentLeg(), SilentLeg()
    await roster.admit("web-1", "t", "o", widget)
    await roster.admit("whatsapp-1", "t", "o", phone)
    began = time.monotonic()
    draining = asyncio.create_task(roster.drain(DrainPlan(0.1, stays, 5.0)))
    await asyncio.sleep(0.4)
    assert not draining.done() and phone.closed == []
    assert not [told for told in phone.told if told["type"] == "reconnect"]
    with pytest.raises(Refused):
        await roster.admit("whatsapp-2", "t", "o", SilentLeg())
    awaited = SilentLeg()
    await roster.admit("whatsapp-3", "t", "o", awaited, awaited=True)
    for call in list(roster._calls.values()):
        call.finish(EndReason.USER_ENDED, EndedBy.CALLER, 0)
    assert await draining == 0
    assert time.monotonic() - began < 3


async def test_what_stays_too_long_is_left_to_whoever_has_its_leg() -> None:
    roster = roster_of(Channels())
    widget, phone = SilentLeg(), SilentLeg()
    await roster.admit("web-1", "t", "o", widget)
    await roster.admit("whatsapp-1", "t", "o", phone)
    assert await roster.drain(DrainPlan(0.0, stays, 0.2)) == 2
    assert widget.closed == [1001] and phone.closed == []
    assert roster.calls == 1
