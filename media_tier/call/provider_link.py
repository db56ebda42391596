"""Which provider connections a call has: the first, its successors before a cap, and recovery after a break."""

from collections.abc import Callable

from media_tier.call.commands import CloseProvider, Command, HistoryItem, OpenProvider, ToolOutcome, UseProvider
from media_tier.call.events import ProviderExpiring, ProviderFailed, ProviderReady, ProviderResumable
from shared.contracts.settings.ai_model import Capabilities

CONNECT_SECONDS = 10.0
RETRY_SECONDS = (0.0, 0.5, 1.0)
SWITCH_MARGIN = 5.0
"""A renewal that found no turn boundary switches this long before the connection ends."""

Seed = Callable[[], tuple[tuple[HistoryItem, ...], tuple[ToolOutcome, ...]]]


class ProviderLink:
    """`active` is the connection in use. `exhausted` once nothing is left to try."""

    def __init__(self, capabilities: Capabilities, fallback: Capabilities | None, seed: Seed, first: int = 1) -> None:
        self.capabilities = capabilities
        self._fallback, self._seed = fallback, seed
        self._next = first
        self.active: int | None = None
        self.exhausted = False
        self._opening: int | None = None
        self._opening_until = 0.0
        self._standby: int | None = None
        self._failures = 0
        self._retry_at: float | None = None
        self._renew_at: float | None = None
        self._ends_at: float | None = None
        self._handle: str | None = None
        self._on_fallback = False

    @property
    def next_number(self) -> int:
        """The number of the connection that would be opened next."""
        return self._next

    @property
    def reconnecting(self) -> bool:
        """There is no connection in use but one is being made."""
        return self.active is None and not self.exhausted

    def open(self, now: float) -> list[Command]:
        """Open the next connection, with our own record of the conversation or the provider's handle."""
        number, self._next = self._next, self._next + 1
        self._opening, self._opening_until = number, now + CONNECT_SECONDS
        self._retry_at = None
        history, tools = self._seed()
        return [OpenProvider(number, history, tools, self._handle, self._on_fallback)]

    def ready(self, event: ProviderReady, now: float, quiet: bool) -> list[Command]:
        """Use it at once if nothing is in use, else at the next turn boundary."""
        if event.connection != self._opening:
            return [CloseProvider(event.connection)] if event.connection not in (self.active, self._standby) else []
        self._opening = None
        lasts = float(self.capabilities.max_connection_seconds)
        if event.expires_in is not None:
            lasts = min(lasts, event.expires_in)
        self._new_ends_at = now + lasts
        if self.active is None:
            return self._switch(event.connection)
        self._standby = event.connection
        return self.at_boundary(quiet)

    def at_boundary(self, quiet: bool) -> list[Command]:
        """Switch to the standby connection if the moment is right."""
        if self._standby is None or not quiet:
            return []
        return self._switch(self._standby)

    def expiring(self, event: ProviderExpiring, now: float) -> None:
        """The provider announced the end of the connection in use."""
        if event.connection == self.active:
            self._ends_at = min(self._ends_at or now + event.seconds, now + event.seconds)
            self._renew_at = now

    def resumable(self, event: ProviderResumable) -> None:
        """Remember the newest handle of the connection in use."""
        if event.connection == self.active:
            self._handle = event.handle

    def failed(self, event: ProviderFailed, now: float) -> list[Command]:
        """Try again, with patience that runs out; then the fallback model; then give up."""
        if event.connection not in (self.active, self._opening, self._standby):
            return []
        if event.connection == self._standby:
            self._standby = None
        if event.connection == self._opening:
            self._opening = None
        if event.connection == self.active:
            self.active, self._ends_at, self._renew_at = None, None, None
        if event.resume_refused:
            self._handle = None
            return self.open(now) if self.active is None else []
        if self.active is not None:
            self._renew_at = now + 2.0
            return []
        if self._standby is not None:
            return self._switch(self._standby)
        if self._opening is not None:
            return []
        if event.fatal or self._failures >= len(RETRY_SECONDS):
            return self._give_up(now)
        wait = RETRY_SECONDS[self._failures]
        self._failures += 1
        if wait == 0:
            return self.open(now)
        self._retry_at = now + wait
        return []

    def spoke(self) -> None:
        """The connection in use answered: the incident is over."""
        self._failures = 0

    def abandon(self, now: float) -> list[Command]:
        """The connection in use is mute: close it and recover as if it had broken."""
        if self.active is None:
            return []
        number = self.active
        return [CloseProvider(number), *self.failed(ProviderFailed(number, "stalled"), now)]

    def due(self, now: float, quiet: bool) -> list[Command]:
        """What time asks for: retry, connect timeout, renewal, a switch that cannot wait."""
        if self._retry_at is not None and now >= self._retry_at:
            return self.open(now)
        if self._opening is not None and now >= self._opening_until:
            number = self._opening
            return [CloseProvider(number), *self.failed(ProviderFailed(number, "connect_timeout"), now)]
        if self._standby is not None and self._ends_at is not None and now >= self._ends_at - SWITCH_MARGIN:
            return self._switch(self._standby)
        renew = self._renew_at is not None and now >= self._renew_at
        if renew and self.active is not None and self._opening is None and self._standby is None:
            hurry = self._ends_at is None or now >= self._ends_at - 15.0
            if quiet or hurry:
                return self.open(now)
        return self.at_boundary(quiet)

    def deadline(self, quiet: bool) -> float | None:
        """When `due` wants to be asked next."""
        times = [t for t in (self._retry_at,) if t is not None]
        if self._opening is not None:
            times.append(self._opening_until)
        if self._standby is not None and self._ends_at is not None:
            times.append(self._ends_at - SWITCH_MARGIN)
        waiting_to_renew = self._renew_at is not None and self.active is not None
        if waiting_to_renew and self._opening is None and self._standby is None:
            assert self._renew_at is not None
            hurry_at = self._ends_at - 15.0 if self._ends_at is not None else self._renew_at
            times.append(self._renew_at if quiet else max(self._renew_at, hurry_at))
        return min(times, default=None)

    def _switch(self, number: int) -> list[Command]:
        old, self.active = self.active, number
        self._standby = None
        self._ends_at = self._new_ends_at
        lasts = float(self.capabilities.max_connection_seconds)
        self._renew_at = self._ends_at - max(30.0, lasts / 10)
        return [UseProvider(number), *([CloseProvider(old)] if old is not None else [])]

    def _give_up(self, now: float) -> list[Command]:
        if self._fallback is not None and not self._on_fallback:
            self._on_fallback, self._handle, self._failures = True, None, 0
            self.capabilities = self._fallback
            return self.open(now)
        self.exhausted = True
        return []

    _new_ends_at: float = 0.0
