"""A transcript as text, JSON and subtitles, in the order things were said."""

import re
from collections.abc import Sequence
from typing import Any

from shared.contracts.records.call import Role, TranscriptSegment

SPEAKERS = {Role.USER: "User", Role.ASSISTANT: "Agent", Role.HUMAN: "Agent"}
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
SHORTEST_SUBTITLE_MS = 500


def plain_text(segments: Sequence[TranscriptSegment]) -> str:
    """`[00:00:05] User: Hello`, a line each."""
    return "".join(
        f"[{_clock(segment.start_ms)}] {SPEAKERS[segment.role]}: {_clean(segment.text)}\n"
        for segment in _ordered(segments)
    )


def json_document(call_id: str, duration_ms: int, segments: Sequence[TranscriptSegment]) -> dict[str, Any]:
    """The JSON form: whole seconds, roles user and agent."""
    lines = [
        {
            "time": segment.start_ms // 1000,
            "role": "user" if segment.role is Role.USER else "agent",
            "text": _clean(segment.text),
        }
        for segment in _ordered(segments)
    ]
    return {"callId": call_id, "duration": round(duration_ms / 1000), "transcript": lines}


def subtitles(segments: Sequence[TranscriptSegment]) -> str:
    """SubRip: numbered, times never run backwards."""
    blocks = []
    for number, segment in enumerate(_ordered(segments), start=1):
        start = segment.start_ms
        end = max(segment.end_ms, start + SHORTEST_SUBTITLE_MS)
        text = f"{SPEAKERS[segment.role]}: {_clean(segment.text)}"
        blocks.append(f"{number}\n{_subtitle_clock(start)} --> {_subtitle_clock(end)}\n{text}\n")
    return "\n".join(blocks)


def _ordered(segments: Sequence[TranscriptSegment]) -> list[TranscriptSegment]:
    return sorted((segment for segment in segments if segment.final), key=lambda segment: segment.start_ms)


def _clean(text: str) -> str:
    return CONTROL.sub(" ", text).strip()


def _clock(ms: int) -> str:
    seconds = ms // 1000
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _subtitle_clock(ms: int) -> str:
    return f"{_clock(ms)},{ms % 1000:03d}"
