"""The HTTP front of the local platform: public API, widget files and the demo site, on one loopback port."""

import json
import os
import sys
from pathlib import Path

import uvicorn
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.admin_api import app as admin_api
from functions.admin_api.edge import API
from functions.admin_api.wiring import build
from functions.public_api.app import create_app
from functions.public_api.wiring import public_api
from infra.local import people
from infra.local.demo import CHATBOTS
from shared.services.sessions import frame_policy

ROOT = Path(__file__).parents[2]
WIDGET = ROOT / "frontend" / "widget" / "dist"
DEMO = ROOT / "frontend" / "demo"


def application() -> ASGIApp:
    """The API with the files beside it."""
    api = public_api()
    app = create_app(api)

    @app.get("/health", include_in_schema=False)
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/demo/chatbots.json", include_in_schema=False)
    def chatbots() -> JSONResponse:
        return JSONResponse(
            [
                {
                    "id": bot.chatbot_id,
                    "companyId": bot.company_id,
                    "name": bot.name,
                    "description": bot.description,
                }
                for bot, _, _ in CHATBOTS
            ]
        )

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

    app.mount("/widget", StaticFiles(directory=WIDGET, html=True), name="widget")
    app.mount("/demo", StaticFiles(directory=DEMO, html=True), name="demo")
    return _beside(administration(), app)


def administration() -> ASGIApp:
    """The dashboard's API, its people signed in by the emulated Cognito."""
    os.environ.update(people.create(os.environ["AWS_ENDPOINT_URL"]))
    return admin_api.create_app(build())


def _beside(admin: ASGIApp, rest: ASGIApp) -> ASGIApp:
    """Two applications apart from each other, as on AWS: neither passes through the other's middleware."""

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        mine = scope["type"] == "http" and scope["path"].startswith(API)
        await (admin if mine else rest)(scope, receive, send)

    return by_path


if __name__ == "__main__":
    if not (WIDGET / "widget.js").exists():
        sys.exit(json.dumps({"error": "the widget has not been built"}))
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "front")
    uvicorn.run(application(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
