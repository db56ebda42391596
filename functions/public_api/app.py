"""The API a widget talks to. Open to anybody, so every request is bounded and checked against the page's origin.

Who may use what: configuration and sessions, anybody on an allowed site; what belongs to one call, the holder of its
read token.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic.alias_generators import to_camel

from functions.public_api.schemas import (
    AudioOut,
    ConfigOut,
    ErrorBody,
    ErrorOut,
    FeedbackIn,
    RecordingOut,
    SessionIn,
    SessionOut,
)
from shared.contracts.errors import InvalidRequest, NotFound, NotPermitted, PlatformError, RateLimited
from shared.contracts.records.call import Customer
from shared.domain import transcript_formats
from shared.domain.origins import origin_allowed
from shared.services import after_call
from shared.services.after_call import AfterCallPorts
from shared.services.sessions import SessionPorts, Visitor, find_chatbot, start_session

MAX_BODY_BYTES = 256 * 1024
Authorization = Annotated[str, Header(max_length=512)]


@dataclass(frozen=True, slots=True)
class PublicApi:
    """What the routes act upon. `address` tells the visitor's address from a request."""

    sessions: SessionPorts
    after: AfterCallPorts
    base_url: str
    address: Callable[[Request], str]


def create_app(api: PublicApi) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Public call API",
        version="1",
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        responses={code: {"model": ErrorOut} for code in (400, 403, 404, 409, 413, 429)},
    )
    app.state.api = api
    _errors(app)
    _before_call(app, api)
    _after_call(app, api)
    return app


def _before_call(app: FastAPI, api: PublicApi) -> None:
    @app.get("/api/widget/config/{chatbot_id}")
    def widget_config(chatbot_id: str, request: Request, response: Response) -> ConfigOut:
        ports = api.sessions
        company, chatbot, widget = find_chatbot(ports.companies, ports.chatbots, chatbot_id, None)
        _check_origin(api, request, widget.advanced.allowed_domains)
        version = chatbot.call_settings_version
        settings = ports.chatbots.call_settings(company.company_id, chatbot_id, version) if version else None
        calls = chatbot.enabled_call and company.settings.features.callEnabled and settings is not None
        response.headers["Cache-Control"] = "public, max-age=60"
        return ConfigOut(
            chatbot_id=chatbot_id,
            company_id=company.company_id,
            company_name=company.name,
            agent_name=chatbot.agent_name,
            enabled_call=calls,
            enabled_chat=chatbot.enabled_chat,
            recording_enabled=settings is not None and settings.recording.enabled,
            audio=AudioOut(
                echo_cancellation=settings is None or settings.audio.echo_cancellation,
                noise_suppression=settings is None or settings.audio.noise_suppression,
            ),
            widget=_camel(widget.model_dump(mode="json", exclude={"advanced": {"allowed_domains"}})),
        )

    @app.post("/api/widget/call/session", status_code=201)
    def create_call_session(body: SessionIn, request: Request) -> SessionOut:
        visitor = Visitor(request.headers.get("origin", ""), api.address(request))
        customer = Customer(name=body.customer.name, email=body.customer.email)
        started = start_session(api.sessions, body.chatbot_id, body.company_id, customer, visitor, test=False)
        socket_base = api.base_url.replace("http", "ws", 1)
        return SessionOut(
            session_id=started.session_id,
            call_id=started.call_id,
            websocket_url=f"{socket_base}/api/widget/call/{started.session_id}/ws",
            expires_at=started.expires_at,
            token=started.token,
            read_token=started.read_token,
        )


def _after_call(app: FastAPI, api: PublicApi) -> None:
    @app.get("/api/widget/call/{call_id}/transcript")
    def call_transcript(
        call_id: str,
        authorization: Authorization,
        form: Annotated[Literal["txt", "json", "srt"], Query(alias="format")],
    ) -> Response:
        call, widget = after_call.read_call(api.after, call_id, _bearer(authorization))
        segments = after_call.transcript(api.after, call, widget)
        if form == "json":
            document = transcript_formats.json_document(call_id, call.duration_ms or 0, segments)
            response: Response = JSONResponse(document)
        else:
            write = transcript_formats.plain_text if form == "txt" else transcript_formats.subtitles
            response = Response(write(segments), media_type="text/plain; charset=utf-8")
        name = f"transcript-{call_id}-{call.created_at:%Y-%m-%d}.{form}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.get("/api/widget/call/{call_id}/recording")
    def call_recording(call_id: str, authorization: Authorization, response: Response) -> RecordingOut:
        call, widget = after_call.read_call(api.after, call_id, _bearer(authorization))
        url = after_call.recording_url(api.after, call, widget)
        response.headers["Cache-Control"] = "no-store"
        if url == "pending":
            response.status_code = 202
            return RecordingOut(state="pending")
        return RecordingOut(state="ready", url=url)

    @app.post("/api/widget/call/{call_id}/feedback", status_code=204)
    def give_feedback(call_id: str, authorization: Authorization, body: FeedbackIn) -> None:
        call, widget = after_call.read_call(api.after, call_id, _bearer(authorization))
        after_call.give_feedback(api.after, call, widget, body.stars, body.comment)


def _check_origin(api: PublicApi, request: Request, allowed: tuple[str, ...]) -> None:
    origin = request.headers.get("origin", "")
    if origin and not origin_allowed(origin, allowed, api.sessions.own_origin):
        raise NotPermitted("The widget is not available on this web site.")


def _declared_length(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdigit() else 0


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotFound("There is no such call.")
    return token


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {to_camel(key): _camel(inner) for key, inner in value.items()}
    return value


def _errors(app: FastAPI) -> None:
    @app.middleware("http")
    async def bound_and_allow(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        origin = request.headers.get("origin", "")
        if request.method == "OPTIONS":
            response: Response = Response(status_code=204)
        elif _declared_length(request) > MAX_BODY_BYTES or len(await request.body()) > MAX_BODY_BYTES:
            response = _error(413, "too_large", "The request is larger than 256 KiB.")
        else:
            response = await call_next(request)
        if origin:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
            response.headers["Access-Control-Allow-Headers"] = "content-type, authorization"
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Expose-Headers"] = "content-disposition"
        return response

    @app.exception_handler(PlatformError)
    async def platform_error(_: Request, error: PlatformError) -> Response:
        response = _error(error.status, error.code, error.message)
        if isinstance(error, RateLimited):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        fields = {".".join(str(part) for part in found["loc"][1:]): str(found["msg"]) for found in error.errors()}
        return _error(InvalidRequest.status, InvalidRequest.code, "The request is not valid.", fields)

    @app.exception_handler(RecursionError)
    async def too_deep(_: Request, __: RecursionError) -> Response:
        return _error(InvalidRequest.status, InvalidRequest.code, "The request is nested too deeply.")


def _error(status: int, code: str, message: str, fields: dict[str, str] | None = None) -> JSONResponse:
    body = ErrorOut(error=ErrorBody(code=code, message=message, fields=fields))
    return JSONResponse(body.model_dump(by_alias=True, exclude_none=True), status_code=status)
