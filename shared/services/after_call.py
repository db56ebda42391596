"""What a caller may do after the call: read the transcript, download the recording, say how it was."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.contracts.errors import NotFound, NotPermitted
from shared.contracts.records.call import CallRecord, Feedback, Session, TranscriptSegment
from shared.contracts.settings.widget_config import WidgetConfig
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls, Chatbots, Sessions
from shared.services.sessions import hash_token

URL_SECONDS = 600


@dataclass(frozen=True, slots=True)
class AfterCallPorts:
    """What these use cases need."""

    calls: Calls
    chatbots: Chatbots
    sessions: Sessions
    blobs: Blobs
    now: Callable[[], datetime]


def read_call(ports: AfterCallPorts, call_id: str, read_token: str) -> tuple[CallRecord, WidgetConfig]:
    """The call behind a read token (`<session id>.<secret>`); a wrong token and a missing call look the same."""
    session: Session | None = ports.sessions.get(read_token.partition(".")[0] or "-")
    if session is None or not secrets.compare_digest(session.read_hash, hash_token(read_token)):
        raise NotFound("There is no such call.")
    if session.call_id != call_id:
        raise NotFound("There is no such call.")
    call = ports.calls.get(session.company_id, session.call_id)
    if call is None or ports.now() >= session.expires_at:
        raise NotFound("There is no such call.")
    return call, ports.chatbots.widget_config(session.company_id, session.chatbot_id)


def transcript(ports: AfterCallPorts, call: CallRecord, widget: WidgetConfig) -> list[TranscriptSegment]:
    """What was said, if the company lets callers have it."""
    if not widget.features.transcript_download:
        raise NotPermitted("Transcripts of this chatbot cannot be downloaded.")
    return list(ports.calls.transcript(call.company_id, call.call_id))


def recording_url(ports: AfterCallPorts, call: CallRecord, widget: WidgetConfig) -> str | Literal["pending"]:
    """A fresh address of the recording, "pending" while it is being assembled."""
    if not widget.features.recording_download or not call.configuration.settings.recording.enabled:
        raise NotPermitted("Recordings of this chatbot cannot be downloaded.")
    if call.recording_state == "ready" and call.recording_key is not None:
        return ports.blobs.signed_url(call.recording_key, seconds=URL_SECONDS, filename=f"recording-{call.call_id}.wav")
    if call.recording_state == "failed" or (call.recording_state == "none" and call.ended_at is None):
        raise NotFound("There is no recording of this call.")
    return "pending"


def give_feedback(
    ports: AfterCallPorts, call: CallRecord, widget: WidgetConfig, stars: int, comment: str | None
) -> None:
    """Keep what the caller thought."""
    if not widget.features.feedback:
        raise NotPermitted("Feedback is not collected for this chatbot.")
    feedback = Feedback(stars=stars, comment=comment, given_at=ports.now())
    ports.calls.save_feedback(call.company_id, call.call_id, feedback)
