"""A caller in virtual time: a microphone that never stops, and a loudspeaker that tells what it has played."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from media_tier.engine.live_call import Attachment
from media_tier.ports import SAMPLE_RATE
from tests.call.level_speech import spoken

QUIET_MS, SPEECH_MS = 500, 40
"""Sound is sent in pieces: coarse ones while nobody speaks."""
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
        self._utterances, self._latency = deque(utterances), latency
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
        """Send sound in real time until the call is over."""
        assert self.attached is not None
        while not self.over:
            now = self._loop.time()
            self.speaking = None
            if self._utterances and self._utterances[0].at <= now:
                self.speaking = said = self._utterances.popleft()
                for _ in range(0, said.ms, SPEECH_MS):
                    await asyncio.sleep(SPEECH_MS / 1000)
                    self.attached.on_caller_audio(spoken(said.number, SPEECH_MS))
                self.speaking = None
                # The end of a turn is found in silence of the same fineness.
                for _ in range(20):
                    await asyncio.sleep(SPEECH_MS / 1000)
                    self.attached.on_caller_audio(bytes(SPEECH_MS * 48))
                continue
            until = self._utterances[0].at if self._utterances else now + QUIET_MS / 1000
            ms = max(1, min(QUIET_MS, round((until - now) * 1000)))
            await asyncio.sleep(ms / 1000)
            self.attached.on_caller_audio(bytes(ms * 48))
