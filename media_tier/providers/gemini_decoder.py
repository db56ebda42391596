"""What Gemini Live says, as events of the call. Sans-IO.

The server names no response; one begins with the first sound, words or tool call after an end, and ends where its
generation does, which is seconds before `turnComplete` (sent once the server believes it was heard). A tool call ends
a response, what follows its result is the next. Invariant: each ResponseStarted is followed by one ResponseEnded of
the same id before the next, and nothing generated before an interruption comes out after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pybase64

from media_tier.call.events import (
    Event,
    Outcome,
    ProviderExpiring,
    ProviderResumable,
    ResponseEnded,
    ResponseInterrupted,
    ResponseStarted,
    ResponseTranscribed,
    ToolRequested,
    ToolsCancelled,
    Transcribed,
)
from media_tier.ports import SAMPLE_RATE, SessionSeed
from media_tier.providers.gemini_turns import CallerTurns
from media_tier.providers.gemini_wire import seconds_of, usage_entry
from shared.contracts.records.call import UsageEntry

BYTES_PER_MS = SAMPLE_RATE * 2 // 1000
LONGEST_DETECTION_MS = 10_000
"""A position further back is not of this connection's sound."""
MOST_LATE_PIECES = 10
"""So much may still come of an interrupted response; more is a new one whose turn end was not sent."""
_UNREMARKABLE = frozenset({"", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT"})
_GOES_ON = frozenset({"IN_PROGRESS", "REQUIRES_ACTION"})


@dataclass(frozen=True, slots=True)
class SetUp:
    """The server took our configuration."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of the AI's speech, PCM16 24 kHz."""

    response_id: str
    item_id: str
    pcm: bytes


Told = Event | SetUp | Sound | UsageEntry


@dataclass(slots=True)
class _Response:
    response_id: str
    size: int = 0
    worded: bool = False
    odd: bytes = b""
    """Half a sample that ended a piece."""

    @property
    def item_id(self) -> str:
        return f"{self.response_id}-i1"

    @property
    def audio_ms(self) -> int:
        return self.size // BYTES_PER_MS


class GeminiDecoder:
    """One connection. `sent_ms` must be kept at the length of the caller's sound sent so far."""

    def __init__(self, seed: SessionSeed) -> None:
        self._connection, self._model = seed.connection, seed.model
        self.turns = CallerTurns(seed.connection)
        self.sent_ms = 0.0
        self.open_calls: set[str] = set()
        """Tools whose result the model waits for."""
        self.has_answered = False
        self.awaiting = False
        """An answer is due: the caller fell silent, tools returned, or we asked."""
        self._responses = self._usages = 0
        self._active: _Response | None = None
        self._last: _Response | None = None
        """The response whose generation is over and whose turn is not; late words are its own."""
        self._late: int | None = None
        """Pieces that came since an interruption; None outside of one."""
        self._asked: str | None = None

    @property
    def generating(self) -> bool:
        """A response is being generated, or waits for tools: new input would cut it off."""
        return self._active is not None or bool(self.open_calls)

    @property
    def speaking(self) -> bool:
        """A response is generated and its turn not over: the server thinks it is being heard, context would stop it."""
        return self._last is not None

    def asked(self, tag: str) -> None:
        """We asked for a response: the next one to start is it."""
        self._asked, self.awaiting = tag, True

    def tools_answered(self) -> None:
        """The results of all open calls were sent."""
        self.open_calls.clear()
        self.awaiting = True

    def settle(self) -> Sequence[Event]:
        """Nothing came for a while since the caller fell silent (see CallerTurns.unsettled)."""
        told = self.turns.settle()
        self.awaiting = self.awaiting and not any(isinstance(e, Transcribed) and e.text is None for e in told)
        return told

    def feed(self, message: bytes) -> Sequence[Told]:
        """Take one message of the server, which may say several things; what is not understood is left out."""
        told: list[Told] = []
        try:
            data = orjson.loads(message)
            if "setupComplete" in data:
                told.append(SetUp())
            if usage := data.get("usageMetadata"):
                told.append(self._used(usage))
            if activity := data.get("voiceActivity"):
                told += self._activity(activity)
            if content := data.get("serverContent"):
                self._content(content, told)
            if call := data.get("toolCall"):
                told += self._tool_call(call)
            if cancelled := data.get("toolCallCancellation"):
                told += self._tools_cancelled(cancelled)
            told += self._about_session(data)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return told
        return told

    def _used(self, usage: dict[str, Any]) -> UsageEntry:
        self._usages += 1
        return usage_entry(self._model, f"g{self._connection}-u{self._usages}", usage)

    def _about_session(self, data: dict[str, Any]) -> Sequence[Event]:
        told: list[Event] = []
        update = data.get("sessionResumptionUpdate") or {}
        if update.get("resumable") and update.get("newHandle"):
            told.append(ProviderResumable(self._connection, str(update["newHandle"])))
        if "goAway" in data:
            seconds = seconds_of((data["goAway"] or {}).get("timeLeft"))
            told.append(ProviderExpiring(self._connection, max(0.0, seconds or 0.0)))
        return told

    # The caller

    def _activity(self, activity: dict[str, Any]) -> Sequence[Event]:
        position = seconds_of(activity.get("audioOffset"))
        ago = 0.0 if position is None else self.sent_ms - position * 1000
        ago_ms = round(ago) if 0 <= ago <= LONGEST_DETECTION_MS else 0
        match activity.get("type") or activity.get("voiceActivityType"):
            case "ACTIVITY_START":
                self.awaiting = False
                return self.turns.began(ago_ms)
            case "ACTIVITY_END":
                self._late = None
                self.awaiting = self.awaiting or self.turns.speaking
                return self.turns.ended(ago_ms)
        return ()

    # The AI

    def _content(self, content: dict[str, Any], told: list[Told]) -> None:
        if content.get("interrupted"):
            told += self._interrupted()
        if words := (content.get("inputTranscription") or {}).get("text"):
            told += self.turns.words(str(words))
        for part in (content.get("modelTurn") or {}).get("parts") or ():
            if (sound := part.get("inlineData")) and str(sound.get("mimeType", "audio/")).startswith("audio/"):
                told += self._sound(_bytes(sound["data"]))
        if words := (content.get("outputTranscription") or {}).get("text"):
            told += self._words(str(words))
        if content.get("generationComplete"):
            told += self._generated(Outcome.COMPLETED)
        if content.get("turnComplete"):
            told += self._turn_complete(content)

    def _begin(self) -> tuple[_Response, Sequence[Event]]:
        """The response being generated, and what has to be told if it begins now."""
        if self._active is not None:
            return self._active, ()
        self._responses += 1
        response = self._active = _Response(f"g{self._connection}-r{self._responses}")
        self.has_answered, self.awaiting, self._last = True, False, None
        tag, self._asked = self._asked, None
        answered = self.turns.answered()
        return response, (*answered, ResponseStarted(response.response_id, tag, self._connection))

    def _is_late(self) -> bool:
        if self._late is None:
            return False
        self._late += 1
        if self._late <= MOST_LATE_PIECES:
            return True
        self._late = None
        return False

    def _sound(self, pcm: bytes) -> Sequence[Told]:
        if self._is_late():
            return ()
        response, told = self._begin()
        pcm = response.odd + pcm
        whole = len(pcm) & ~1
        response.odd = pcm[whole:]
        response.size += whole
        return (*told, Sound(response.response_id, response.item_id, pcm[:whole])) if whole else told

    def _words(self, text: str) -> Sequence[Event]:
        if self._is_late():
            return ()
        told: Sequence[Event] = ()
        response = self._active or self._last
        if response is None:
            response, told = self._begin()
        response.worded = True
        return (*told, self._transcribed(response, text))

    def _transcribed(self, response: _Response, text: str, *, final: bool = False) -> Event:
        response_id, item_id = response.response_id, response.item_id
        return ResponseTranscribed(response_id, item_id, text, response.audio_ms, final, self._connection)

    def _generated(self, outcome: Outcome, code: str = "") -> Sequence[Event]:
        response, self._active = self._active, None
        if response is None:
            return ()
        self._last = response
        audio_ms = {response.item_id: response.audio_ms} if response.size or response.worded else {}
        return (ResponseEnded(response.response_id, outcome, audio_ms, code, self._connection),)

    def _interrupted(self) -> Sequence[Event]:
        told: list[Event] = []
        # A request of ours cuts the server's turn off as well; what the caller hears of it is then left alone.
        by_caller = self._asked is None or self.turns.speaking
        if by_caller:
            told += self.turns.interrupted()
            if response := self._active or self._last:
                told.append(ResponseInterrupted(response.response_id, self._connection))
        told += self._generated(Outcome.CANCELLED)
        self._last, self._late = None, 0
        return told

    def _turn_complete(self, content: dict[str, Any]) -> Sequence[Event]:
        was_cut, self._late = self._late is not None, None
        if was_cut or content.get("interactionStatus") in _GOES_ON:
            return ()
        reason = str(content.get("turnCompleteReason") or "")
        unremarkable = reason in _UNREMARKABLE
        outcome = Outcome.COMPLETED if unremarkable else Outcome.FAILED
        told = [*self._generated(outcome, "" if unremarkable else reason.lower())]
        if self._last is not None and self._last.worded:
            told.append(self._transcribed(self._last, "", final=True))
        self._last, self.awaiting = None, False
        return (*told, *self.turns.completed())

    # Tools

    def _tool_call(self, call: dict[str, Any]) -> Sequence[Event]:
        self._late = None
        response, begun = self._begin()
        told: list[Event] = [*begun]
        for wanted in call.get("functionCalls") or ():
            call_id, name, arguments = wanted.get("id"), wanted.get("name"), wanted.get("args") or {}
            if call_id and name and isinstance(arguments, dict):
                self.open_calls.add(str(call_id))
                told.append(ToolRequested(str(call_id), str(name), arguments, response.response_id, self._connection))
        return (*told, *self._generated(Outcome.COMPLETED))

    def _tools_cancelled(self, cancelled: dict[str, Any]) -> Sequence[Event]:
        call_ids = tuple(str(call_id) for call_id in cancelled.get("ids") or ())
        self.open_calls.difference_update(call_ids)
        return (ToolsCancelled(call_ids, self._connection),) if call_ids else ()


def _bytes(data: str) -> bytes:
    """Base64 in either alphabet: the JSON form of protobuf may use both."""
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/")
    return pybase64.b64decode(data, validate=True)
