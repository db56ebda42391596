"""A small, seeded world around a call on a virtual clock: a provider, a playout, tools and a caller with a script.

It answers the core's commands with events after plausible delays. Times are virtual seconds. A connection that was
dropped or closed says nothing more; what the caller says while no connection is in use is kept and heard by the next.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from json import dumps, loads
from random import Random

from media_tier.call.commands import (
    AddContext,
    AppendTranscript,
    CloseProvider,
    Command,
    DropAudio,
    Finish,
    OpenProvider,
    PlayPrompt,
    RequestResponse,
    RunTool,
    StopPlayback,
    SubmitToolResult,
    UseProvider,
)
from media_tier.call.events import (
    Event,
    LegConnected,
    LegDropped,
    Outcome,
    Party,
    PromptMissing,
    ProviderFailed,
    ProviderReady,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Tick,
    ToolFinished,
    ToolRequested,
    Transcribed,
)
from media_tier.call.heard import estimated_ms
from media_tier.call.phases import Phase
from media_tier.call.session import CallSession
from shared.contracts.records.call import FrozenConfiguration, TranscriptSegment
from tests.call.playout import Playout, Sound


@dataclass(frozen=True, slots=True)
class Use:
    """The AI uses a tool instead of answering at once."""

    name: str
    arguments: dict[str, object]


@dataclass(slots=True)
class World:
    """`answer` maps what the caller said (or "" when the AI is asked to go on) to a reply or a tool use."""

    configuration: FrozenConfiguration
    tool_names: frozenset[str]
    answer: Callable[[str], str | Use]
    seed: int = 0
    tool_s: float = 0.4
    tool_ok: bool = True
    rendered: bool = True
    """Fixed sentences have renderings; otherwise the provider must say them."""
    connects: Callable[[int], bool] = lambda number: True
    life_s: float | None = None
    drop_at: int | None = None
    leg_drop_at: int | None = None
    move_at: int | None = None
    """After this many events the call goes on in another process, with a new session and a new provider."""
    now: float = 0.0
    session: CallSession = field(init=False)
    events: list[tuple[float, Event]] = field(default_factory=list)
    commands: list[tuple[float, Command]] = field(default_factory=list)
    open: set[int] = field(default_factory=set)
    ready: set[int] = field(default_factory=set)
    ever_opened: set[int] = field(default_factory=set)
    used: int | None = None
    dropped_at: float | None = None
    owed_at_drop: bool = False
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _serial: int = 0
    playout: Playout = field(init=False)
    _unheard: list[tuple[str, float]] = field(default_factory=list)
    _talking: tuple[str, float] | None = None
    """What the caller is saying and until when."""
    _last_words: str = ""
    _known_result: str = ""
    """What the model knows of the tool it used for the caller's last words."""
    _random: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self.playout = Playout(self)
        self.session = CallSession(self.configuration, tool_names=self.tool_names)

    # The caller

    def caller_says(self, at: float, text: str, lasting: float = 0.8) -> None:
        """Have the caller speak at this time."""
        self.at(at, lambda: self._hear(text, lasting))

    def event_at(self, at: float, event: Event) -> None:
        """Let anything happen at this time."""
        self.at(at, lambda: self.deliver(event))

    def run(self, until: float = 4000.0) -> "World":
        """Begin the call and go on until it ends (or `until`)."""
        self.at(0.0, lambda: self.deliver(LegConnected(Party.CALLER)))
        while not self.finishes and self.now < until:
            deadline = self.session.next_deadline()
            if self._due and (deadline is None or self._due[0][0] <= deadline):
                self.now, _, happen = heapq.heappop(self._due)
                happen()
            elif deadline is not None:
                self.now = deadline
                self.deliver(Tick())
            else:
                break
        return self

    @property
    def finishes(self) -> list[Finish]:
        """How the call ended."""
        return self.all(Finish)

    def all[C](self, kind: type[C]) -> list[C]:
        """Every command of one kind."""
        return [command for _, command in self.commands if isinstance(command, kind)]

    def heard[E](self, kind: type[E]) -> list[tuple[float, E]]:
        """Every event of one kind, with its time."""
        return [(at, event) for at, event in self.events if isinstance(event, kind)]

    def deliver(self, event: Event) -> None:
        """Give the core an event and carry out what it wants."""
        if self.finishes:
            return
        self.events.append((self.now, event))
        for command in self.session.receive(event, self.now):
            self.commands.append((self.now, command))
            self._carry_out(command)
        if self.leg_drop_at == len(self.events):
            self.at(self.now, lambda: self.deliver(LegDropped(Party.CALLER)))
            self.event_at(self.now + 2.0, LegConnected(Party.CALLER, resumed=True))
        if self.move_at == len(self.events) and not self.finishes:
            self.at(self.now, self.move)
        if self.drop_at == len(self.events) and self.used in self.open:
            self.drop()

    def drop(self) -> None:
        """Break the connection in use."""
        if self.used is not None and self.used in self.open:
            number, self.dropped_at = self.used, self.now
            self.owed_at_drop = self.session.phase is Phase.WITH_AI and bool(self.session.snapshot()["owed"])
            self.open.discard(number)
            self.later(0.05, lambda: self.deliver(ProviderFailed(number, "socket_closed")))

    def move(self) -> None:
        """The process dies; two seconds later the caller comes back to another one."""
        if self.finishes:
            return
        core = loads(dumps(self.session.snapshot()))
        rows = {row.segment_id: row for row in self.all(AppendTranscript) if row.final}
        segments = [
            TranscriptSegment(segment_id=r.segment_id, role=r.role, text=r.text, start_ms=r.start_ms, end_ms=r.end_ms)
            for r in rows.values()
        ]
        self.dropped_at, self.owed_at_drop = self.now, bool(core["owed"])
        self.open.clear()
        self.playout.queue.clear()
        self.used = None
        self.session = CallSession.resumed(
            self.configuration, core, elapsed_ms=core["elapsed_ms"], transcript=segments, tool_names=self.tool_names
        )
        self.event_at(self.now + 2.0, LegConnected(Party.CALLER, resumed=True))

    # Time

    def at(self, when: float, happen: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._due, (max(when, self.now), self._serial, happen))

    def later(self, delay: float, happen: Callable[[], None]) -> None:
        self.at(self.now + delay * self._random.uniform(0.9, 1.1), happen)

    def _from(self, number: int, delay: float, event: Event) -> None:
        """A connection says something, if it is still there by then."""

        def say() -> None:
            if number in self.open:
                self.deliver(event)

        self.later(delay, say)

    # Commands

    def _carry_out(self, command: Command) -> None:
        match command:
            case OpenProvider(connection=number, tools_done=tools_done):
                outputs = [done.output for done in tools_done if done.output is not None]
                self._known_result = f"The result is {outputs[-1]}." if outputs else ""
                self._open(number)
            case UseProvider(connection=number):
                self.used = number
                unheard, self._unheard = self._unheard, []
                if self._talking is not None and self._talking[1] > self.now + 0.1:
                    unheard.append((self._talking[0], self._talking[1] - self.now))
                    self._talking = None
                for text, lasting in unheard:
                    self._hear(text, lasting)
            case CloseProvider(connection=number):
                self.open.discard(number)
            case RequestResponse(tag=tag, instructions=instructions):
                exact = (instructions or "").partition("nothing else: ")[2]
                self._reply(self.used or 0, exact or self._known_result or self.answer(self._last_words), tag)
            case SubmitToolResult(request_response=True, output=output):
                self._known_result = str(output.get("say", f"The result is {output}."))
                self._reply(self.used or 0, self._known_result, None)
            case AddContext(text=text) if text.startswith("(Result"):
                self._known_result = text
            case RunTool(call_id=call_id):
                output = {"status": "shipped"} if self.tool_ok else {"error": "no"}
                self.later(self.tool_s, lambda: self.deliver(ToolFinished(call_id, output, self.tool_ok)))
            case PlayPrompt(playback_id=playback_id) if not self.rendered:
                self.event_at(self.now, PromptMissing(playback_id))
            case PlayPrompt(playback_id=playback_id, text=text):
                self.playout.add(Sound(playback_id, "", estimated_ms(text), complete=True))
            case StopPlayback():
                self.playout.stop()
            case DropAudio(response_id=response_id):
                self.playout.mute.add(response_id)
            case _:
                pass

    # The provider

    def _open(self, number: int) -> None:
        self.ever_opened.add(number)
        self.open.add(number)
        if self.connects(number):
            self._from(number, 0.3, ProviderReady(number, self.life_s))
        else:
            self._from(number, 0.1, ProviderFailed(number, "refused"))

    def _hear(self, text: str, lasting: float) -> None:
        number = self.used
        if number is None or number not in self.open:
            self._unheard.append((text, lasting))
            return
        self._serial += 1
        turn = f"turn-{self._serial}"

        def stop() -> None:
            if number not in self.open:
                if self._talking == talking:
                    self._talking = None
                    self._unheard.append((text, lasting / 2))
                return
            self._talking = None
            self._last_words = self._known_result = ""
            self.deliver(SpeechStopped(turn, 100, number))
            self.later(0.25, transcribe)
            self._reply(number, self.answer(text), None)

        def transcribe() -> None:
            if number in self.open:
                self._last_words = text
                self.deliver(Transcribed(turn, text, connection=number))
            else:
                self.later(6.0, lambda: self._hear(text, lasting))  # nobody understood: the caller says it again

        self._talking = talking = (text, self.now + lasting)
        self.deliver(SpeechStarted(turn, 100, number))
        self.later(lasting, stop)

    def _reply(self, number: int, reply: str | Use, tag: str | None) -> None:
        self._serial += 1
        response, item, call_id = f"response-{self._serial}", f"item-{self._serial}", f"tool-{self._serial}"
        self._from(number, 0.3, ResponseStarted(response, tag, number))
        if isinstance(reply, Use):
            self._from(number, 0.4, ToolRequested(call_id, reply.name, dict(reply.arguments), response, number))
            self._from(number, 0.6, ResponseEnded(response, Outcome.COMPLETED, {}, connection=number))
            return
        total = estimated_ms(reply)
        half = len(reply) // 2

        def speak(text: str, audio_ms: int, final: bool) -> None:
            if number in self.open:
                self.playout.hear(Sound(item, response, audio_ms, final))
                self.deliver(ResponseTranscribed(response, item, text, audio_ms, final, number))

        self.later(0.45, lambda: speak(reply[:half], total // 2, False))
        self.later(0.6, lambda: speak(reply[half:], total, True))
        self._from(number, 0.8, ResponseEnded(response, Outcome.COMPLETED, {item: total}, connection=number))
