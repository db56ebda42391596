"""Call history: of the own company, and of any company for the master admin."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from fastapi import Depends, Query, Response
from fastapi.responses import JSONResponse

from functions.admin_api.access import AdminApi, Api, By, Operations
from functions.admin_api.requests import AskedPage, Identifier, PageOut, Schema, page_out
from shared.contracts.page import Turn
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    Channel,
    EndedBy,
    EndReason,
    Role,
    Sentiment,
    TranscriptSegment,
)
from shared.domain import transcript_formats
from shared.domain.permissions import Actor, Permission
from shared.domain.phone_numbers import masked
from shared.services import call_history, companies, transcript_search
from shared.services.call_history import CallDetail, CallFilter
from shared.services.transcript_search import Hit

operations = Operations()
FLEET = "/fleet/companies/{company_id}/calls"
TranscriptForm = Annotated[Literal["txt", "json", "srt"], Query(alias="format")]


class CallOut(Schema):
    """A call in a list; the caller's number is masked."""

    call_id: str
    chatbot_id: str
    channel: Channel
    direction: Literal["inbound", "outbound"]
    status: CallStatus
    end_reason: EndReason | None
    ended_by: EndedBy | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None
    test_call: bool
    account_id: str | None
    caller: str | None
    interruption_count: int
    cost_usd: Decimal | None
    recording_state: Literal["none", "recording", "ready", "failed", "deleted"]

    @classmethod
    def of(cls, call: CallRecord) -> Self:
        """From the stored call."""
        parts = {name: getattr(call, name) for name in CallOut.model_fields if name != "caller"}
        return cls(**parts, caller=masked(call.caller_number))


class SummaryOut(Schema):
    """What the call was about; the score is -1 (very unhappy) to 1 (very happy)."""

    purpose: str
    key_points: tuple[str, ...]
    outcome: str
    action_items: tuple[str, ...]
    resolution: Literal["resolved", "partial", "unresolved"]
    sentiment: Sentiment
    sentiment_score: float
    model_id: str
    written_at: datetime


class CallDetailOut(Schema):
    """A call with what it was made with and what the caller told."""

    call: CallOut
    customer_name: str | None
    customer_email: str | None
    settings_version: int
    model_id: str
    model_name: str
    voice_id: str
    agent_name: str
    summary: SummaryOut | None
    closed_at: datetime | None
    stars: int | None
    comment: str | None

    @classmethod
    def of(cls, detail: CallDetail) -> Self:
        """From the stored call."""
        call, feedback = detail.call, detail.feedback
        frozen = call.configuration
        return cls(
            call=CallOut.of(call),
            customer_name=call.customer.name,
            customer_email=call.customer.email,
            settings_version=frozen.settings_version,
            model_id=frozen.model.id,
            model_name=frozen.model.name,
            voice_id=frozen.settings.voice.voice_id,
            agent_name=frozen.agent_name,
            summary=None if call.summary is None else SummaryOut(**call.summary.model_dump()),
            closed_at=call.closed_at,
            stars=None if feedback is None else feedback.stars,
            comment=None if feedback is None else feedback.comment,
        )


class SegmentOut(Schema):
    """Something somebody said, as it was heard; times are milliseconds from the start of the call."""

    segment_id: str
    role: Role
    text: str
    start_ms: int
    end_ms: int
    confidence: float | None
    interrupted: bool

    @classmethod
    def of(cls, segment: TranscriptSegment) -> Self:
        """From the transcript."""
        return cls(**segment.model_dump(exclude={"final"}))


class SegmentsOut(Schema):
    """A transcript, in the order things were said."""

    items: list[SegmentOut]


class PartOut(Schema):
    """A piece of a line; `match` pieces are what was looked for."""

    text: str
    match: bool


class LineOut(Schema):
    """A line of a transcript in which something was found."""

    segment_id: str
    role: Role
    start_ms: int
    parts: list[PartOut]


class HitOut(Schema):
    """A call in which everything that was looked for was said, and up to three lines of it."""

    call: CallOut
    lines: list[LineOut]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """From the search."""
        lines = [
            LineOut(
                segment_id=line.segment.segment_id,
                role=line.segment.role,
                start_ms=line.segment.start_ms,
                parts=[PartOut(text=part.text, match=part.match) for part in line.parts],
            )
            for line in hit.lines
        ]
        return cls(call=CallOut.of(hit.call), lines=lines)


class RecordingOut(Schema):
    """Where the recording can be had for ten minutes; `pending` while it is being put together."""

    state: Literal["ready", "pending"]
    url: str | None = None
    expires_at: datetime | None = None


def _filter(
    since: date | None = None,
    until: date | None = None,
    chatbot_id: Annotated[str | None, Query(alias="chatbotId", max_length=64)] = None,
    channel: Channel | None = None,
    status: CallStatus | None = None,
    end_reason: Annotated[EndReason | None, Query(alias="endReason")] = None,
    test_call: Annotated[bool | None, Query(alias="testCall")] = None,
    account_id: Annotated[str | None, Query(alias="accountId", max_length=64)] = None,
) -> CallFilter:
    return CallFilter(since, until, chatbot_id, channel, status, end_reason, test_call, account_id)


Wanted = Annotated[CallFilter, Depends(_filter)]


@operations.get("/calls", Permission.CALLS_READ)
def list_calls(api: Api, by: By, wanted: Wanted, turn: AskedPage) -> PageOut[CallOut]:
    return _page(api, by, by.company, wanted, turn)


@operations.get("/calls/search", Permission.CALLS_READ)
def search_calls(
    api: Api,
    by: By,
    wanted: Wanted,
    text: Annotated[str, Query(min_length=1, max_length=200)],
    limit: Annotated[int, Query(ge=1, le=25)] = 10,
    cursor: Annotated[str | None, Query(max_length=2048)] = None,
) -> PageOut[HitOut]:
    page = transcript_search.search(api.history, by, by.company, text, wanted, Turn(limit, cursor))
    return page_out(page, HitOut.of)


@operations.get("/calls/{call_id}", Permission.CALLS_READ)
def get_call(api: Api, by: By, call_id: Identifier) -> CallDetailOut:
    return CallDetailOut.of(call_history.call_detail(api.history, by, by.company, call_id))


@operations.get("/calls/{call_id}/transcript", Permission.CALLS_READ, response_class=Response)
def get_transcript(api: Api, by: By, call_id: Identifier, form: TranscriptForm = "json") -> Response:
    return _transcript(api, by, by.company, call_id, form)


@operations.get("/calls/{call_id}/segments", Permission.CALLS_READ)
def list_segments(api: Api, by: By, call_id: Identifier) -> SegmentsOut:
    return _segments(api, by, by.company, call_id)


@operations.get("/calls/{call_id}/recording", Permission.CALLS_READ, responses={202: {"model": RecordingOut}})
def get_recording(api: Api, by: By, call_id: Identifier, response: Response) -> RecordingOut:
    return _recording(api, by, by.company, call_id, response)


@operations.get(FLEET, Permission.FLEET_CALLS)
def list_company_calls(api: Api, by: By, company_id: Identifier, wanted: Wanted, turn: AskedPage) -> PageOut[CallOut]:
    companies.company(api.companies.companies, company_id)
    return _page(api, by, company_id, wanted, turn)


@operations.get(f"{FLEET}/{{call_id}}", Permission.FLEET_CALLS)
def get_company_call(api: Api, by: By, company_id: Identifier, call_id: Identifier) -> CallDetailOut:
    return CallDetailOut.of(call_history.call_detail(api.history, by, company_id, call_id))


@operations.get(f"{FLEET}/{{call_id}}/transcript", Permission.FLEET_CALLS, response_class=Response)
def get_company_transcript(
    api: Api, by: By, company_id: Identifier, call_id: Identifier, form: TranscriptForm = "json"
) -> Response:
    return _transcript(api, by, company_id, call_id, form)


@operations.get(f"{FLEET}/{{call_id}}/segments", Permission.FLEET_CALLS)
def list_company_segments(api: Api, by: By, company_id: Identifier, call_id: Identifier) -> SegmentsOut:
    return _segments(api, by, company_id, call_id)


@operations.get(f"{FLEET}/{{call_id}}/recording", Permission.FLEET_CALLS, responses={202: {"model": RecordingOut}})
def get_company_recording(
    api: Api, by: By, company_id: Identifier, call_id: Identifier, response: Response
) -> RecordingOut:
    return _recording(api, by, company_id, call_id, response)


def _page(api: AdminApi, by: Actor, company_id: str, wanted: CallFilter, turn: Turn) -> PageOut[CallOut]:
    return page_out(call_history.find_calls(api.history, by, company_id, wanted, turn), CallOut.of)


def _segments(api: AdminApi, by: Actor, company_id: str, call_id: str) -> SegmentsOut:
    _, segments = call_history.open_transcript(api.history, by, company_id, call_id)
    said = sorted((segment for segment in segments if segment.final), key=lambda segment: segment.start_ms)
    return SegmentsOut(items=[SegmentOut.of(segment) for segment in said])


def _transcript(api: AdminApi, by: Actor, company_id: str, call_id: str, form: str) -> Response:
    call, segments = call_history.open_transcript(api.history, by, company_id, call_id)
    response = _formatted(form, call, segments)
    name = f"transcript-{call_id}-{call.created_at:%Y-%m-%d}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _formatted(form: str, call: CallRecord, segments: Sequence[TranscriptSegment]) -> Response:
    if form == "json":
        return JSONResponse(transcript_formats.json_document(call.call_id, call.duration_ms or 0, segments))
    if form == "srt":
        return Response(transcript_formats.subtitles(segments), media_type="application/x-subrip; charset=utf-8")
    return Response(transcript_formats.plain_text(segments), media_type="text/plain; charset=utf-8")


def _recording(api: AdminApi, by: Actor, company_id: str, call_id: str, response: Response) -> RecordingOut:
    link = call_history.open_recording(api.history, by, company_id, call_id)
    if link is None:
        response.status_code = 202
        return RecordingOut(state="pending")
    return RecordingOut(state="ready", url=link.url, expires_at=link.expires_at)
