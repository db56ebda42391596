"""What happened to a call, event by event, so that one that failed can be replayed through the core.

`EventLog` keeps every event with its time, as JSON lines in gzip members, bounded for each call. `read` and
`replay` bring them back to life. Encoding knows the events only as frozen dataclasses: a new kind needs nothing here.

Invariant: nothing a caller said, typed or is called leaves this file. Every string of an event that is no identifier,
and every value within a tool's arguments and results, keeps its shape only (letters and digits become "x"), except the
phrases that a policy listens for. So a replay decides as the call did, about words nobody can read any more. It may
differ where a transcription is corrected into words of the same lengths, where two tool requests differ in nothing but
that, and where the AI's farewell comes in pieces other than "good" and "bye".
"""

import gzip
import logging
import re
import types
import typing
import unicodedata
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from operator import attrgetter
from typing import Any

import orjson

from media_tier.call import events
from media_tier.call.commands import Command
from media_tier.call.events import Dtmf, Event
from media_tier.call.policies.end_phrase import WAIT_PHRASES
from media_tier.call.session import CallSession
from media_tier.call.words import spoken_words
from shared.contracts.records.call import EndReason, FrozenConfiguration, TranscriptSegment
from shared.contracts.settings.call_settings import CallSettings

log = logging.getLogger(__name__)

VERSION = 1
BATCH = 128
"""Events that wait to be packed together."""
LIMIT_BYTES = 256 * 1024
"""Packed, for each call: some hours of an ordinary one. Beyond it the oldest batches go, and with them the replay."""
SMALL = (28, 5)
"""zlib's window (gzip, 4 KiB) and memory level: with the usual ones making the packer costs five times the packing."""
WORTH_KEEPING = frozenset({EndReason.ERROR, EndReason.PROVIDER_UNAVAILABLE, EndReason.MEDIA_LOST})
_APOSTROPHES = "['\u2019]"
_FAREWELLS = (("good",), ("bye",), ("goodbye",))
_PLAIN = frozenset({"code", "name", "tag"})
"""Fields that hold no words of anybody, besides those that end in `_id` or `_ids`."""


@dataclass(frozen=True, slots=True)
class EventLogKeeping:
    """Where the log of a call goes when it ends, and whether that of every call is kept."""

    store: Callable[[bytes], Awaitable[None]]
    always: bool = False

    def wants(self, reason: EndReason | None) -> bool:
        """Whether a call that ended for this reason (None: goes on elsewhere) is worth it."""
        return self.always or reason in WORTH_KEEPING


class _Shape(dict[int, str]):
    """For str.translate: letters and digits become x, combining marks one mark, what UTF-8 cannot hold a question."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isalnum():
            character = "x"
        elif unicodedata.category(character).startswith("M"):
            character = "\u0301"
        elif 0xD800 <= code <= 0xDFFF:
            character = "?"
        self[code] = character
        return character


_SHAPE = _Shape()


class Mask:
    """Takes away what is personal. Idempotent, keeps lengths and word boundaries."""

    def __init__(self, settings: CallSettings) -> None:
        phrases = [*WAIT_PHRASES, *_FAREWELLS]
        phrases += [tuple(spoken_words(text)) for text in (settings.end_phrase, *_backchannels(settings))]
        phrases = [phrase for phrase in phrases if phrase]
        wanted = [r"[^\w']+".join(re.escape(word).replace("'", _APOSTROPHES) for word in phrase) for phrase in phrases]
        # Without assertions and flags the engine skips to the first letters: ten times as fast where there is nothing.
        self._promising = re.compile("|".join(sorted({re.escape(phrase[0].split("'")[0]) for phrase in phrases})))
        self._kept = re.compile(rf"(?<![\w'])(?:{'|'.join(wanted)})(?![\w'])", re.IGNORECASE)
        self._numbering = False

    def text(self, text: str) -> str:
        """Words of a person or the AI."""
        if self._promising.search(text.lower()) is None:
            return text.translate(_SHAPE)
        parts, at = [], 0
        for kept in self._kept.finditer(text):
            parts += [text[at : kept.start()].translate(_SHAPE), kept[0]]
            at = kept.end()
        return "".join((*parts, text[at:].translate(_SHAPE)))

    def key(self, digit: str) -> str:
        """A pressed key: the first 1 chooses from a menu, after that digits are somebody's number."""
        if not digit.isdecimal():
            return digit.translate(_SHAPE)
        if digit == "1" and not self._numbering:
            self._numbering = True
            return digit
        return "2"

    def value(self, value: Any) -> Any:
        """Anything a tool takes or gives."""
        match value:
            case Enum() | bool() | None:
                return value
            case str():
                return self.text(value)
            case int():
                return (-1 if value < 0 else 1) * 10 ** min(18, len(str(abs(value))) - 1) if value else 0
            case float():
                return 0.0
            case dict():
                return {key: self.value(inner) for key, inner in value.items()}
            case list() | tuple():
                return type(value)([self.value(inner) for inner in value])
            case _:
                return None

    def command(self, command: Any) -> Any:
        """A command (or what it holds) as it compares with one of a replay."""
        if is_dataclass(command) and not isinstance(command, type):
            return type(command)(**{part.name: self.command(getattr(command, part.name)) for part in fields(command)})
        if isinstance(command, tuple):
            return tuple(self.command(inner) for inner in command)
        return self.value(command)


def _backchannels(settings: CallSettings) -> Sequence[str]:
    return settings.interruption.ignored_backchannels


class _Kind:
    """How one kind of event is written and read: its fields in order."""

    def __init__(self, kind: type[Any]) -> None:
        hints = typing.get_type_hints(kind)
        self.kind = kind
        self.names = [part.name for part in fields(kind)]
        self.read = attrgetter(*self.names) if self.names else None
        self.revive = [_reviver(hints[name]) for name in self.names]
        self.masked = [index for index, name in enumerate(self.names) if _personal(name, hints[name])]

    def values(self, event: Event, mask: Mask) -> list[Any]:
        """The fields, without what is personal."""
        if self.read is None:
            return []
        read = self.read(event)
        values = list(read) if len(self.names) > 1 else [read]
        for index in self.masked:
            value = values[index]
            if value:
                values[index] = mask.text(value) if type(value) is str else mask.value(value)
        return values

    def event(self, values: Sequence[Any]) -> Event:
        """Back again."""
        made: Event = self.kind(*(revive(value) for revive, value in zip(self.revive, values, strict=True)))
        return made


def _personal(name: str, hint: Any) -> bool:
    if name in _PLAIN or name.endswith(("_id", "_ids")):
        return False
    return str in _members(hint) or Any in typing.get_args(hint)


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)


def _reviver(hint: Any) -> Callable[[Any], Any]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return tuple if typing.get_origin(hint) is tuple else lambda value: value


_KINDS: dict[type[Any], _Kind] = {kind: _Kind(kind) for kind in typing.get_args(Event)}


class EventLog:
    """One call's events on this process. `core` and `transcript` are what a resumed call began with."""

    def __init__(
        self,
        configuration: FrozenConfiguration,
        *,
        tool_names: frozenset[str],
        elapsed_ms: int = 0,
        core: dict[str, Any] | None = None,
        transcript: Sequence[TranscriptSegment] = (),
    ) -> None:
        self._mask = mask = Mask(configuration.settings)
        self._header: dict[str, Any] = {
            "version": VERSION,
            "settings_version": configuration.settings_version,
            "tools": sorted(tool_names),
            "elapsed_ms": elapsed_ms,
            "core": None if core is None else {**core, "tools": _masked_tools(mask, core.get("tools", []))},
            "transcript": [
                row.model_copy(update={"text": mask.text(row.text)}).model_dump(mode="json") for row in transcript
            ],
        }
        self._waiting: list[tuple[float, Event]] = []
        self._packed: deque[bytes] = deque()
        self._size = 0
        self._dropped = 0

    def note(self, now: float, event: Event) -> None:
        """The core is about to be given this."""
        self._waiting.append((now, event))
        if len(self._waiting) >= BATCH:
            self._pack()

    def dump(self) -> bytes:
        """Everything kept, as gzip of JSON lines: a header, then `[now, kind, fields…]` for each event."""
        self._pack()
        header = orjson.dumps(self._header | {"dropped": self._dropped}) + b"\n"
        return b"".join((gzip.compress(header, 1, mtime=0), *self._packed))

    def _pack(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            lines = b"".join(self._line(now, event) for now, event in waiting)
        except Exception as error:  # a call must not fail because it cannot be written down
            log.error("events of a call cannot be logged", extra={"kind": type(error).__name__})
            self._dropped += len(waiting)
            return
        packer = zlib.compressobj(1, zlib.DEFLATED, *SMALL)
        packed = packer.compress(lines) + packer.flush()
        self._packed.append(packed)
        self._size += len(packed)
        while self._size > LIMIT_BYTES:
            self._size -= len(self._packed.popleft())
            self._dropped += BATCH

    def _line(self, now: float, event: Event) -> bytes:
        kind = _KINDS[type(event)]
        values = [self._mask.key(event.digit)] if isinstance(event, Dtmf) else kind.values(event, self._mask)
        return orjson.dumps([now, kind.kind.__name__, *values], option=orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A log read back. `dropped` events from its start are missing: it cannot be replayed."""

    header: dict[str, Any]
    events: list[tuple[float, Event]]

    @property
    def dropped(self) -> int:
        return int(self.header["dropped"])


def read(data: bytes) -> Recorded:
    """A log as `EventLog.dump` wrote it. Raises ValueError for anything else."""
    try:
        header, *lines = gzip.decompress(data).splitlines()
        found = [orjson.loads(line) for line in lines]
        known = [(float(now), _KINDS[getattr(events, kind)].event(values)) for now, kind, *values in found]
        return Recorded(dict(orjson.loads(header)), known)
    except (OSError, EOFError, zlib.error, AttributeError, KeyError, TypeError) as error:
        raise ValueError("this is no event log") from error


def replay(configuration: FrozenConfiguration, recorded: Recorded) -> list[tuple[float, Command]]:
    """Every command the core gives for these events, with the time. Raises ValueError if its beginning is missing.

    `configuration` is the call record's.
    """
    if recorded.dropped:
        raise ValueError("the beginning of this log was dropped")
    header, tools = recorded.header, frozenset(recorded.header["tools"])
    session = CallSession(configuration, tool_names=tools)
    if header["core"] is not None:
        session = CallSession.resumed(
            configuration,
            header["core"],
            elapsed_ms=header["elapsed_ms"],
            transcript=[TranscriptSegment.model_validate(row) for row in header["transcript"]],
            tool_names=tools,
        )
    return [(now, command) for now, event in recorded.events for command in session.receive(event, now)]


def _masked_tools(mask: Mask, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**request, "arguments": mask.value(request["arguments"]), "output": mask.value(request["output"])}
        for request in requests
    ]
