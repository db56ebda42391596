"""The brain of a call: every event in, every command out, time passed in. Pure and total.

`receive` takes any event in any phase; what does not fit is ignored. Policies propose, the session decides by phase.
Nothing follows a `Finish`, which closes every connection and leg.
"""

from collections.abc import Sequence
from typing import Any, Self

from media_tier.call import commands as do
from media_tier.call import events as on
from media_tier.call.closing import Closing
from media_tier.call.conversation import Conversation
from media_tier.call.display import Display
from media_tier.call.phases import Phase, move
from media_tier.call.policies.callback import CallbackOffer
from media_tier.call.policies.draining import DrainingPolicy
from media_tier.call.policies.duration import DurationPolicy
from media_tier.call.policies.end_phrase import says_end_phrase
from media_tier.call.policies.interruption import InterruptionPolicy
from media_tier.call.policies.opening import OpeningPolicy
from media_tier.call.policies.silence import SilencePolicy
from media_tier.call.provider_link import ProviderLink
from media_tier.call.recovery import Recovery
from media_tier.call.sentences import GOODBYE, ONE_MINUTE_LEFT, SILENCE_GOODBYE, TIME_IS_UP
from media_tier.call.tooling import Tooling
from shared.contracts.records.call import EndedBy, EndReason, FrozenConfiguration, TranscriptSegment

PARK_SECONDS = 30.0
SAY_EXACTLY = 'Say exactly, word for word, and nothing else: "{text}"'


class CallSession:
    """One call. See `receive`."""

    def __init__(self, configuration: FrozenConfiguration, *, tool_names: frozenset[str] = frozenset()) -> None:
        self.configuration = configuration
        self.settings = configuration.settings
        self.phase: Phase = Phase.CONNECTING
        self.talk = Conversation(self.settings)
        self.tools = Tooling(tool_names)
        fallback = configuration.fallback_model
        self.link = ProviderLink(
            configuration.model.capabilities,
            None if fallback is None else fallback.capabilities,
            lambda: (self.talk.transcript.history(), self.tools.outcomes()),
        )
        interruption = self.settings.interruption
        self.opening = OpeningPolicy(self.settings)
        self.silence = SilencePolicy(self.settings.silence_timeout_seconds)
        self.duration = DurationPolicy(self.settings.max_duration_minutes)
        self.interruption = InterruptionPolicy(
            allowed=interruption.allowed,
            debounce_ms=interruption.debounce_ms,
            backchannels=interruption.ignored_backchannels,
        )
        self.recovery = Recovery(self.settings.fallback)
        self.closing: Closing | None = None
        self.callback: CallbackOffer | None = None
        self._elapsed_at_start = 0
        self._began: float | None = None
        self._recording = False
        self._parked_at: float | None = None
        self.draining = DrainingPolicy()
        self.display = Display()

    @classmethod
    def resumed(
        cls,
        configuration: FrozenConfiguration,
        core: dict[str, Any],
        *,
        elapsed_ms: int,
        transcript: Sequence[TranscriptSegment],
        tool_names: frozenset[str] = frozenset(),
    ) -> Self:
        """The call of a checkpoint, on another process; its clock goes on at `elapsed_ms`."""
        session = cls(configuration, tool_names=tool_names)
        session._elapsed_at_start = elapsed_ms
        session.opening.restore(core.get("opening", []))
        session.duration.warned = session.duration.warned or bool(core.get("warned"))
        session.interruption.count = int(core.get("interruptions", 0))
        session.tools.restore(core.get("tools", []))
        session.talk.transcript.restore(transcript, int(core.get("rows", 1)))
        session.talk.prompts = int(core.get("prompts", 0))
        session.link = ProviderLink(
            session.link.capabilities, session.link._fallback, session.link._seed, int(core.get("connection", 1))
        )
        session.recovery.owed = bool(core.get("owed", False))
        return session

    def snapshot(self) -> dict[str, Any]:
        """What another process needs to go on with this call; plain JSON."""
        return {
            "opening": self.opening.snapshot(),
            "warned": self.duration.warned,
            "interruptions": self.interruption.count,
            "tools": self.tools.snapshot(),
            "rows": self.talk.transcript.next_number,
            "prompts": self.talk.prompts,
            "connection": self.link.next_number,
            "owed": self.recovery.owed,
            "recording": self._recording,
        }

    @property
    def over(self) -> bool:
        """Finish was commanded."""
        return self.phase is Phase.ENDED

    def elapsed_ms(self, now: float) -> int:
        """Milliseconds since the call began."""
        return 0 if self._began is None else round((now - self._began) * 1000)

    def receive(self, event: on.Event, now: float) -> list[do.Command]:
        """Advance the call by one event; returns what must be done, in order."""
        if self.phase is Phase.ENDED:
            return []
        if self._began is None:
            self._began = now - self._elapsed_at_start / 1000
        commands = self._follow(event, now)
        if not self.over:
            commands += self._pass_time(now)
        if not self.over:
            commands += self._show()
            self.silence.expect_caller(self._waiting_for_caller, now)
        return commands

    def next_deadline(self) -> float | None:
        """When to send a Tick if nothing happens before."""
        if self.phase is Phase.ENDED or self._began is None:
            return None
        times = [
            self.tools.deadline(),
            self.link.deadline(self._boundary),
            self.display.deadline(self.talk.floor),
            None if self._parked_at is None else self._parked_at + PARK_SECONDS,
        ]
        if self.phase is Phase.CLOSING and self.closing is not None:
            times.append(self.closing.deadline)
        elif self.phase is Phase.WITH_AI:
            times += [self.duration.deadline(), self.silence.deadline(), self.draining.deadline()]
            times += [self.recovery.deadline(), self.callback.deadline() if self.callback else None]
            if not self.opening.mandatory_open:
                times.append(self.interruption.deadline())
        return min((time for time in times if time is not None), default=None)

    # Events

    def _follow(self, event: on.Event, now: float) -> list[do.Command]:
        match event:
            case on.LegConnected() | on.LegDropped() | on.EndRequested():
                return self._leg(event, now)
            case on.ProviderReady() | on.ProviderFailed() | on.ProviderExpiring() | on.ProviderResumable():
                return self._provider(event, now)
            case on.SpeechStarted() | on.SpeechStopped() | on.Transcribed():
                return self._caller(event, now)
            case on.ResponseStarted() | on.ResponseTranscribed() | on.ResponseEnded() | on.ResponseInterrupted():
                return self._response(event, now)
            case on.PlaybackStarted() | on.PlaybackFinished() | on.PlaybackStopped() | on.PromptMissing():
                return self._playback(event, now)
            case on.ToolRequested() | on.ToolsCancelled() | on.ToolFinished():
                return self._tool(event, now)
            case on.Dtmf():
                return [] if self.callback is None else self._callback(self.callback.pressed(event.digit, now), now)
            case on.QualityMeasured():
                return self.display.quality(event)
            case on.DrainRequested():
                self.draining.begin(now)
                return []
            case _:
                return []

    def _leg(self, event: on.LegConnected | on.LegDropped | on.EndRequested, now: float) -> list[do.Command]:
        if isinstance(event, on.EndRequested):
            return self._finish(EndReason.USER_ENDED, EndedBy.CALLER)
        if isinstance(event, on.LegDropped):
            if self.phase is Phase.CLOSING and self.closing is not None:
                return self._finish(self.closing.reason, self.closing.by)
            self._parked_at = now
            self.talk.floor.caller_turn = None
            self.recovery.cut_off(self.talk.floor.ai_has_floor)
            return self.talk.silence_ai(self.link.capabilities)
        if self.phase is Phase.WITH_AI:
            return self._returned()
        if self.phase is not Phase.CONNECTING:
            return []
        assert self._began is not None
        self.phase = move(self.phase, Phase.WITH_AI)
        self.duration.begin(self._began)
        return self.link.open(now) + self._open_with() + self._record_if_due()

    def _returned(self) -> list[do.Command]:
        self._parked_at = None
        self.display.forget()
        commands = self._open_with()
        if self.recovery.owed and self.link.active is not None:
            commands.append(self.recovery.resume())
        return commands

    def _provider(
        self,
        event: on.ProviderReady | on.ProviderFailed | on.ProviderExpiring | on.ProviderResumable,
        now: float,
    ) -> list[do.Command]:
        if isinstance(event, on.ProviderExpiring):
            self.link.expiring(event, now)
            return []
        if isinstance(event, on.ProviderResumable):
            self.link.resumable(event)
            return []
        if isinstance(event, on.ProviderReady):
            return self._linked(self.link.ready(event, now, self._boundary), now)
        if event.connection == self.link.active:
            self._lost(event.connection)
        return self._linked(self.link.failed(event, now), now)

    def _lost(self, connection: int) -> None:
        floor = self.talk.floor
        lost_tools = self.tools.connection_lost(connection)
        self.recovery.cut_off(floor.response is not None or bool(lost_tools) or floor.caller_speaks)
        if floor.response is not None:
            floor.dropped.add(floor.response)
        self.talk.connection_lost()
        self.recovery.connection_lost()

    def _linked(self, commands: Sequence[do.Command], now: float) -> list[do.Command]:
        """Add to the link's commands what a change of connection demands."""
        out: list[do.Command] = []
        for command in commands:
            out.append(command)
            if isinstance(command, do.OpenProvider):
                self.recovery.seeded(self.talk.transcript)
            elif isinstance(command, do.UseProvider):
                out += self.recovery.linked(self.talk.transcript, parked=self._parked_at is not None)
        if self.link.exhausted and self.phase is Phase.WITH_AI and self.callback is None:
            out += self._without_ai(now)
        return out

    def _without_ai(self, now: float) -> list[do.Command]:
        sentence, offer = self.recovery.give_up()
        if offer is None:
            return self._end(EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER, sentence, now)
        self.callback = offer
        offer.listen(now)
        return [self.talk.say(sentence)[1]]

    def _caller(self, event: on.SpeechStarted | on.SpeechStopped | on.Transcribed, now: float) -> list[do.Command]:
        at_ms = self.elapsed_ms(now)
        floor = self.talk.floor
        if isinstance(event, on.SpeechStarted):
            self.talk.speech_started(event, at_ms)
            self.silence.exchanged()
            self.recovery.caller_speaks()
            if floor.ai_has_floor and floor.caller_turn is not None:
                self.interruption.speech_started(floor.caller_turn, now - event.ago_ms / 1000)
            return []
        turn = f"turn-{event.connection}-{event.turn_id}"
        if isinstance(event, on.SpeechStopped):
            if self.talk.speech_stopped(event, at_ms):
                self.interruption.speech_stopped(turn, now - event.ago_ms / 1000)
                self.silence.exchanged()
                self.recovery.caller_stopped(now)
            return []
        commands = self.talk.transcribed(event, at_ms)
        text = event.text or ""
        self.interruption.transcribed(turn, text)
        if event.final and self.phase is Phase.WITH_AI:
            self.silence.heard(text)
            if not text.strip():
                self.recovery.nothing_said()
            elif says_end_phrase(text, self.settings.end_phrase, self.settings.end_phrase_match):
                commands += self._end(EndReason.USER_ENDED, EndedBy.CALLER, GOODBYE, now)
        return commands

    def _response(
        self,
        event: on.ResponseStarted | on.ResponseTranscribed | on.ResponseEnded | on.ResponseInterrupted,
        now: float,
    ) -> list[do.Command]:
        if event.connection not in (0, self.link.active):
            return []
        if isinstance(event, on.ResponseStarted):
            self.talk.response_started(event)
            self.recovery.answered()
            self.link.spoke()
            if self.phase is Phase.CLOSING:
                return self.talk.silence_ai(self.link.capabilities, keep=self.talk.floor.audible, playing=False)
            return []
        if isinstance(event, on.ResponseTranscribed):
            return self.talk.response_words(event)
        if isinstance(event, on.ResponseEnded):
            self.talk.response_ended(event)
            self.recovery.response_ended(event)
            return self._closing_step(now)
        if not self.settings.interruption.allowed or self.opening.mandatory_open:
            return []
        if not any(s.queued for s in self.talk.floor.of_response(event.response_id)):
            return []
        self.interruption.forget()
        self.interruption.count += 1
        return self.talk.silence_ai(self.link.capabilities)

    def _playback(
        self,
        event: on.PlaybackStarted | on.PlaybackFinished | on.PlaybackStopped | on.PromptMissing,
        now: float,
    ) -> list[do.Command]:
        at_ms = self.elapsed_ms(now)
        if isinstance(event, on.PlaybackStarted):
            commands = self.talk.playback_started(event, at_ms)
            speech = self.talk.floor.speeches.get(event.playback_id)
            if speech is not None and speech.response_id is not None:
                self.silence.exchanged()
                self.recovery.heard()
        elif isinstance(event, on.PlaybackFinished):
            commands = self.talk.playback_finished(event, at_ms)
            self.opening.finished(event.playback_id)
        elif isinstance(event, on.PlaybackStopped):
            commands = self.talk.playback_stopped(event, at_ms, self.link.capabilities)
            self.opening.stopped(event.playback_id)
            if self.phase is Phase.WITH_AI and self._parked_at is None:
                commands += self._open_with()
        else:
            commands = self._missing(event.playback_id)
        if self.link.active is None:
            commands = [c for c in commands if not isinstance(c, do.AddContext | do.TruncateResponse)]
        return commands + self._record_if_due() + self._closing_step(now)

    def _missing(self, playback_id: str) -> list[do.Command]:
        """A sentence has no rendering: the AI is asked to say it, now or once it is there."""
        text = self.talk.withdraw(playback_id)
        if text is None:
            return []
        self.opening.finished(playback_id)
        request = do.RequestResponse(tag="sentence", instructions=SAY_EXACTLY.format(text=text))
        if self.phase is Phase.CLOSING or self.link.exhausted:
            return []
        return [request] if self.link.active is not None else self.recovery.later(request)

    def _tool(self, event: on.ToolRequested | on.ToolsCancelled | on.ToolFinished, now: float) -> list[do.Command]:
        if isinstance(event, on.ToolsCancelled):
            self.tools.cancelled(event.call_ids)
            return []
        if isinstance(event, on.ToolFinished):
            commands = self.tools.finished(event)
            return commands if commands else self.recovery.late_tool(event, linked=self.link.active is not None)
        if event.connection not in (0, self.link.active) or self.phase is not Phase.WITH_AI:
            return []
        self.recovery.answered()
        if event.name == "end_call":
            commands = self.tools.requested(event, now, {"status": "ending"})
            quiet = [c for c in commands if not isinstance(c, do.SubmitToolResult)]
            spoken = self.talk.floor.ai_has_floor
            return quiet + self._end(EndReason.AI_ENDED, EndedBy.AI, None if spoken else GOODBYE, now)
        immediate = None
        if event.name == "transfer_to_human":
            immediate = {"status": "nobody_available", "advice": "Tell the caller and offer a callback."}
        return self.tools.requested(event, now, immediate)

    # Time

    def _pass_time(self, now: float) -> list[do.Command]:
        if self._parked_at is not None and now >= self._parked_at + PARK_SECONDS - 1e-6:
            return self._finish(EndReason.CONNECTION_LOST, EndedBy.CALLER)
        commands = self._linked(self.link.due(now, self._boundary), now)
        if self.display.caption_due(self.talk.floor, now):
            commands += self.talk.caption(self.elapsed_ms(now))
        filler, answers = self.tools.due(now)
        commands += answers
        if self.phase is Phase.CLOSING:
            return commands + self._closing_step(now)
        if self.phase is not Phase.WITH_AI:
            return commands
        if filler and self.talk.floor.quiet:
            commands.append(self.recovery.filler(self.talk))
        commands += self._interrupt_if_due(now)
        commands += self._policies(now)
        if self.phase is Phase.WITH_AI:
            commands += self._stalled(now) + self._drain(now)
        return commands

    def _policies(self, now: float) -> list[do.Command]:
        commands: list[do.Command] = []
        match self.duration.due(now):
            case "end":
                return self._end(EndReason.MAX_DURATION, EndedBy.POLICY, TIME_IS_UP, now)
            case "warn":
                commands += [self.talk.say(ONE_MINUTE_LEFT)[1], do.TellStatus("duration_warning")]
        self.silence.expect_caller(self._waiting_for_caller, now)
        warning = self.silence.due(now)
        if warning == "end":
            return commands + self._end(EndReason.SILENCE_TIMEOUT, EndedBy.POLICY, SILENCE_GOODBYE, now)
        if warning is not None:
            commands += [self.talk.say(warning)[1], do.TellStatus("silence_warning")]
        if self.callback is not None:
            commands += self._callback(self.callback.due(now), now)
        return commands

    def _interrupt_if_due(self, now: float) -> list[do.Command]:
        if not self.talk.floor.ai_has_floor:
            self.interruption.forget()
            return []
        if self.opening.mandatory_open or not self.interruption.due(now):
            return []
        return self.talk.silence_ai(self.link.capabilities)

    def _stalled(self, now: float) -> list[do.Command]:
        if self.link.active is None or self._parked_at is not None:
            return []
        match self.recovery.stalled(now):
            case "ask":
                return [do.RequestResponse(tag="retry")]
            case "reconnect":
                self._lost(self.link.active)
                return self._linked(self.link.abandon(now), now)
        return []

    def _drain(self, now: float) -> list[do.Command]:
        return [do.AskToReconnect()] if self.draining.due(self._boundary, now) else []

    def _callback(self, step: str | tuple[str, str] | None, now: float) -> list[do.Command]:
        if step is None or self.phase is not Phase.WITH_AI:
            return []
        if isinstance(step, tuple):
            run = do.RunTool("callback", "schedule_callback", {"phone_number": step[1], "preferred_time": ""})
            return [run, *self._end(EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER, self.recovery.noted, now)]
        if step == "give_up":
            return self._end(EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER, GOODBYE, now)
        return [self.talk.say(step)[1]]

    # Beginning, showing, ending

    def _open_with(self) -> list[do.Command]:
        commands: list[do.Command] = []
        for line in self.opening.to_say():
            playback_id, command = self.talk.say(line.text)
            self.opening.queued(line, playback_id)
            commands.append(command)
        return commands

    def _record_if_due(self) -> list[do.Command]:
        if self._recording or self.phase is not Phase.WITH_AI or not self.opening.may_record:
            return []
        self._recording = True
        return [do.StartRecording()]

    @property
    def _boundary(self) -> bool:
        return self.talk.floor.quiet and not self.tools.open

    @property
    def _waiting_for_caller(self) -> bool:
        return (
            self.phase is Phase.WITH_AI
            and self._parked_at is None
            and self.link.active is not None
            and not self.recovery.waiting
            and self._boundary
        )

    def _show(self) -> list[do.Command]:
        if self._parked_at is not None or self.phase is Phase.CONNECTING:
            return []
        return self.display.show(self.talk.floor, self._current_status())

    def _current_status(self) -> str:
        if self.phase is Phase.CLOSING:
            return "ending"
        if self.link.reconnecting and self.link.next_number > 2:
            return "provider_reconnecting"
        if self.tools.open:
            return "tool_running"
        return "listening" if self._waiting_for_caller else ""

    def _end(self, reason: EndReason, by: EndedBy, goodbye: str | None, now: float) -> list[do.Command]:
        """Begin to close: the first reason wins, the goodbye is heard."""
        if self.phase not in (Phase.CONNECTING, Phase.WITH_AI):
            return []
        self.phase = move(self.phase, Phase.CLOSING)
        floor = self.talk.floor
        keep = floor.audible
        if by is EndedBy.AI and keep is None:
            keep = next(iter(floor.outstanding), None)
        commands = self.talk.silence_ai(self.link.capabilities, keep=keep) if keep or floor.ai_has_floor else []
        self.closing = Closing(reason, by, goodbye, now)
        return commands + self._closing_step(now)

    def _closing_step(self, now: float) -> list[do.Command]:
        if self.closing is None or self.phase is not Phase.CLOSING:
            return []
        commands = self.closing.step(self.talk, now)
        if self.closing.done:
            commands += self._finish(self.closing.reason, self.closing.by)
        return commands

    def _finish(self, reason: EndReason, by: EndedBy) -> list[do.Command]:
        self.phase = move(self.phase, Phase.ENDED)
        return [do.Finish(reason, by, self.interruption.count)]
