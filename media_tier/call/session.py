"""The call core: events in, commands out. Pure; time comes in as `now`, and nothing else comes in at all.

`receive` is total: any event in any phase at any time is taken, unknown and stale ids are ignored, and nothing follows
`Finish`. The driver sends `Tick` when `next_deadline` is reached, so that a call can be replayed from the list of its
events. `Finish` closes every leg and provider connection that is still open.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from media_tier.call import handing_over, on_ai, on_caller, on_leg, on_provider, on_tools, upkeep
from media_tier.call.call_state import Call
from media_tier.call.commands import Command
from media_tier.call.events import (
    DrainRequested,
    Dtmf,
    EndRequested,
    Event,
    LegConnected,
    LegDropped,
    PlaybackFinished,
    PlaybackStarted,
    PlaybackStopped,
    PromptMissing,
    ProviderExpiring,
    ProviderFailed,
    ProviderReady,
    ProviderResumable,
    QualityMeasured,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
    ToolRequested,
    ToolsCancelled,
    Transcribed,
)
from media_tier.call.phases import Phase
from shared.contracts.records.call import FrozenConfiguration, TranscriptSegment

# MuteChanged and Tick demand nothing by themselves: a muted caller is a silent one.
# A handler that returns True says that nothing can be due because of its event.
HANDLERS: dict[type, Callable[[Call, Any], bool | None]] = {
    LegConnected: on_leg.connected,
    LegDropped: on_leg.dropped,
    EndRequested: on_leg.end_requested,
    Dtmf: on_leg.key_pressed,
    QualityMeasured: on_leg.measured,
    ProviderReady: on_provider.ready,
    ProviderFailed: on_provider.failed,
    ProviderExpiring: on_provider.expiring,
    ProviderResumable: on_provider.resumable,
    SpeechStarted: on_caller.speech_started,
    SpeechStopped: on_caller.speech_stopped,
    Transcribed: on_caller.transcribed,
    ResponseStarted: on_ai.response_started,
    ResponseTranscribed: on_ai.response_transcribed,
    ResponseEnded: on_ai.response_ended,
    ResponseInterrupted: on_ai.response_interrupted,
    PlaybackStarted: on_ai.playback_started,
    PlaybackFinished: on_ai.playback_finished,
    PlaybackStopped: on_ai.playback_stopped,
    PromptMissing: on_ai.prompt_missing,
    ToolRequested: on_tools.requested,
    ToolFinished: on_tools.finished,
    ToolsCancelled: on_tools.cancelled,
    DrainRequested: handing_over.requested,
}


class CallSession:
    """One call from its first leg to `Finish`."""

    def __init__(self, configuration: FrozenConfiguration, *, tool_names: frozenset[str] = frozenset()) -> None:
        self._call = Call(configuration, tool_names, {})
        self._resumed = False
        self._due: float | None = None
        """When something is due, None if that must be found out (again)."""

    @classmethod
    def resumed(
        cls,
        configuration: FrozenConfiguration,
        core: dict[str, Any],
        *,
        elapsed_ms: int,
        transcript: Sequence[TranscriptSegment],
        tool_names: frozenset[str] = frozenset(),
    ) -> "CallSession":
        """Go on with a call of another process: `core` is its latest `snapshot`, the clock goes on at `elapsed_ms`."""
        session = cls(configuration, tool_names=tool_names)
        session._call = Call(configuration, tool_names, {**core, "elapsed_ms": elapsed_ms})
        session._call.transcript.load(transcript)
        session._call.recall(int(core.get("elapsed_ms", 0)))
        session._resumed = True
        return session

    @property
    def phase(self) -> Phase:
        """Where the call stands."""
        return self._call.phase

    def elapsed_ms(self, now: float) -> int:
        """Milliseconds since the caller first connected."""
        return self._call.clock.elapsed_ms(now)

    def receive(self, event: Event, now: float) -> list[Command]:
        """Advance the call by one event and return what must be done, in order. `now`: monotonic seconds."""
        call = self._call
        if call.phase is Phase.ENDED:
            return []
        call.clock.now = max(now, call.clock.now)
        if self._resumed and call.clock.epoch is None:
            call.clock.epoch = now
        call.out = []
        handle = HANDLERS.get(type(event))
        idle = handle is not None and handle(call, event)
        if not idle or self._due is None or call.clock.now >= self._due:
            upkeep.run(call)
            self._due = None
        return call.out

    def next_deadline(self) -> float | None:
        """When to send a `Tick` if nothing else happens first; always later than the latest event."""
        if self._due is None:
            now, first = self._call.clock.now, inf
            for at in upkeep.deadlines(self._call):
                if at is not None and now < at < first:
                    first = at
            self._due = first
        return None if self._due == inf else self._due

    def snapshot(self) -> dict[str, Any]:
        """What another process needs to go on (`Checkpoint.core`); JSON-able, without the transcript."""
        call = self._call
        ending = call.ending
        return {
            "elapsed_ms": call.now_ms,
            "phase": call.phase.value,
            "opening_done": sorted(call.opening.done),
            "recording": call.opening.recording or bool(call.core.get("recording")),
            "silence_said": call.silence.said,
            "silence_extended": call.silence.extension > 0,
            "duration_warned": call.duration.warned,
            "interruption_count": call.interruption_count,
            "last_connection": call.link.last_number,
            "on_fallback": call.link.on_fallback,
            "next_prompt": call.next_prompt,
            "next_segment": call.transcript.next_id,
            "tools": call.tooling.snapshot(),
            "owed": call.owed.answer or bool(call.floor.unfinished()) or call.patience.waiting,
            "ending": None
            if ending is None
            else {"reason": ending.reason.value, "by": ending.by.value, "goodbye": ending.goodbye},
        }
