"""Deletes what was said on calls once their company keeps it no longer: recordings, transcripts, summaries.

A chatbot's retention period as it is published now decides, also for calls that were made under another one. What stays
is the call without words: when, how long, what it cost. Each erasure leaves a receipt in the audit, written together
with the mark on the record, once; an erasure that died is taken up again by the next run.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.page import Turn
from shared.contracts.records.after_call import Erasure
from shared.contracts.records.audit import AuditEntry, Change
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.company import Chatbot
from shared.domain.recording_layout import piece_prefix, recording_prefix
from shared.ports.after_call import KeptCalls, SearchIndex
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls, Chatbots, FleetCompanies

WHO = "platform#retention"
PAGE = 100


@dataclass(frozen=True, slots=True)
class RetentionPorts:
    """What retention needs."""

    companies: FleetCompanies
    chatbots: Chatbots
    calls: Calls
    kept: KeptCalls
    blobs: Blobs
    search: SearchIndex
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class DueCall:
    """A call whose words and sound are to go, and how many days they were to be kept."""

    call: CallRecord
    kept_days: int


class NotErased(Exception):
    """Something of the call was still there after it had been deleted."""


def due_calls(ports: RetentionPorts) -> Iterator[DueCall]:
    """Every call that is due now, of every company, read as they are asked for."""
    for chatbot in _all_chatbots(ports):
        days = _kept_days(ports, chatbot)
        if days is not None:
            before = ports.now() - timedelta(days=days)
            for call in ports.kept.due(chatbot.company_id, chatbot.chatbot_id, before):
                yield DueCall(call, days)


def preview(ports: RetentionPorts, company_id: str) -> Mapping[str, int]:
    """How many calls of each chatbot the next run would erase."""
    found = {}
    for chatbot in _chatbots(ports, company_id):
        days = _kept_days(ports, chatbot)
        if days is not None:
            before = ports.now() - timedelta(days=days)
            found[chatbot.chatbot_id] = ports.kept.count_due(company_id, chatbot.chatbot_id, before)
    return found


def erase(ports: RetentionPorts, due: DueCall) -> bool:
    """Erase one call; False if it was erased already. Raises NotErased."""
    company_id, call_id = due.call.company_id, due.call.call_id
    call = ports.calls.get(company_id, call_id)
    if call is None or call.closed_at is None or call.erased_at is not None:
        return False
    begun = ports.kept.begin_erasure(
        call,
        Erasure(
            objects=len(_objects(ports, call)),
            lines=len(ports.calls.transcript(company_id, call_id)),
            summarised=call.summary is not None,
            kept_days=due.kept_days,
        ),
    )
    ports.search.remove(company_id, call_id)
    ports.blobs.delete(_objects(ports, call))
    ports.kept.delete_words(call)
    if _objects(ports, call) or ports.calls.transcript(company_id, call_id):
        raise NotErased
    now = ports.now()
    return ports.kept.finish_erasure(call, now, _receipt(call, begun, now))


def _receipt(call: CallRecord, found: Erasure, now: datetime) -> AuditEntry:
    counts = {
        "recordingObjects": found.objects,
        "transcriptLines": found.lines,
        "summaries": int(found.summarised),
    }
    changes = [Change(field=name, before=str(count), after="0") for name, count in counts.items()]
    return AuditEntry(
        entry_id=f"erasure-{call.call_id}"[:64],
        company_id=call.company_id,
        who=WHO,
        action="call.erased",
        entity_id=call.call_id,
        at=now,
        changes=(*changes, Change(field="retentionDays", before=str(found.kept_days), after=str(found.kept_days))),
    )


def _objects(ports: RetentionPorts, call: CallRecord) -> list[str]:
    prefixes = (recording_prefix(call.company_id, call.call_id), piece_prefix(call.company_id, call.call_id))
    return [key for prefix in prefixes for key in ports.blobs.list(prefix)]


def _kept_days(ports: RetentionPorts, chatbot: Chatbot) -> int | None:
    """None: for ever."""
    version = chatbot.call_settings_version
    settings = ports.chatbots.call_settings(chatbot.company_id, chatbot.chatbot_id, version) if version else None
    return None if settings is None else settings.recording.retention_days


def _all_chatbots(ports: RetentionPorts) -> Iterator[Chatbot]:
    cursor: str | None = None
    while True:
        page = ports.companies.page(Turn(PAGE, cursor), lambda _: True)
        for company in page.items:
            yield from _chatbots(ports, company.company_id)
        if (cursor := page.cursor) is None:
            return


def _chatbots(ports: RetentionPorts, company_id: str) -> Iterator[Chatbot]:
    cursor: str | None = None
    while True:
        page = ports.chatbots.page(company_id, Turn(PAGE, cursor))
        yield from page.items
        if (cursor := page.cursor) is None:
            return
