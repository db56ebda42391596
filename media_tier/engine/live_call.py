"""One call on this process: its core, its driver, and everything they act upon.

Sound never passes through the core. From the caller it goes to the recorder and the provider in use; from the
provider it goes to the playout, which paces it to the leg and learns from acknowledgements what was heard; only what
was heard goes to the recorder.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from media_tier.audio.playout import Playout
from media_tier.bridge.wheel import Wheel
from media_tier.call.events import (
    Event,
    LegConnected,
    LegDropped,
    Party,
    ProviderFailed,
    ResponseEnded,
    ResponseInterrupted,
)
from media_tier.call.session import CallSession
from media_tier.engine.driver import Driver
from media_tier.engine.links import Links
from media_tier.engine.replay import EventLog, EventLogKeeping
from media_tier.ports import (
    Clock,
    Journal,
    Leg,
    Prompter,
    RealtimeModel,
    Recorder,
    SessionSeed,
    Toolbox,
)
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.call import CallRecord, Checkpoint, EndedBy, EndReason, TranscriptSegment

log = logging.getLogger(__name__)

CHECKPOINT_EVERY = 2.0
"""The transcript is stored as it is said: what a lost checkpoint loses is the state of policies."""
STORE_SECONDS = 1.5
"""A caller who moves to another process waits no longer than this for what is to be stored before."""
MOVE_SECONDS = 1.5
KEEP_LOG_SECONDS = 10.0
REMEMBERED_RESPONSES = 32


@dataclass(frozen=True, slots=True)
class CallPorts:
    """What a call needs from the outside."""

    model: RealtimeModel
    fallback_model: RealtimeModel | None
    recorder: Recorder
    journal: Journal
    toolbox: Toolbox
    prompter: Prompter
    wheel: Wheel
    clock: Clock
    event_log: EventLogKeeping | None = None


@dataclass(frozen=True, slots=True)
class ResumedState:
    """What another process knew of this call when it lost it."""

    checkpoint: Checkpoint
    transcript: Sequence[TranscriptSegment]


class LiveCall:
    """Holds a call from its first socket to its end; survives the sockets in between."""

    def __init__(
        self,
        record: CallRecord,
        ports: CallPorts,
        *,
        elapsed_ms: int,
        resumed: ResumedState | None,
        seed: SessionSeed,
        execute: Callable[["LiveCall", Any], None],
        gone: Callable[["LiveCall"], None],
    ) -> None:
        self.record, self.ports, self.seed = record, ports, seed
        self.epoch = record.epoch
        self.leg: Leg | None = None
        self.playout = Playout(rate=seed.audio.rate, width=seed.audio.width)
        self.recording = False
        self.over = False
        self._moving = False
        self._gone = gone
        self._tasks: set[asyncio.Task[None]] = set()
        self.generation = 0
        self._items: dict[str, list[str]] = {}
        self._dropped: dict[str, None] = {}
        self._untold: list[dict[str, Any]] = []
        self._loop = asyncio.get_running_loop()
        # Looked up once: the caller's sound passes here 50 times a second.
        self._clock, self._record_caller = ports.clock, ports.recorder.caller
        self._bytes_per_ms = seed.audio.bytes_per_ms
        self._began = ports.clock() - elapsed_ms / 1000
        self._rests_until = 0.0
        """The playout's own: most of its turns have nothing to do."""
        self._checkpoint_timer: asyncio.TimerHandle | None = None
        tools = frozenset(tool.name for tool in seed.tools)
        if resumed is None:
            self.session = CallSession(record.configuration, tool_names=tools)
        else:
            self.session = CallSession.resumed(
                record.configuration,
                resumed.checkpoint.core,
                elapsed_ms=elapsed_ms,
                transcript=resumed.transcript,
                tool_names=tools,
            )
        self._end_reason: EndReason | None = None
        self._log = EventLog(
            record.configuration,
            tool_names=tools,
            elapsed_ms=elapsed_ms,
            core=None if resumed is None else resumed.checkpoint.core,
            transcript=() if resumed is None else resumed.transcript,
        )
        self._driver = Driver(
            self.session, lambda command: execute(self, command), self._crash, ports.clock, self._loop, self._log.note
        )
        self.links = Links(self.post, self._provider_audio, ports.journal.usage, self._tasks, seed.audio)

    # The caller's side

    def attach(self, leg: Leg, *, resumed: bool) -> "Attachment":
        """Take this leg as the caller's; an earlier one is out from now on."""
        self.generation += 1
        if self.leg is not None:
            self.leg.close(4409, "another connection took the call over")
        self.leg = leg
        for line in self._untold:
            leg.tell(line)
        self._untold.clear()
        self.acknowledged(self.playout.reconnected(self.ports.clock()))
        self.post(LegConnected(Party.CALLER, resumed=resumed))
        return Attachment(self, self.generation)

    def caller_audio(self, pcm: bytes) -> None:
        """Sound from the caller, just arrived."""
        connection = self.links.current
        if connection is not None:
            connection.send_audio(pcm)
        else:
            self.links.hold(pcm)
        if self.recording:
            self._record_caller(pcm, int((self._clock() - self._began) * 1000) - len(pcm) // self._bytes_per_ms)

    def detach(self, generation: int) -> None:
        """The connection of this generation is gone."""
        if generation != self.generation or self.over:
            return
        self.leg = None
        if self._moving:
            self.abandon()
        else:
            self.post(LegDropped(Party.CALLER))

    def is_current(self, generation: int) -> bool:
        """Whether an attachment is still the caller's."""
        return generation == self.generation and not self.over

    def acknowledged(self, events: list[Event]) -> None:
        """What the playout concluded from an acknowledgement or from time; what was heard is recorded first."""
        self._rests_until = 0.0
        heard = self.playout.heard()
        if self.recording:
            for piece in heard:
                self.ports.recorder.far(piece.pcm, round((piece.at - self._began) * 1000))
        for event in events:
            self.post(event)

    def tell_line(self, message: dict[str, Any]) -> None:
        """A line of the transcript, told once the caller is back if nobody is there to be told now."""
        if self.leg is None:
            self._untold.append(message)
        else:
            self.leg.tell(message)

    def play(self, playback_id: str, pcm: bytes) -> None:
        """Queue sound for the caller."""
        self.playout.push(playback_id, pcm)
        self._rests_until = 0.0
        self._send(self._clock())
        self.ports.wheel.add(self._turn)

    def silence(self) -> None:
        """Drop everything queued, here and at the far end."""
        if self.leg is not None:
            self.leg.stop()
        self.playout.clear(self._clock())
        self._rests_until = 0.0
        self.ports.wheel.add(self._turn)

    # The provider's side

    def post(self, event: Event) -> None:
        """An event for the core; what the engine itself must know of it first."""
        if isinstance(event, ResponseEnded):
            self.drop_audio(event.response_id)
        elif isinstance(event, ProviderFailed):
            self.links.lost(event.connection)
            self._end_open_items()
        elif isinstance(event, ResponseInterrupted):
            self.drop_audio(event.response_id)
        self._driver.post(event)

    def drop_audio(self, response_id: str) -> None:
        """Ignore what still arrives of a response that was interrupted or is over: providers send stragglers."""
        self._dropped[response_id] = None
        if len(self._dropped) > REMEMBERED_RESPONSES:
            del self._dropped[next(iter(self._dropped))]
        for item in self._items.pop(response_id, ()):
            self.playout.end(item)

    def _provider_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        if response_id in self._dropped or self.leg is None:
            return
        items = self._items.setdefault(response_id, [])
        if item_id not in items:
            if items:
                self.playout.end(items[-1])
            items.append(item_id)
        self.play(item_id, pcm)

    def _end_open_items(self) -> None:
        for items in self._items.values():
            for item in items:
                self.playout.end(item)
        self._items.clear()

    # Time

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the call began."""
        return round((self._clock() - self._began) * 1000)

    def _turn(self, now: float) -> bool:
        """Send what is due; returns whether this call wants more turns."""
        if now < self._rests_until:
            return True
        if self.over:
            return False
        self._send(now)
        events = self.playout.tick(now)
        if events:
            self.acknowledged(events)
        self._rests_until = self.playout.rest(now)
        return not self.playout.idle

    def _send(self, now: float) -> None:
        if self.leg is not None and (pcm := self.playout.due(now)):
            self.leg.play(pcm)

    # Keeping and ending

    def run(self, work: "asyncio.Task[None]") -> None:
        """Keep a background task of this call alive until it is done or the call is over."""
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    def checkpoint_soon(self) -> None:
        """Store the core's state within two seconds."""
        if self._checkpoint_timer is None and not self.over:
            self._checkpoint_timer = self._loop.call_later(CHECKPOINT_EVERY, self.checkpoint)

    def checkpoint(self) -> None:
        """Store the core's state now."""
        if self._checkpoint_timer is not None:
            self._checkpoint_timer.cancel()
            self._checkpoint_timer = None
        if not self.over:
            core = self.session.snapshot()
            self.ports.journal.checkpoint(Checkpoint(epoch=self.epoch, at_ms=max(0, self.elapsed_ms), core=core))

    def finish(self, reason: EndReason, by: EndedBy, interruptions: int) -> None:
        """Write the end into the record, tell the caller, and let everything go."""
        if self.over:
            return
        self._end_reason = reason
        duration = max(0, self.elapsed_ms)
        self.ports.journal.finish(reason, by, duration, interruptions)
        if self.leg is not None:
            ended = {"duration": round(duration / 1000), "reason": str(reason), "message": None}
            self.leg.tell({"type": "call_ended", "data": ended})
            self.leg.close(1000, str(reason))
        log.info("call ended", extra={"reason": str(reason), "by": str(by), "duration_ms": duration})
        self._release()

    def move(self) -> None:
        """Send the caller to another process, once everything this one knows of the call is stored."""
        self.run(self._loop.create_task(self._move()))

    async def _move(self) -> None:
        self.acknowledged([])
        self.checkpoint()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self.ports.journal.release()
        except TimeoutError:  # the other process then knows a little less
            log.warning("a call leaves before everything was stored")
        self._moving = True
        if self.over:
            return
        if self.leg is None:
            self.abandon()
        else:
            self.leg.tell({"type": "reconnect"})
            # Who does not come by itself is sent; nothing is to be heard here any more.
            self._loop.call_later(MOVE_SECONDS, self.abandon, CloseCode.GOING_AWAY)

    def abandon(self, code: CloseCode = CloseCode.REPLACED) -> None:
        """Another process has the call, or shall have it: let go of it without ending it."""
        if not self.over:
            if self.leg is not None:
                self.leg.close(code, "the call goes on elsewhere")
            self._release()

    def _release(self) -> None:
        self.acknowledged([])
        self.over = True
        self._driver.close()
        if self._checkpoint_timer is not None:
            self._checkpoint_timer.cancel()
        self.ports.wheel.remove(self._turn)
        self.links.close_all()
        self.leg = None
        self._gone(self)

    async def close(self) -> None:
        """Wait until everything this call recorded is stored."""
        await self.ports.recorder.close()
        await self.ports.journal.close()
        await self._keep_log()
        for task in tuple(self._tasks):
            task.cancel()

    async def _keep_log(self) -> None:
        keeping = self.ports.event_log
        if keeping is None or not keeping.wants(self._end_reason):
            return
        try:
            async with asyncio.timeout(KEEP_LOG_SECONDS):
                await keeping.store(self._log.dump())
        except Exception as error:  # nobody waits for it: the call itself is stored
            log.warning("event log not stored", extra={"kind": type(error).__name__})

    def _crash(self) -> None:
        self.finish(EndReason.ERROR, EndedBy.PLATFORM, 0)


class Attachment:
    """What a leg talks to: the call, as long as this leg is the caller's."""

    def __init__(self, call: LiveCall, generation: int) -> None:
        self._call, self._generation = call, generation

    def on_caller_audio(self, pcm: bytes) -> None:
        call = self._call
        if self._generation == call.generation and not call.over:
            call.caller_audio(pcm)

    def on_played(self, samples: int) -> None:
        call = self._call
        if call.is_current(self._generation):
            call.acknowledged(call.playout.on_played(samples, call.ports.clock()))

    def on_stopped(self, samples: int) -> None:
        call = self._call
        if call.is_current(self._generation):
            call.acknowledged(call.playout.on_stopped(samples, call.ports.clock()))

    def on_event(self, event: Event) -> None:
        if self._call.is_current(self._generation):
            self._call.post(event)

    def on_gone(self, clean: bool) -> None:
        self._call.detach(self._generation)


def elapsed_since(started_at: datetime | None, now: datetime) -> int:
    """Milliseconds the call has lasted, 0 if it only begins."""
    return 0 if started_at is None else max(0, round((now - started_at).total_seconds() * 1000))
