"""What every request passes: bounded bodies, hostile JSON, preflights, the one form of error, and silent logs."""

import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions.bodies import MAX_BODY_BYTES
from tests.functions.api import Widget, error
from tests.services.world import SITE, World

PATH = "/api/widget/call/session"


@pytest.fixture
def widget(world: World) -> Widget:
    """A page on an allowed site."""
    return Widget(world)


async def _post(widget: Widget, content: bytes) -> tuple[int, str]:
    response = await widget.request("POST", PATH, content=content, headers={"content-type": "application/json"})
    return error(response)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 30_000,
        b'{"chatbotId": ' + b"9" * 5000 + b"}",
        b'{"chatbotId": NaN}',
        b'{"chatbotId": "bot-a", "customer": {"name": "\\ud800"}}',
        b'{"chatbotId": "\\ud800"}',
        b"\xff\xfe",
        b'"text"',
    ],
    ids=[
        "empty",
        "cut",
        "deep list",
        "deep object",
        "huge number",
        "nan",
        "surrogate",
        "surrogate id",
        "utf16",
        "text",
    ],
)
async def test_hostile_bodies_are_refused_as_bad_requests(widget: Widget, content: bytes) -> None:
    assert await _post(widget, content) == (400, "invalid_request")


async def test_a_body_of_exactly_the_cap_is_read_and_one_more_byte_is_not(widget: Widget) -> None:
    start = b'{"chatbotId": "bot-none"'
    fits = start + b" " * (MAX_BODY_BYTES - len(start) - 1) + b"}"
    assert await _post(widget, fits) == (404, "not_found")
    assert await _post(widget, fits + b" ") == (413, "too_large")


async def test_a_body_that_does_not_say_how_long_it_is_is_not_read_to_its_end(widget: Widget) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 64 * 1024
            yield b" " * 64 * 1024

    response = await widget.request("POST", PATH, content=endless())
    assert error(response) == (413, "too_large")
    assert sent <= MAX_BODY_BYTES + 128 * 1024


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 5000])
async def test_odd_lengths_do_no_harm(widget: Widget, length: str) -> None:
    response = await widget.request(
        "POST",
        PATH,
        content=b'{"chatbotId": "bot-none"}',
        headers={"content-length": length, "content-type": "application/json"},
    )
    assert error(response) == (404, "not_found")


async def test_unknown_paths_and_methods_answer_in_the_same_form(widget: Widget) -> None:
    assert error(await widget.request("GET", "/api/widget/other")) == (404, "not_found")
    assert error(await widget.request("DELETE", PATH)) == (405, "method_not_allowed")
    assert error(await widget.request("GET", "/openapi.json")) == (404, "not_found")
    assert error(await widget.request("GET", "/docs")) == (404, "not_found")
    assert error(await widget.request("GET", "/api/widget/config/" + "x" * 65)) == (400, "invalid_request")


async def test_a_preflight_allows_what_the_api_needs_and_no_credentials(widget: Widget) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    response = await widget.request("OPTIONS", PATH, headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == SITE
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert response.headers["access-control-allow-headers"] == "authorization, content-type"
    assert response.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in response.headers
    for origin in ("null", "file://"):
        foreign = await Widget(widget.world, origin).request("OPTIONS", PATH, headers=asked)
        assert "access-control-allow-origin" not in foreign.headers


async def test_a_failure_shows_nothing_to_the_caller_and_no_contents_to_the_log(
    widget: Widget, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("ada@shop.example asked for a secret")

    monkeypatch.setattr(widget.world.calls, "open", fail)
    response = await widget.start(customer={"name": "Ada", "email": "ada@shop.example"})
    assert error(response) == (500, "internal_error")
    assert response.headers["access-control-allow-origin"] == SITE
    assert "secret" not in response.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.__dict__["kind"] == "ValueError" and record.__dict__["at"].startswith("fail:")
    assert "ada" not in json.dumps(record.__dict__, default=str).lower()


async def test_no_token_name_or_transcript_reaches_a_log(widget: Widget, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("botocore", "boto3", "urllib3", "httpx", "httpcore"):
        caplog.set_level(logging.INFO, logger=name)
    started = await widget.started(customer={"name": "Canary Name", "email": "canary@shop.example"})
    await widget.read(started["callId"], "transcript", started["readToken"])
    await widget.read(started["callId"], "transcript", started["readToken"] + "x")
    await widget.read(started["callId"], "recording", started["readToken"])
    logged = json.dumps([record.__dict__ for record in caplog.records], default=str)
    for secret in (started["token"], started["readToken"], "Canary Name", "canary@"):
        assert secret not in logged
