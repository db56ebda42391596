"""What is waiting to be heard, paced to real time, and what was heard of it. Pure: `now` (seconds) is passed in.

Sound is pushed faster than real time and leaves in 20 ms chunks with a small lead, so that the far end never runs
dry. The far end acknowledges how many samples it has played; those positions, not our sending, say what was heard. A
far end that never acknowledges is taken to play at the speed of time.
"""

from collections import deque
from dataclasses import dataclass

from media_tier.call.events import Event, PlaybackFinished, PlaybackStarted, PlaybackStopped

RATE = 24_000
CHUNK_BYTES = RATE * 2 // 50
CHUNK_SECONDS = 0.02
LEAD_SECONDS = 0.3
MAX_OUTSTANDING = 2 * RATE
STOP_ANSWER_SECONDS = 0.5
SILENT_PEER_SECONDS = 3.0
JITTER_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Heard:
    """Sound the far end played; `at` is when its first sample sounded, on the clock of `now`."""

    pcm: bytes
    at: float


@dataclass(slots=True)
class _Piece:
    """Sound of one playback that was sent: samples not yet acknowledged."""

    playback_id: str
    pcm: bytes


class Playout:
    """`push` and `end` in; `due`, `on_played`, `on_stopped` tell what to send and what was heard."""

    def __init__(self) -> None:
        self._queue: deque[_Piece] = deque()
        self._queued_bytes = 0
        self._sent: deque[_Piece] = deque()
        self._outstanding = 0
        self._acknowledged = 0
        self._last_ack: float | None = None
        self._line: float | None = None
        """When the last sample sent would sound if playing never paused."""
        self._open: dict[str, int] = {}
        """Samples heard so far of playbacks that began or are queued."""
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._stopping: deque[_Piece] | None = None
        self._stop_deadline = 0.0
        self._heard_until: float | None = None

    @property
    def queued_ms(self) -> int:
        """Sound that was pushed and not yet heard or dropped."""
        return (self._queued_bytes // 2 + self._outstanding) * 1000 // RATE

    @property
    def idle(self) -> bool:
        """Nothing waits, nothing is unheard, no answer is due."""
        return not self._queue and not self._sent and self._stopping is None

    def push(self, playback_id: str, pcm: bytes) -> None:
        """Queue more sound of a playback."""
        if not pcm:
            return
        self._open.setdefault(playback_id, 0)
        self._queue.append(_Piece(playback_id, pcm))
        self._queued_bytes += len(pcm)

    def end(self, playback_id: str) -> None:
        """No more sound will come for it."""
        if playback_id in self._open:
            self._ended.add(playback_id)

    def due(self, now: float) -> tuple[list[bytes], list[Event], list[Heard]]:
        """The chunks to send now, and what time itself settles."""
        events, heard = self._settle_by_time(now)
        chunks: list[bytes] = []
        line = now if self._line is None or self._line < now else self._line
        while self._queue and line < now + LEAD_SECONDS and self._outstanding < MAX_OUTSTANDING:
            chunk = self._take_chunk()
            chunks.append(chunk)
            line += len(chunk) / 2 / RATE
        if chunks:
            self._line = line
            if self._last_ack is None:
                self._last_ack = now
        return chunks, events + self._finished(), heard

    def on_played(self, samples: int, now: float) -> tuple[list[Event], list[Heard]]:
        """The far end has played `samples` since it connected."""
        if self._stopping is not None:
            return [], []
        return self._advance(samples - self._acknowledged, now)

    def on_stopped(self, samples: int, now: float) -> tuple[list[Event], list[Heard]]:
        """The far end dropped its queue after having played `samples`."""
        if self._stopping is None:
            return [], []
        return self._settle_stop(samples - self._acknowledged, now)

    def clear(self, now: float) -> None:
        """Drop what is queued; what was sent is being dropped by the far end, which will say how far it played."""
        if self._stopping is not None:
            self._stopping.extend(self._sent)
        elif self._sent or self._queue:
            self._stopping = deque(self._sent)
            self._stop_deadline = now + STOP_ANSWER_SECONDS
        if self._stopping is not None:
            self._stopping.extend(_Piece(piece.playback_id, b"") for piece in self._queue)
        self._sent, self._outstanding = deque(), 0
        self._queue.clear()
        self._queued_bytes = 0
        self._line = None

    # Private

    def _take_chunk(self) -> bytes:
        """The next 20 ms; fewer only where a playback has no more."""
        piece = self._queue[0]
        pcm = piece.pcm[:CHUNK_BYTES]
        if len(piece.pcm) > CHUNK_BYTES:
            piece.pcm = piece.pcm[CHUNK_BYTES:] if len(piece.pcm) < 8 * CHUNK_BYTES else self._split(piece)
        else:
            self._queue.popleft()
            while len(pcm) < CHUNK_BYTES and self._queue and self._queue[0].playback_id == piece.playback_id:
                following = self._queue[0]
                missing = CHUNK_BYTES - len(pcm)
                pcm += following.pcm[:missing]
                if len(following.pcm) > missing:
                    following.pcm = following.pcm[missing:]
                else:
                    self._queue.popleft()
        self._queued_bytes -= len(pcm)
        self._sent.append(_Piece(piece.playback_id, pcm))
        self._outstanding += len(pcm) // 2
        return pcm

    def _split(self, piece: _Piece) -> bytes:
        """Cut a long piece once, so that taking chunks does not copy its whole rest each time."""
        cut = 4 * CHUNK_BYTES
        rest = piece.pcm[CHUNK_BYTES + cut :]
        self._queue.popleft()
        if rest:
            self._queue.appendleft(_Piece(piece.playback_id, rest))
        head = _Piece(piece.playback_id, piece.pcm[CHUNK_BYTES : CHUNK_BYTES + cut])
        self._queue.appendleft(head)
        return head.pcm

    def _advance(self, samples: int, now: float) -> tuple[list[Event], list[Heard]]:
        if samples <= 0:
            return [], []
        self._last_ack = now
        taken = self._consume(self._sent, samples)
        total = sum(len(piece.pcm) for piece in taken) // 2
        self._outstanding -= total
        self._acknowledged += total
        return self._count(taken), self._place(taken, total, now)

    def _settle_stop(self, samples: int, now: float) -> tuple[list[Event], list[Heard]]:
        pieces, self._stopping = self._stopping or deque(), None
        taken = self._consume(pieces, max(0, samples))
        total = sum(len(piece.pcm) for piece in taken) // 2
        self._acknowledged += total
        self._last_ack = now
        events, heard = self._count(taken), self._place(taken, total, now)
        alive = {piece.playback_id for piece in (*self._sent, *self._queue)}
        for playback_id in list(self._open):
            if playback_id in alive:
                continue
            played = self._open.pop(playback_id) * 1000 // RATE
            unheard = any(piece.playback_id == playback_id for piece in pieces)
            kind = PlaybackStopped if unheard or playback_id not in self._ended else PlaybackFinished
            self._ended.discard(playback_id)
            self._begun.discard(playback_id)
            events.append(kind(playback_id, played))
        self._heard_until = None
        return events, heard

    def _settle_by_time(self, now: float) -> tuple[list[Event], list[Heard]]:
        if self._stopping is not None and now >= self._stop_deadline:
            return self._settle_stop(self._guess(self._stopping, now), now)
        silent = self._last_ack is not None and now - self._last_ack >= SILENT_PEER_SECONDS
        if silent and self._sent and self._stopping is None:
            last = self._last_ack
            assert last is not None
            return self._advance(min(self._outstanding, round((now - last) * RATE)), now)
        return [], []

    def _guess(self, pieces: "deque[_Piece]", now: float) -> int:
        """How much was played since the last acknowledgement, when the far end did not say."""
        sent = sum(len(piece.pcm) for piece in pieces) // 2
        since = 0.0 if self._last_ack is None else self._stop_deadline - STOP_ANSWER_SECONDS - self._last_ack
        return min(sent, max(0, round(since * RATE)))

    def _consume(self, pieces: "deque[_Piece]", samples: int) -> list[_Piece]:
        taken: list[_Piece] = []
        left = samples * 2
        while left > 0 and pieces:
            piece = pieces[0]
            if len(piece.pcm) <= left:
                taken.append(pieces.popleft())
                left -= len(piece.pcm)
            else:
                taken.append(_Piece(piece.playback_id, piece.pcm[:left]))
                piece.pcm = piece.pcm[left:]
                left = 0
        return taken

    def _count(self, taken: list[_Piece]) -> list[Event]:
        events: list[Event] = []
        for piece in taken:
            if not piece.pcm:
                continue
            if piece.playback_id not in self._begun:
                self._begun.add(piece.playback_id)
                events.append(PlaybackStarted(piece.playback_id))
            self._open[piece.playback_id] = self._open.get(piece.playback_id, 0) + len(piece.pcm) // 2
        return events + self._finished()

    def _finished(self) -> list[Event]:
        if not self._ended or self._stopping is not None:
            return []
        alive = {piece.playback_id for piece in (*self._sent, *self._queue)}
        events: list[Event] = []
        for playback_id in [p for p in self._open if p in self._ended and p not in alive]:
            events.append(PlaybackFinished(playback_id, self._open.pop(playback_id) * 1000 // RATE))
            self._ended.discard(playback_id)
            self._begun.discard(playback_id)
        return events

    def _place(self, taken: list[_Piece], samples: int, now: float) -> list[Heard]:
        """Where in time the acknowledged sound lies: just before now, contiguous with what was heard before."""
        if not samples:
            return []
        length = samples / RATE
        at = now - length
        if self._heard_until is not None and abs(at - self._heard_until) < JITTER_SECONDS:
            at = self._heard_until + (at - self._heard_until) * 0.02
        self._heard_until = at + length
        return [Heard(b"".join(piece.pcm for piece in taken), at)]
