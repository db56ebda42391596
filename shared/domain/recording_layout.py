"""How a recording lies in storage: names of segments and recordings, and the order in which segments make one file.

Used by the media tier (writes segments) and by the worker that assembles them. A segment holds interleaved stereo
PCM16 little-endian at 24 kHz, caller left and the other side right; its name says where on the call's clock it begins
and which epoch wrote it. A frame is one sample of both channels.

Invariant: the plan of a call covers every frame from 0 to its end exactly once, whatever segments there are.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

SAMPLE_RATE = 24_000
CHANNELS = 2
FRAME_BYTES = CHANNELS * 2
SAMPLES_PER_MS = SAMPLE_RATE // 1000
WAV_HEADER_BYTES = 44
MAX_WAV_FRAMES = (0xFFFFFFFF - 36) // FRAME_BYTES
"""A RIFF size is 32 bits: 12.4 hours."""

_SEGMENT = re.compile(r"/(\d{12})-(\d{6})\.pcm$")


def segments_prefix(company_id: str, call_id: str) -> str:
    """Where the segments of a call lie."""
    return f"segments/{company_id}/{call_id}/"


def segment_key(company_id: str, call_id: str, start: int, epoch: int) -> str:
    """Name of the segment that begins at frame `start` of the call's clock; names sort by time, then epoch."""
    return f"{segments_prefix(company_id, call_id)}{start:012d}-{epoch:06d}.pcm"


def recording_key(company_id: str, call_id: str) -> str:
    """Name of the assembled recording."""
    return f"recordings/{company_id}/{call_id}/{call_id}.wav"


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """A stored segment: `frames` of sound from frame `start`."""

    key: str
    start: int
    epoch: int
    frames: int

    @property
    def end(self) -> int:
        """The first frame after it."""
        return self.start + self.frames


def parse_segment(key: str, size: int) -> SegmentRef | None:
    """The segment an object is, from its name and size in bytes; None if it is none."""
    match = _SEGMENT.search(key)
    frames = size // FRAME_BYTES
    if match is None or frames == 0:
        return None
    return SegmentRef(key, int(match[1]), int(match[2]), frames)


@dataclass(frozen=True, slots=True)
class Piece:
    """`frames` of the recording: from frame `skip` of the segment `key`, or silence if there is none."""

    key: str | None
    skip: int
    frames: int


def plan(segments: Iterable[SegmentRef]) -> list[Piece]:
    """Lay segments on the call's clock. Where they overlap the higher epoch wins, else the one that began later."""
    starts: list[int] = []
    taken: list[tuple[int, int, SegmentRef]] = []
    for segment in sorted(segments, key=lambda ref: (-ref.epoch, -ref.start)):
        at = segment.start
        while at < segment.end:
            place = bisect_right(starts, at)
            if place and taken[place - 1][1] > at:
                at = taken[place - 1][1]
                continue
            until = min(segment.end, starts[place] if place < len(starts) else segment.end)
            starts.insert(place, at)
            taken.insert(place, (at, until, segment))
            at = until
    return _with_silence(taken)


def _with_silence(taken: Iterable[tuple[int, int, SegmentRef]]) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for start, until, segment in taken:
        if start > at:
            pieces.append(Piece(None, 0, start - at))
        pieces.append(Piece(segment.key, start - segment.start, until - start))
        at = until
    return pieces


def wav_header(frames: int, channels: int = CHANNELS, rate: int = SAMPLE_RATE) -> bytes:
    """The 44 bytes before the samples of a PCM16 WAV file (Microsoft, Multimedia Programming Interface 1.0)."""
    block = channels * 2
    size = frames * block
    if size > 0xFFFFFFFF - 36:
        raise ValueError("too long for a WAV file")
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels, rate, rate * block, block, 16, b"data", size,
    )  # fmt: skip
