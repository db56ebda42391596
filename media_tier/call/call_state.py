"""Everything one call knows, and the few verbs that several parts of the core share.

The handlers (`on_*`), `upkeep` and `ending` are functions over this state; they append commands to `out` in the order
in which they must be carried out. `CallSession` is the only user.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from media_tier.call.commands import (
    AddContext,
    CancelResponse,
    Command,
    DropAudio,
    PlayPrompt,
    RequestResponse,
    StopPlayback,
    TellStatus,
)
from media_tier.call.floor import Floor, Response
from media_tier.call.phases import Phase
from media_tier.call.policies.announcement import Opening
from media_tier.call.policies.duration import Duration
from media_tier.call.policies.fallback import Fallback
from media_tier.call.policies.interruption import Interruption
from media_tier.call.policies.patience import Patience
from media_tier.call.policies.silence import SilenceLadder
from media_tier.call.provider_link import ProviderLink, Seed
from media_tier.call.tooling import Tooling
from media_tier.call.transcript import HISTORY_LINES, Row, Transcript
from shared.contracts.records.call import EndedBy, EndReason, FrozenConfiguration, Role
from shared.domain.sentences import ONE_MOMENT, Line


class StopCause(Enum):
    """Why we silenced what was playing: decides whether a sentence is said again."""

    CALLER = "caller"
    DROP = "drop"
    LOSS = "loss"
    CLOSING = "closing"


@dataclass(slots=True)
class Turn:
    """One utterance of the caller. `connection` heard it."""

    turn_id: str
    connection: int
    row: Row
    stopped: bool = False


@dataclass(slots=True)
class Ending:
    """How a call ends, decided once. `own_response` may already hold the AI's own farewell."""

    reason: EndReason
    by: EndedBy
    goodbye: str
    speech_until: float
    own_response: str | None = None
    goodbye_id: str | None = None
    goodbye_until: float | None = None


@dataclass(slots=True)
class Clock:
    """The call's own time. `epoch` is the monotonic moment at which it read `base_ms`."""

    base_ms: int = 0
    epoch: float | None = None
    now: float = 0.0

    def elapsed_ms(self, now: float) -> int:
        """Milliseconds since the caller connected."""
        return self.base_ms if self.epoch is None else max(0, self.base_ms + round((now - self.epoch) * 1000))


@dataclass(slots=True)
class Owed:
    """What the AI still has to say."""

    answer: bool = False
    """The caller said something, or was promised something, and no answer was heard to its end."""
    resume_at: float | None = None
    """When to ask a new connection to go on."""
    cut: Row | None = None
    """What the AI was saying when it was cut off by a failure."""
    missing: dict[str, tuple[Line, str]] = field(default_factory=dict)
    """Sentences without a rendering that the AI must be asked to say, by tag."""
    asked: dict[str, tuple[Line, str]] = field(default_factory=dict)
    """Those it was asked to say and that were not heard yet."""


class Call:
    """The state of one call."""

    def __init__(self, configuration: FrozenConfiguration, tool_names: frozenset[str], core: dict[str, Any]) -> None:
        settings = configuration.settings
        self.configuration = configuration
        self.core = core
        self.phase = Phase.CONNECTING
        self.clock = Clock(int(core.get("elapsed_ms", 0)))
        self.floor = Floor()
        self.turns: dict[str, Turn] = {}
        self.transcript = Transcript(
            shown=settings.transcription.enabled,
            confidence=settings.transcription.include_confidence,
            next_id=int(core.get("next_segment", 1)),
        )
        self.tooling = Tooling(tool_names)
        self.tooling.restore(core.get("tools", []))
        self.link = ProviderLink(configuration, self._seed, int(core.get("last_connection", 0)))
        self.link.on_fallback = bool(core.get("on_fallback", False)) and configuration.fallback_model is not None
        self.opening = Opening(configuration, core.get("opening_done", ()))
        self.silence = SilenceLadder(float(settings.silence_timeout_seconds), int(core.get("silence_said", 0)))
        if core.get("silence_extended"):
            self.silence.grant()
        self.duration = Duration(settings.max_duration_minutes * 60.0, bool(core.get("duration_warned", False)))
        self.interruption = Interruption(settings.interruption)
        self.patience = Patience()
        self.fallback = Fallback(settings.fallback)
        self.owed = Owed(answer=bool(core.get("owed", False)))
        self.ending: Ending | None = None
        self.stop_cause = StopCause.CALLER
        self.parked_until: float | None = None
        self.drain_until: float | None = None
        """By then the call has left this process."""
        self.leaving = False
        """It has fallen silent, and leaves as soon as it is known what was heard."""
        self.caption_at: float | None = None
        self.ai_finished_at: float | None = None
        """When the AI's sound came to its own end, so that the next may still follow directly."""
        self.interruption_count = int(core.get("interruption_count", 0))
        self.next_prompt = int(core.get("next_prompt", 1))
        self.told: dict[str, str | bool] = {}
        """What the caller's side was last told."""
        self.out: list[Command] = []

    @property
    def now_ms(self) -> int:
        """The call clock at the event being handled."""
        return self.clock.elapsed_ms(self.clock.now)

    @property
    def announcing(self) -> bool:
        """The recording announcement is being spoken or queued: nothing may cut it off."""
        lines = {playback.line for playback in self.floor.sounding()}
        lines |= {line for line, _ in (*self.owed.missing.values(), *self.owed.asked.values())}
        return self.opening.announcing and Line.ANNOUNCEMENT in lines

    @property
    def waiting_for_caller(self) -> bool:
        """It is the caller's turn: nobody speaks or will, nothing runs, and the caller could be heard."""
        return (
            self.phase is Phase.WITH_AI
            and self.parked_until is None
            and self.link.in_use is not None
            and self.floor.quiet
            and not self.patience.waiting
            and not self.tooling.running
            and not (self.owed.missing or self.owed.asked)
            and self.owed.resume_at is None
        )

    def recall(self, known_ms: int) -> None:
        """Conclude from the transcript what is owed; what is known of it otherwise is as old as `known_ms`."""
        lines = [row for row in self.transcript.rows if row.text != ONE_MOMENT]
        if not lines:
            return
        last = lines[-1]
        if last.role is Role.USER:
            self.owed.answer = True
        elif last.interrupted:
            self.owed.cut = last
        elif last.start_ms > known_ms:
            self.owed.answer = False

    def status(self, state: str) -> None:
        """Show what the call is doing, if it changed."""
        if self.told.get("status") != state:
            self.told["status"] = state
            self.out.append(TellStatus(state))

    def say(self, line: Line, text: str) -> str:
        """Queue a fixed sentence; returns its playback id."""
        playback_id = f"prompt-{self.next_prompt}"
        self.next_prompt += 1
        self.floor.prompt(playback_id, text, line)
        self.out.append(PlayPrompt(playback_id, text))
        return playback_id

    def ask(self, tag: str, instructions: str | None) -> None:
        """Ask the AI to speak."""
        self.out.append(RequestResponse(tag, instructions))
        self.patience.ask(self.clock.now)

    def stop(self, cause: StopCause) -> None:
        """Silence everything that is audible or queued."""
        sounding = list(self.floor.sounding())
        if sounding:
            self.stop_cause = cause
            self.ai_finished_at = None
            self.out.append(StopPlayback())
        for playback in sounding:
            playback.stopping = True

    def drop(self, response: Response, *, cancel: bool) -> None:
        """Nothing more of this answer shall be heard."""
        response.dropped = True
        self.out.append(DropAudio(response.response_id))
        if cancel and response.generating:
            self.out.append(CancelResponse(response.response_id))

    def tell_ai_what_it_missed(self) -> None:
        """Bring the connection in use up to date with our record: lines and tool results it does not know."""
        used = self.link.in_use
        if used is None or self.phase is not Phase.WITH_AI:
            return
        settled = self.transcript.settled
        for row in settled[max(used.lines_told, len(settled) - HISTORY_LINES) :]:
            if row.connection != used.number:
                self.out.append(AddContext(row.role, row.text))
        used.lines_told = len(settled)
        for done in self.tooling.orphaned_results():
            if done.call_id not in used.tools_told:
                used.tools_told.add(done.call_id)
                self.out.append(AddContext(Role.ASSISTANT, f"(Result of {done.name}: {done.output})"))
                if self.owed.resume_at is None and not self.floor.delivering:
                    self.owed.resume_at = self.clock.now

    def _seed(self) -> Seed:
        return Seed(self.transcript.history(), self.tooling.outcomes(), len(self.transcript.settled))
