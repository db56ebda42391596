"""The provider connections of one call: opening, the one in use, and the caller's sound while there is none."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from media_tier.audio.formats import AudioFormat
from media_tier.call.commands import OpenProvider
from media_tier.call.events import Event, ProviderFailed, ProviderReady
from media_tier.ports import (
    ProviderListener,
    ProviderUnavailable,
    RealtimeConnection,
    RealtimeModel,
    SessionSeed,
)
from shared.contracts.records.call import UsageEntry

log = logging.getLogger(__name__)

HELD_MS = 10_000
"""The caller's last ten seconds are kept while no connection is in use."""


class _Listener:
    """Passes on what one connection says; its sound only while that connection is in use."""

    def __init__(self, links: "Links", connection: int) -> None:
        self._links, self._connection = links, connection

    def on_event(self, event: Event) -> None:
        self._links.post(event)

    def on_audio(self, response_id: str, item_id: str, pcm: bytes) -> None:
        if self._links.in_use == self._connection:
            self._links.heard(response_id, item_id, pcm)

    def on_usage(self, usage: UsageEntry) -> None:
        self._links.used(usage)


class Links:
    """Owns every connection the call opened; `current` is the one the caller talks to."""

    def __init__(
        self,
        post: Callable[[Event], None],
        heard: Callable[[str, str, bytes], None],
        used: Callable[[UsageEntry], None],
        tasks: set[asyncio.Task[None]],
        audio: AudioFormat,
    ) -> None:
        self.post, self.heard, self.used = post, heard, used
        self._tasks = tasks
        self._most_held = HELD_MS * audio.bytes_per_ms
        self._open: dict[int, RealtimeConnection] = {}
        self._opening: dict[int, asyncio.Task[None]] = {}
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self.in_use = 0
        self.current: RealtimeConnection | None = None

    def open(self, model: RealtimeModel, seed: SessionSeed) -> None:
        """Connect in the background; ProviderReady or ProviderFailed tells the result."""
        listener: ProviderListener = _Listener(self, seed.connection)
        task = asyncio.get_running_loop().create_task(self._connect(model, seed, listener))
        self._opening[seed.connection] = task
        self._keep(task)

    async def _connect(self, model: RealtimeModel, seed: SessionSeed, listener: ProviderListener) -> None:
        number = seed.connection
        try:
            connection = await model.connect(seed, listener)
        except ProviderUnavailable as error:
            log.warning("provider unavailable", extra={"code": error.code, "connection": number})
            self.post(
                ProviderFailed(
                    number, error.code, error.message, fatal=error.fatal, resume_refused=error.resume_refused
                )
            )
            return
        except (OSError, TimeoutError) as error:
            log.warning("provider unreachable", extra={"kind": type(error).__name__, "connection": number})
            self.post(ProviderFailed(number, "unreachable", type(error).__name__))
            return
        finally:
            self._opening.pop(number, None)
        self._open[number] = connection
        self.post(ProviderReady(number, restored=seed.resume_handle is not None))

    def use(self, number: int) -> None:
        """From now on the caller talks to this connection; what was held is said to it first."""
        connection = self._open.get(number)
        if connection is None:
            return
        self.in_use, self.current = number, connection
        while self._held:
            connection.send_audio(self._held.popleft())
        self._held_bytes = 0

    def lost(self, number: int) -> None:
        """The connection broke: hold the caller's sound for its successor."""
        self._open.pop(number, None)
        if number == self.in_use:
            self.current = None

    def close(self, number: int) -> None:
        """Let one connection go."""
        opening = self._opening.pop(number, None)
        if opening is not None:
            opening.cancel()
        connection = self._open.pop(number, None)
        if number == self.in_use:
            self.current = None
        if connection is not None:
            self._keep(asyncio.get_running_loop().create_task(connection.close()))

    def close_all(self) -> None:
        """Let every connection go."""
        for number in {*self._open, *self._opening}:
            self.close(number)
        self._held.clear()

    def hold(self, pcm: bytes) -> None:
        """The caller's sound while no connection is in use."""
        self._held.append(pcm)
        self._held_bytes += len(pcm)
        while self._held_bytes > self._most_held:
            self._held_bytes -= len(self._held.popleft())

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def build_seed(command: OpenProvider, base: SessionSeed) -> SessionSeed:
    """The seed of one connection: the call's own, with this command's history, tools and handle."""
    return SessionSeed(
        call_id=base.call_id,
        connection=command.connection,
        settings=base.settings,
        model=base.model,
        instructions=base.instructions,
        tools=base.tools,
        history=command.history,
        tools_done=command.tools_done,
        resume_handle=command.resume_handle,
        audio=base.audio,
    )
