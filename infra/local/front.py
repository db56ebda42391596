"""The HTTP front of the local platform: public API, webhooks, widget files and the demo site, on one loopback port."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from functions.public_api.app import create_app
from functions.public_api.wiring import public_api
from functions.webhooks.app import add_routes
from functions.webhooks.wiring import webhooks
from infra.local import console
from infra.local.carriers import numbers
from infra.local.demo import CHATBOTS
from infra.local.dispatch import with_administration
from shared.services.sessions import frame_policy

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "frontend" / "widget" / "dist"
DEMO = ROOT / "frontend" / "demo" / "dist"


def application() -> FastAPI:
    """The API with the files beside it."""
    api = public_api()
    app = create_app(api)
    add_routes(app, webhooks())

    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/demo/chatbots.json", include_in_schema=False)
    def chatbots() -> JSONResponse:
        return JSONResponse(listed_chatbots(os.environ))

    @app.get("/widget.js", include_in_schema=False)
    def loader() -> Response:
        return FileResponse(WIDGET / "widget.js", headers={"Cache-Control": "public, max-age=60"})

    @app.get("/widget/frame/index.html", include_in_schema=False)
    def frame(chatbot: str) -> Response:
        # Only a browser can keep other sites from framing the call interface, which itself may always call.
        headers = {"Content-Security-Policy": frame_policy(api.sessions, chatbot), "Cache-Control": "no-cache"}
        return FileResponse(WIDGET / "frame" / "index.html", headers=headers)

    @app.get("/", include_in_schema=False)
    def demo() -> Response:
        return FileResponse(DEMO / "index.html")

    console.serve_dashboard(app)
    app.mount("/widget", StaticFiles(directory=WIDGET, html=True), name="widget")
    app.mount("/demo", StaticFiles(directory=DEMO, html=True), name="demo")
    return app


def listed_chatbots(environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """The chatbots of the demo page and how each is called; `standIn`: a browser can be the caller's phone."""
    reached = numbers(environ["AWS_ENDPOINT_URL"])
    stands_in = {"twilio": "TWILIO_BASE_URL" in environ, "whatsapp": "GRAPH_BASE_URL" in environ}
    return [
        {
            "id": bot.chatbot_id,
            "companyId": bot.company_id,
            "name": bot.name,
            "description": bot.description,
            "numbers": {
                kind: {"number": number, "standIn": stands_in[kind]}
                for kind, number in reached.get(bot.chatbot_id, {}).items()
            },
        }
        for bot, _, _ in CHATBOTS
    ]


if __name__ == "__main__":
    if not (WIDGET / "widget.js").exists():
        sys.exit(json.dumps({"error": "the widget has not been built"}))
    if not (console.DIST / "index.html").exists():
        sys.exit(json.dumps({"error": "the dashboard has not been built"}))
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "front")
    served = with_administration(application())
    uvicorn.run(served, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
