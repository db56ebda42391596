"""Seams of recordings: where segments go while a call lasts, and where the assembled file comes from."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from shared.domain.recording_layout import SegmentRef


class SegmentSink(Protocol):
    """Takes segments of live calls. `put` returns at once and never raises."""

    def put(self, key: str, data: bytes) -> None: ...

    async def settled(self, prefix: str) -> None:
        """Wait until everything put under `prefix` is stored (or was given up)."""


class RecordingBlobs(Protocol):
    """The blobs a worker assembles a recording from. Every verb may be repeated."""

    def segments(self, company_id: str, call_id: str) -> list[SegmentRef]: ...

    def read_all(self, keys: Sequence[str]) -> Iterator[bytes]:
        """Contents in the order of `keys`, holding only a few in memory."""

    def write(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store one blob from its parts with bounded memory; nothing is stored if `chunks` raises."""

    def delete(self, keys: Sequence[str]) -> None: ...
