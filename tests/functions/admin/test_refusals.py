"""Requests that make no sense are refused by field and change nothing."""

from typing import Any

import pytest

from tests.functions.admin.console import ADMIN, MASTER, Console, refusal
from tests.functions.admin.matrix import model, renamed
from tests.functions.admin.test_call_settings import PATH, save
from tests.functions.admin.test_nouns import fields
from tests.functions.admin.test_team import INVITATION


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"maxDurationMinutes": 0}, "maxDurationMinutes"),
        ({"maxDurationMinutes": 61}, "maxDurationMinutes"),
        ({"maxDurationMinutes": 10.5}, "maxDurationMinutes"),
        ({"silenceTimeoutSeconds": 29}, "silenceTimeoutSeconds"),
        ({"silenceTimeoutSeconds": 40}, "silenceTimeoutSeconds"),
        ({"silenceTimeoutSeconds": 315}, "silenceTimeoutSeconds"),
        ({"voice": {"voiceId": "simulated-anna", "speed": 1.6}}, "voice.speed"),
        ({"voice": {"voiceId": "simulated-anna", "pitchPercent": -21}}, "voice.pitchPercent"),
        ({"voice": {"voiceId": "simulated-anna", "stability": 1.1}}, "voice.stability"),
        ({"vad": {"sensitivity": 0.55}}, "vad.sensitivity"),
        ({"vad": {"sensitivity": 1.1}}, "vad.sensitivity"),
        ({"recording": {"retentionDays": 31}}, "recording.retentionDays"),
        ({"greeting": "x" * 501}, "greeting"),
        ({"greeting": ""}, "greeting"),
        ({"endPhrase": ""}, "endPhrase"),
        ({"fallback": "sing"}, "fallback"),
        ({"aiModelId": None}, "aiModelId"),
        ({"unknown": 1}, "unknown"),
        ({"fallbackModelId": "none"}, "fallbackModelId"),
        ({"fallbackModelId": "simulated"}, "fallbackModelId"),
    ],
    ids=str,
)
def test_what_is_out_of_range_is_refused(steady: Console, changes: dict[str, Any], field: str) -> None:
    answer = save(steady, 1, **changes)
    assert refusal(answer) == (400, "invalid_request")
    assert field in answer.json()["error"]["fields"]
    assert steady.get(ADMIN, PATH).json()["number"] == 1


@pytest.mark.parametrize("header", [None, "", "*", "x", '"1', "-1", '"1", "2"', "1e3", "9" * 30])
def test_a_change_must_say_what_it_is_based_on(steady: Console, header: str | None) -> None:
    sent = {} if header is None else {"if-match": header}
    answer = steady.ask(MASTER, "PUT", "/fleet/companies/company-a", renamed("Blind"), headers=sent)
    assert refusal(answer)[0] == 400
    assert steady.get(MASTER, "/fleet/companies/company-a").json()["name"] == "Company A"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"modelType": "call", "voices": [{"id": "a", "name": "A"}]}, "modelType"),
        ({"modelType": "both", "provider": "openai"}, "voices"),
        ({"modelType": "call", "provider": "google", "voices": [{"id": "a", "name": "A"}] * 2}, "voices"),
        ({"prices": {"version": "1", "estimatedPerMinute": "0.06"}}, "prices.estimatedPerMinute"),
        ({"prices": {"version": "1", "textIn": "-1"}}, "prices.textIn"),
        ({"prices": {"version": "1", "textIn": "NaN"}}, "prices.textIn"),
        ({"provider": "acme"}, "provider"),
        ({"modelType": "video"}, "modelType"),
        ({"successorId": "none"}, "successorId"),
        ({"successorId": "m"}, "successorId"),
        ({"id": ""}, "id"),
        ({"secret": "x"}, "secret"),
    ],
    ids=str,
)
def test_models_that_make_no_sense_are_refused(steady: Console, changes: dict[str, Any], field: str) -> None:
    assert field in fields(steady.ask(MASTER, "POST", "/fleet/ai-models", model("m") | changes))


@pytest.mark.parametrize(
    "query",
    [
        "?since=2026-12-02&until=2026-12-01",
        "?since=2020-01-01&until=2026-12-01",
        "?since=yesterday",
        "?limit=0",
        "?limit=101",
        "?cursor=x",
        "?status=lost",
    ],
)
def test_questions_that_make_no_sense_are_refused(steady: Console, query: str) -> None:
    assert refusal(steady.get(ADMIN, "/calls" + query)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"role": "chatapp.master_admin"},
        {"role": "owner"},
        {"email": "kim"},
        {"email": "kim@shop"},
        {"email": "kim @shop.example"},
        {"email": "a@b.example, c@d.example"},
        {"email": "x" * 250 + "@shop.example"},
        {"name": "x" * 121},
        {"companyId": "company-b"},
    ],
    ids=str,
)
def test_invitations_that_make_no_sense_are_refused(steady: Console, changes: dict[str, str]) -> None:
    assert refusal(steady.ask(ADMIN, "POST", "/team", INVITATION | changes)) == (400, "invalid_request")
    assert steady.directory.done == []
