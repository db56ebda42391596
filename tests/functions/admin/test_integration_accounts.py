"""Carrier accounts as the dashboard keeps them."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.records.webhook_event import WebhookEvent
from shared.ports.phone_lines import PhoneNumber, PhoneRefused
from tests.functions.admin.console import ADMIN, AGENT, MASTER, OTHER_ADMIN, Console, refusal
from tests.functions.admin.matrix import phone_form
from tests.services.carrier_world import CALLER, SECRETS
from tests.services.world import OWN_ORIGIN

PATH = "/integration-accounts"
CHAT_FORM: dict[str, Any] = {
    "kind": "whatsapp",
    "name": "Support WhatsApp",
    "businessAccountId": "200000000000001",
    "phoneNumberId": "100000000000001",
    "phoneNumber": "+4930901820",
    "accessToken": "canary-access-token-0001",
    "appSecret": "canary-app-secret-0001",
}


def created(console: Console, **changes: Any) -> dict[str, Any]:
    """A stored Twilio account."""
    response = console.ask(ADMIN, "POST", PATH, phone_form(**changes))
    assert response.status_code == 201, response.text
    return dict(response.json())


def audited(console: Console) -> list[str]:
    """What was done, latest first."""
    return [entry["action"] for entry in console.get(ADMIN, "/audit").json()["items"]]


def message(response: Any) -> str:
    """The sentence of a refusal."""
    return str(response.json()["error"]["message"])


def event(console: Console, account_id: str, number: int, **changes: Any) -> None:
    """A request of the carrier."""
    values: dict[str, Any] = {
        "event_id": f"e{number}",
        "company_id": "company-a",
        "account_id": account_id,
        "kind": "call_initiated",
        "outcome": "success",
        "status": 200,
        "took_ms": 5,
        "at": console.world.now - timedelta(minutes=number),
    }
    console.carriers.events.append(WebhookEvent.model_validate(values | changes))


def test_an_account_is_made_shown_changed_and_deleted_and_all_of_it_is_audited(console: Console) -> None:
    made = created(console)
    assert (made["status"], made["maskedNumber"], made["phoneNumber"]) == ("active", "+1202XXX0111", "+12025550111")
    assert made["secrets"] == [{"field": "auth_token", "masked": "••••6789", "setAt": "2026-11-25T09:30:00Z"}]
    one = f"{PATH}/{made['accountId']}"
    shown = console.get(ADMIN, one)
    assert shown.json() == made and shown.headers["etag"] == '"0"'
    renamed = console.ask(ADMIN, "PUT", one, phone_form(name="Renamed", authToken=None), version=0)
    assert renamed.status_code == 200 and renamed.headers["etag"] == '"1"', renamed.text
    late = console.ask(ADMIN, "PUT", one, phone_form(name="Mine"), version=0)
    assert refusal(late) == (409, "version_conflict") and late.json()["error"]["currentVersion"] == 1
    off = console.ask(ADMIN, "PUT", one + "/active", {"active": False}, version=1)
    assert (off.json()["status"], off.json()["active"]) == ("inactive", False)
    quiet = console.ask(ADMIN, "PUT", one + "/outbound", {"enabled": False}, version=2)
    assert quiet.json()["outboundEnabled"] is False
    used = console.ask(ADMIN, "DELETE", one, version=3)
    assert refusal(used) == (409, "conflict")
    assert message(used) == "This account is used by 1 chatbot. It will stop receiving calls."
    assert console.ask(ADMIN, "DELETE", one + "?confirmed=true", version=3).status_code == 204
    assert console.get(ADMIN, one).status_code == 404
    kind = "integration_account."
    verbs = ["deleted", "switched", "switched", "edited", "created"]
    assert audited(console) == [kind + verb for verb in verbs]
    entries = console.get(ADMIN, "/audit").json()["items"]
    assert [(c["field"], c["before"], c["after"]) for c in entries[3]["changes"]] == [("name", '"Main"', '"Renamed"')]
    assert not console.carriers.secrets.hints("company-a", made["accountId"])


def test_a_replaced_secret_is_told_in_the_audit_but_not_shown(console: Console) -> None:
    one = f"{PATH}/{created(console)['accountId']}"
    console.world.pass_time(minutes=1)
    fresh = "another-auth-token-000000004242"
    assert console.ask(ADMIN, "PUT", one, phone_form(authToken=fresh), version=0).status_code == 200
    [changed, *_] = console.get(ADMIN, "/audit").json()["items"]
    hidden = {"field": "secrets.auth_token", "before": '"(hidden)"', "after": '"(hidden)"'}
    assert hidden in changed["changes"]
    assert fresh not in json.dumps(console.world.items(), default=str)


def test_what_is_filled_in_wrongly_is_told_field_by_field(console: Console) -> None:
    response = console.ask(ADMIN, "POST", PATH, phone_form(accountSid="AD1", phoneNumber="555", name="x" * 51))
    assert refusal(response) == (400, "invalid_request")
    assert set(response.json()["error"]["fields"]) == {"accountSid", "phoneNumber", "name"}
    missing = console.ask(ADMIN, "POST", PATH, {"kind": "whatsapp", "name": "W"})
    assert set(missing.json()["error"]["fields"]) == {"businessAccountId", "phoneNumberId", "phoneNumber"}
    unfilled = console.ask(ADMIN, "POST", PATH, phone_form(authToken=None))
    assert message(unfilled) == "All credentials must be filled"
    assert unfilled.json()["error"]["fields"] == {"authToken": "All credentials must be filled"}
    created(console)
    taken = console.ask(ADMIN, "POST", PATH, phone_form(phoneNumber="+12025550199"))
    assert (refusal(taken), message(taken)) == ((409, "conflict"), "Account name must be unique")


def test_a_connection_is_tested_before_and_after_it_is_saved(console: Console) -> None:
    draft = phone_form(authToken=None)
    assert console.ask(ADMIN, "POST", PATH + "/check", draft).json()["problem"] == "All credentials must be filled"
    good = console.ask(ADMIN, "POST", PATH + "/check", phone_form()).json()
    assert (good["ok"], good["message"]) == (True, "Connection successful!")
    made = created(console)
    kept = console.ask(ADMIN, "POST", f"{PATH}/check?accountId={made['accountId']}", draft).json()
    assert kept["ok"] is True
    console.carriers.lines.the_number = PhoneNumber("PN1", voice=False, voice_url="", routed_elsewhere=False)
    bad = console.ask(ADMIN, "POST", f"{PATH}/{made['accountId']}/check").json()
    assert bad["message"] == "Connection failed: Phone number is not voice-capable"
    card = console.get(ADMIN, f"{PATH}/{made['accountId']}").json()
    assert (card["status"], card["lastError"]) == ("error", "Phone number is not voice-capable")
    assert card["lastVerifiedAt"] is not None and card["version"] == 0
    foreign = console.ask(OTHER_ADMIN, "POST", f"{PATH}/check?accountId={made['accountId']}", draft)
    assert refusal(foreign) == (404, "not_found")
    console.carriers.lines.errors.append(PhoneRefused("Invalid credentials", code=20003))
    assert message(console.ask(ADMIN, "POST", PATH, phone_form(name="B"))) == "Connection failed: Invalid credentials"


def test_webhooks_are_explained_and_set_at_a_click(console: Console) -> None:
    phone = f"{PATH}/{created(console)['accountId']}"
    told = console.get(ADMIN, phone + "/webhooks?chatbotId=bot-a").json()
    assert told["url"].startswith(f"{OWN_ORIGIN}/api/webhooks/twilio/voice?chatbotId=bot-a&accountId=")
    assert told["steps"][1] == "Click on your phone number (+12025550111)" and len(told["steps"]) == 7
    assert (told["verifyToken"], told["configured"]) == (None, False)
    set_up = console.ask(ADMIN, "POST", phone + "/webhooks").json()
    assert set_up["url"] == console.carriers.lines.pointed[0][1].voice_url
    chat = console.ask(ADMIN, "POST", PATH, CHAT_FORM).json()["accountId"]
    told = console.get(ADMIN, f"{PATH}/{chat}/webhooks").json()
    assert len(told["verifyToken"]) >= 32 and told["statusUrl"] is None
    assert console.get(AGENT, f"{PATH}/{chat}/webhooks").json()["verifyToken"] is None
    assert "integration_account.webhooks_requested" in audited(console)


def test_a_test_message_is_the_documents(console: Console) -> None:
    chat = f"{PATH}/{console.ask(ADMIN, 'POST', PATH, CHAT_FORM).json()['accountId']}/test-message"
    sent = console.ask(ADMIN, "POST", chat, {"to": "+1 415 555 0123"})
    text = "This is a test message from Company A. Reply 'call me' to test voice call functionality."
    assert sent.json() == {"text": text} and console.carriers.meta.sent[-1] == ("text", CALLER, text)
    wrong = console.ask(ADMIN, "POST", chat, {"to": "0123"})
    assert set(wrong.json()["error"]["fields"]) == {"to"}


def test_support_agents_see_accounts_without_what_editing_needs(console: Console) -> None:
    made = created(console)
    card = console.get(AGENT, PATH).json()["items"][0]
    hidden = ("phoneNumber", "accountSid", "businessAccountId", "phoneNumberId", "appId")
    assert [card[name] for name in hidden] == [None] * 5 and card["secrets"] == []
    assert card["maskedNumber"] == made["maskedNumber"]


def test_the_log_is_filtered_exported_and_summed_up_on_the_card(console: Console) -> None:
    made = created(console)
    log = f"{PATH}/{made['accountId']}/webhook-events"
    for number, outcome in enumerate(["success", "failed", "rejected", "success"]):
        event(console, made["accountId"], number, outcome=outcome, detail="=1+1" if outcome == "failed" else "")
    event(console, made["accountId"], 4 * 1440, kind="call_ended")
    assert [row["eventId"] for row in console.get(ADMIN, log).json()["items"]] == ["e0", "e1", "e2", "e3"]
    assert [row["eventId"] for row in console.get(ADMIN, log + "?outcome=failed").json()["items"]] == ["e1"]
    older = console.get(ADMIN, log + "?since=2026-11-01&kind=call_ended").json()["items"]
    assert [row["kind"] for row in older] == ["call_ended"]
    assert console.get(ADMIN, f"{PATH}/{made['accountId']}").json()["health"] == {
        "configured": True,
        "events": 4,
        "successRate": 66.7,
        "lastEventAt": "2026-11-25T09:30:00Z",
    }
    exported = console.get(ADMIN, log + "/export")
    assert exported.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(exported.text)))
    assert rows[0][:3] == ["Timestamp", "Event type", "Status"] and rows[2][4] == "'=1+1"
    for query in ("since=2026-11-26", "since=0001-01-01", "since=2026-10-01"):
        assert refusal(console.get(ADMIN, f"{log}?{query}")) == (400, "invalid_request"), query


def test_a_chatbot_is_connected_to_accounts_and_disconnected_again(console: Console) -> None:
    made = created(console, chatbotId=None)["accountId"]
    page = "/chatbots/bot-a/integrations"
    shown = console.get(ADMIN, page).json()
    assert shown["web"]["status"] == "active"
    tag = f'<script src="{OWN_ORIGIN}/widget.js" data-chatbot-id="bot-a" data-company-id="company-a"></script>'
    assert shown["web"]["embedCode"] == tag
    assert shown["web"]["features"][:2] == ["WebSocket audio streaming", "Real-time transcription"]
    assert [(a["accountId"], a["connected"]) for a in shown["accounts"]] == [(made, False)]
    linked = console.ask(ADMIN, "PUT", f"{page}/{made}")
    assert linked.json()["message"] == "Twilio integration enabled"
    assert console.get(ADMIN, page).json()["accounts"][0]["connected"] is True
    assert console.get(ADMIN, f"{PATH}/{made}").json()["chatbotIds"] == ["bot-a"]
    assert console.ask(ADMIN, "DELETE", f"{page}/{made}").status_code == 204
    assert console.get(ADMIN, page).json()["accounts"][0]["connected"] is False
    assert audited(console)[:2] == ["integration_account.disconnected", "integration_account.connected"]
    chat = console.ask(ADMIN, "POST", PATH, CHAT_FORM).json()["accountId"]
    refused = console.ask(ADMIN, "PUT", f"{page}/{chat}")
    assert message(refused) == "The webhook of this account must be configured in Meta first."


def test_the_master_admin_sees_every_companys_accounts(console: Console) -> None:
    console.carriers.with_accounts()
    found = console.get(MASTER, "/fleet/integration-accounts").json()["items"]
    assert {(row["companyName"], row["name"]) for row in found} == {
        (f"Company {letter}", name) for letter in "AB" for name in ("Main", "Support")
    }


@pytest.mark.parametrize("path", [PATH, "/chatbots/bot-a/integrations"])
def test_there_are_no_accounts_where_calls_are_closed(console: Console, path: str) -> None:
    console.world.company(call_enabled=False)
    response = console.get(ADMIN, path)
    assert (refusal(response), message(response)) == (
        (403, "not_permitted"),
        "Call feature not available. Contact support.",
    )


def test_repeating_a_request_makes_one_account(console: Console) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = console.ask(ADMIN, "POST", PATH, phone_form(), headers=headers)
    again = console.ask(ADMIN, "POST", PATH, phone_form(), headers=headers)
    assert first.json() == again.json() and len(console.get(ADMIN, PATH).json()["items"]) == 1
    kept = json.dumps(console.world.client.scan(TableName="idempotency")["Items"], default=str)
    assert SECRETS["auth_token"].format("a") not in kept
