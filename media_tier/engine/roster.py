"""The calls this process holds: who may join, how many there is room for, and how they leave when it drains."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from media_tier.call.commands import Command
from media_tier.call.events import DrainRequested
from media_tier.engine.live_call import Attachment, CallPorts, LiveCall, ResumedState, elapsed_since
from media_tier.ports import Leg, Refused, SessionSeed
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.call import CallRecord
from shared.ports.media_store import CallStore, Claimed, ClaimRefused

log = logging.getLogger(__name__)

REFUSALS = {
    "unauthorized": (CloseCode.UNAUTHORIZED, "This call link is not valid any more. Please start a new call."),
    "origin": (CloseCode.ORIGIN_NOT_ALLOWED, "Calls are not available on this web site."),
    "over": (CloseCode.CALL_OVER, "This call is over."),
    "unavailable": (CloseCode.CALL_UNAVAILABLE, "Call feature not available. Contact support."),
}


ASKED_APART = 0.25


class CallBuilder(Protocol):
    """Gives a call its ports and its seed (composition root's work); raises Refused if its model is missing."""

    async def ports(self, record: CallRecord, epoch: Callable[[], int], fenced: Callable[[], None]) -> CallPorts: ...
    def seed(self, record: CallRecord, ports: CallPorts) -> SessionSeed: ...


@dataclass(frozen=True, slots=True)
class Room:
    """How much this process takes. `overloaded` tells whether the calls it has are all it can serve."""

    task_id: str
    capacity: int
    overloaded: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class DrainPlan:
    """How a process leaves: its calls move within `seconds`; for those that cannot it waits `stay_seconds`.

    `stays` tells which these are.
    """

    seconds: float
    stays: Callable[[CallRecord], bool] = lambda record: False
    stay_seconds: float = 0.0

    @property
    def patience(self) -> float:
        """How long a call may look for a pause."""
        return self.seconds / 2

    def apart(self, calls: int) -> float:
        """Seconds between two calls that are asked: moving costs more than talking."""
        return min(ASKED_APART, self.seconds / 4 / max(1, calls))


class Roster:
    """Admits sockets to calls and keeps the calls; the door's doorkeeper."""

    def __init__(
        self,
        room: Room,
        store: CallStore,
        builder: CallBuilder,
        execute: Callable[[LiveCall, Command], None],
        utc_now: Callable[[], datetime],
    ) -> None:
        self._room, self._store, self._builder = room, store, builder
        self._execute, self._utc_now = execute, utc_now
        self._calls: dict[str, LiveCall] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self.draining = False
        self.retiring = False
        """A newer revision takes the new calls; those here stay to their end."""
        self._plan: DrainPlan | None = None

    @property
    def calls(self) -> int:
        """How many calls are held."""
        return len(self._calls)

    @property
    def ready(self) -> bool:
        """Whether a new call may come."""
        return (
            not self.draining
            and not self.retiring
            and len(self._calls) < self._room.capacity
            and not self._room.overloaded()
        )

    @property
    def room(self) -> int:
        """How many calls more it would take."""
        return max(0, self._room.capacity - len(self._calls)) if self.ready else 0

    async def admit(
        self,
        session_id: str,
        token: str,
        origin: str,
        leg: Leg,
        carrier_call_id: str | None = None,
        *,
        awaited: bool = False,
    ) -> Attachment:
        """Let a socket join its call, or raise Refused. Whoever comes back to a call held here needs no room, nor does
        whoever is `awaited`: a person whom this process called.

        A carrier's leg joins only the call that bears its id.
        """
        if not awaited and not self.ready and (self.draining or not self.holds(session_id)):
            raise Refused(CloseCode.FULL, "All lines are busy. Please try again in a moment.")
        now = self._utc_now()
        token_hash = hashlib.sha256(token.encode()).hexdigest()
        try:
            claimed = await self._store.claim(session_id, token_hash, origin, self._room.task_id, now, carrier_call_id)
        except ClaimRefused as refused:
            code, message = REFUSALS[refused.why]
            raise Refused(code, message) from refused
        call = self._calls.get(claimed.call.call_id)
        elapsed = elapsed_since(claimed.call.started_at, now)
        if call is None or call.over:
            call = await self._build(claimed, elapsed)
        call.epoch = claimed.call.epoch
        leg.tell(
            {
                "type": "connected",
                "sessionId": session_id,
                "callId": claimed.call.call_id,
                "resumeToken": claimed.resume_token,
                "resumed": claimed.resumed,
                "elapsedMs": elapsed if claimed.resumed else 0,
            }
        )
        attached = call.attach(leg, resumed=claimed.resumed)
        if self._plan is not None and not self._plan.stays(claimed.call):  # it was on its way in
            call.post(DrainRequested(0.0))
        return attached

    async def _build(self, claimed: Claimed, elapsed: int) -> LiveCall:
        record = claimed.call
        holder: list[LiveCall] = []

        def epoch() -> int:
            return holder[0].epoch if holder else record.epoch

        def fenced() -> None:
            for call in holder:
                log.info("another process took the call over")
                call.abandon()

        ports = await self._builder.ports(record, epoch, fenced)
        resumed = None
        if claimed.checkpoint is not None:
            resumed = ResumedState(claimed.checkpoint, claimed.transcript)
        call = LiveCall(
            record,
            ports,
            elapsed_ms=elapsed,
            resumed=resumed,
            seed=self._builder.seed(record, ports),
            execute=self._execute,
            gone=self._gone,
        )
        holder.append(call)
        self._calls[record.call_id] = call
        return call

    def holds(self, session_id: str) -> bool:
        """Whether the call of a session is here."""
        return any(call.record.session_id == session_id for call in self._calls.values())

    def _gone(self, call: LiveCall) -> None:
        if self._calls.get(call.record.call_id) is call:
            del self._calls[call.record.call_id]
        if not self._calls:
            self._empty.set()
        task = asyncio.get_running_loop().create_task(call.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def drain(self, plan: DrainPlan) -> int:
        """Take no more calls and ask those here to go on elsewhere; returns how many were left in the end.

        Of these, calls that cannot go on elsewhere are left to be ended by whoever has their legs.
        """
        self.draining, self._plan = True, plan
        moving = [call for call in self._calls.values() if not plan.stays(call.record)]
        longest = plan.seconds if len(moving) == len(self._calls) else max(plan.seconds, plan.stay_seconds)
        asking = asyncio.get_running_loop().create_task(self._ask_to_move(moving, plan))
        if self._calls:
            self._empty.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), longest)
        asking.cancel()
        left = len(self._calls)
        for call in [call for call in self._calls.values() if not plan.stays(call.record)]:
            call.checkpoint()
            call.abandon(CloseCode.GOING_AWAY)
        await self.settled()
        return left

    async def settled(self) -> None:
        """Wait until what is known of calls that left is stored."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=10)

    async def _ask_to_move(self, calls: list[LiveCall], plan: DrainPlan) -> None:
        for call in calls:
            call.post(DrainRequested(plan.patience))
            await asyncio.sleep(plan.apart(len(calls)))
