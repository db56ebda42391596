"""Every operation of both APIs, asked in ways made up from the OpenAPI documents: no failure, no undocumented answer.

A few requests each in every run of the tests; `make fuzz` asks many more (`FUZZ_EXAMPLES`).
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.admin_api.app import declared
from functions.admin_api.openapi import document as admin_document
from functions.public_api.app import PublicApi, create_app
from functions.public_api.openapi import document as public_document
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.domain.permissions import may
from tests.functions.admin.console import ADMIN, MASTER, Console, Person, enlist, token
from tests.functions.admin.matrix import ROWS, furnish
from tests.functions.api import address_of
from tests.services.world import OWN_ORIGIN, SITE, World, build

load_all_checks()
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
PREFIX = "/api/admin"
LAST = ("DELETE", "PUT", "POST")
"""Asked in the reverse order, so that not much is gone before it was asked for."""

bounded = settings(
    max_examples=EXAMPLES,
    derandomize=EXAMPLES < 10,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ADMIN_API: Any = schemathesis.openapi.from_dict(admin_document())
PUBLIC_API: Any = schemathesis.openapi.from_dict(public_document())
ADMIN_OPERATIONS = sorted(
    ((operation.method, operation.path) for operation in declared()),
    key=lambda found: (found[1].endswith("/features"), -LAST.index(found[0]) if found[0] in LAST else -9, found[1]),
)
PUBLIC_OPERATIONS = [(method.upper(), path) for path, item in public_document()["paths"].items() for method in item]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One installation for all: what the requests do to it does not matter."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield build()


@pytest.fixture(scope="module")
def console(world: World) -> Iterator[Console]:
    """The administration, everybody enlisted, everything there is to point at."""
    enlist(world)
    console = Console(world)
    furnish(console)
    api = console.app.state.api
    everybody = dict.fromkeys(("simulated", "google", "openai"), console.speech)
    console.app.state.api = replace(api, speaking=replace(api.speaking, speakers=everybody))
    yield console
    console.close()


@pytest.fixture(scope="module")
def widget(world: World) -> TestClient:
    """The public API, with a session whose call can be read."""
    api = PublicApi(world.session_ports(), world.after_ports(), OWN_ORIGIN, address_of, DynamoCallKeys(world.core))
    return TestClient(create_app(api), base_url=OWN_ORIGIN, raise_server_exceptions=False)


def asked(operation: Any) -> st.SearchStrategy[Any]:
    """Requests as they should be, and as they should not."""
    sound = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if next(operation.iter_parameters(), None) is None and not operation.body:
        return sound  # type: ignore[no-any-return]  # the library tells no types
    return st.one_of(sound, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


def send(client: Any, case: Any, headers: dict[str, str]) -> None:
    """Ask, and look at the answer."""
    own = {name: str(value) for name, value in (case.headers or {}).items()} | headers
    more: dict[str, Any] = {}
    if isinstance(case.body, bytes):
        more, own = {"content": case.body}, {"content-type": "application/json"} | own
    elif case.body is not NOT_SET:
        more = {"json": case.body}
    sent = {name: value.encode("latin-1", "replace") for name, value in own.items()}
    response = client.request(case.method, case.formatted_path, params=case.query, headers=sent, **more)
    assert response.status_code < 500, (response.status_code, response.text)
    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize(("method", "path"), ADMIN_OPERATIONS, ids=lambda part: part.removeprefix(PREFIX))
def test_the_administration_answers_as_documented(console: Console, method: str, path: str) -> None:
    row = ROWS[method, path.removeprefix(PREFIX)]
    needs = next(found.needs for found in declared() if (found.method, found.path) == (method, path))
    person: Person = ADMIN if may(ADMIN.role, needs) else MASTER
    bearer = f"Bearer {token(person.claims(console.world))}"
    operation = ADMIN_API[path][method]

    @bounded
    @given(case=asked(operation), known=st.booleans(), current=st.booleans())
    def ask(case: Any, known: bool, current: bool) -> None:
        headers = {"authorization": bearer}
        if known and row.own:
            names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
            case.path_parameters = dict(zip(names, row.own, strict=True))
        version = row.current(console.world, None) if current else None
        if version is not None:
            headers["if-match"] = f'"{version}"'
        send(console.client, case, headers)

    ask()


@pytest.mark.parametrize(("method", "path"), PUBLIC_OPERATIONS)
def test_the_public_api_answers_as_documented(world: World, widget: TestClient, method: str, path: str) -> None:
    body = {"chatbotId": "bot-a"}
    started = widget.post("/api/widget/call/session", json=body, headers={"origin": SITE}).json()
    operation = PUBLIC_API[path][method]

    @bounded
    @given(case=asked(operation), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        headers = {"origin": SITE}
        if known and case.path_parameters:
            found = {"chatbot_id": "bot-a", "call_id": started.get("callId", "-")}
            case.path_parameters = {name: found[name] for name in case.path_parameters}
            headers["authorization"] = f"Bearer {started.get('readToken', '-')}"
        send(widget, case, headers)

    ask()
