"""Where a call's recording lies while it grows and when it is done, and how its pieces fit together."""

import re
import struct
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

RATE = 24_000
"""Of the clock that places pieces, whatever the rate of their sound."""
FRAME = 4
"""Bytes of one stereo sample of PCM16."""
PIECE_MS = 750
"""How much one stored piece holds; the last one before a stop may hold less."""
NAME = re.compile(r"/(\d{12})-(\d{6})\.(pcm|ulaw)$")
Encoding = Literal["pcm", "ulaw"]
"""Of a piece, two sides interleaved: PCM16 little-endian at 24 kHz, or a phone's G.711 µ-law at 8 kHz."""
RATES: dict[Encoding, int] = {"pcm": RATE, "ulaw": 8_000}


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One stored piece: where it starts on the 24 kHz clock, which epoch wrote it, and its key."""

    start: int
    epoch: int
    key: str

    @property
    def encoding(self) -> Encoding:
        """What is in it, by its name."""
        return "ulaw" if self.key.endswith(".ulaw") else "pcm"


def piece_prefix(company_id: str, call_id: str) -> str:
    """Under which the pieces of a call lie."""
    return f"segments/{company_id}/{call_id}/"


def piece_key(company_id: str, call_id: str, start: int, epoch: int, encoding: Encoding = "pcm") -> str:
    """The key of a piece."""
    return f"{piece_prefix(company_id, call_id)}{start:012d}-{epoch:06d}.{encoding}"


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


def pcm_of(sound: bytes, encoding: Encoding, rate: int) -> bytes:
    """Stereo PCM16 of a piece at the rate of its encoding or a multiple of it."""
    if encoding == "ulaw":
        decoded = bytearray(2 * len(sound))
        decoded[0::2], decoded[1::2] = sound.translate(_LOW), sound.translate(_HIGH)
        sound = bytes(decoded)
    times = rate // RATES[encoding]
    if times == 1:
        return sound
    frames = array("I", sound)
    repeated = array("I", bytes(times * len(sound)))
    for offset in range(times):
        repeated[offset::times] = frames
    return repeated.tobytes()


def _mulaw(code: int) -> int:
    """ITU-T G.711, table 2a."""
    code = ~code & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


_LOW = bytes(_mulaw(code) & 0xFF for code in range(256))
_HIGH = bytes(_mulaw(code) >> 8 & 0xFF for code in range(256))


def wav_header(samples: int, channels: int = 2, rate: int = RATE) -> bytes:
    """The RIFF header of a PCM16 file of so many samples for each channel."""
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
        rate,
        rate * frame,
        frame,
        16,
        b"data",
        size,
    )
