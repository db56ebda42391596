"""What the AI says: answers as they are generated, and all playback as it is heard."""

from media_tier.call.call_state import Call, StopCause
from media_tier.call.commands import DropAudio, RequestResponse, StartRecording, TruncateResponse
from media_tier.call.ending import goodbye_over, refuse
from media_tier.call.events import (
    Outcome,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptMissing,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
)
from media_tier.call.floor import Playback, Response, Sound
from media_tier.call.heard import heard_text
from media_tier.call.on_caller import interrupt
from media_tier.call.phases import Phase
from shared.contracts.records.call import Role
from shared.domain.sentences import Line, opening_lines

RETRY_TAG = "retry"


def response_started(call: Call, event: ResponseStarted) -> None:
    """The AI begins to answer, unless it must not speak now."""
    connection = call.link.resolve(event.connection)
    known = call.floor.responses.get(event.response_id)
    if connection is None or (known is not None and known.connection == connection):
        return
    closing = call.phase is Phase.CLOSING
    allowed = call.ending is not None and event.tag == call.ending.goodbye_id and event.tag is not None
    if (closing and not allowed) or call.parked_until is not None:
        refuse(call, event.response_id)
        call.owed.answer = True
        if event.tag in call.owed.asked:
            call.owed.missing[event.tag] = call.owed.asked.pop(event.tag)
        return
    call.floor.start(Response(event.response_id, connection, event.tag))
    if not closing:
        call.patience.progress(call.clock.now)
        call.owed.resume_at = None
        line = call.owed.asked.get(event.tag, (None, ""))[0] if event.tag else None
        if line is not Line.SILENCE_WARNING:
            call.silence.restart(spoken=False)
    if not call.link.capabilities.emits_speech_events:
        call.floor.caller_turn = None


def response_transcribed(call: Call, event: ResponseTranscribed) -> bool:
    """More words of an answer; whether nothing can be due because of them."""
    response = _response(call, event.response_id, event.connection)
    if response is None:
        return True
    known = event.item_id in call.floor.playbacks
    item = call.floor.item(response, event.item_id)
    item.text += event.text
    if not item.exact:
        item.audio_ms = max(item.audio_ms, event.audio_ms)
    _settle_words(call, item)
    return known and item.sound is not Sound.OVER


def response_ended(call: Call, event: ResponseEnded) -> None:
    """Generation is over; what is queued is still heard."""
    response = _response(call, event.response_id, event.connection)
    if response is None or not response.generating:
        return
    response.generating, response.outcome = False, event.outcome
    for item_id, audio_ms in event.audio_ms.items():
        if audio_ms > 0:
            call.floor.item(response, item_id)
    for item in response.items:
        item.audio_ms = event.audio_ms.get(item.playback_id, item.audio_ms)
        item.exact = item.playback_id in event.audio_ms
        if item.sound is Sound.QUEUED and (response.dropped or item.audio_ms <= 0):
            item.sound = Sound.OVER
        _settle_words(call, item)
    if event.outcome is Outcome.FAILED and not response.items and response.tag not in call.owed.asked:
        response.settled = True
        if call.phase is Phase.WITH_AI and call.patience.retry(call.clock.now):
            call.out.append(RequestResponse(RETRY_TAG))
        return
    _draw_conclusions(call, response)


def response_interrupted(call: Call, event: ResponseInterrupted) -> None:
    """The provider fell silent because the caller spoke."""
    response = _response(call, event.response_id, event.connection)
    if response is None or response.dropped or response.over or not call.interruption.allowed:
        return
    if call.announcing or call.phase is not Phase.WITH_AI:
        response.dropped = True
        call.out.append(DropAudio(response.response_id))
        return
    interrupt(call)


def playback_started(call: Call, event: PlaybackStarted) -> None:
    """The first sound of something reached the caller."""
    playback = call.floor.started(event.playback_id)
    if playback is not None:
        playback.sound, playback.since = Sound.AUDIBLE, call.clock.now
        _open_row(call, playback, call.now_ms)


def playback_finished(call: Call, event: PlaybackFinished) -> None:
    """All of something was heard."""
    playback = call.floor.playbacks.get(event.playback_id)
    if playback is None or playback.sound is Sound.OVER:
        return
    if playback.row is None:
        _open_row(call, playback, max(0, call.now_ms - event.played_ms))
    playback.sound, playback.stopping = Sound.OVER, False
    call.ai_finished_at = call.clock.now
    _settle_words(call, playback)
    if playback.line is not None:
        call.floor.forget(playback)
        _line_heard(call, playback.line, playback.playback_id)
        return
    response = call.floor.response_of(playback)
    if response is not None:
        _draw_conclusions(call, response)


def playback_stopped(call: Call, event: PlaybackStopped) -> None:
    """Something was cut off; what was heard of it stays."""
    playback = call.floor.playbacks.get(event.playback_id)
    if playback is None or playback.cut_ms is not None or (playback.sound is Sound.OVER and playback.row is not None):
        return
    played_ms = max(0, event.played_ms)
    if playback.row is None and played_ms > 0:
        _open_row(call, playback, max(0, call.now_ms - played_ms))
    playback.sound, playback.cut_ms, playback.stopping = Sound.OVER, played_ms, False
    if playback.row is not None and played_ms == 0:
        call.transcript.drop(playback.row)
        playback.row = None
    _settle_words(call, playback)
    if playback.line is not None:
        call.floor.forget(playback)
        _line_cut(call, playback.line, playback.text, playback.playback_id, call.stop_cause)
        return
    response = call.floor.response_of(playback)
    if response is not None:
        _truncate(call, response, playback)
        _draw_conclusions(call, response)


def prompt_missing(call: Call, event: PromptMissing) -> None:
    """A sentence has no rendering: the AI says it, if there is one."""
    playback = call.floor.playbacks.get(event.playback_id)
    if playback is None or playback.line is None or playback.sound is not Sound.QUEUED:
        return
    call.floor.forget(playback)
    tag, line, text = playback.playback_id, playback.line, playback.text
    if line is Line.ONE_MOMENT:
        return  # it only bridges the time until the AI speaks
    if call.phase is Phase.WITH_AI:
        call.owed.missing[tag] = (line, text)
    elif call.phase is Phase.CLOSING and call.link.in_use is not None:
        call.owed.asked[tag] = (line, text)
        call.ask(tag, say_exactly(text))
        call.patience.rest()
    else:
        _line_heard(call, line, tag)


def say_exactly(text: str) -> str:
    """Instructions that make a model speak a fixed sentence."""
    return f"Say exactly the following sentence and nothing else: {text}"


def lose_response(call: Call, response: Response) -> None:
    """The connection of an answer is gone: what was not generated never comes."""
    response.generating = False
    if response.dropped:
        return
    response.dropped = True
    call.out.append(DropAudio(response.response_id))
    if response.tag in call.owed.asked:
        call.owed.missing[response.tag] = call.owed.asked.pop(response.tag)
    else:
        call.owed.answer = True
        call.owed.cut = next((item.row for item in reversed(response.items) if item.row is not None), None)
    if any(item.sound is not Sound.OVER and not item.stopping for item in response.items):
        call.stop(StopCause.LOSS)


def _response(call: Call, response_id: str, connection: int) -> Response | None:
    response = call.floor.responses.get(response_id)
    return response if response is not None and connection in (0, response.connection) else None


def _open_row(call: Call, playback: Playback, start_ms: int) -> None:
    response = call.floor.response_of(playback)
    playback.row = call.transcript.open(Role.ASSISTANT, start_ms, response.connection if response else 0)


def _settle_words(call: Call, playback: Playback) -> None:
    if playback.row is None or playback.sound is not Sound.OVER:
        return
    cut = playback.cut_ms
    text = playback.text.strip() if cut is None else heard_text(playback.text, playback.audio_ms, cut)
    if text:
        end_ms = call.now_ms if cut is None else playback.row.start_ms + cut
        call.out += call.transcript.close(playback.row, text, end_ms, interrupted=cut is not None)


def _truncate(call: Call, response: Response, item: Playback) -> None:
    used = call.link.in_use
    if used is None or used.number != response.connection or not call.link.capabilities.can_truncate:
        return
    played_ms = item.cut_ms or 0
    heard_ms = min(played_ms, item.audio_ms) if item.exact else played_ms
    call.out.append(TruncateResponse(response.response_id, item.playback_id, heard_ms))


def _draw_conclusions(call: Call, response: Response) -> None:
    if response.settled or not response.over:
        return
    response.settled = True
    heard = not response.dropped and response.outcome in (Outcome.COMPLETED, Outcome.INCOMPLETE)
    if response.tag in call.owed.asked:
        line, text = call.owed.asked.pop(response.tag)
        call.patience.rest()
        if heard and response.items:
            _line_heard(call, line, response.tag)
        else:
            cause = call.stop_cause if response.dropped else StopCause.CALLER
            _line_cut(call, line, text, response.tag, cause)
    elif heard and not response.used_tools:
        call.owed.answer, call.owed.cut = False, None
        call.patience.rest()
        if call.link.in_use is not None:
            call.tooling.settle()
    elif response.outcome is Outcome.FAILED and not response.dropped and call.patience.retry(call.clock.now):
        call.owed.answer, call.owed.resume_at = True, call.clock.now


def _line_heard(call: Call, line: Line, playback_id: str) -> None:
    if line is Line.GOODBYE and call.ending is not None and call.ending.goodbye_id == playback_id:
        goodbye_over(call)
        return
    call.opening.heard(line)
    if line is Line.FALLBACK and not any(True for _ in call.floor.sounding()):
        call.fallback.spoken(call.clock.now)
    if line is Line.ANNOUNCEMENT and call.opening.may_record:
        call.opening.recording = True
        call.out.append(StartRecording())


def _line_cut(call: Call, line: Line, text: str, playback_id: str, cause: StopCause) -> None:
    if line is Line.GOODBYE:
        _line_heard(call, line, playback_id)
        return
    if call.phase is not Phase.WITH_AI or line not in {opening for opening, _ in opening_lines(call.configuration)}:
        return
    if cause is StopCause.CALLER:
        again = call.opening.cut(line)
        if again is not None:
            call.say(line, again)
    elif call.parked_until is None:
        call.say(line, text)
