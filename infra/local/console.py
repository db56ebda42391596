"""The dashboard on the local platform: its files and its configuration.

Its pages have the addresses the product prescribes, so everything under `PAGES` gets the same document.
"""

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from infra.local.people import PASSWORD, PEOPLE

DIST = Path(__file__).parents[2] / "frontend" / "dashboard" / "dist"
PAGES = (
    "/login",
    "/logout",
    "/403",
    "/404",
    "/dashboard",
    "/admin",
    "/chatbots",
    "/integrations",
    "/calls",
    "/team",
    "/audit",
    "/profile",
    "/help",
)


def serve_dashboard(app: FastAPI) -> None:
    """Add the dashboard's files and pages."""
    identity = os.environ["AWS_ENDPOINT_URL"]
    policy = (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; "
        f"media-src 'self' blob: {identity}; connect-src 'self' {identity}; frame-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; object-src 'none'"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}

    @app.get("/dashboard/config.json", include_in_schema=False)
    def configuration() -> JSONResponse:
        """Which user pool signs people in. `demo` exists on the local platform only."""
        demo = [
            {
                "key": person.email.partition("@")[0],
                "name": person.name,
                "email": person.email,
                "role": str(person.role),
                "company": None if person.company is None else person.company.name,
                "password": PASSWORD,
            }
            for person in PEOPLE
        ]
        pool = {"endpoint": identity + "/", "clientId": os.environ["COGNITO_CLIENT_ID"]}
        return JSONResponse({"cognito": pool, "demo": demo}, headers={"Cache-Control": "no-store"})

    def document() -> Response:
        return FileResponse(DIST / "index.html", headers=headers)

    app.mount("/dashboard/assets", StaticFiles(directory=DIST / "assets"), name="dashboard-assets")
    app.mount("/dashboard/preview", StaticFiles(directory=DIST / "preview", html=True), name="widget-preview")
    for page in PAGES:
        app.add_api_route(page, document, include_in_schema=False)
        app.add_api_route(page + "/{rest:path}", document, include_in_schema=False)
