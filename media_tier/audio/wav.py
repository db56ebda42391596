"""PCM16 WAV files in memory, for sentences rendered ahead and for looking at recordings.

Invariant: `decode(encode(pcm, …))` gives the same samples, rate and channels.
"""

import struct
from dataclasses import dataclass

from shared.domain.recording_layout import wav_header


class NotWav(ValueError):
    """The bytes are not a PCM16 WAV file."""


@dataclass(frozen=True, slots=True)
class Wave:
    """`pcm` is PCM16 little-endian, channels interleaved; `rate` in samples per second."""

    pcm: bytes
    rate: int
    channels: int


def encode(pcm: bytes, rate: int, channels: int = 1) -> bytes:
    """A whole WAV file."""
    return wav_header(len(pcm) // (2 * channels), channels, rate) + pcm


def decode(data: bytes) -> Wave:
    """Read a WAV file; unknown chunks are passed over and a data chunk cut short is taken as far as it goes."""
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotWav("no RIFF WAVE header")
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            if len(body) < 16:
                raise NotWav("format chunk too short")
            form = struct.unpack_from("<HHIIHH", body)
        elif name == b"data":
            return _wave(form, body)
        at += 8 + size + (size & 1)
    raise NotWav("no data chunk")


def _wave(form: tuple[int, ...] | None, body: bytes) -> Wave:
    if form is None:
        raise NotWav("data before format")
    code, channels, rate, _, block, bits = form
    if code not in {1, 0xFFFE} or bits != 16 or channels < 1 or block != channels * 2 or rate < 1:
        raise NotWav("not 16-bit PCM")
    return Wave(body[: len(body) // block * block], rate, channels)
