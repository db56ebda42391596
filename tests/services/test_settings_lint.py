"""The configuration linter: each sentence where it belongs, and silence where nothing is wrong."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.integration import AccountStatus, TwilioAccount
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.catalogue import MODELS
from shared.domain.settings_lint import Finding, Surroundings, errors, lint, spoken_seconds

TODAY = date(2026, 11, 25)
BY_ID = {model.id: model for model in MODELS}
QUIET = {"advanced": {"allowed_domains": ("www.shop.example",)}}
GOOD: dict[str, Any] = {"ai_model_id": "gpt-realtime-2.1", "voice": {"voice_id": "marin"}}


def findings(
    changes: dict[str, Any] | None = None,
    *,
    models: dict[str, dict[str, Any]] | None = None,
    widget: dict[str, Any] | None = None,
    accounts: tuple[TwilioAccount, ...] = (),
    heard_from: tuple[str, ...] = ("acc-1", "acc-2"),
) -> tuple[Finding, ...]:
    """What the linter says to good settings, changed."""
    catalogue = dict(BY_ID)
    for model_id, updates in (models or {}).items():
        catalogue[model_id] = catalogue[model_id].model_copy(update=updates)
    around = Surroundings(catalogue, TODAY, WidgetConfig.model_validate(QUIET | (widget or {})), accounts, heard_from)
    return lint(CallSettings.model_validate(GOOD | (changes or {})), around)


def codes(*arguments: Any, **named: Any) -> list[tuple[str, str, str]]:
    """Level, code and field of every finding."""
    return [(found.level, found.code, found.field) for found in findings(*arguments, **named)]


def account(**changes: Any) -> TwilioAccount:
    """A connected phone account."""
    values: dict[str, Any] = {
        "company_id": "company-a",
        "account_id": "acc-1",
        "name": "Front desk",
        "status": AccountStatus.CONNECTED,
        "last_verified_at": datetime(2026, 11, 20, tzinfo=UTC),
        "account_sid": "AC" + "0" * 32,
        "phone_number": "+15551234567",
    }
    return TwilioAccount.model_validate(values | changes)


def test_good_settings_are_passed_over_in_silence() -> None:
    assert findings(accounts=(account(),)) == ()
    assert findings({"ai_model_id": "gemini-3.8-live", "voice": {"voice_id": "Kore"}}) == ()


@pytest.mark.parametrize("voice", ["fable", "onyx", "nova", "Kore", "MARIN"])
def test_a_voice_the_model_does_not_have_is_refused_with_those_it_has(voice: str) -> None:
    (found,) = findings({"voice": {"voice_id": voice}})
    assert (found.level, found.code, found.field) == ("error", "voice_not_valid", "voice.voiceId")
    assert voice in found.message
    assert "marin, cedar, alloy, ash, ballad, coral, echo, sage, shimmer, verse" in found.message


@pytest.mark.parametrize(
    ("updates", "reason"),
    [
        ({"active": False}, "switched off"),
        ({"model_type": "chat"}, "chat model"),
        ({"shutdown_on": TODAY}, "was shut down on 2026-11-25"),
        ({"shutdown_on": date(2026, 1, 1)}, "was shut down"),
    ],
    ids=str,
)
def test_a_model_that_cannot_answer_stops_publishing(updates: dict[str, Any], reason: str) -> None:
    found = findings(models={"gpt-realtime-2.1": updates})
    assert [(one.level, one.code, one.field) for one in found] == [("error", "model_unusable", "aiModelId")]
    assert reason in found[0].message
    step_in = findings({"fallback_model_id": "gpt-realtime-2"}, models={"gpt-realtime-2": updates})
    assert [(one.code, one.field) for one in step_in] == [("fallback_unusable", "fallbackModelId")]
    assert reason in step_in[0].message


def test_a_model_that_does_not_exist_stops_publishing() -> None:
    assert codes({"ai_model_id": "gpt-4"}) == [("error", "model_unusable", "aiModelId")]
    assert codes({"fallback_model_id": "gpt-4"}) == [("error", "fallback_unusable", "fallbackModelId")]


def test_a_model_that_ends_soon_is_named_with_its_successor() -> None:
    ends = {"shutdown_on": date(2027, 2, 23), "successor_id": "gpt-realtime-2"}
    (found,) = findings(models={"gpt-realtime-2.1": ends})
    assert (found.level, found.code) == ("warning", "model_ends")
    assert found.message == ("GPT Realtime 2.1 will be shut down on 2027-02-23. Consider switching to GPT Realtime 2.")
    assert findings(models={"gpt-realtime-2.1": {"shutdown_on": date(2027, 2, 24)}}) == ()
    assert "Consider" not in findings(models={"gpt-realtime-2.1": {"shutdown_on": date(2027, 1, 1)}})[0].message


def test_a_second_model_must_be_another_one_and_should_know_the_voice() -> None:
    assert codes({"fallback_model_id": "gpt-realtime-2.1"}) == [("error", "fallback_same", "fallbackModelId")]
    assert codes({"fallback_model_id": "gpt-realtime-2"}) == []
    assert codes({"fallback_model_id": "gemini-3.8-live"}) == [("warning", "fallback_voice", "fallbackModelId")]


def test_a_greeting_longer_than_ten_seconds_is_long() -> None:
    ten_seconds = "a" * 150
    assert codes({"greeting": ten_seconds}) == []
    assert codes({"greeting": ten_seconds + "a"}) == [("warning", "greeting_long", "greeting")]
    slow = {"voice_id": "marin", "speed": 0.5}
    assert codes({"greeting": "a" * 76, "voice": slow}) == [("warning", "greeting_long", "greeting")]
    assert codes({"greeting": "你" * 51}) == [("warning", "greeting_long", "greeting")]
    assert "about 20 seconds" in findings({"greeting": "a" * 300})[0].message


def test_a_silence_ladder_that_never_ends_within_the_call_is_told() -> None:
    assert codes({"silence_timeout_seconds": 120, "max_duration_minutes": 2}) == [
        ("warning", "silence_never", "silenceTimeoutSeconds")
    ]
    assert codes({"silence_timeout_seconds": 105, "max_duration_minutes": 2}) == []


def test_long_calls_cost() -> None:
    assert codes({"max_duration_minutes": 45}) == []
    assert codes({"max_duration_minutes": 46}) == [("warning", "long_calls", "maxDurationMinutes")]


def test_recording_without_telling_and_for_ever_is_told() -> None:
    assert codes({"recording": {"enabled": True}}) == []
    assert codes({"recording": {"enabled": True, "announce": False, "retention_days": None}}) == [
        ("warning", "recording_unannounced", "recording.announce"),
        ("warning", "kept_forever", "recording.retentionDays"),
    ]
    assert codes({"recording": {"announce": False, "retention_days": None}}) == []


def test_the_disclosure_goes_only_with_a_reason() -> None:
    assert codes({"disclosure": {"enabled": False, "off_reason": "  "}}) == [
        ("error", "disclosure_reason", "disclosure.offReason")
    ]
    assert codes({"disclosure": {"enabled": False, "off_reason": "Employees only"}}) == [
        ("warning", "disclosure_off", "disclosure.enabled")
    ]


def test_what_the_model_will_ignore_is_told() -> None:
    gemini = {"ai_model_id": "gemini-3.8-live"}
    assert codes(gemini | {"voice": {"voice_id": "Kore", "speed": 1.2, "pitch_percent": 5}}) == [
        ("warning", "speed_ignored", "voice.speed"),
        ("warning", "pitch_ignored", "voice.pitchPercent"),
    ]
    assert codes({"voice": {"voice_id": "marin", "speed": 1.3}}) == [("warning", "very_fast", "voice.speed")]
    gemini_kore = gemini | {"voice": {"voice_id": "Kore"}}
    assert codes(gemini_kore | {"vad": {"semantic": True}}) == [("warning", "semantic_ignored", "vad.semantic")]
    assert codes({"scenario": "interruptions"}) == [("warning", "scenario_ignored", "scenario")]
    no_tools = {"gpt-realtime-2.1": {"supports_function_calling": False}}
    assert codes({"tools": {"allowed": ("check_order_status",)}}, models=no_tools) == [
        ("warning", "tools_ignored", "tools.enabled")
    ]


def test_a_widget_that_promises_more_than_the_settings_keep_is_told() -> None:
    off = {"transcription": {"enabled": False}}
    assert codes(off) == [("warning", "captions_empty", "transcription.enabled")]
    assert codes(off, widget={"call_options": {"show_live_transcript": False}}) == []
    assert codes({"transcription": {"enabled": False, "post_call_summary": True}})[0] == (
        "error",
        "summary_without_transcript",
        "transcription.postCallSummary",
    )
    assert codes(widget={"features": {"recording_download": True}}) == [
        ("warning", "download_without_recording", "recording.enabled")
    ]
    assert codes(widget={"advanced": {"allowed_domains": ()}}) == [
        ("warning", "any_site", "widget.advanced.allowedDomains")
    ]


def test_an_account_that_calls_may_not_come_in_on_is_told() -> None:
    two = (account(), account(account_id="acc-2"))
    assert codes(accounts=two, heard_from=("acc-1",)) == [("warning", "webhook_unverified", "accounts.acc-2")]
    failed = account(status=AccountStatus.ERROR, last_error="Invalid credentials")
    (found,) = findings(accounts=(failed,))
    assert (found.code, found.field) == ("account_error", "accounts.acc-1")
    assert "did not pass its last check (Invalid credentials)" in found.message
    assert codes(accounts=(account(active=False),), heard_from=()) == [("warning", "account_off", "accounts.acc-1")]


def test_end_phrases_that_slip_out_are_told() -> None:
    assert codes({"end_phrase": "ok"}) == [("warning", "end_phrase_short", "endPhrase")]
    assert codes({"end_phrase": "bye"}) == []


def test_errors_come_first_and_by_field() -> None:
    found = findings({"voice": {"voice_id": "nova"}, "max_duration_minutes": 60, "fallback_model_id": "none"})
    assert [one.level for one in found] == ["error", "error", "warning"]
    assert set(errors(found)) == {"voice.voiceId", "fallbackModelId"}
    assert all(one.message[0].isupper() or one.message[0] == "“" for one in found)


@given(strategies.text(max_size=500), strategies.floats(0.5, 1.5))
@hypothesis_settings(max_examples=50)
def test_longer_texts_never_take_less_time(text: str, speed: float) -> None:
    assert 0 <= spoken_seconds(text, speed) < spoken_seconds(text + " a", speed)
    assert spoken_seconds(text, 1.5) <= spoken_seconds(text, 0.5)
