"""What is due: run after every event, at the deadlines it names, and never by itself.

Order matters: losses before the policies that would speak, the end before new speech, what is shown last.
"""

from media_tier.call import ending, fallback_desk, handing_over, on_tools
from media_tier.call.call_state import Call
from media_tier.call.commands import RequestResponse, TellSpeaking
from media_tier.call.events import Party, ProviderFailed
from media_tier.call.floor import Sound
from media_tier.call.heard import estimated_ms, heard_text
from media_tier.call.on_ai import RETRY_TAG, say_exactly
from media_tier.call.on_caller import interrupt
from media_tier.call.on_provider import RESUME_TAG, failed, lose, resume_instructions
from media_tier.call.phases import Phase
from media_tier.call.policies.patience import Verdict
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import (
    NOT_HEARD,
    ONE_MINUTE_LEFT,
    SILENCE_GOODBYE,
    STILL_THERE,
    TIME_IS_UP,
    TOOL_RUNNING,
    Line,
)

CAPTION_S = 0.5
"""How often the words being heard are shown."""
BETWEEN_SENTENCES_S = 0.3
"""Sound that follows this soon after the end of other sound is one speech to who looks on."""


def run(call: Call) -> None:
    """Do everything that is due."""
    if call.phase is Phase.CONNECTING:
        return
    _parking(call)
    on_tools.overdue(call)
    if call.phase is Phase.WITH_AI:
        _time_limit(call)
    if call.phase is Phase.WITH_AI:
        _provider(call)
    if call.phase is Phase.WITH_AI:
        if call.interruption.due(call.clock.now):
            interrupt(call)
        _speak(call)
        _silence(call)
    if call.phase is Phase.FALLBACK:
        if call.duration.over(call.clock.now):
            ending.close(call, EndReason.MAX_DURATION, EndedBy.POLICY, TIME_IS_UP)
        fallback_desk.carry_out(call, call.fallback.tick(call.clock.now))
    handing_over.proceed(call)
    ending.proceed(call)
    _captions(call)
    _show(call)


def deadlines(call: Call) -> list[float | None]:
    """When something may be due; some may lie in the past if they wait for an event, None is never."""
    if call.phase in (Phase.CONNECTING, Phase.ENDED):
        return []
    wanted: list[float | None] = [
        call.parked_until,
        call.caption_at,
        _speech_over_at(call),
        *ending.deadlines(call),
        *call.tooling.deadlines(),
    ]
    if call.phase is Phase.WITH_AI:
        wanted += [
            *call.link.deadlines(),
            *call.duration.deadlines(),
            call.interruption.deadline(),
            call.patience.deadline(),
            call.silence.deadline(),
            call.owed.resume_at,
            call.drain_until,
        ]
    if call.phase is Phase.FALLBACK:
        wanted += [call.fallback.deadline(), *call.duration.deadlines()]
    return wanted


def _parking(call: Call) -> None:
    if call.parked_until is not None and call.clock.now >= call.parked_until:
        ending.finish(call, EndReason.CONNECTION_LOST, EndedBy.CARRIER)


def _time_limit(call: Call) -> None:
    now = call.clock.now
    if call.duration.over(now):
        ending.close(call, EndReason.MAX_DURATION, EndedBy.POLICY, TIME_IS_UP)
        return
    speakable = call.parked_until is None and call.floor.caller_turn is None and not call.floor.generating()
    if speakable and call.duration.warning_due(now):
        call.duration.warned = True
        call.status("duration_warning")
        call.say(Line.DURATION_WARNING, ONE_MINUTE_LEFT)


def _provider(call: Call) -> None:
    now, link = call.clock.now, call.link
    late = link.overdue(now)
    if late is not None:
        failed(call, ProviderFailed(late, "connect_timeout"))
    busy = call.floor.caller_turn is not None or call.floor.any_sounding or call.tooling.running
    call.patience.hold(busy, now)
    verdict = call.patience.verdict(now)
    if verdict is Verdict.RETRY and link.in_use is not None:
        tag, (_, text) = next(iter(call.owed.asked.items()), (RETRY_TAG, (None, "")))
        call.out.append(RequestResponse(tag, say_exactly(text) if text else None))
    elif verdict is Verdict.LOST and link.in_use is not None:
        call.owed.answer = True
        failed(call, ProviderFailed(link.in_use.number, "stalled"))
    if call.phase is not Phase.WITH_AI:
        return
    if link.coming is not None or link.wants_open(now, quiet=True):
        _renew(call)
    call.tell_ai_what_it_missed()


def _renew(call: Call) -> None:
    now, link = call.clock.now, call.link
    quiet = call.floor.quiet and not call.tooling.running and not call.patience.waiting
    if link.wants_open(now, quiet=quiet):
        call.out += link.open(now)
    if link.wants_switch(now, quiet=quiet):
        old = link.in_use
        call.out += link.use(now)
        if old is not None:
            lose(call, old.number)


def _speak(call: Call) -> None:
    now, owed = call.clock.now, call.owed
    if call.parked_until is not None or call.floor.caller_turn is not None:
        return
    if call.tooling.filler_due(now) and call.floor.ai_silent:
        call.tooling.filler_said()
        call.say(Line.TOOL_FILLER, TOOL_RUNNING)
    if call.link.in_use is None or call.floor.generating():
        return
    if owed.asked and not call.patience.waiting and call.floor.ai_silent:
        owed.missing, owed.asked = {**owed.asked, **owed.missing}, {}
    if owed.missing and not owed.asked:
        tag = next(iter(owed.missing))
        owed.asked[tag] = owed.missing.pop(tag)
        call.ask(tag, say_exactly(owed.asked[tag][1]))
    elif owed.resume_at is not None and now >= owed.resume_at and not owed.asked and not call.tooling.running:
        owed.resume_at = None
        call.ask(RESUME_TAG, resume_instructions(call))


def _silence(call: Call) -> None:
    now = call.clock.now
    call.silence.observe(call.waiting_for_caller, now)
    step = call.silence.step(now)
    if step is None:
        return
    if step == 2:
        ending.close(call, EndReason.SILENCE_TIMEOUT, EndedBy.POLICY, SILENCE_GOODBYE)
        return
    call.status("silence_warning")
    call.say(Line.SILENCE_WARNING, STILL_THERE if step == 0 else NOT_HEARD)
    call.silence.observe(call.waiting_for_caller, now)


def _captions(call: Call) -> None:
    if call.caption_at is not None and call.clock.now < call.caption_at:
        return
    call.caption_at = None
    if not call.configuration.settings.transcription.enabled or call.phase is Phase.ENDED:
        return
    for playback in call.floor.sounding():
        if playback.sound is Sound.AUDIBLE and playback.row is not None:
            call.caption_at = call.clock.now + CAPTION_S
            played_ms = round((call.clock.now - playback.since) * 1000)
            audio_ms = playback.audio_ms or estimated_ms(playback.text)
            call.out += call.transcript.grow(playback.row, heard_text(playback.text, audio_ms, played_ms), call.now_ms)


def _show(call: Call) -> None:
    if call.phase is Phase.ENDED:
        return
    over_at = _speech_over_at(call)
    speaks = call.floor.ai_audible or (over_at is not None and call.clock.now < over_at)
    for party, on in ((Party.CALLER, call.floor.caller_turn is not None), (Party.AI, speaks)):
        if call.told.get(party, False) != on:
            call.told[party] = on
            call.out.append(TellSpeaking(party, on))
    if call.phase is Phase.WITH_AI and call.parked_until is None:
        if call.tooling.running and call.link.in_use is not None:
            call.status("tool_running")
        elif call.waiting_for_caller and call.silence.said == 0:
            call.status("listening")


def _speech_over_at(call: Call) -> float | None:
    """When the AI's silence is to be shown, if it is still shown speaking after it came to an end."""
    if call.ai_finished_at is None or not call.told.get(Party.AI) or call.floor.caller_turn is not None:
        return None
    return call.ai_finished_at + BETWEEN_SENTENCES_S
