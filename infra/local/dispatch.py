"""The administration beside everything else, two applications behind one address."""

import os

from starlette.types import ASGIApp, Receive, Scope, Send

from functions.admin_api.app import create_app
from functions.admin_api.edge import API
from functions.admin_api.wiring import build
from infra.local import people


def with_administration(rest: ASGIApp) -> ASGIApp:
    """As on AWS neither passes through the other's middleware. People sign in at the emulated Cognito."""
    os.environ.update(people.create(os.environ["AWS_ENDPOINT_URL"]))
    administration = create_app(build())

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        mine = scope["type"] == "http" and scope["path"].startswith(API)
        await (administration if mine else rest)(scope, receive, send)

    return by_path
