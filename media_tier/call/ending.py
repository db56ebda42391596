"""The way out of a call: let the last words be heard, say goodbye, finish. The first reason wins."""

from media_tier.call.call_state import Call, Ending, StopCause
from media_tier.call.commands import CancelResponse, CloseProvider, DropAudio, Finish
from media_tier.call.floor import Sound
from media_tier.call.heard import heard_text
from media_tier.call.phases import Phase, moved
from media_tier.call.policies.end_phrase import says_farewell
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import Line

LAST_WORDS_S = 5.0
GOODBYE_S = 15.0


def close(call: Call, reason: EndReason, by: EndedBy, goodbye: str, own_response: str | None = None) -> None:
    """Begin to end the call; does nothing when it is ending already."""
    if call.phase not in (Phase.WITH_AI, Phase.FALLBACK):
        return
    call.phase = moved(call.phase, Phase.CLOSING)
    call.ending = Ending(reason, by, goodbye, call.clock.now + LAST_WORDS_S, own_response)
    call.status("ending")
    call.floor.caller_turn = None
    call.interruption.forget()
    call.patience.rest()
    call.owed.resume_at = None
    call.owed.missing.clear()
    call.owed.asked.clear()
    call.link.abandon()
    if call.link.coming is not None:
        call.out.append(CloseProvider(call.link.coming.number))
        call.link.coming = None
    for response in call.floor.generating():
        if not response.started and response.response_id != own_response:
            _silence(call, response.response_id)


def refuse(call: Call, response_id: str) -> None:
    """An answer that began although the AI must not speak now."""
    call.out += [CancelResponse(response_id), DropAudio(response_id)]


def proceed(call: Call) -> None:
    """Take the next step of a closing call, if it is time."""
    ending, now = call.ending, call.clock.now
    if ending is None or call.phase is not Phase.CLOSING:
        return
    if ending.goodbye_until is not None:
        if now >= ending.goodbye_until:
            finish(call, ending.reason, ending.by)
        return
    own = call.floor.responses.get(ending.own_response) if ending.own_response else None
    leaves = own is not None and says_farewell(own.text)
    limit = ending.speech_until + (GOODBYE_S - LAST_WORDS_S if leaves else 0.0)
    if not call.floor.ai_silent and now < limit:
        return
    _hush(call)
    if leaves:
        finish(call, ending.reason, ending.by)
        return
    ending.goodbye_id = call.say(Line.GOODBYE, ending.goodbye)
    ending.goodbye_until = now + GOODBYE_S


def goodbye_over(call: Call) -> None:
    """The goodbye was heard, or cannot be."""
    if call.ending is not None:
        finish(call, call.ending.reason, call.ending.by)


def finish(call: Call, reason: EndReason, by: EndedBy) -> None:
    """End the call now. Open words are stored as far as they were heard."""
    if call.phase is Phase.ENDED:
        return
    if call.ending is not None:
        reason, by = call.ending.reason, call.ending.by
    for turn in call.turns.values():
        if not turn.row.closed and turn.row.text:
            call.out += call.transcript.close(turn.row, turn.row.text, call.now_ms)
    for playback in call.floor.playbacks.values():
        if playback.sound is Sound.AUDIBLE and playback.row is not None and not playback.row.closed:
            played_ms = round((call.clock.now - playback.since) * 1000)
            text = heard_text(playback.text, playback.audio_ms, played_ms)
            call.out += call.transcript.close(playback.row, text, call.now_ms, interrupted=True)
    call.phase = moved(call.phase, Phase.ENDED)
    call.out.append(Finish(reason, by, call.interruption_count))


def deadlines(call: Call) -> list[float]:
    """When `proceed` has something to do."""
    if call.ending is None or call.phase is not Phase.CLOSING:
        return []
    if call.ending.goodbye_until is not None:
        return [call.ending.goodbye_until]
    return [call.ending.speech_until, call.ending.speech_until + GOODBYE_S - LAST_WORDS_S]


def _hush(call: Call) -> None:
    for response in call.floor.unfinished():
        _silence(call, response.response_id)
    call.stop(StopCause.CLOSING)


def _silence(call: Call, response_id: str) -> None:
    response = call.floor.responses[response_id]
    if not response.dropped:
        call.drop(response, cancel=True)
    response.generating = False
