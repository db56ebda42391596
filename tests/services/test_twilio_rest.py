"""Twilio's REST API over loopback, by the vendor's own package, and its signatures by its own vectors."""

import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared.adapters.twilio_rest import TwilioLines
from shared.adapters.twilio_signatures import form_fields, is_signed
from shared.ports.phone_lines import Credentials, Dialling, NumberHooks, PhoneNumber, PhoneOwner, PhoneRefused
from tests.services.vendor import vendor

SID, TOKEN = "AC" + "a" * 32, "canary-auth-token-0123456789"
WHO = Credentials(SID, TOKEN)
BASE = f"/2010-04-01/Accounts/{SID}"
DIALLING = Dialling(
    to="+14155550123",
    caller_id="+12025550111",
    answer_url="https://calls.example/answer?a=1&b=2",
    fallback_url="https://calls.example/fallback",
    status_url="https://calls.example/status",
    machine_url="https://calls.example/amd",
    ring_seconds=45,
    limit_seconds=180,
)
VECTORS = json.loads((Path(__file__).parents[1] / "recordings" / "twilio" / "signatures.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["url"][:30])
def test_signatures_are_twilios(vector: dict[str, Any]) -> None:
    fields = [(str(name), str(value)) for name, value in vector["fields"]]
    assert is_signed(vector["token"], vector["url"], fields, vector["signature"])
    assert not is_signed(vector["token"] + "x", vector["url"], fields, vector["signature"])
    assert not is_signed(vector["token"], vector["url"] + "x", fields, vector["signature"])
    assert not is_signed(vector["token"], vector["url"], [*fields, ("x", "")], vector["signature"])
    assert not is_signed(vector["token"], vector["url"], fields, "")


def test_forms_keep_empty_and_repeated_fields() -> None:
    assert form_fields(b"a=&b=1&b=2&c=%C3%BC+x") == [("a", ""), ("b", "1"), ("b", "2"), ("c", "ü x")]
    assert form_fields("ü=1".encode()) is None
    assert form_fields(b"&".join([b"a=1"] * 201)) is None


def test_an_account_is_asked_about_itself() -> None:
    with vendor((200, {"sid": SID, "status": "active", "type": "Trial"})) as twilio:
        assert TwilioLines(twilio.url).owner(WHO) == PhoneOwner(active=True, trial=True)
    [asked] = twilio.asked
    assert (asked.method, asked.path) == ("GET", f"{BASE}.json")
    assert asked.authorization.startswith("Basic ")


def test_a_number_is_looked_up_and_pointed_here() -> None:
    number = {
        "sid": "PN" + "1" * 32,
        "capabilities": {"voice": True, "sms": False},
        "voice_url": "https://x",
        "trunk_sid": None,
        "voice_application_sid": "AP1",
    }
    page = {"page": 0, "page_size": 1, "start": 0, "end": 0, "uri": "", "first_page_uri": "", "next_page_uri": None}
    with vendor((200, {**page, "incoming_phone_numbers": [number]}), (200, number)) as twilio:
        lines = TwilioLines(twilio.url)
        found = lines.number(WHO, "+12025550111")
        assert found == PhoneNumber(number["sid"], voice=True, voice_url="https://x", routed_elsewhere=True)  # type: ignore[arg-type]  # a mixed dictionary
        lines.point(WHO, "PN" + "1" * 32, NumberHooks("https://v", "https://f", "https://s"))
    assert twilio.asked[0].path == f"{BASE}/IncomingPhoneNumbers.json?PhoneNumber=%2B12025550111&PageSize=1"
    assert parse_qs(twilio.asked[1].body) == {
        "VoiceUrl": ["https://v"],
        "VoiceMethod": ["POST"],
        "VoiceFallbackUrl": ["https://f"],
        "VoiceFallbackMethod": ["POST"],
        "StatusCallback": ["https://s"],
        "StatusCallbackMethod": ["POST"],
    }
    with vendor((200, {**page, "incoming_phone_numbers": []})) as twilio:
        assert TwilioLines(twilio.url).number(WHO, "+12025550111") is None


def test_a_call_is_placed_with_machine_detection() -> None:
    with vendor((201, {"sid": "CA" + "1" * 32, "status": "queued"})) as twilio:
        assert TwilioLines(twilio.url).call(WHO, DIALLING) == "CA" + "1" * 32
    [asked] = twilio.asked
    assert (asked.method, asked.path) == ("POST", f"{BASE}/Calls.json")
    form = parse_qs(asked.body)
    assert form["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
    assert {name: form[name][0] for name in ("To", "From", "Url", "Timeout", "TimeLimit")} == {
        "To": "+14155550123",
        "From": "+12025550111",
        "Url": "https://calls.example/answer?a=1&b=2",
        "Timeout": "45",
        "TimeLimit": "180",
    }
    assert (form["MachineDetection"], form["AsyncAmd"]) == (["Enable"], ["true"])


@pytest.mark.parametrize(
    ("answer", "code", "retry", "uncertain", "sentence"),
    [
        ((401, {"code": 20003, "message": "Authenticate", "status": 401}), 20003, False, False, "Invalid credentials"),
        ((401, {}), 20003, False, False, "Invalid credentials"),
        ((429, {"code": 20429, "message": "x", "status": 429}), 20429, True, False, "slow down"),
        ((500, {"code": 20500, "message": "x", "status": 500}), 20500, False, True, "could not be reached"),
        ((400, {"code": 21215, "message": "x", "status": 400}), 21215, False, False, "Geographic Permissions"),
        ((400, {"code": 99999, "message": "x", "status": 400}), 99999, False, False, "error 99999"),
        (None, 0, False, True, "could not be reached"),
        ((201, b"no json"), 0, False, True, "could not be reached"),
    ],
)
def test_refusals_say_whether_the_call_may_have_been_placed(
    answer: tuple[int, object] | None, code: int, retry: bool, uncertain: bool, sentence: str
) -> None:
    with vendor(answer) as twilio, pytest.raises(PhoneRefused, match="error") as caught:
        TwilioLines(twilio.url).call(WHO, DIALLING)
    refused = caught.value
    assert (refused.code, refused.retry, refused.uncertain) == (code, retry, uncertain)
    assert sentence in refused.sentence and TOKEN not in refused.sentence
    assert len(twilio.asked) == 1


def test_a_closed_port_was_certainly_not_asked() -> None:
    with vendor((200, {})) as twilio:
        url = twilio.url
    with pytest.raises(PhoneRefused):
        TwilioLines(url).call(WHO, DIALLING)


@pytest.mark.parametrize(
    "answer", [(200, {}), (404, {"code": 20404, "status": 404}), (400, {"code": 21220, "status": 400})]
)
def test_hanging_up_what_is_over_is_no_error(answer: tuple[int, object]) -> None:
    with vendor(answer) as twilio:
        TwilioLines(twilio.url).hang_up(WHO, "CA" + "1" * 32)
    assert parse_qs(twilio.asked[0].body) == {"Status": ["completed"]}


def test_nobody_logs_numbers(caplog: pytest.LogCaptureFixture) -> None:
    with vendor((201, {"sid": "CA1"})) as twilio, caplog.at_level(logging.DEBUG):
        TwilioLines(twilio.url).call(WHO, DIALLING)
    assert "4155550123" not in caplog.text
