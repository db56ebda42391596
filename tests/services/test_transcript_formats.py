"""Transcripts as files: the documented forms to the letter, whatever was said in them."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.records.call import Role, TranscriptSegment
from shared.domain.transcript_formats import json_document, plain_text, subtitles


def said(role: Role, text: str, start_ms: int, end_ms: int, *, final: bool = True) -> TranscriptSegment:
    """One line."""
    return TranscriptSegment(
        segment_id=f"s-{start_ms}-{role}", role=role, text=text, start_ms=start_ms, end_ms=end_ms, final=final
    )


CALL = [
    said(Role.ASSISTANT, "Hello! How can I assist you today?", 7_000, 15_000),
    said(Role.USER, "Hello", 5_000, 7_000),
    said(Role.HUMAN, "This is Sam.", 3_661_001, 3_662_500),
    said(Role.USER, "not fin", 4_000_000, 4_000_100, final=False),
]


def test_plain_text() -> None:
    assert plain_text(CALL) == (
        "[00:00:05] User: Hello\n[00:00:07] Agent: Hello! How can I assist you today?\n[01:01:01] Agent: This is Sam.\n"
    )


def test_json() -> None:
    assert json_document("c-1", 45_400, CALL) == {
        "callId": "c-1",
        "duration": 45,
        "transcript": [
            {"time": 5, "role": "user", "text": "Hello"},
            {"time": 7, "role": "agent", "text": "Hello! How can I assist you today?"},
            {"time": 3661, "role": "agent", "text": "This is Sam."},
        ],
    }


def test_subtitles() -> None:
    assert subtitles(CALL) == (
        "1\n00:00:05,000 --> 00:00:07,000\nUser: Hello\n\n"
        "2\n00:00:07,000 --> 00:00:15,000\nAgent: Hello! How can I assist you today?\n\n"
        "3\n01:01:01,001 --> 01:01:02,500\nAgent: This is Sam.\n"
    )


def test_a_call_without_words() -> None:
    assert (plain_text([]), subtitles([])) == ("", "")
    assert json_document("c", 0, [])["transcript"] == []


SEGMENTS = st.lists(
    st.builds(
        said,
        st.sampled_from(Role),
        st.text(max_size=40),
        st.integers(0, 20_000_000),
        st.integers(0, 20_000_000),
    ),
    max_size=8,
)
LINE = re.compile(r"\[\d{2}:\d{2}:\d{2}\] (User|Agent): .*")
TIMES = re.compile(r"(\d{2}):(\d{2}):(\d{2}),(\d{3}) --> (\d{2}):(\d{2}):(\d{2}),(\d{3})")


@given(SEGMENTS)
def test_what_is_said_cannot_forge_lines(segments: list[TranscriptSegment]) -> None:
    text = plain_text(segments)
    assert len(text.splitlines()) == len(segments) == text.count("\n")
    assert all(LINE.fullmatch(line) for line in text.splitlines())
    json.dumps(json_document("c", 1, segments)).encode()
    text.encode()


def test_every_kind_of_line_break_becomes_a_space() -> None:
    forged = "a\r\nb\u2028c\u2029d\x85e\x0bf\u202eg\x1b[0m"
    assert plain_text([said(Role.USER, forged, 0, 1)]) == "[00:00:00] User: a b c d e f g [0m\n"
    assert subtitles([said(Role.USER, "a\n\n2\n00:00:00,000 --> 00:00:01,000\nb", 0, 1)]).count("\n") == 3


def _ms(parts: tuple[str, ...]) -> int:
    hours, minutes, seconds, ms = (int(part) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms


@given(SEGMENTS)
def test_subtitle_times_run_forward_and_blocks_stay_whole(segments: list[TranscriptSegment]) -> None:
    text = subtitles(segments)
    blocks = text.removesuffix("\n").split("\n\n") if text else []
    assert len(blocks) == len(segments)
    latest = 0
    for number, block in enumerate(blocks, start=1):
        index, times, words = block.split("\n")
        found = TIMES.fullmatch(times)
        assert found is not None and index == str(number) and words.startswith(("User: ", "Agent: "))
        start, end = _ms(found.groups()[:4]), _ms(found.groups()[4:])
        assert latest <= start < end
        latest = start
