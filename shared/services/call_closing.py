"""The work after a call, step by step. Any step may come any number of times, in any order, and die anywhere.

A step that is in the ledger is not done again; one whose predecessors are not in it is refused. What a step does before
its entry is written is such that doing it again changes nothing: writes at fixed keys, and messages of a fixed id.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from shared.contracts.errors import Conflict, NotFound
from shared.contracts.records.after_call import CallEvent, SearchDocument, SearchLine, Step, StepDone
from shared.contracts.records.call import CallRecord, CallStatus, UsageEntry
from shared.contracts.settings.webhook_endpoint import SECRET_ACCOUNT, SECRET_FIELD
from shared.domain.webhook_signatures import BadSigningSecret, signed_headers
from shared.ports.after_call import (
    Executions,
    NotDelivered,
    SearchIndex,
    StepLedger,
    WebhookEndpoints,
    WebhookSender,
)
from shared.ports.blobs import Blobs
from shared.ports.repositories import Calls
from shared.ports.secrets import Secrets
from shared.ports.transcript_index import TranscriptIndex
from shared.ports.usage_counters import UsageCounters
from shared.services.caller_messages import MessagePorts, message_caller
from shared.services.recordings import RecordingPorts, deliver_recording
from shared.services.summaries import Writers, summarise, wants_summary
from shared.services.transcript_search import index_call
from shared.services.usage import count_call

RUN_EVERY = timedelta(hours=1)
"""A call whose work is not complete gets one run in each of these from its end on."""

AFTER: Mapping[Step, tuple[Step, ...]] = {
    Step.CLOSE_TRANSCRIPT: (),
    Step.DELIVER_RECORDING: (Step.CLOSE_TRANSCRIPT,),
    Step.MESSAGE: (Step.CLOSE_TRANSCRIPT,),
    Step.SUMMARISE: (Step.CLOSE_TRANSCRIPT,),
    Step.PRICE: (Step.SUMMARISE,),
    Step.INDEX: (Step.PRICE,),
    Step.NOTIFY: (Step.DELIVER_RECORDING, Step.INDEX),
    Step.COMPLETE: (Step.NOTIFY, Step.MESSAGE),
}
"""What must be done before: the order of the workflow, held also where work arrives late or twice."""


@dataclass(frozen=True, slots=True)
class ClosingPorts:
    """What the steps need."""

    ledger: StepLedger
    calls: Calls
    blobs: Blobs
    writers: Writers
    search: SearchIndex
    words: TranscriptIndex
    counters: UsageCounters
    endpoints: WebhookEndpoints
    secrets: Secrets
    sender: WebhookSender
    messages: MessagePorts
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Result:
    """What a step brings: fields of the record it sets, and usage it caused."""

    skipped: bool = False
    changes: Mapping[str, object] = field(default_factory=dict)
    usage: UsageEntry | None = None


SKIPPED = Result(skipped=True)


class TooEarly(Conflict):
    """What has to be done before has not been done yet."""


def start_closing(ports: tuple[Calls, Executions], company_id: str, call_id: str, now: datetime) -> bool:
    """Start the workflow of an ended call, once in an hour however often it is asked for; False: nothing to do.

    The first run's name is the call's; a later hour's run repeats what an earlier one could not do.
    """
    calls, executions = ports
    call = calls.get(company_id, call_id)
    if call is None or call.ended_at is None or call.closed_at is not None:
        return False
    run = max(0, (now - call.ended_at) // RUN_EVERY)
    executions.start(f"{call_id}-{run}", company_id, call_id)
    return True


def run_step(ports: ClosingPorts, step: Step, company_id: str, call_id: str, *, give_up: bool = False) -> str:
    """Do one step unless it is done; returns its outcome. `give_up`: it failed for good, go on without it.

    Raises NotFound, TooEarly, and whatever the step fails with.
    """
    opened = ports.ledger.open(company_id, call_id)
    if opened is None or opened.call.ended_at is None:
        raise NotFound("There is no ended call of this id.")
    if step in opened.done:
        return opened.done[step].outcome
    if any(before not in opened.done for before in AFTER[step]):
        raise TooEarly(f"It is too early for {step.value}.")
    if give_up:
        changes = GIVEN_UP.get(step, _nothing)(ports, opened.call)
        entry = StepDone(step=step, outcome="given_up", at=ports.now())
        ports.ledger.finish(opened.call, entry, changes)
        return entry.outcome
    result = BODIES[step](ports, opened.call)
    entry = StepDone(step=step, outcome="skipped" if result.skipped else "done", at=ports.now())
    ports.ledger.finish(opened.call, entry, result.changes, result.usage)
    return entry.outcome


def _close_transcript(ports: ClosingPorts, call: CallRecord) -> Result:
    segments = ports.calls.transcript(call.company_id, call.call_id)
    ports.ledger.finalise(call, [segment for segment in segments if not segment.final])
    return Result(skipped=not segments)


def _deliver_recording(ports: ClosingPorts, call: CallRecord) -> Result:
    state = deliver_recording(RecordingPorts(ports.calls, ports.blobs), call.company_id, call.call_id)
    if state == "failed":
        return Result(changes={"recording_state": state})
    return Result(skipped=state == "none")


def _message(ports: ClosingPorts, call: CallRecord) -> Result:
    lines = ports.calls.transcript(call.company_id, call.call_id)
    return Result(skipped=not message_caller(ports.messages, ports.ledger, call, lines, ports.now()))


def _summarise(ports: ClosingPorts, call: CallRecord) -> Result:
    if not wants_summary(call) or call.status is CallStatus.ABANDONED:
        return SKIPPED
    written = summarise(ports.writers, call, ports.calls.transcript(call.company_id, call.call_id), ports.now())
    if written is None:
        return SKIPPED
    summary, usage = written
    return Result(changes={"summary": summary}, usage=usage)


def _price(ports: ClosingPorts, call: CallRecord) -> Result:
    usage = ports.calls.usage(call.company_id, call.call_id)
    return Result(changes={"cost_usd": sum((entry.cost_usd for entry in usage), Decimal(0))})


def _index(ports: ClosingPorts, call: CallRecord) -> Result:
    segments = ports.calls.transcript(call.company_id, call.call_id)
    if not segments:
        return SKIPPED
    lines = tuple(
        SearchLine(segment_id=line.segment_id, role=line.role, text=line.text, start_ms=line.start_ms)
        for line in segments
        if line.text.strip()
    )
    ports.search.put(
        SearchDocument(
            company_id=call.company_id,
            call_id=call.call_id,
            chatbot_id=call.chatbot_id,
            channel=call.channel,
            started_at=call.started_at,
            summary=call.summary,
            lines=lines,
        )
    )
    index_call(ports.calls, ports.words, call.company_id, call.call_id)
    return Result()


def _notify(ports: ClosingPorts, call: CallRecord) -> Result:
    """The event is stored whether or not anybody is told, so that it can be told again later."""
    event = ports.ledger.announce(event_of(call))
    endpoint = ports.endpoints.get(call.company_id)
    if endpoint is None or not endpoint.active:
        return SKIPPED
    secret = ports.secrets.get(call.company_id, SECRET_ACCOUNT, SECRET_FIELD)
    if secret is None:
        return SKIPPED
    body = message_of(event)
    try:
        headers = signed_headers(secret, event.event_id, int(ports.now().timestamp()), body)
    except BadSigningSecret as error:
        raise NotDelivered("The signing secret is not usable.") from error
    ports.sender.send(endpoint.url, headers, body)
    return Result()


def event_of(call: CallRecord) -> CallEvent:
    """What a company's own systems are told of a closed call: nothing that names the caller."""
    assert call.ended_at is not None
    return CallEvent(
        event_id=f"evt_{call.call_id}_completed",
        company_id=call.company_id,
        call_id=call.call_id,
        chatbot_id=call.chatbot_id,
        channel=call.channel,
        direction=call.direction,
        test_call=call.test_call,
        started_at=call.started_at,
        ended_at=call.ended_at,
        duration_ms=call.duration_ms,
        end_reason=call.end_reason,
        recording_ready=call.recording_state == "ready",
        summary=call.summary,
    )


def message_of(event: CallEvent) -> bytes:
    """The body: `type`, `timestamp` and `data`, as Standard Webhooks proposes."""
    data = event.model_dump(mode="json", exclude={"event_id", "type"})
    message = {"type": event.type, "timestamp": event.ended_at.isoformat(), "data": data}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _complete(ports: ClosingPorts, call: CallRecord) -> Result:
    count_call(ports.calls, ports.counters, call.company_id, call.call_id)
    return Result(changes={"closed_at": ports.now()})


def _nothing(ports: ClosingPorts, call: CallRecord) -> Mapping[str, object]:
    return {}


def _no_recording(ports: ClosingPorts, call: CallRecord) -> Mapping[str, object]:
    return {} if call.recording_state == "ready" else {"recording_state": "failed"}


def _no_notice(ports: ClosingPorts, call: CallRecord) -> Mapping[str, object]:
    ports.ledger.announce(event_of(call))
    return {}


GIVEN_UP: Mapping[Step, Callable[[ClosingPorts, CallRecord], Mapping[str, object]]] = {
    Step.DELIVER_RECORDING: _no_recording,
    Step.NOTIFY: _no_notice,
}

BODIES: Mapping[Step, Callable[[ClosingPorts, CallRecord], Result]] = {
    Step.CLOSE_TRANSCRIPT: _close_transcript,
    Step.DELIVER_RECORDING: _deliver_recording,
    Step.MESSAGE: _message,
    Step.SUMMARISE: _summarise,
    Step.PRICE: _price,
    Step.INDEX: _index,
    Step.NOTIFY: _notify,
    Step.COMPLETE: _complete,
}
