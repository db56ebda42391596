"""Secrets go in everywhere and come out nowhere: not in an answer, an error, a log, the ledger or a kept answer.

The same for what callers say and who they are, in logs.
"""

import base64
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from functions.admin_api.app import declared
from shared.adapters.aws.dynamo import keys
from shared.contracts.records.call import CallStatus, Role, TranscriptSegment
from shared.domain.permissions import may
from shared.ports.phone_lines import PhoneRefused
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from tests.functions.admin.console import ADMIN, PEOPLE, Console
from tests.functions.admin.matrix import ROWS, furnish, phone_form, stored_call

AUTH, ACCESS, APP = "canary-auth-000000001111", "canary-access-000000002222", "canary-app-000000003333"
SECRETS = (AUTH, ACCESS, APP)
SAID, NAME, NUMBER = "my card number is canary", "Canary Caller", "+14155550177"
PATH = "/integration-accounts"
CHAT: dict[str, Any] = {
    "kind": "whatsapp",
    "name": "Canary chat",
    "businessAccountId": "200000000000001",
    "phoneNumberId": "100000000000077",
    "phoneNumber": "+4930901820",
    "appId": "300000000000001",
    "accessToken": ACCESS,
    "appSecret": APP,
}
PHONE = phone_form(name="Canary phone", phoneNumber="+12025550177", authToken=AUTH)


def traces(text: str, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """The secrets that are in a text, plain or as base64."""
    return [
        secret
        for secret in secrets
        if secret in text or base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] in text
    ]


def breakdowns(console: Console) -> dict[str, Callable[[], None]]:
    """What can go wrong while secrets are at hand."""
    lines, meta = console.carriers.lines, console.carriers.meta

    def refuse() -> None:
        lines.errors.append(PhoneRefused("Invalid credentials", code=20003))
        meta.errors["number"] = WhatsAppRefused(190, Reaction.ADMIN, "Token expired")

    def crash() -> None:
        lines.errors.append(RuntimeError(f"connection to twilio with {AUTH} broke"))
        meta.errors["number"] = RuntimeError(f"Bearer {ACCESS} and {APP}")  # type: ignore[assignment]  # unforeseen

    def recover() -> None:
        lines.errors.clear()
        meta.errors.clear()

    return {"refuse": refuse, "crash": crash, "recover": recover}


def test_no_secret_comes_out_anywhere(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    answers: list[str] = []

    def ask(method: str, path: str, body: Any = None, **more: Any) -> int:
        response = console.ask(ADMIN, method, PATH + path, body, **more)
        answers.append(f"{response.headers} {response.text}")
        return int(response.status_code)

    statuses = set()
    stored: list[str] = []
    for happen in breakdowns(console).values():
        for form in (PHONE, CHAT):
            happen()
            statuses.add(ask("POST", "/check", form))
            happen()
            statuses.add(ask("POST", "", form, headers={"Idempotency-Key": f"key-{len(answers)}"}))
    stored = [account["accountId"] for account in console.get(ADMIN, PATH).json()["items"]]
    assert len(stored) == 2 and {200, 201, 400, 500} <= statuses
    for wrong in ({"name": ""}, {"accountSid": AUTH}, {"phoneNumber": AUTH}, {"authToken": AUTH * 200}):
        statuses.add(ask("POST", "", PHONE | wrong))
    statuses.add(ask("POST", "", {"kind": AUTH}))
    ask("POST", "", PHONE)
    for happen in breakdowns(console).values():
        for account_id, form in zip(stored, (CHAT, PHONE), strict=True):
            for version in (0, 99):
                happen()
                ask("PUT", f"/{account_id}", form, version=version)
            for verb in ("check", "webhooks", "test-message"):
                happen()
                ask("POST", f"/{account_id}/{verb}", {"to": NUMBER})
            happen()
            ask("POST", f"/{account_id}/test-calls", {"to": "+12025550188"})
    assert console.carriers.secrets.get("company-a", stored[1], "auth_token") == AUTH
    told = [f"{entry.getMessage()} {entry.__dict__}" for entry in caplog.records]
    assert any("request failed" in line for line in told), "the crashes were logged"
    for text in [*answers, *told, json.dumps(console.world.items(), default=str)]:
        assert traces(text) == [], text[:500]


def test_no_reading_operation_shows_a_secret_or_a_verify_token(console: Console) -> None:
    furnish(console)
    secrets = tuple(
        value
        for account, field in (("phone-a", "auth_token"), ("chat-a", "access_token"), ("chat-a", "app_secret"))
        if (value := console.carriers.secrets.get("company-a", account, field)) is not None
    )
    verify = console.carriers.secrets.get("company-a", "chat-a", "verify_token")
    assert len(secrets) == 3 and verify is not None
    reads = [operation for operation in declared() if operation.method == "GET"]
    asked = 0
    for operation in reads:
        path = operation.path.removeprefix("/api/admin")
        row = ROWS["GET", path]
        for target in {row.own, ("chat-a", *row.own[1:]) if row.own[:1] == ("phone-a",) else row.own}:
            filled = path
            for part in target:
                filled = filled[: filled.index("{")] + part + filled[filled.index("}") + 1 :]
            for person in PEOPLE:
                if not may(person.role, operation.needs):
                    continue
                asked += 1
                text = console.get(person, filled + row.query).text
                assert traces(text, secrets) == [], (filled, person)
                shown = filled == "/integration-accounts/chat-a/webhooks" and person is ADMIN
                assert (verify in text) is shown, (filled, person)
    assert asked > len(reads)


def test_logs_hold_nothing_of_callers(console: Console, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="functions")
    caplog.set_level(logging.DEBUG, logger="shared")
    furnish(console)
    world = console.world
    call = world.calls.get("company-a", "call-a")
    assert call is not None
    changes = {"caller_number": NUMBER, "customer": {"name": NAME}, "status": CallStatus.COMPLETED}
    assert world.calls.replace(call, changes | {"customer": call.customer.model_copy(update={"name": NAME})})
    segment = TranscriptSegment(segment_id="s1", role=Role.USER, text=SAID, start_ms=0, end_ms=900)
    world.calls_table.put(keys.segment("company-a", "call-a", "s1"), segment)
    stored_call(world, "bot-a", "call-c")
    assert SAID in console.get(ADMIN, "/calls/call-a/transcript").text
    assert NAME in console.get(ADMIN, "/calls/call-a").text and NUMBER not in console.get(ADMIN, "/calls/call-a").text
    world.calls_table.client = None
    try:
        for path in ("/calls", "/calls/call-a", "/calls/call-a/transcript", f"/calls/search?text={SAID}"):
            assert console.get(ADMIN, path).status_code == 500
    finally:
        world.calls_table.client = world.client
    told = " ".join(f"{entry.getMessage()} {entry.__dict__}" for entry in caplog.records)
    assert "request failed" in told
    assert traces(told, (SAID, NAME, NUMBER)) == []
