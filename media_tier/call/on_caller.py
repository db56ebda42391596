"""What the caller says, as the provider hears it."""

from media_tier.call.call_state import Call, StopCause, Turn
from media_tier.call.ending import close
from media_tier.call.events import SpeechStarted, SpeechStopped, Transcribed
from media_tier.call.phases import Phase
from media_tier.call.policies.end_phrase import asks_to_wait, ends_call
from shared.contracts.records.call import EndedBy, EndReason, Role
from shared.domain.sentences import GOODBYE

TURNS_KEPT = 50


def speech_started(call: Call, event: SpeechStarted) -> None:
    """The caller begins a turn; if the AI has the floor this may become an interruption."""
    connection = call.link.resolve(event.connection)
    known = call.turns.get(event.turn_id)
    if connection is None or call.phase is not Phase.WITH_AI or call.parked_until is not None:
        return
    if known is not None and known.connection == connection:
        return
    if call.floor.caller_turn is not None:
        _end_turn(call, call.floor.caller_turn, call.now_ms)
    now, ago_ms = call.clock.now, max(0, event.ago_ms)
    row = call.transcript.open(Role.USER, max(0, call.now_ms - ago_ms), connection)
    call.turns[event.turn_id] = Turn(event.turn_id, connection, row)
    if len(call.turns) > TURNS_KEPT:
        del call.turns[next(iter(call.turns))]
    call.floor.caller_turn = event.turn_id
    call.patience.rest()
    call.owed.resume_at = None
    call.silence.restart(spoken=True)
    _supersede(call)
    if not call.floor.ai_silent and not call.announcing:
        call.interruption.begin(event.turn_id, now - ago_ms / 1000, now)


def speech_stopped(call: Call, event: SpeechStopped) -> None:
    """The caller's turn is over: an answer is owed."""
    turn = call.turns.get(event.turn_id)
    if turn is None or event.connection not in (0, turn.connection) or call.phase is not Phase.WITH_AI:
        return
    ago_ms = max(0, event.ago_ms)
    call.interruption.stop(event.turn_id, call.clock.now - ago_ms / 1000)
    if not turn.stopped:
        _end_turn(call, event.turn_id, call.now_ms - ago_ms)
        if call.link.resolve(turn.connection) is not None and not _said_nothing(turn):
            call.owed.answer = True
            call.patience.ask(call.clock.now)


def transcribed(call: Call, event: Transcribed) -> None:
    """The words of a turn, perhaps long after it; they still find their row."""
    turn = call.turns.get(event.turn_id)
    if turn is None or event.connection not in (0, turn.connection):
        return
    text = (event.text or "").strip()
    call.interruption.words(event.turn_id, text)
    if not event.final:
        call.out += call.transcript.grow(turn.row, text, call.now_ms)
        return
    if not text:
        _not_understood(call, turn)
        return
    end_ms = turn.row.end_ms if turn.stopped else call.now_ms
    call.out += call.transcript.close(turn.row, text, end_ms, confidence=event.confidence)
    if call.phase is Phase.WITH_AI:
        settings = call.configuration.settings
        if asks_to_wait(text):
            call.silence.grant()
        if ends_call(text, settings.end_phrase, settings.end_phrase_match):
            close(call, EndReason.USER_ENDED, EndedBy.CALLER, GOODBYE)


def interrupt(call: Call) -> None:
    """The caller takes the floor: the AI falls silent at once."""
    sounding = any(True for _ in call.floor.sounding())
    unfinished = [response for response in call.floor.unfinished() if not response.dropped]
    if not sounding and not unfinished:
        return
    server_cancels = call.link.capabilities.server_interrupts_on_speech
    call.interruption.happened(call.clock.now)
    call.stop(StopCause.CALLER)
    for response in unfinished:
        call.drop(response, cancel=not server_cancels)
    if sounding:
        call.interruption_count += 1
    if call.floor.caller_turn is not None:
        call.owed.answer = False
        call.patience.rest()
    elif call.patience.waiting:
        call.patience.ask(call.clock.now)


def lose_turn(call: Call, connection: int) -> bool:
    """The connection that heard the caller is gone: keep what was understood. Tell whether a turn was cut."""
    cut, call.floor.caller_turn = call.floor.caller_turn in call.turns, None
    for turn in call.turns.values():
        row = turn.row
        if turn.connection != connection or row.closed:
            continue
        end_ms, turn.stopped = row.end_ms if turn.stopped else call.now_ms, True
        if row.text:
            call.out += call.transcript.close(row, row.text, end_ms)
        else:
            call.transcript.drop(row)
    return cut


def _supersede(call: Call) -> None:
    """Sentences the AI was asked for but did not begin yet are overtaken by what the caller says."""
    begun = {response.tag for response in call.floor.responses.values()}
    for tag in [tag for tag in call.owed.asked if tag not in begun]:
        line, _ = call.owed.asked.pop(tag)
        again = call.opening.cut(line)
        if again is not None:
            call.say(line, again)


def _said_nothing(turn: Turn) -> bool:
    return turn.row.closed and not turn.row.text


def _end_turn(call: Call, turn_id: str, end_ms: int) -> None:
    turn = call.turns.get(turn_id)
    if call.floor.caller_turn == turn_id:
        call.floor.caller_turn = None
    if turn is not None and not turn.stopped:
        turn.stopped = True
        turn.row.end_ms = max(turn.row.start_ms, end_ms)


def _not_understood(call: Call, turn: Turn) -> None:
    if turn.row.text:
        call.out += call.transcript.close(turn.row, turn.row.text, turn.row.end_ms)
        return
    call.transcript.drop(turn.row)
    turn.row.closed = True
    latest = next(reversed(call.turns.values()))
    if turn is latest and not call.floor.generating():
        call.owed.answer = False
        call.patience.rest()
