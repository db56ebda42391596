"""Calls as the company looks them up: list, detail, transcript, recording.

Company admins see every call of their company, support agents those they took part in, the master admin all of the
company they name. Whoever opens a transcript or a recording is noted before they get it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from shared.contracts.errors import InvalidRequest, NotFound
from shared.contracts.page import Page, Turn
from shared.contracts.records.access import AccessEntry
from shared.contracts.records.call import CallRecord, CallStatus, Channel, EndReason, Feedback, TranscriptSegment
from shared.contracts.records.user import Role
from shared.domain.permissions import Actor
from shared.ports.blobs import Blobs
from shared.ports.repositories import AccessLog, CallHistory, Calls, Participations
from shared.ports.transcript_index import TranscriptIndex
from shared.services.after_call import ASSEMBLY_TIME, URL_SECONDS

DEFAULT_DAYS = 90
LONGEST_DAYS = 731
NO_CALL = "There is no such call."
NO_RECORDING = "There is no recording of this call."


@dataclass(frozen=True, slots=True)
class HistoryPorts:
    """What these use cases need."""

    calls: Calls
    history: CallHistory
    participations: Participations
    blobs: Blobs
    accesses: AccessLog
    index: TranscriptIndex
    now: Callable[[], datetime]
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are wanted; days are UTC and both belong to the range (default: the last 90)."""

    since: date | None = None
    until: date | None = None
    chatbot_id: str | None = None
    channel: Channel | None = None
    status: CallStatus | None = None
    end_reason: EndReason | None = None
    test_call: bool | None = None
    account_id: str | None = None

    def matches(self, call: CallRecord) -> bool:
        """Whether a call is wanted, its day apart."""
        pairs = (
            (self.chatbot_id, call.chatbot_id),
            (self.channel, call.channel),
            (self.status, call.status),
            (self.end_reason, call.end_reason),
            (self.test_call, call.test_call),
            (self.account_id, call.account_id),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call and what the caller thought of it."""

    call: CallRecord
    feedback: Feedback | None


@dataclass(frozen=True, slots=True)
class RecordingLink:
    """A signed address, good for ten minutes."""

    url: str
    expires_at: datetime


def find_calls(ports: HistoryPorts, by: Actor, company_id: str, wanted: CallFilter, turn: Turn) -> Page[CallRecord]:
    """Calls newest first. A page may be short and still have a next one. Raises InvalidRequest."""
    days = range_of_days(ports, wanted)
    if by.role is Role.SUPPORT_AGENT:
        return _own_calls(ports, by, company_id, wanted, days, turn)
    return ports.history.page(company_id, days, turn, wanted.matches)


def call_detail(ports: HistoryPorts, by: Actor, company_id: str, call_id: str) -> CallDetail:
    """One call. Raises NotFound, also for calls of others."""
    call = _visible(ports, by, company_id, call_id)
    return CallDetail(call, ports.history.feedback(company_id, call_id))


def open_transcript(
    ports: HistoryPorts, by: Actor, company_id: str, call_id: str
) -> tuple[CallRecord, Sequence[TranscriptSegment]]:
    """What was said, in order. Raises NotFound."""
    call = _visible(ports, by, company_id, call_id)
    note_access(ports, by, call, "transcript")
    return call, ports.calls.transcript(company_id, call_id)


def open_recording(ports: HistoryPorts, by: Actor, company_id: str, call_id: str) -> RecordingLink | None:
    """Where the recording can be had, None while it is being made. Raises NotFound."""
    call = _visible(ports, by, company_id, call_id)
    if call.recording_state == "ready" and call.recording_key is not None:
        note_access(ports, by, call, "recording")
        url = ports.blobs.signed_url(call.recording_key, seconds=URL_SECONDS, filename=f"recording-{call_id}.wav")
        return RecordingLink(url, ports.now() + timedelta(seconds=URL_SECONDS))
    too_late = call.ended_at is not None and ports.now() - call.ended_at >= ASSEMBLY_TIME
    if call.recording_state == "failed" or too_late or not call.configuration.settings.recording.enabled:
        raise NotFound(NO_RECORDING)
    return None


def seen_by(ports: HistoryPorts, by: Actor, company_id: str, call_id: str) -> CallRecord | None:
    """The call, if there is one and this person may see it."""
    call = ports.calls.get(company_id, call_id)
    agent = by.role is Role.SUPPORT_AGENT
    if agent and not ports.participations.took_part(company_id, call_id, by.user_id):
        return None
    return call


def _visible(ports: HistoryPorts, by: Actor, company_id: str, call_id: str) -> CallRecord:
    call = seen_by(ports, by, company_id, call_id)
    if call is None:
        raise NotFound(NO_CALL)
    return call


def _own_calls(
    ports: HistoryPorts, by: Actor, company_id: str, wanted: CallFilter, days: tuple[date, date], turn: Turn
) -> Page[CallRecord]:
    found = ports.participations.page(company_id, by.user_id, turn)
    calls = (ports.calls.get(company_id, part.call_id) for part in found.items)
    kept = (call for call in calls if call is not None and days[0] <= call.created_at.date() <= days[1])
    return Page(tuple(call for call in kept if wanted.matches(call)), found.cursor)


def range_of_days(ports: HistoryPorts, wanted: CallFilter) -> tuple[date, date]:
    """The days that are meant. Raises InvalidRequest."""
    until = wanted.until or ports.now().date()
    since = wanted.since or max(until, date.min + timedelta(days=DEFAULT_DAYS)) - timedelta(days=DEFAULT_DAYS)
    if since > until:
        raise InvalidRequest("The range of days is empty.", {"since": "This is after the last day."})
    if (until - since).days > LONGEST_DAYS:
        raise InvalidRequest("The range of days is too long.", {"since": "At most two years can be looked at."})
    return since, until


def note_access(ports: HistoryPorts, by: Actor, call: CallRecord, what: Literal["recording", "transcript"]) -> None:
    """Note who gets what; before they get it."""
    ports.accesses.record(
        AccessEntry(
            entry_id=ports.new_id(),
            company_id=call.company_id,
            call_id=call.call_id,
            what=what,
            who=by.who,
            at=ports.now(),
        )
    )
