"""What both vendor stand-ins have in common: who listens, who answers, who speaks, and what is to go wrong.

The wire of a vendor lies in its own module; this one holds no protocol. Sound is PCM16 little-endian mono at 24 kHz.
"""

import ast
import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from media_tier.call.commands import HistoryItem

BYTES_PER_MS = 48

_SPOKEN_EXACTLY = re.compile(
    r"(?:say exactly[^:]*:|read this aloud exactly as written, nothing else:)\s*(?P<text>.+)\Z",
    re.IGNORECASE | re.DOTALL,
)

_REPORTED = re.compile(
    r"\(Result of (?P<late>\w+): (?P<late_output>\{.*\})\)\Z"
    r"|\[The tool (?P<known>\w+) was called with .* and returned (?P<known_output>\{.*\})\.\]\Z",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Began:
    """Speech began `ago_ms` before the end of what was pushed last."""

    ago_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """Speech ended `ago_ms` before the end of what was pushed last; `pcm` is the utterance."""

    ago_ms: int
    pcm: bytes


class Ear(Protocol):
    """Finds utterances in a stream of sound."""

    def push(self, pcm24k: bytes) -> list[Began | Ended]: ...


class Recogniser(Protocol):
    """Understands an utterance; "" when it does not."""

    async def recognise(self, pcm: bytes) -> str: ...


class Voice(Protocol):
    """Speaks."""

    async def speak(self, text: str, voice: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What is done about an utterance or a tool's result: `say` is spoken, then a tool called (name, arguments)."""

    say: str
    tool: tuple[str, dict[str, Any]] | None = None


class Answer(Protocol):
    """What a scenario answers; see Reply."""

    @property
    def say(self) -> str: ...
    @property
    def tool(self) -> tuple[str, dict[str, Any]] | None: ...


class Scenario(Protocol):
    """The conversation that is played."""

    def reply(self, text: str, history: Sequence[HistoryItem] = ()) -> Answer:
        """The answer to the caller's words ("": not understood, or nobody spoke yet); `history` came before them."""
        ...

    def reply_to_tool(self, name: str, output: Mapping[str, Any]) -> Answer:
        """The answer once a tool has returned."""
        ...

    def go_on(self, history: Sequence[HistoryItem]) -> Answer:
        """What is said when asked to speak although the caller said nothing new."""
        ...


@dataclass(frozen=True, slots=True)
class StandInScript:
    """What one connection does differently from a well-behaved provider. Turns count from 1, server events too."""

    speak: tuple[str, ...] = ()
    """Said in the turns 1, 2, … instead of the scenario's answers."""
    tools: Mapping[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    """A tool (name, arguments) called at a turn."""
    refuse_status: int | None = None
    """HTTP status with which the upgrade is refused, e.g. 401, 429."""
    stall_after: int | None = None
    """After this many server events nothing is sent any more, and the connection stays open. 0: from the start."""
    drop_after: int | None = None
    """After this many server events the connection is cut without a close frame."""
    close_after: tuple[int, int, str] | None = None
    """(server events, close code, reason)."""
    cap_seconds: float | None = None
    """The session's maximum duration, announced where the vendor announces it, then enforced."""
    rate_limited_turns: frozenset[int] = frozenset()
    no_quota_turn: int | None = None
    transcription: Literal["early", "late", "failed"] = "early"
    """Whether the caller's words are reported before or after the answer."""
    usage: Mapping[str, Any] | None = None
    """Reported for every response instead of counted numbers."""
    late_deltas: int = 1
    """Pieces of sound still sent for a response after it was cancelled."""
    speed_factor: float = 4.0
    """How much faster than real time sound is sent."""
    go_away_seconds: float | None = None
    """Seconds before the cap at which a vendor that warns does so."""
    refuse_handle: bool = False
    """A resumption handle is not accepted."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a spoken sentence: its sound and the words that fall into it."""

    pcm: bytes
    words: tuple[str, ...]
    """With their leading space, so that joining them all gives the sentence."""


class Brain:
    """One conversation of a stand-in. The ear keeps state, so every connection has its own brain."""

    def __init__(
        self, ear: Ear, recogniser: Recogniser, voice: Voice, scenario: Scenario, script: StandInScript
    ) -> None:
        self._ear, self._recogniser, self._voice, self._scenario = ear, recogniser, voice, scenario
        self.script = script
        self.turn = 0

    def hear(self, pcm: bytes) -> list[Began | Ended]:
        """Take the caller's sound; returns the speech found in it."""
        return self._ear.push(pcm)

    async def understand(self, pcm: bytes) -> str:
        """The words of an utterance."""
        return await self._recogniser.recognise(pcm)

    def answer(self, text: str, history: Sequence[HistoryItem] = ()) -> Reply:
        """Begin the next turn and say what is done in it; `history` is what was said before `text`."""
        return self._scripted(tools=True) or _reply(self._scenario.reply(text, history))

    def go_on(self, history: Sequence[HistoryItem]) -> Reply:
        """Begin the next turn without new words of the caller."""
        return self._scripted(tools=True) or _reply(self._scenario.go_on(history))

    def about(self, tool: str, output: Mapping[str, Any]) -> Reply:
        """Begin the next turn with a tool's result."""
        return self._scripted(tools=False) or _reply(self._scenario.reply_to_tool(tool, output))

    def _scripted(self, *, tools: bool) -> Reply | None:
        self.turn += 1
        if tools and self.turn in self.script.tools:
            return Reply("", self.script.tools[self.turn])
        spoken = self.script.speak
        return Reply(spoken[self.turn - 1]) if self.turn <= len(spoken) else None

    async def speak(self, text: str, voice: str, chunk_ms: int = 160) -> list[Chunk]:
        """The sentence as sound, in pieces, each with its words."""
        return list(cut(text, await self._voice.speak(text, voice), chunk_ms)) if text else []


BrainMaker = Callable[[StandInScript, int], Brain]
"""Makes the brain of a connection; the number is the silence in ms that ends a turn."""


def _reply(answer: Answer) -> Reply:
    return Reply(answer.say, answer.tool)


def cut(text: str, pcm: bytes, chunk_ms: int) -> Iterator[Chunk]:
    """Cut speech into pieces, giving each word to the piece in which it ends (time shared out by letters)."""
    words = re.findall(r"\s*\S+", text)
    size = chunk_ms * BYTES_PER_MS
    letters, spoken, at = sum(map(len, words)), 0, 0
    for start in range(0, len(pcm), size):
        piece = pcm[start : start + size]
        last = start + size >= len(pcm)
        first = at
        while at < len(words) and (last or (spoken + len(words[at])) * len(pcm) <= (start + len(piece)) * letters):
            spoken += len(words[at])
            at += 1
        yield Chunk(piece, tuple(words[first:at]))


def verbatim(instructions: str | None) -> str | None:
    """The sentence that the instructions ask to be read out word by word, None if they ask for no such thing."""
    found = _SPOKEN_EXACTLY.search(instructions or "")
    return found["text"].strip() if found else None


def reported_result(text: str) -> tuple[str, dict[str, Any]] | None:
    """The tool and its result, if this line of a conversation reports one that came on another connection."""
    found = _REPORTED.match(text)
    if found is None:
        return None
    name, output = (found["late"], found["late_output"]) if found["late"] else (found["known"], found["known_output"])
    try:
        return name, dict(json.loads(output))
    except json.JSONDecodeError:
        # The call core reports in Python's spelling.
        with contextlib.suppress(ValueError, SyntaxError):
            return name, dict(ast.literal_eval(output))
    return None
