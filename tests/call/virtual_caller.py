"""A caller in virtual time: a microphone, and a loudspeaker that tells what it has played."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from media_tier.engine.live_call import Attachment
from media_tier.ports import SAMPLE_RATE
from tests.call.level_speech import spoken

PIECE_MS = 40
QUIET_MS = 1200
"""Sound sent after speech, in which its end is found."""
ACK_S = 0.1


@dataclass(frozen=True, slots=True)
class Utterance:
    """The caller says the text of this number at this time, for so long."""

    at: float
    number: int
    ms: int


class VirtualCaller:
    """A Leg. `attached` must be set before anything is heard."""

    def __init__(self, utterances: Sequence[Utterance], latency: Callable[[], float]) -> None:
        self.attached: Attachment | None = None
        self.told: list[tuple[float, dict[str, Any]]] = []
        self.sound_began: list[float] = []
        """When silence gave way to sound."""
        self._utterances, self._latency = utterances, latency
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, float, int]] = deque()
        """Begin, end, samples."""
        self._counter = 0
        self._acknowledging = False
        self.speaking: Utterance | None = None
        self.over = False

    # Loudspeaker

    def play(self, pcm: bytes) -> None:
        now, samples = self._loop.time(), len(pcm) // 2
        begin = max(now + self._latency(), self._queue[-1][1] if self._queue else 0.0)
        if not self._queue:
            self.sound_began.append(begin)
        self._queue.append((begin, begin + samples / SAMPLE_RATE, samples))
        if not self._acknowledging:
            self._acknowledging = True
            self._loop.call_later(ACK_S, self._acknowledge)

    def stop(self) -> None:
        self._loop.call_later(self._latency(), self._stopped)

    def tell(self, message: dict[str, Any]) -> None:
        self.told.append((self._loop.time(), message))

    def close(self, code: int, reason: str) -> None:
        self.over = True

    @property
    def hears_something(self) -> bool:
        return bool(self._queue)

    def _played(self, now: float) -> None:
        while self._queue and self._queue[0][1] <= now:
            self._counter += self._queue.popleft()[2]

    def _acknowledge(self) -> None:
        self._acknowledging = False
        if self.over or self.attached is None:
            return
        self._played(self._loop.time())
        self.attached.on_played(self._counter)
        if self._queue:
            self._acknowledging = True
            self._loop.call_later(ACK_S, self._acknowledge)

    def _stopped(self) -> None:
        now = self._loop.time()
        self._played(now)
        if self._queue and self._queue[0][0] < now:
            self._counter += int((now - self._queue[0][0]) * SAMPLE_RATE)
        self._queue.clear()
        if self.attached is not None and not self.over:
            self.attached.on_stopped(self._counter)

    # Microphone

    async def talk(self) -> None:
        """Say everything, then wait for the end of the call. Like many a telephone, sends sound only around speech."""
        for said in self._utterances:
            await asyncio.sleep(max(0.0, said.at - self._loop.time()))
            self.speaking = said
            await self._send(spoken(said.number, PIECE_MS), said.ms)
            self.speaking = None
            await self._send(bytes(PIECE_MS * 48), QUIET_MS)

    async def _send(self, piece: bytes, ms: int) -> None:
        for _ in range(0, ms, PIECE_MS):
            await asyncio.sleep(PIECE_MS / 1000)
            if self.attached is not None and not self.over:
                self.attached.on_caller_audio(piece)
