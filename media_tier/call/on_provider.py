"""The provider's connections: they come, break and expire."""

from media_tier.call import fallback_desk
from media_tier.call.call_state import Call
from media_tier.call.ending import goodbye_over
from media_tier.call.events import ProviderExpiring, ProviderFailed, ProviderReady, ProviderResumable
from media_tier.call.on_ai import lose_response
from media_tier.call.on_caller import lose_turn
from media_tier.call.phases import Phase
from media_tier.call.provider_link import Loss
from shared.contracts.records.call import Role

RESUME_TAG = "resume"
CALLER_MAY_GO_ON_S = 0.8
"""A caller who was cut off in mid-sentence is given this long to be heard again before the AI speaks."""


def ready(call: Call, event: ProviderReady) -> None:
    """A connection is configured; `upkeep` decides when it is used."""
    call.link.ready(event, call.clock.now)


def failed(call: Call, event: ProviderFailed) -> None:
    """A connection could not be made, or broke."""
    number = call.link.in_use.number if call.link.in_use else None
    loss, commands = call.link.failed(event, call.clock.now)
    call.out += commands
    if loss is Loss.IN_USE and number is not None:
        lose(call, number)
        if call.phase is Phase.WITH_AI:
            call.status("provider_reconnecting")
    if call.phase is Phase.WITH_AI and call.link.given_up:
        fallback_desk.begin(call)
    elif call.ending is not None and call.ending.goodbye_id in call.owed.asked:
        goodbye_over(call)


def expiring(call: Call, event: ProviderExpiring) -> None:
    """The provider said when it will close a connection."""
    call.link.expiring(event, call.clock.now)


def resumable(call: Call, event: ProviderResumable) -> None:
    """The provider could restore the conversation so far on another connection."""
    # What the AI has said is known there even if the caller still hears the end of it.
    lines = len(call.transcript.settled) + call.transcript.unsettled(Role.ASSISTANT, event.connection)
    tools = frozenset(done.call_id for done in call.tooling.outcomes() if done.output is not None)
    call.link.resumable(event.connection, event.handle, lines, tools)


def lose(call: Call, number: int) -> None:
    """What went on on this connection will not go on: keep what was heard, remember what is owed."""
    cut_turn = lose_turn(call, number)
    call.owed.answer = (
        call.owed.answer or cut_turn or call.patience.waiting or call.tooling.open_on(number)
    ) and call.phase is Phase.WITH_AI
    for response in call.floor.generating():
        lose_response(call, response)
    call.owed.missing |= {tag: line for tag, line in call.owed.asked.items() if call.phase is Phase.WITH_AI}
    if call.phase is Phase.WITH_AI:
        call.owed.asked.clear()
    call.tooling.orphan(number)
    call.patience.rest()
    call.interruption.forget()
    if call.owed.answer and not call.floor.delivering:
        call.owed.resume_at = call.clock.now + (CALLER_MAY_GO_ON_S if cut_turn else 0.0)


def resume_instructions(call: Call) -> str:
    """What to tell a model that takes over in the middle of a conversation."""
    cut = call.owed.cut
    if cut is not None and cut.closed and cut.interrupted and cut.text:
        return (
            f'You were cut off after saying: "{cut.text}". Go on from there without repeating it. '
            "Do not greet the caller again."
        )
    return (
        "The line was interrupted for a moment. Answer what the caller said last; if it is not in the conversation, "
        "briefly ask the caller to repeat it. Do not greet the caller again."
    )
