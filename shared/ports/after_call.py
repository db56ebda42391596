"""What the work after a call needs: its ledger, the search engine, and the way to companies' own systems."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.contracts.records.after_call import CallEvent, Erasure, SearchDocument, Step, StepDone
from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.call import CallRecord, TranscriptSegment, UsageEntry
from shared.contracts.settings.webhook_endpoint import WebhookEndpoint


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """A call as it is now, with what was done for it."""

    call: CallRecord
    done: Mapping[Step, StepDone]


class StepLedger(Protocol):
    """`finish` writes the entry, the changes to the record and the usage together, or nothing if the step was done
    already or the call is gone; it returns whether it wrote. Changes of different steps touch different fields."""

    def open(self, company_id: str, call_id: str) -> OpenedCall | None: ...
    def finish(
        self, call: CallRecord, done: StepDone, changes: Mapping[str, object], usage: UsageEntry | None = None
    ) -> bool: ...
    def finalise(self, call: CallRecord, segments: Sequence[TranscriptSegment]) -> None:
        """Mark what was still growing when the call ended as final."""
        ...

    def note(self, call: CallRecord, name: str, at: datetime) -> bool:
        """Note that something is about to be done once; False if that was noted before."""
        ...

    def forget(self, call: CallRecord, name: str, at: datetime) -> None:
        """It was not done."""
        ...

    def announce(self, event: CallEvent) -> CallEvent:
        """Store an event and return it; if there is one already, that one."""
        ...


class SearchIndex(Protocol):
    """The engine behind the transcript search. Putting a call again replaces it."""

    def put(self, document: SearchDocument) -> None: ...
    def remove(self, company_id: str, call_id: str) -> None: ...


class WebhookEndpoints(Protocol):
    """Where companies are told of their calls."""

    def get(self, company_id: str) -> WebhookEndpoint | None: ...
    def save(self, endpoint: WebhookEndpoint) -> None: ...


class NotDelivered(Exception):
    """The company's system did not take a message. Its message names neither address nor content."""


class WebhookSender(Protocol):
    """Posts a body to a company's address. Raises NotDelivered."""

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> None: ...


class Executions(Protocol):
    """Starts the workflow; a run that was started before under this name is not started again."""

    def start(self, name: str, company_id: str, call_id: str) -> None: ...


class KeptCalls(Protocol):
    """Closed calls whose words and sound are still kept, and their erasure."""

    def due(self, company_id: str, chatbot_id: str, ended_before: datetime) -> Iterator[CallRecord]:
        """The oldest first, read as they are asked for."""
        ...

    def count_due(self, company_id: str, chatbot_id: str, ended_before: datetime) -> int: ...

    def begin_erasure(self, call: CallRecord, found: Erasure) -> Erasure:
        """Note what there is before anything is deleted; an erasure that began before is gone on with."""
        ...

    def delete_words(self, call: CallRecord) -> None:
        """Transcript, events, and the state of the conversation."""
        ...

    def finish_erasure(self, call: CallRecord, at: datetime, receipt: AuditEntry) -> bool:
        """Mark the call as erased and write the receipt, together; False if that was done already."""
        ...
