"""The API a widget talks to. Open to anybody, so every request is bounded and checked against the page's origin.

Who may use what: configuration and sessions, anybody on an allowed site; what belongs to one call, the holder of its
read token.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from functions import error_form
from functions.public_api.edge import Edge, allow, allow_refusal
from functions.public_api.schemas import (
    AudioOut,
    ConfigOut,
    FeedbackIn,
    RecordingOut,
    SessionIn,
    SessionOut,
    WidgetOut,
)
from shared.contracts.errors import CallUnavailable, NotAuthenticated, NotFound
from shared.contracts.records.call import Customer, TranscriptSegment
from shared.contracts.settings.call_settings import CallSettings
from shared.domain import transcript_formats
from shared.ports.repositories import CallKeys
from shared.services import after_call
from shared.services.after_call import AfterCallPorts, ReadableCall
from shared.services.call_keys import WRONG_KEY, admit_by_key
from shared.services.sessions import SessionPorts, Visitor, admit, freeze, start_session

Authorization = Annotated[str, Header(max_length=512)]
Identifier = Annotated[str, Path(min_length=1, max_length=64)]
TranscriptForm = Annotated[Literal["txt", "json", "srt"], Query(alias="format")]
NO_CALL = "There is no such call."
CONFIG_SECONDS = 60


@dataclass(frozen=True, slots=True)
class PublicApi:
    """What the routes act upon. `address` tells the visitor's address from a request."""

    sessions: SessionPorts
    after: AfterCallPorts
    base_url: str
    address: Callable[[Request], str]
    keys: CallKeys


def operation_id(route: APIRoute) -> str:
    """Operations are called as their functions are."""
    return route.name


def create_app(api: PublicApi) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Public call API",
        version="1",
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={code: {"model": error_form.ErrorOut} for code in (400, 403, 404, 409, 413, 429)},
    )
    app.add_middleware(Edge)
    error_form.install(app)
    _before_call(app, api)
    _after_call(app, api)
    return app


def _before_call(app: FastAPI, api: PublicApi) -> None:
    @app.get("/api/widget/config/{chatbot_id}")
    def widget_config(chatbot_id: Identifier, request: Request, response: Response) -> ConfigOut:
        # A page of the platform itself sends no Origin with a GET.
        origin = request.headers.get("origin") or api.sessions.own_origin
        allow_refusal(request)
        found = admit(api.sessions, chatbot_id, None, origin)
        allow(request, origin)
        settings: CallSettings | None
        try:
            settings = freeze(api.sessions, found).settings
        except CallUnavailable:
            settings = None
        response.headers["Cache-Control"] = f"public, max-age={CONFIG_SECONDS}"
        return ConfigOut(
            chatbot_id=chatbot_id,
            company_id=found.company.company_id,
            company_name=found.company.name,
            agent_name=found.chatbot.agent_name,
            enabled_call=settings is not None,
            enabled_chat=found.chatbot.enabled_chat,
            recording_enabled=settings is not None and settings.recording.enabled,
            audio=AudioOut(
                echo_cancellation=settings is None or settings.audio.echo_cancellation,
                noise_suppression=settings is None or settings.audio.noise_suppression,
            ),
            widget=WidgetOut.of(found.widget),
        )

    @app.post("/api/widget/call/session", status_code=201)
    def create_call_session(body: SessionIn, request: Request, authorization: Authorization = "") -> SessionOut:
        origin = request.headers.get("origin", "")
        if authorization:
            found = admit_by_key(api.sessions, api.keys, body.chatbot_id, _key(authorization))
        else:
            found = admit(api.sessions, body.chatbot_id, body.company_id, origin)
            allow(request, origin)
        visitor = Visitor(origin, api.address(request), body.visitor_id or "")
        customer = Customer(name=body.customer.name, email=body.customer.email)
        started = start_session(api.sessions, found, customer, visitor, limited=not authorization)
        return SessionOut(
            session_id=started.session_id,
            call_id=started.call_id,
            websocket_url=socket_url(api.base_url, started.session_id),
            expires_at=started.expires_at,
            token=started.token,
            read_token=started.read_token,
        )


def _after_call(app: FastAPI, api: PublicApi) -> None:
    def readable(request: Request, call_id: str, authorization: str) -> ReadableCall:
        found = after_call.read_call(api.after, call_id, _bearer(authorization))
        allow(request, found.origin)
        return found

    @app.get("/api/widget/call/{call_id}/transcript", response_class=Response)
    def call_transcript(
        call_id: Identifier, request: Request, form: TranscriptForm = "txt", authorization: Authorization = ""
    ) -> Response:
        found = readable(request, call_id, authorization)
        segments = after_call.transcript(api.after, found)
        response = _transcript(form, call_id, found.call.duration_ms or 0, segments)
        name = f"transcript-{call_id}-{found.call.created_at:%Y-%m-%d}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @app.get("/api/widget/call/{call_id}/recording", responses={202: {"model": RecordingOut}})
    def call_recording(
        call_id: Identifier, request: Request, response: Response, authorization: Authorization = ""
    ) -> RecordingOut:
        url = after_call.recording_url(api.after, readable(request, call_id, authorization))
        if url is None:
            response.status_code = 202
            return RecordingOut(state="pending")
        return RecordingOut(state="ready", url=url)

    @app.post("/api/widget/call/{call_id}/feedback", status_code=204)
    def give_feedback(
        call_id: Identifier, request: Request, body: FeedbackIn, authorization: Authorization = ""
    ) -> None:
        after_call.give_feedback(api.after, readable(request, call_id, authorization), body.stars, body.comment)


def socket_url(base_url: str, session_id: str) -> str:
    """Where the widget connects; the address names the session only, the token travels apart."""
    return f"{base_url.rstrip('/').replace('http', 'ws', 1)}/api/widget/call/{session_id}/ws"


def _transcript(form: str, call_id: str, duration_ms: int, segments: list[TranscriptSegment]) -> Response:
    if form == "json":
        return JSONResponse(transcript_formats.json_document(call_id, duration_ms, segments))
    if form == "srt":
        return Response(transcript_formats.subtitles(segments), media_type="application/x-subrip; charset=utf-8")
    return Response(transcript_formats.plain_text(segments), media_type="text/plain; charset=utf-8")


def _key(authorization: str) -> str:
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthenticated(WRONG_KEY)
    return key


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotFound(NO_CALL)
    return token
