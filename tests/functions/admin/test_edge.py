"""What every request passes, whatever it is about."""

import json
import subprocess
import sys
from typing import Any

import pytest

from functions.admin_api.edge import HEADERS
from functions.admin_api.openapi import document
from functions.bodies import MAX_BODY_BYTES
from tests.functions.admin.console import ADMIN, MASTER, Console, refusal, token


def send(steady: Console, content: bytes, **headers: str) -> Any:
    """A body as it is."""
    authorization = f"Bearer {token(MASTER.claims(steady.world))}"
    return steady.client.request(
        "POST",
        "/api/admin/fleet/companies",
        content=content,
        headers={"authorization": authorization, "content-type": "application/json"} | headers,
    )


@pytest.mark.parametrize("path", ["/me", "/nothing", "/chatbots/bot-x", "/chatbots/%2e%2e"])
def test_every_answer_carries_the_security_headers(steady: Console, path: str) -> None:
    answer = steady.get(ADMIN, path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "access-control-allow-origin" not in answer.headers
    foreign = steady.ask(ADMIN, "GET", path, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


def test_bodies_are_bounded_before_anything_reads_them(steady: Console) -> None:
    large = b'{"name":"' + b"x" * MAX_BODY_BYTES + b'"}'
    assert refusal(send(steady, large)) == (413, "too_large")
    assert refusal(send(steady, b"{}", **{"content-length": str(10**9)})) == (413, "too_large")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 50_000, b'{"name": 7}', b'{"name": " "}']
)
def test_bodies_that_cannot_be_read_are_refused_in_the_one_form(steady: Console, content: bytes) -> None:
    assert refusal(send(steady, content)) == (400, "invalid_request")


def test_unknown_paths_and_methods_have_the_one_form(steady: Console) -> None:
    assert refusal(steady.get(ADMIN, "/nothing")) == (404, "not_found")
    assert refusal(steady.ask(ADMIN, "DELETE", "/me")) == (405, "method_not_allowed")


@pytest.mark.parametrize("key", ["", " ", "x" * 129, "a b"])
def test_keys_of_repetition_are_bounded(steady: Console, key: str) -> None:
    answer = steady.ask(MASTER, "POST", "/fleet/companies", {"name": "A"}, headers={"idempotency-key": key})
    assert refusal(answer) == (400, "invalid_request")


@pytest.mark.parametrize("chatbot_id", ["a%20b", "x" * 81, "a%23b", "%00", "a%2Fb"])
def test_ids_have_a_form(steady: Console, chatbot_id: str) -> None:
    assert refusal(steady.get(ADMIN, f"/chatbots/{chatbot_id}"))[0] in (400, 404)


def test_a_failure_nobody_expected_tells_nothing(steady: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(steady.world.users, "page", broken)
    answer = steady.get(ADMIN, "/team")
    assert refusal(answer) == (500, "internal_error") and "secret" not in answer.text


def test_the_document_is_whole_and_printed() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "functions.admin_api.openapi"], capture_output=True, text=True, check=True
    )
    described = json.loads(printed.stdout)
    assert described == document()
    names = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    references = {line.split('"')[3] for line in printed.stdout.splitlines() if line.strip().startswith('"$ref"')}
    assert references <= names
    ids = [found["operationId"] for path in described["paths"].values() for found in path.values()]
    assert len(ids) == len(set(ids))
    properties = described["components"]["schemas"]["CallSettings"]["properties"]
    assert "maxDurationMinutes" in properties and "max_duration_minutes" not in properties
