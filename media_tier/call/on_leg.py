"""The caller's connection: it comes, goes, comes back, and carries keys and measurements."""

from media_tier.call.call_state import Call, StopCause
from media_tier.call.commands import StartRecording, TellQuality, TellSpeaking
from media_tier.call.ending import close, finish
from media_tier.call.events import Dtmf, EndRequested, LegConnected, LegDropped, Party, QualityMeasured
from media_tier.call.fallback_desk import carry_out
from media_tier.call.phases import Phase, moved
from media_tier.call.policies.quality import quality_level
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import ONE_MOMENT, Line

PARK_S = 30.0


def connected(call: Call, event: LegConnected) -> None:
    """The caller is here, for the first time or again."""
    if event.party is not Party.CALLER:
        return
    if call.phase is Phase.CONNECTING:
        _begin(call)
        return
    call.parked_until = None
    call.told.clear()
    call.out += [
        TellSpeaking(Party.CALLER, call.floor.caller_turn is not None),
        TellSpeaking(Party.AI, call.floor.ai_audible),
    ]
    call.told |= {Party.CALLER: call.floor.caller_turn is not None, Party.AI: call.floor.ai_audible}
    if call.phase is Phase.WITH_AI:
        _open(call)
        if call.owed.answer and call.link.in_use is not None and not call.floor.generating():
            call.owed.resume_at = call.clock.now


def dropped(call: Call, event: LegDropped) -> None:
    """The caller's connection broke: hold the call for a while, if they can come back, and the AI falls silent."""
    if event.party is not Party.CALLER:
        return
    if event.for_good:
        finish(call, EndReason.CONNECTION_LOST, EndedBy.CARRIER)
        return
    if call.phase is Phase.CONNECTING or call.parked_until is not None:
        return
    if call.ending is not None:
        finish(call, call.ending.reason, call.ending.by)
        return
    hold(call)


def hold(call: Call) -> None:
    """The caller is away for a while: fall silent, and remember what is owed."""
    call.parked_until = call.clock.now + PARK_S
    call.interruption.forget()
    call.floor.caller_turn = None
    call.owed.answer = call.owed.answer or call.patience.waiting or call.owed.resume_at is not None
    call.owed.resume_at = None
    call.patience.rest()
    for response in call.floor.unfinished():
        if not response.dropped:
            call.owed.answer = call.owed.answer or response.tag not in call.owed.asked
            call.owed.cut = next((item.row for item in response.items if item.row is not None), call.owed.cut)
            call.drop(response, cancel=True)
            if response.tag in call.owed.asked:
                call.owed.missing[response.tag] = call.owed.asked.pop(response.tag)
    call.stop(StopCause.DROP)


def end_requested(call: Call, event: EndRequested) -> None:
    """The caller hung up."""
    if event.party is Party.CALLER:
        finish(call, EndReason.USER_ENDED, EndedBy.CALLER)


def key_pressed(call: Call, event: Dtmf) -> None:
    """The caller pressed a key, and so is there."""
    if call.phase is Phase.FALLBACK:
        carry_out(call, call.fallback.key(event.digit, call.clock.now))
    elif call.phase is Phase.WITH_AI:
        call.silence.restart(spoken=True)


def measured(call: Call, event: QualityMeasured) -> None:
    """The caller's side measured the connection."""
    level = quality_level(event.rtt_ms, event.underruns)
    if call.told.get("quality") != level:
        call.told["quality"] = level
        call.out.append(TellQuality(level))


def _begin(call: Call) -> None:
    call.phase = moved(call.phase, Phase.WITH_AI)
    if call.clock.epoch is None:
        call.clock.epoch = call.clock.now
    call.duration.begin(call.clock.epoch - call.clock.base_ms / 1000)
    ended = call.core.get("ending")
    if ended is not None:
        close(call, EndReason(ended["reason"]), EndedBy(ended["by"]), ended["goodbye"])
        return
    call.out += call.link.open(call.clock.now)
    if call.owed.answer:
        call.owed.resume_at = call.clock.now
        if not call.opening.remaining():
            call.say(Line.ONE_MOMENT, ONE_MOMENT)
    if call.core.get("recording"):
        call.opening.recording = True
        call.out.append(StartRecording())
    _open(call)


def _open(call: Call) -> None:
    sounding = {playback.line for playback in call.floor.sounding()}
    sounding |= {line for line, _ in (*call.owed.missing.values(), *call.owed.asked.values())}
    for line, text in call.opening.remaining():
        if line not in sounding:
            call.say(line, text)
    if call.opening.may_record:
        call.opening.recording = True
        call.out.append(StartRecording())
