"""What a party is to hear: queues sound, paces it, and knows from acknowledgements what was really heard. Pure.

Invariant: every sample pushed is, in order, heard exactly once or discarded. The far end's counter grows by every
sample it plays; samples it flushed never count. A `clear` splits the sound into epochs: what was sent before it
belongs to the epoch being stopped until the far end answers, what is pushed after it to the next. The far end
answers in order, so a position always belongs to the oldest epoch that is still open.

`now` is monotonic seconds of one clock. Sound is mono, `width` bytes a sample; positions are samples.
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf

from media_tier.call.events import Event, PlaybackFinished, PlaybackStarted, PlaybackStopped

STOP_TIMEOUT = 0.5
"""Seconds without an answer to a stop before the position is estimated."""
ACK_TIMEOUT = 3.0
"""Seconds of outstanding sound without an acknowledgement before playing is estimated."""
LEAST_MS = 20
"""Nothing shorter is sent only because the far end has not acknowledged more."""
SMOOTHING = 0.08
"""Seconds by which acknowledgements may jitter where the far end may have run dry for a moment."""
STALL = 0.5
"""Seconds by which they may be late where it had sound all the time: beyond, it really stood still."""
STANDSTILL = 0.7
"""So it did when every acknowledgement of so many seconds was late."""
PAUSE = 0.1
"""Seconds without sound after which what follows is another utterance, placed by its own acknowledgements."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound that was heard, in order; its first sample sounded at `at`, or earlier.

    An `at` before the end of the piece before it says that what it follows without a gap was earlier, too.
    """

    pcm: bytes
    at: float


@dataclass(slots=True)
class _Playback:
    playback_id: str
    pushed: int = 0
    heard: int = 0
    started: bool = False
    ended: bool = False
    over: bool = False


@dataclass(slots=True)
class _Span:
    """A run of one playback's sound; `start` is how many of its bytes are gone already."""

    playback: _Playback
    pcm: bytes
    start: int = 0
    dry: float = 0.0
    """Seconds for which the far end probably had nothing to play before this was sent."""


@dataclass(slots=True)
class _Epoch:
    playbacks: dict[str, _Playback] = field(default_factory=dict)
    queue: deque[_Span] = field(default_factory=deque)
    sent: deque[_Span] = field(default_factory=deque)
    queued: int = 0
    outstanding: int = 0
    heard: int = 0
    cleared_at: float | None = None
    estimate: int = 0
    """How many of its samples were probably heard when it was cleared."""


class Playout:
    """The sound of one leg. The owner calls `due` and then `tick` every 20 ms, and `heard` when it records.

    `lead_ms` is how far ahead of real time it sends, in messages of about `batch_ms` once that far ahead (a message
    costs more than its sound); `unacked_ms` is how much may be under way unacknowledged.
    """

    def __init__(
        self,
        *,
        rate: int = 24_000,
        width: int = 2,
        batch_ms: int = 100,
        lead_ms: int = 300,
        unacked_ms: int = 2000,
    ) -> None:
        self._rate, self._width = rate, width
        self._lead = rate * lead_ms // 1000
        # Turns come a little early or late: half a turn of tolerance keeps a message from waiting for one more.
        self._enough = self._lead - rate * batch_ms // 1000 + rate // 100
        self._least = rate * LEAST_MS // 1000
        self._unacked = rate * unacked_ms // 1000
        self._epochs: deque[_Epoch] = deque((_Epoch(),))
        self._counter = 0
        self._unanswered = 0
        self._ahead = 0
        self._anchored_at: float | None = None
        self._progress_at: float | None = None
        self._acknowledges = False
        self._estimating = False
        self._heard: list[Heard] = []
        self._sounds_until: float | None = None
        self._dry_at = -inf
        self._late_since: float | None = None
        self.discarded_samples = 0
        """Samples that were never heard, so far."""

    @property
    def queued_ms(self) -> int:
        """Sound that was pushed and neither heard nor discarded yet, that being stopped excluded."""
        epoch = self._epochs[-1]
        return round((epoch.queued + epoch.outstanding) * 1000 / self._rate)

    @property
    def idle(self) -> bool:
        """Nothing to send, nothing to wait for: `due` and `tick` need not be called."""
        epoch = self._epochs[0]
        return len(self._epochs) == 1 and not epoch.queued and not epoch.outstanding

    def rest(self, now: float) -> float:
        """Until when neither `due` nor `tick` has anything to do, provided that nothing else is called meanwhile."""
        epoch, told, anchor = self._epochs[0], self._progress_at, self._anchored_at
        if len(self._epochs) > 1 or self._estimating or not epoch.outstanding or told is None:
            return now
        until = told + ACK_TIMEOUT
        waits = not epoch.queued or self._unacked - epoch.outstanding < self._least
        if waits or anchor is None:
            return until if waits else now
        return min(until, anchor + (self._ahead - self._enough) / self._rate)

    def push(self, playback_id: str, pcm: bytes) -> None:
        """Queue sound, whole samples."""
        samples, rest = divmod(len(pcm), self._width)
        if rest:
            raise ValueError("sound ends within a sample")
        epoch = self._epochs[-1]
        playback = epoch.playbacks.get(playback_id)
        if playback is None:
            playback = epoch.playbacks[playback_id] = _Playback(playback_id)
        if pcm:
            playback.pushed += samples
            epoch.queued += samples
            epoch.queue.append(_Span(playback, pcm))

    def end(self, playback_id: str) -> list[Event]:
        """No more sound will come for this. Unknown and finished playbacks are ignored."""
        for epoch in reversed(self._epochs):
            if (playback := epoch.playbacks.get(playback_id)) is not None:
                playback.ended = True
                return self._finish(epoch, playback)
        return []

    def due(self, now: float) -> bytes:
        """What to send now, possibly nothing."""
        epoch = self._epochs[-1]
        if not epoch.queued:
            return b""
        self._advance(now)
        if self._ahead == 0 or self._anchored_at is None:
            self._anchored_at = now
        acceptable = self._unacked - epoch.outstanding
        if self._ahead > self._enough or acceptable < self._least:
            return b""
        if not epoch.outstanding:
            self._progress_at = now
        dry = 0.0 if self._ahead else max(0.0, now - self._dry_at)
        pcm = self._take(epoch, min(epoch.queued, self._lead - self._ahead, acceptable), dry)
        self._dry_at = now + self._ahead / self._rate
        return pcm

    def clear(self, now: float) -> None:
        """Drop everything; tell the far end to stop at the same time. `on_stopped` or `tick` has the results."""
        epoch = self._epochs[-1]
        self._advance(now)
        self.discarded_samples += epoch.queued
        epoch.queue.clear()
        epoch.queued = 0
        epoch.cleared_at = now
        epoch.estimate = epoch.heard + self._estimate(epoch, now)
        self._epochs.append(_Epoch())
        self._ahead = 0
        self._anchored_at = None
        self._dry_at = -inf

    def on_played(self, samples: int, now: float) -> list[Event]:
        """The far end's counter. Going backwards is ignored; more than was sent counts as all of it."""
        if self._unanswered:
            return []  # it still speaks of sound that was given up
        self._acknowledges, self._estimating = True, False
        self._progress_at = now
        return self._hear(self._epochs[0], samples - self._counter, now)

    def on_stopped(self, samples: int, now: float) -> list[Event]:
        """The answer to a stop: the far end's counter after it dropped its queue."""
        if self._unanswered:
            self._unanswered -= 1
            self._counter = max(samples, 0) + self._epochs[0].heard
            return []
        events = self.on_played(samples, now)
        if len(self._epochs) > 1:
            events += self._close_epoch(now)
            self._counter = max(self._counter, samples)
        return events

    def tick(self, now: float) -> list[Event]:
        """What follows from time alone: stops nobody answered, playing nobody acknowledged."""
        events: list[Event] = []
        while (cleared_at := self._epochs[0].cleared_at) is not None and now - cleared_at >= STOP_TIMEOUT:
            epoch = self._epochs[0]
            events += self._hear(epoch, epoch.estimate - epoch.heard, cleared_at)
            events += self._close_epoch(now)
            self._unanswered += 1
        epoch = self._epochs[0]
        if epoch.cleared_at is not None or not epoch.outstanding:
            return events
        if not self._estimating and self._progress_at is not None and now - self._progress_at >= ACK_TIMEOUT:
            self._estimating = True
        if self._estimating:
            self._advance(now)
            events += self._hear(epoch, epoch.outstanding - self._ahead, now)
        return events

    def heard(self) -> list[Heard]:
        """What was heard since the last call."""
        pieces, self._heard = self._heard, []
        return pieces

    def reconnected(self, now: float) -> list[Event]:
        """A new connection took over: its counter starts at zero, and sound under way is sent again."""
        events: list[Event] = []
        while len(self._epochs) > 1:
            events += self._close_epoch(now)
        epoch = self._epochs[0]
        epoch.queue.extendleft(reversed(epoch.sent))
        epoch.queued += epoch.outstanding
        epoch.sent.clear()
        epoch.outstanding = epoch.heard = 0
        self._counter = self._unanswered = self._ahead = 0
        self._anchored_at = self._progress_at = None
        self._dry_at = -inf
        self._acknowledges = self._estimating = False
        return events

    def _advance(self, now: float) -> None:
        """Move the send clock: `_ahead` is what the far end still holds if it plays in real time."""
        if self._anchored_at is not None and now > self._anchored_at:
            played = int((now - self._anchored_at) * self._rate)
            self._anchored_at += played / self._rate
            self._ahead = max(0, self._ahead - played)

    def _take(self, epoch: _Epoch, samples: int, dry: float) -> bytes:
        wanted = samples * self._width
        parts: list[bytes] = []
        while wanted:
            span = epoch.queue[0]
            part = span.pcm[span.start : span.start + wanted]
            span.start += len(part)
            wanted -= len(part)
            if span.start == len(span.pcm):
                epoch.queue.popleft()
            epoch.sent.append(_Span(span.playback, part, dry=0.0 if parts else dry))
            parts.append(part)
        epoch.queued -= samples
        epoch.outstanding += samples
        self._ahead += samples
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _estimate(self, epoch: _Epoch, now: float) -> int:
        by_send_clock = epoch.outstanding - self._ahead
        if self._acknowledges and self._progress_at is not None:
            return max(0, min(by_send_clock, int((now - self._progress_at) * self._rate)))
        return max(0, by_send_clock)

    def _hear(self, epoch: _Epoch, samples: int, now: float) -> list[Event]:
        samples = min(samples, epoch.outstanding)
        if samples <= 0:
            return []
        self._counter += samples
        epoch.outstanding -= samples
        epoch.heard += samples
        if len(self._epochs) == 1:
            self._advance(now)
            self._ahead = min(self._ahead, epoch.outstanding)
        events: list[Event] = []
        runs: list[tuple[float, list[bytes]]] = [(0.0, [])]
        left = samples * self._width
        while left:
            span = epoch.sent[0]
            if span.dry and not span.start:
                runs.append((span.dry, []))
            part = span.pcm[span.start : span.start + left]
            span.start += len(part)
            left -= len(part)
            if span.start == len(span.pcm):
                epoch.sent.popleft()
            runs[-1][1].append(part)
            playback = span.playback
            playback.heard += len(part) // self._width
            if not playback.started:
                playback.started = True
                events.append(PlaybackStarted(playback.playback_id))
            events += self._finish(epoch, playback)
        self._keep([(dry, b"".join(parts)) for dry, parts in runs if parts], now)
        return events

    def _keep(self, runs: list[tuple[float, bytes]], now: float) -> None:
        """Runs of sound of which the last sounded until now; each came so many seconds after the one before."""
        placed: list[tuple[float, float, bytes]] = []
        for dry, pcm in reversed(runs):
            at = now - len(pcm) / self._width / self._rate
            placed.append((at, dry, pcm))
            now = at - (dry if dry < inf else 0.0)
        for at, dry, pcm in reversed(placed):
            duration = len(pcm) / self._width / self._rate
            if dry < PAUSE and self._sounds_until is not None and not self._stood_still(at, at + duration, dry):
                at = min(at, self._sounds_until)
            self._sounds_until = at + duration
            self._heard.append(Heard(pcm, at))

    def _stood_still(self, at: float, now: float, dry: float) -> bool:
        """Whether sound acknowledged now for `at` followed what was before it with a gap, or is told of late only."""
        late = at - (self._sounds_until or 0.0)
        if late < SMOOTHING:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = now
        if late < (SMOOTHING if dry else STALL) and now - self._late_since < STANDSTILL:
            return False
        self._late_since = None
        return True

    def _finish(self, epoch: _Epoch, playback: _Playback) -> list[Event]:
        if not playback.ended or playback.over or playback.heard < playback.pushed:
            return []
        playback.over = True
        epoch.playbacks.pop(playback.playback_id)
        return [PlaybackFinished(playback.playback_id, self._ms(playback.heard))]

    def _close_epoch(self, now: float) -> list[Event]:
        """The oldest epoch is over: what was not heard never will be."""
        epoch = self._epochs.popleft()
        self.discarded_samples += epoch.outstanding
        self._progress_at = now
        stopped = [PlaybackStopped(p.playback_id, self._ms(p.heard)) for p in epoch.playbacks.values()]
        return list[Event](stopped)

    def _ms(self, samples: int) -> int:
        return round(samples * 1000 / self._rate)
