"""Looks at call settings as a whole and says in plain sentences what will not work, or may surprise.

An `error` keeps the settings from being published, since calls would fail or the law would be broken for certain; a
`warning` explains and lets people decide.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.integration import AccountStatus, IntegrationAccount
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.catalogue import voice_of

SOON_DAYS = 90
GREETING_SECONDS = 10
CHARACTERS_PER_SECOND = 15.0
"""About 150 words a minute; a wide (East Asian) character takes as long as three letters."""
LONG_MINUTES = 45
FAST = 1.25


@dataclass(frozen=True, slots=True)
class Finding:
    """`field` is the setting's name in dotted form, as it is sent."""

    level: Literal["error", "warning"]
    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the settings meet when a call comes in."""

    models: Mapping[str, AiModel]
    today: date
    widget: WidgetConfig
    accounts: Sequence[IntegrationAccount] = ()
    """The accounts whose calls this chatbot answers."""
    heard_from: Collection[str] = ()
    """Those of them whose carrier has reached our webhook."""


def lint(settings: CallSettings, around: Surroundings) -> tuple[Finding, ...]:
    """Every finding, errors first."""
    findings = [
        *_model(settings, around),
        *_fallback(settings, around),
        *_voice(settings, around),
        *_spoken(settings),
        *_timing(settings),
        *_recording(settings, around.widget),
        *_widget(settings, around.widget),
        *_accounts(around),
    ]
    return tuple(sorted(findings, key=lambda finding: finding.level))


def errors(findings: Sequence[Finding]) -> dict[str, str]:
    """What stops publishing, by field; the first error of a field counts."""
    return {finding.field: finding.message for finding in reversed(findings) if finding.level == "error"}


def spoken_seconds(text: str, speed: float = 1.0) -> float:
    """About how long a text takes to say."""
    letters = sum(3 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
    return letters / CHARACTERS_PER_SECOND / speed


def _model(settings: CallSettings, around: Surroundings) -> Iterator[Finding]:
    model = around.models.get(settings.ai_model_id)
    problem = _unusable(model, around.today)
    if problem is not None or model is None:
        text = f"Calls cannot be answered: {problem} Choose another AI model."
        yield Finding("error", "model_unusable", "aiModelId", text)
        return
    yield from _shutting_down(model, around, "aiModelId")
    if settings.scenario is not None and model.provider != "simulated":
        yield _warn("scenario_ignored", "scenario", "Only the simulated model plays a scenario; it will be ignored.")
    if settings.vad.semantic and not model.capabilities.semantic_vad:
        text = f"{model.name} cannot tell from the meaning that a sentence is over; pauses decide instead."
        yield _warn("semantic_ignored", "vad.semantic", text)
    if settings.tools.enabled and settings.tools.allowed and not model.supports_function_calling:
        text = f"{model.name} cannot use tools; callers will not get what the tools provide."
        yield _warn("tools_ignored", "tools.enabled", text)


def _fallback(settings: CallSettings, around: Surroundings) -> Iterator[Finding]:
    if settings.fallback_model_id is None:
        return
    model = around.models.get(settings.fallback_model_id)
    problem = _unusable(model, around.today)
    if settings.fallback_model_id == settings.ai_model_id:
        text = "The second model is the same as the first, so it would fail together with it."
        yield Finding("error", "fallback_same", "fallbackModelId", text)
    elif problem is not None or model is None:
        text = f"The second model cannot step in: {problem}"
        yield Finding("error", "fallback_unusable", "fallbackModelId", text)
    else:
        yield from _shutting_down(model, around, "fallbackModelId")
        if voice_of(model, settings.voice.voice_id) is None:
            text = f"{model.name} has no voice {settings.voice.voice_id}: a call it takes over cannot keep its voice."
            yield _warn("fallback_voice", "fallbackModelId", text)


def _voice(settings: CallSettings, around: Surroundings) -> Iterator[Finding]:
    model = around.models.get(settings.ai_model_id)
    if model is None or not model.takes_calls:
        return
    voice = settings.voice
    if voice_of(model, voice.voice_id) is None:
        yield Finding("error", "voice_not_valid", "voice.voiceId", voice_refusal(model, voice.voice_id))
    if voice.speed != 1.0 and not model.capabilities.speed_control:
        yield _warn("speed_ignored", "voice.speed", f"{model.name} speaks at its own speed; yours will be ignored.")
    elif voice.speed > FAST:
        yield _warn("very_fast", "voice.speed", "Very fast speech may reduce comprehension")
    if voice.pitch_percent and not model.capabilities.pitch_control:
        yield _warn("pitch_ignored", "voice.pitchPercent", f"{model.name} has no pitch control; yours will be ignored.")


def voice_refusal(model: AiModel, voice_id: str) -> str:
    """Why a voice is refused, and which would not be."""
    valid = ", ".join(voice.id for voice in model.voices) or "none"
    return f"{model.name} does not speak with the voice {voice_id}. Valid voices: {valid}."


def _spoken(settings: CallSettings) -> Iterator[Finding]:
    seconds = spoken_seconds(settings.greeting, settings.voice.speed)
    if seconds > GREETING_SECONDS:
        text = f"The greeting takes about {seconds:.0f} seconds to say. Keep it under {GREETING_SECONDS}."
        yield _warn("greeting_long", "greeting", text)
    if not settings.disclosure.enabled:
        if not (settings.disclosure.off_reason or "").strip():
            text = "Callers must be told that they talk to an AI. To leave the sentence out, say why."
            yield Finding("error", "disclosure_reason", "disclosure.offReason", text)
        else:
            text = "Callers are not told that they talk to an AI. In many places the law asks for it."
            yield _warn("disclosure_off", "disclosure.enabled", text)
    if len(settings.end_phrase.strip()) < 3:
        text = f"“{settings.end_phrase}” is so short that callers may end the call without meaning to."
        yield _warn("end_phrase_short", "endPhrase", text)


def _timing(settings: CallSettings) -> Iterator[Finding]:
    longest = settings.max_duration_minutes * 60
    if settings.silence_timeout_seconds >= longest:
        text = (
            f"The silence timeout ({settings.silence_timeout_seconds} s) is not shorter than the longest call "
            f"({longest} s), so a silent caller is never asked to speak or let go for being silent."
        )
        yield _warn("silence_never", "silenceTimeoutSeconds", text)
    if settings.max_duration_minutes > LONG_MINUTES:
        text = "Long call durations may result in high costs. Ensure your budget supports this."
        yield _warn("long_calls", "maxDurationMinutes", text)


def _recording(settings: CallSettings, widget: WidgetConfig) -> Iterator[Finding]:
    recording = settings.recording
    if recording.enabled:
        if not recording.announce:
            text = "Calls are recorded without telling the caller. Some jurisdictions require explicit consent."
            yield _warn("recording_unannounced", "recording.announce", text)
        if recording.retention_days is None:
            yield _warn("kept_forever", "recording.retentionDays", "Recordings are kept until somebody deletes them.")
    elif widget.features.recording_download:
        text = "The widget offers callers their recording, but calls are not recorded."
        yield _warn("download_without_recording", "recording.enabled", text)


def _widget(settings: CallSettings, widget: WidgetConfig) -> Iterator[Finding]:
    transcription = settings.transcription
    if not transcription.enabled:
        if transcription.post_call_summary:
            text = "A summary is made of the transcript: switch transcription on, or the summary off."
            yield Finding("error", "summary_without_transcript", "transcription.postCallSummary", text)
        if widget.call_options.show_live_transcript:
            text = "The widget shows a live transcript, but calls are not transcribed: it will stay empty."
            yield _warn("captions_empty", "transcription.enabled", text)
    if not widget.advanced.allowed_domains:
        text = "Any web site may show this widget and spend your calls. List your sites under Allowed Domains."
        yield _warn("any_site", "widget.advanced.allowedDomains", text)


def _accounts(around: Surroundings) -> Iterator[Finding]:
    for account in around.accounts:
        field = f"accounts.{account.account_id}"
        if not account.active:
            text = f"{account.name} is switched off: calls to its number are not answered."
            yield _warn("account_off", field, text)
        elif account.status is not AccountStatus.CONNECTED:
            why = f" ({account.last_error})" if account.last_error else ""
            text = f"{account.name} did not pass its last check{why}: calls to its number may not be answered."
            yield _warn("account_error", field, text)
        elif account.account_id not in around.heard_from:
            text = f"{account.name} has no verified webhook: calls to its number may never arrive here."
            yield _warn("webhook_unverified", field, text)


def _unusable(model: AiModel | None, today: date) -> str | None:
    if model is None:
        return "the model does not exist."
    if not model.active:
        return f"{model.name} is switched off."
    if not model.takes_calls:
        return f"{model.name} is a chat model and cannot speak."
    if model.shutdown_on is not None and model.shutdown_on <= today:
        return f"{model.name} was shut down on {model.shutdown_on}."
    return None


def _shutting_down(model: AiModel, around: Surroundings, field: str) -> Iterator[Finding]:
    if model.shutdown_on is None or (model.shutdown_on - around.today).days > SOON_DAYS:
        return
    successor = around.models.get(model.successor_id or "")
    hint = f" Consider switching to {successor.name}." if successor is not None else ""
    yield _warn("model_ends", field, f"{model.name} will be shut down on {model.shutdown_on}.{hint}")


def _warn(code: str, field: str, message: str) -> Finding:
    return Finding("warning", code, field, message)
