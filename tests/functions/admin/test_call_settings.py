"""Call settings: saved as versions, stopped by errors, rolled back, and never lost to somebody else's save."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from shared.contracts.settings.integration import AccountLink, TwilioAccount
from tests.functions.admin.console import ADMIN, Console, refusal
from tests.services.world import World, settings

PATH = "/chatbots/bot-a/call-settings"


def body(**changes: Any) -> dict[str, Any]:
    """Settings as they are sent."""
    return settings().model_dump(mode="json", by_alias=True) | changes


def save(console: Console, version: int, **changes: Any) -> Any:
    """Save settings."""
    return console.ask(ADMIN, "PUT", PATH, body(**changes), version=version)


def test_each_save_is_a_version_and_earlier_ones_can_be_brought_back(console: Console, world: World) -> None:
    assert save(console, 1, maxDurationMinutes=20).json()["number"] == 2
    world.pass_time(minutes=5)
    assert save(console, 2, maxDurationMinutes=30).headers["etag"] == '"3"'
    back = console.ask(ADMIN, "POST", PATH + "/rollback", {"number": 2}, version=3).json()
    assert (back["number"], back["settings"]["maxDurationMinutes"]) == (4, 20)
    listed = console.get(ADMIN, PATH + "/versions").json()["items"]
    assert [(found["number"], found["restoredFrom"]) for found in listed] == [(4, 2), (3, None), (2, None)]
    assert {found["publishedBy"] for found in listed} == {"company_admin#admin-a"}
    assert console.get(ADMIN, PATH + "/versions/3").json()["maxDurationMinutes"] == 30
    assert console.get(ADMIN, PATH + "/versions/1").json()["maxDurationMinutes"] == 10
    first = console.get(ADMIN, PATH + "/versions?limit=2").json()
    rest = console.get(ADMIN, f"{PATH}/versions?limit=2&cursor={first['nextCursor']}").json()
    assert [found["number"] for found in first["items"] + rest["items"]] == [4, 3, 2]
    assert rest["nextCursor"] is None


def test_of_two_who_save_at_once_one_is_told(console: Console) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda minutes: save(console, 1, maxDurationMinutes=minutes), (11, 12, 13, 14)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    late = next(answer for answer in answers if answer.status_code == 409)
    assert refusal(late)[0] == 409
    assert console.get(ADMIN, PATH).json()["number"] == 2
    again = save(console, 1, maxDurationMinutes=15)
    assert refusal(again) == (409, "version_conflict") and again.json()["error"]["currentVersion"] == 2


def test_errors_stop_saving_by_field_and_warnings_do_not(console: Console) -> None:
    refused = save(console, 1, voice={"voiceId": "nova"})
    assert refusal(refused) == (400, "invalid_request")
    reason = refused.json()["error"]["fields"]["voice.voiceId"]
    assert "simulated-anna, simulated-ben, simulated-clara, simulated-dan" in reason
    assert console.get(ADMIN, PATH).json()["number"] == 1
    saved = save(console, 1, maxDurationMinutes=60)
    assert [found["code"] for found in saved.json()["findings"]] == ["long_calls"]
    checked = console.ask(ADMIN, "POST", PATH + "/check", body(voice={"voiceId": "nova"})).json()
    assert [(found["level"], found["field"]) for found in checked["findings"]] == [("error", "voice.voiceId")]
    assert console.get(ADMIN, PATH).json()["number"] == 2


def test_a_version_that_would_not_work_any_more_is_not_brought_back(console: Console, world: World) -> None:
    gemini = {"aiModelId": "gemini-3.8-live", "voice": {"voiceId": "Kore"}}
    assert save(console, 1, **gemini).status_code == 200
    assert save(console, 2).status_code == 200
    model = world.models.get("gemini-3.8-live")
    assert model is not None
    world.models.save(model.model_copy(update={"shutdown_on": date(2026, 11, 24)}))
    back = console.ask(ADMIN, "POST", PATH + "/rollback", {"number": 2}, version=3)
    assert refusal(back) == (400, "invalid_request")
    assert "was shut down on 2026-11-24" in back.json()["error"]["fields"]["aiModelId"]
    assert console.get(ADMIN, PATH).json()["number"] == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"maxDurationMinutes": 1, "silenceTimeoutSeconds": 30},
        {"maxDurationMinutes": 60, "silenceTimeoutSeconds": 300},
        {"voice": {"voiceId": "simulated-dan", "speed": 0.5, "pitchPercent": -20, "stability": 0.0}},
        {"voice": {"voiceId": "simulated-dan", "speed": 1.5, "pitchPercent": 20, "stability": 1.0}},
        {"vad": {"sensitivity": 0.3}},
        {"recording": {"enabled": True, "retentionDays": None}},
        {"greeting": "x" * 500},
    ],
    ids=str,
)
def test_the_ends_of_every_range_are_taken_and_come_back_as_sent(console: Console, changes: dict[str, Any]) -> None:
    assert save(console, 1, **changes).status_code == 200
    kept = console.get(ADMIN, PATH).json()["settings"]
    for name, value in changes.items():
        for inner, wanted in value.items() if isinstance(value, dict) else [("", value)]:
            assert (kept[name][inner] if inner else kept[name]) == wanted


def test_accounts_of_this_chatbot_are_looked_at_and_no_others(console: Console) -> None:
    account = TwilioAccount(
        company_id="company-a",
        account_id="acc-1",
        name="Front desk",
        chatbot_id="bot-a",
        account_sid="AC" + "0" * 32,
        phone_number="+15551234567",
    )
    others: list[dict[str, Any]] = [{}, {"chatbot_id": None}, {"chatbot_id": None}, {"company_id": "company-b"}]
    for number, changes in enumerate(others, start=1):
        made = {"account_id": f"acc-{number}", "name": f"Desk {number}", "phone_number": f"+1555123456{number}"}
        console.carriers.accounts.create(account.model_copy(update=made | changes))
    link = AccountLink(company_id="company-a", account_id="acc-3", chatbot_id="bot-a", enabled_at=console.world.now)
    console.carriers.accounts.link(link)
    findings = console.get(ADMIN, PATH).json()["findings"]
    assert [found["field"] for found in findings] == ["accounts.acc-1", "accounts.acc-3"]


def test_a_chatbot_of_a_package_without_calls_has_no_call_settings(console: Console, world: World) -> None:
    world.chatbot(enabled_call=False)
    assert refusal(console.get(ADMIN, PATH)) == (403, "not_permitted")
    assert refusal(save(console, 1)) == (403, "not_permitted")
