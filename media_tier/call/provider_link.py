"""The call's connections to its models: opening, planned renewal, repair after a loss, the second model.

At most one connection is in use and at most one more is coming. Every connection opened is closed by `CloseProvider`
or by the call's `Finish`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from media_tier.call.commands import CloseProvider, Command, HistoryItem, OpenProvider, ToolOutcome, UseProvider
from media_tier.call.events import ProviderExpiring, ProviderFailed, ProviderReady
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.ai_model import Capabilities

CONNECT_TIMEOUT_S = 10.0
RETRY_DELAYS_S = (0.0, 0.5, 1.0)
RENEWAL_RETRY_S = 2.0
STEADY_S = 10.0
"""A connection that held this long ends the incident before it."""
HURRY_S = 15.0
"""With less time left, renewal does not wait for a quiet moment to open."""
LAST_MOMENT_S = 5.0
"""With less time left, a renewal does not wait for a quiet moment to switch."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a new connection starts with; `lines` of our record are in `history`."""

    history: tuple[HistoryItem, ...]
    tools_done: tuple[ToolOutcome, ...]
    lines: int


@dataclass(slots=True)
class Connection:
    """One connection. `lines_told`/`tools_told`: how much of our record it knows."""

    number: int
    opened_at: float
    lines_told: int
    tools_told: set[str]
    with_handle: bool
    ready: bool = False
    used_at: float = 0.0
    renew_at: float | None = None
    expires_at: float | None = None


class Loss(Enum):
    """What a failure took away. COMING: only the connection that was being made."""

    NOTHING = "nothing"
    COMING = "coming"
    IN_USE = "in_use"


class ProviderLink:
    """`given_up` is final: no model can be reached. Times are monotonic seconds."""

    def __init__(self, configuration: FrozenConfiguration, seed: Callable[[], Seed], last_number: int = 0) -> None:
        self._configuration = configuration
        self._seed = seed
        self.last_number = last_number
        self.on_fallback = False
        self.in_use: Connection | None = None
        self.coming: Connection | None = None
        self.given_up = False
        self._attempts = 0
        self._retry_at: float | None = None
        self._handle: str | None = None
        self._handle_lines = 0
        self._handle_tools: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> Capabilities:
        """Of the model that is being talked to."""
        second = self._configuration.fallback_model
        model = second if self.on_fallback and second is not None else self._configuration.model
        return model.capabilities

    def resolve(self, connection: int) -> int | None:
        """The number of the connection in use if an event of `connection` (0: unspecified) belongs to it."""
        if self.in_use is None or connection not in (0, self.in_use.number):
            return None
        return self.in_use.number

    def open(self, now: float) -> list[Command]:
        """Begin to connect."""
        seed = self._seed()
        self.last_number += 1
        self._retry_at = None
        handle = self._handle
        known = {done.call_id for done in seed.tools_done if done.output is not None}
        lines, tools = (self._handle_lines, known & self._handle_tools) if handle else (seed.lines, known)
        self.coming = Connection(self.last_number, now, lines, tools, handle is not None)
        history = () if handle else seed.history
        return [OpenProvider(self.last_number, history, seed.tools_done, handle, self.on_fallback)]

    def ready(self, event: ProviderReady, now: float) -> None:
        """The coming connection is configured."""
        coming = self.coming
        if coming is None or coming.number != event.connection or coming.ready:
            return
        cap = float(self.capabilities.max_connection_seconds)
        life = cap if event.expires_in is None else max(0.0, min(cap, event.expires_in))
        coming.ready = True
        coming.expires_at = now + life
        coming.renew_at = now + max(life / 2, life - max(30.0, life / 10))
        if coming.with_handle and not event.restored:
            coming.lines_told = 0

    def use(self, now: float) -> list[Command]:
        """Go over to the coming connection."""
        new, old = self.coming, self.in_use
        if new is None or not new.ready:
            return []
        new.used_at = now
        self.in_use, self.coming = new, None
        return [UseProvider(new.number), *([CloseProvider(old.number)] if old else [])]

    def failed(self, event: ProviderFailed, now: float) -> tuple[Loss, list[Command]]:
        """A connection failed: decide when to try again, or give up."""
        if self.in_use is not None and self.in_use.number == event.connection:
            if self._attempts and now >= self.in_use.used_at + STEADY_S:
                self._attempts = 0
            self.in_use = None
            if self.coming is None:
                self._retry(now, fatal=event.fatal)
            return Loss.IN_USE, [CloseProvider(event.connection)]
        if self.coming is None or self.coming.number != event.connection:
            return Loss.NOTHING, []
        self.coming = None
        if event.resume_refused and self._handle is not None:
            self._handle, self._retry_at = None, now
        elif self.in_use is not None:
            self._retry_at = now + RENEWAL_RETRY_S
        else:
            self._retry(now, fatal=event.fatal)
        return Loss.COMING, [CloseProvider(event.connection)]

    def expiring(self, event: ProviderExpiring, now: float) -> None:
        """The provider announced the end of a connection."""
        for connection in (self.in_use, self.coming):
            if connection is not None and connection.number == event.connection:
                connection.expires_at = now + max(0.0, event.seconds)
                connection.renew_at = now

    def resumable(self, connection: int, handle: str, lines: int, tools: frozenset[str]) -> None:
        """The provider can restore the conversation up to here: so many lines and the results of these tools."""
        if self.in_use is not None and self.in_use.number == connection:
            self._handle, self._handle_lines, self._handle_tools = handle, lines, tools

    def overdue(self, now: float) -> int | None:
        """The number of a connection that takes too long to be made."""
        coming = self.coming
        if coming is None or coming.ready or now < coming.opened_at + CONNECT_TIMEOUT_S:
            return None
        return coming.number

    def wants_open(self, now: float, *, quiet: bool) -> bool:
        """Whether it is time to connect: a retry is due, or the connection in use should be renewed."""
        if self.given_up or self.coming is not None:
            return False
        if self._retry_at is not None:
            return now >= self._retry_at
        used = self.in_use
        if used is None or used.renew_at is None or used.expires_at is None or now < used.renew_at:
            return False
        return quiet or now >= used.expires_at - HURRY_S

    def wants_switch(self, now: float, *, quiet: bool) -> bool:
        """Whether to go over to the coming connection now."""
        if self.coming is None or not self.coming.ready:
            return False
        if self.in_use is None or self.in_use.expires_at is None:
            return True
        return quiet or now >= self.in_use.expires_at - LAST_MOMENT_S

    def abandon(self) -> None:
        """No connection is wanted any more."""
        self.given_up, self._retry_at = True, None

    def deadlines(self) -> list[float]:
        """When something may be due."""
        wanted: list[float | None] = [self._retry_at]
        if self.coming is not None and not self.coming.ready:
            wanted.append(self.coming.opened_at + CONNECT_TIMEOUT_S)
        if self.in_use is not None and self.in_use.expires_at is not None:
            expires = self.in_use.expires_at
            wanted += [self.in_use.renew_at, expires - HURRY_S, expires - LAST_MOMENT_S]
        return [at for at in wanted if at is not None]

    def _retry(self, now: float, *, fatal: bool) -> None:
        if not fatal and self._attempts < len(RETRY_DELAYS_S):
            self._retry_at = now + RETRY_DELAYS_S[self._attempts]
            self._attempts += 1
        elif self._configuration.fallback_model is not None and not self.on_fallback:
            self.on_fallback, self._handle, self._attempts, self._retry_at = True, None, 0, now
        else:
            self.given_up, self._retry_at = True, None
