"""What a caller may do after the call: read the transcript, download the recording, say how it was."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.contracts.errors import NotFound, NotPermitted
from shared.contracts.records.access import AccessEntry
from shared.contracts.records.call import CallRecord, Feedback, TranscriptSegment
from shared.contracts.settings.widget_config import WidgetConfig
from shared.ports.blobs import Blobs
from shared.ports.repositories import AccessLog, Calls, Chatbots, Sessions
from shared.services.sessions import hash_token

URL_SECONDS = 600
ASSEMBLY_TIME = timedelta(minutes=15)
"""A recording that is not there this long after the call will not come."""


@dataclass(frozen=True, slots=True)
class AfterCallPorts:
    """What these use cases need."""

    calls: Calls
    chatbots: Chatbots
    sessions: Sessions
    blobs: Blobs
    accesses: AccessLog
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class ReadableCall:
    """A call whose read token was shown; `origin` is the page it was made from."""

    call: CallRecord
    widget: WidgetConfig
    origin: str


def read_call(ports: AfterCallPorts, call_id: str, read_token: str) -> ReadableCall:
    """The call behind a read token (`<session id>.<secret>`); a wrong token and a missing call look the same."""
    session = ports.sessions.get(read_token.partition(".")[0] or "-")
    if session is None or not secrets.compare_digest(session.read_hash, hash_token(read_token)):
        raise NotFound("There is no such call.")
    if session.call_id != call_id or ports.now() >= session.expires_at:
        raise NotFound("There is no such call.")
    call = ports.calls.get(session.company_id, session.call_id)
    if call is None:
        raise NotFound("There is no such call.")
    widget = ports.chatbots.widget_config(session.company_id, session.chatbot_id)
    return ReadableCall(call, widget, session.origin)


def transcript(ports: AfterCallPorts, readable: ReadableCall) -> list[TranscriptSegment]:
    """What was said, if the company lets callers have it."""
    if not readable.widget.features.transcript_download:
        raise NotPermitted("Transcripts of this chatbot cannot be downloaded.")
    call = readable.call
    _note(ports, call, "transcript")
    return list(ports.calls.transcript(call.company_id, call.call_id))


def recording_url(ports: AfterCallPorts, readable: ReadableCall) -> str | None:
    """A fresh address of the recording, None while it is being made or assembled. Raises NotPermitted, NotFound."""
    call = readable.call
    if not readable.widget.features.recording_download or not call.configuration.settings.recording.enabled:
        raise NotPermitted("Recordings of this chatbot cannot be downloaded.")
    if call.recording_state == "ready" and call.recording_key is not None:
        _note(ports, call, "recording")
        return ports.blobs.signed_url(call.recording_key, seconds=URL_SECONDS, filename=f"recording-{call.call_id}.wav")
    too_late = call.ended_at is not None and ports.now() - call.ended_at >= ASSEMBLY_TIME
    if call.recording_state == "failed" or too_late:
        raise NotFound("There is no recording of this call.")
    return None


def give_feedback(ports: AfterCallPorts, readable: ReadableCall, stars: int, comment: str | None) -> None:
    """Keep what the caller thought; the latest counts."""
    if not readable.widget.features.feedback:
        raise NotPermitted("Feedback is not collected for this chatbot.")
    feedback = Feedback(stars=stars, comment=(comment or "").strip() or None, given_at=ports.now())
    ports.calls.save_feedback(readable.call.company_id, readable.call.call_id, feedback)


def _note(ports: AfterCallPorts, call: CallRecord, what: Literal["recording", "transcript"]) -> None:
    """Nothing is given out that could not be noted first."""
    entry = AccessEntry(
        entry_id=ports.new_id(),
        company_id=call.company_id,
        call_id=call.call_id,
        what=what,
        who=f"caller#{call.session_id}",
        at=ports.now(),
    )
    ports.accesses.record(entry)
