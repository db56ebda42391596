"""The page that holds the call interface: the one file of the widget that is not static.

Only a browser can keep foreign sites from framing it, and which sites may is each chatbot's setting.
"""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from functions.public_api.app import PublicApi
from shared.services.sessions import frame_policy

PAGE = Path(__file__).with_name("frame.html")
"""Put here from the widget's build when the function is packaged."""


def add_frame(app: FastAPI, api: PublicApi, page: str) -> None:
    """Serve the page."""

    @app.get("/widget/frame/index.html", include_in_schema=False)
    def frame(chatbot: str) -> HTMLResponse:
        headers = {"Content-Security-Policy": frame_policy(api.sessions, chatbot), "Cache-Control": "no-cache"}
        return HTMLResponse(page, headers=headers)
