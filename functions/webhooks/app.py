"""What carriers call: Twilio's and WhatsApp's webhooks. Open to anybody; nothing is done before a signature is checked.

Services are synchronous, so each request is handled on a thread; only the body is read here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from functions.webhooks import twilio_webhooks, whatsapp_webhooks
from functions.webhooks.requests import CarrierRequest, log_failure, read
from functions.webhooks.twilio_webhooks import TwilioPorts
from functions.webhooks.whatsapp_webhooks import WhatsAppPorts
from shared.domain import webhook_addresses

MAX_FORM_BYTES = 64 * 1024
MAX_UPDATE_BYTES = 3 * 1024 * 1024
"""Meta sends up to 1,000 updates at once; an offer is at most 20,000 characters."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What the routes act upon."""

    twilio: TwilioPorts
    whatsapp: WhatsAppPorts
    base_url: str


def create_app(webhooks: Webhooks) -> FastAPI:
    """The application."""
    app = FastAPI(title="Carrier webhooks", docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, webhooks)
    return app


def add_routes(app: FastAPI, webhooks: Webhooks) -> None:
    """The routes alone, for a server that serves more than webhooks."""
    for what in twilio_webhooks.KINDS:
        app.add_api_route(
            f"{webhook_addresses.TWILIO}/{what}", _twilio(webhooks, what), methods=["POST"], include_in_schema=False
        )

    def verified(request: CarrierRequest) -> Response:
        return _or_later(lambda: whatsapp_webhooks.verify(webhooks.whatsapp, request))

    def received(request: CarrierRequest) -> Response:
        return _or_later(lambda: whatsapp_webhooks.receive(webhooks.whatsapp, request))

    path = webhook_addresses.WHATSAPP
    app.add_api_route(path, _bounded(webhooks, 0, verified), methods=["GET"], include_in_schema=False)
    app.add_api_route(path, _bounded(webhooks, MAX_UPDATE_BYTES, received), methods=["POST"], include_in_schema=False)


def _or_later(answer: Callable[[], Response]) -> Response:
    """Have Meta ask again where we fail before anything was decided."""
    try:
        return answer()
    except Exception as error:  # the last resort
        log_failure("whatsapp", error)
        return Response(status_code=503)


def _twilio(webhooks: Webhooks, what: str) -> Callable[[Request], object]:
    def handled(request: CarrierRequest) -> Response:
        return twilio_webhooks.handle(webhooks.twilio, what, request)

    return _bounded(webhooks, MAX_FORM_BYTES, handled)


def _bounded(
    webhooks: Webhooks, limit: int, handle: Callable[[CarrierRequest], Response]
) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        whole = await read(request, webhooks.base_url, limit)
        if whole is None:
            return Response("Too large", status_code=413, media_type="text/plain")
        return await run_in_threadpool(handle, whole)

    return endpoint
