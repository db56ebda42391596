"""The simulated world's playout: plays one sound after the other on virtual time and reports what was heard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from media_tier.call.events import Event, PlaybackFinished, PlaybackStarted, PlaybackStopped


class Surroundings(Protocol):
    """What a playout needs of the world."""

    now: float

    def at(self, when: float, happen: Callable[[], None]) -> None: ...
    def later(self, delay: float, happen: Callable[[], None]) -> None: ...
    def deliver(self, event: Event) -> None: ...


@dataclass(slots=True)
class Sound:
    """Something in the playout queue."""

    playback_id: str
    response_id: str
    have_ms: int
    complete: bool
    started: float | None = None


class Playout:
    """A queue of sounds; an item of an answer grows while it is generated."""

    def __init__(self, world: Surroundings) -> None:
        self._world = world
        self.queue: list[Sound] = []
        self.mute: set[str] = set()

    def hear(self, sound: Sound) -> None:
        """More of an answer arrived: its whole length so far."""
        if sound.response_id in self.mute:
            return
        known = next((queued for queued in self.queue if queued.playback_id == sound.playback_id), None)
        if known is None:
            self.add(sound)
        else:
            known.have_ms, known.complete = sound.have_ms, sound.complete
            self._watch(known)

    def add(self, sound: Sound) -> None:
        """Queue a sound."""
        self.queue.append(sound)
        self._world.at(self._world.now, self._next)

    def stop(self) -> None:
        """Silence everything."""
        stopped, self.queue = self.queue, []
        for sound in stopped:
            started = self._world.now if sound.started is None else sound.started
            played_ms = min(sound.have_ms, round((self._world.now - started) * 1000))
            self._report(PlaybackStopped(sound.playback_id, played_ms))

    def _report(self, event: PlaybackStopped) -> None:
        self._world.later(0.05, lambda: self._world.deliver(event))

    def _next(self) -> None:
        if self.queue and self.queue[0].started is None:
            sound = self.queue[0]
            sound.started = self._world.now
            self._world.deliver(PlaybackStarted(sound.playback_id))
            self._watch(sound)

    def _watch(self, sound: Sound) -> None:
        started = sound.started
        if started is None:
            return

        def over() -> None:
            if sound in self.queue and sound.complete and self._world.now >= started + sound.have_ms / 1000:
                self.queue.remove(sound)
                self._world.deliver(PlaybackFinished(sound.playback_id, sound.have_ms))
                self._next()

        self._world.at(started + sound.have_ms / 1000, over)
