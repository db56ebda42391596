"""Where a call's recording lies while it grows and when it is done, and how its pieces fit together."""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

RATE = 24_000
FRAME = 4
"""Bytes of one stereo sample."""
PIECE_MS = 750
"""How much one stored piece holds; the last one before a stop may hold less."""
NAME = re.compile(r"/(\d{12})-(\d{6})\.pcm$")


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One stored piece: where it starts, which epoch wrote it, and its key."""

    start: int
    epoch: int
    key: str


def piece_prefix(company_id: str, call_id: str) -> str:
    """Under which the pieces of a call lie."""
    return f"segments/{company_id}/{call_id}/"


def piece_key(company_id: str, call_id: str, start: int, epoch: int) -> str:
    """The key of a piece."""
    return f"{piece_prefix(company_id, call_id)}{start:012d}-{epoch:06d}.pcm"


def recording_prefix(company_id: str, call_id: str) -> str:
    """Under which everything lies that is kept of a call's sound once it has ended."""
    return f"recordings/{company_id}/{call_id}/"


def recording_key(company_id: str, call_id: str) -> str:
    """The key of the assembled recording."""
    return f"{recording_prefix(company_id, call_id)}{call_id}.wav"


def event_log_key(company_id: str, call_id: str, epoch: int) -> str:
    """The key of what happened to a call while one process held it: nothing anybody said is in it."""
    return f"recordings/{company_id}/{call_id}/{call_id}-{epoch:06d}.events.jsonl.gz"


def pieces_of(keys: Iterable[str]) -> list[Piece]:
    """The pieces behind these keys in order of time, the later epoch last where they start together."""
    found = []
    for key in keys:
        match = NAME.search(key)
        if match is not None:
            found.append(Piece(int(match[1]), int(match[2]), key))
    return sorted(found)


def in_force(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces a recording is made of: a process's sound counts until the one that took the call over recorded.

    A process that was paused and woke up goes on recording until it learns that it is fenced.
    """
    kept: list[Piece] = []
    taken_over = None
    by_epoch: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_epoch.setdefault(piece.epoch, []).append(piece)
    for _, group in sorted(by_epoch.items(), reverse=True):
        kept += [piece for piece in group if taken_over is None or piece.start < taken_over]
        first = min(piece.start for piece in group)
        taken_over = first if taken_over is None else min(taken_over, first)
    return sorted(kept)


def wav_header(samples: int, channels: int = 2) -> bytes:
    """The RIFF header of a PCM16 24 kHz file of so many samples for each channel."""
    frame = 2 * channels
    size = samples * frame
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        channels,
        RATE,
        RATE * frame,
        frame,
        16,
        b"data",
        size,
    )
