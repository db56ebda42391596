"""What the media tier needs of the database to let sockets join calls and to say that it lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from shared.contracts.records.call import CallRecord, Checkpoint, MediaTask, Session, TranscriptSegment


class ClaimRefused(Exception):
    """A socket may not join."""

    def __init__(self, why: Literal["unauthorized", "origin", "over", "unavailable"]) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Claimed:
    """The call a socket joined. `resume_token` is the only one valid from now on."""

    session: Session
    call: CallRecord
    resumed: bool
    resume_token: str
    checkpoint: Checkpoint | None = None
    transcript: Sequence[TranscriptSegment] = ()


class CallStore(Protocol):
    """`claim` makes the process `task_id` the call's only owner, or raises ClaimRefused."""

    async def claim(
        self,
        session_id: str,
        token_hash: str,
        origin: str,
        task_id: str,
        now: datetime,
        carrier_call_id: str | None = None,
    ) -> Claimed: ...
    async def heartbeat(self, task: MediaTask) -> None: ...
