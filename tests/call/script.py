"""Scripts of calls: configurations to start with, and `play`, which runs events and due ticks on virtual time."""

from typing import Any

from media_tier.call.commands import Command, PlayPrompt
from media_tier.call.events import (
    Event,
    LegConnected,
    Outcome,
    Party,
    PlaybackFinished,
    PlaybackStarted,
    ProviderReady,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    SpeechStarted,
    SpeechStopped,
    Tick,
    Transcribed,
)
from media_tier.call.session import CallSession
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.settings.ai_model import AiModel, Capabilities, Prices
from shared.contracts.settings.call_settings import CallSettings

Step = tuple[int, Event]
Said = tuple[int, Command]

OPENAI_LIKE = Capabilities(server_interrupts_on_speech=True, can_truncate=True, can_cancel=True)
GEMINI_LIKE = Capabilities(resumable=True, max_connection_seconds=600)
CONNECTED = LegConnected(Party.CALLER)


def model(capabilities: Capabilities = OPENAI_LIKE, model_id: str = "simulated-1") -> AiModel:
    """A model of the catalogue."""
    return AiModel(
        id=model_id, name=model_id, provider="simulated", capabilities=capabilities, prices=Prices(version="1")
    )


def configuration(
    capabilities: Capabilities = OPENAI_LIKE, *, fallback_model: AiModel | None = None, **settings: Any
) -> FrozenConfiguration:
    """A configuration that speaks only its greeting, unless told otherwise."""
    settings.setdefault("disclosure", {"enabled": False})
    chosen = CallSettings.model_validate({"ai_model_id": "simulated-1", "voice": {"voice_id": "a"}, **settings})
    return FrozenConfiguration(
        settings=chosen, settings_version=1, model=model(capabilities), fallback_model=fallback_model
    )


def new(capabilities: Capabilities = OPENAI_LIKE, *tools: str, **settings: Any) -> CallSession:
    """A fresh call."""
    return CallSession(configuration(capabilities, **settings), tool_names=frozenset(tools))


def play(session: CallSession, *steps: Step, until: int | None = None) -> list[Said]:
    """Deliver events at their milliseconds, ticks when they are due in between, and go on to `until`."""
    said: list[Said] = []
    for at, event in [*steps, *([(until, None)] if until is not None else [])]:
        while (due := session.next_deadline()) is not None and due < at / 1000:
            said += [(round(due * 1000), command) for command in session.receive(Tick(), due)]
        if event is not None:
            said += [(at, command) for command in session.receive(event, at / 1000)]
    return said


def only[C](said: list[Said], kind: type[C]) -> list[tuple[int, C]]:
    """The commands of one kind."""
    return [(at, command) for at, command in said if isinstance(command, kind)]


def sentences(said: list[Said]) -> list[tuple[int, str]]:
    """What was spoken from renderings, and when."""
    return [(at, command.text) for at, command in only(said, PlayPrompt)]


def prompt_id(said: list[Said], text: str) -> str:
    """The playback id of the latest prompt with this text."""
    return [command.playback_id for _, command in only(said, PlayPrompt) if command.text == text][-1]


def greeted(session: CallSession, at: int = 1000) -> list[Said]:
    """Connect, let the one-line opening be heard by `at`, and have the provider ready: now the caller may speak."""
    return play(
        session,
        (0, CONNECTED),
        (10, PlaybackStarted("prompt-1")),
        (300, ProviderReady(1)),
        (at, PlaybackFinished("prompt-1", at - 10)),
    )


def caller_says(text: str, at: int, turn: str = "turn-1", lasting: int = 800) -> list[Step]:
    """One utterance, transcribed 200 ms after its end."""
    return [
        (at, SpeechStarted(turn)),
        (at + lasting, SpeechStopped(turn)),
        (at + lasting + 200, Transcribed(turn, text)),
    ]


def ai_says(text: str, at: int, response: str = "response-1", *, audio_ms: int = 2000) -> list[Step]:
    """One answer of a single item `<response>-item`, heard to its end."""
    item = f"{response}-item"
    return [
        (at, ResponseStarted(response)),
        (at + 10, ResponseTranscribed(response, item, text, audio_ms, final=True)),
        (at + 20, PlaybackStarted(item)),
        (at + 30, ResponseEnded(response, Outcome.COMPLETED, {item: audio_ms})),
        (at + 20 + audio_ms, PlaybackFinished(item, audio_ms)),
    ]
