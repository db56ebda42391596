"""Leaving the process: at a pause if there is one in time, and with everything that was said and heard written down.

First all falls silent; when the far end has told what was heard of it, the caller's side is asked to come back
elsewhere. From the first of these on the caller counts as away.
"""

from media_tier.call.call_state import Call
from media_tier.call.commands import AskToReconnect
from media_tier.call.events import DrainRequested
from media_tier.call.on_caller import lose_turn
from media_tier.call.on_leg import hold
from media_tier.call.phases import Phase


def requested(call: Call, event: DrainRequested) -> None:
    """The process wants to leave; the call may look for a pause for so long."""
    if call.drain_until is None and not call.leaving:
        call.drain_until = call.clock.now + max(0.0, event.patience_s)


def proceed(call: Call) -> None:
    """Leave at a pause or when there is no more time; ask once it is known what was heard."""
    if call.drain_until is None or call.phase is not Phase.WITH_AI:
        pass
    elif call.clock.now >= call.drain_until or _pause(call):
        call.drain_until, call.leaving = None, True
        _fall_silent(call)
    if call.leaving and not call.floor.any_stopping:
        call.leaving = False
        call.out.append(AskToReconnect())


def _pause(call: Call) -> bool:
    """Nobody speaks, and nobody waits for an answer; or the caller is away."""
    if call.parked_until is not None:
        return True
    owed = call.owed
    waits = owed.answer or owed.missing or owed.asked or owed.resume_at is not None
    return call.floor.quiet and not (waits or call.patience.waiting or call.tooling.running)


def _fall_silent(call: Call) -> None:
    if call.parked_until is not None:
        return  # the caller is away already
    turn = call.link.in_use is not None and lose_turn(call, call.link.in_use.number)
    hold(call)
    call.owed.answer = call.owed.answer or turn or call.tooling.running
