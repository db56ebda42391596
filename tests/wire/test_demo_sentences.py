"""The demo's fixed sentences are spoken ahead by the provider of each chatbot, here by the stand-ins."""

from functions.speech.speakers import Speaker, speakers
from infra.local.demo import CHATBOTS
from infra.local.seed import render_chatbot
from infra.local.standins.conversation import StandInScript
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import ToneBrains, ToneVoice
from shared.contracts.environment import SpeechEnvironment
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.domain.catalogue import MODELS
from shared.domain.sentences import TIME_IS_UP
from shared.ports.speech import SpeechFailed, SpeechRenderer
from shared.services.prompts import prompt_key
from tests.wire.gemini_fixtures import certificate

QUICK = StandInScript(speed_factor=200.0)
SENTENCES = 12


class Shelf:
    """A prompt store in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def put(self, key: str, pcm: bytes) -> None:
        self.kept[key] = pcm


class Offline:
    """Counts what it is asked to speak, or cannot speak."""

    def __init__(self, *, fails: bool = False) -> None:
        self.spoken: list[str] = []
        self._fails = fails

    async def render(self, *, model_id: str, voice: VoiceSettings, text: str) -> bytes:
        if self._fails:
            raise SpeechFailed("No.")
        self.spoken.append(text)
        return b"\1\2"


def speech(environ: dict[str, str], stage: str = "local") -> SpeechEnvironment:
    """The environment of a function that speaks."""
    needed = ("RECORDINGS_BUCKET", "CALL_ENDED_QUEUE_URL", "PUBLIC_BASE_URL", "RENDER_PROMPTS_QUEUE_URL")
    return SpeechEnvironment.read({"STAGE": stage, **dict.fromkeys(needed, "x"), **environ})


def chatbot(provider: str) -> tuple[CallSettings, AiModel]:
    """The settings and the model of the demo's chatbot of this provider."""
    models = {model.id: model for model in MODELS}
    chosen = [(settings, models[settings.ai_model_id]) for _, settings, _ in CHATBOTS]
    return next((settings, model) for settings, model in chosen if model.provider == provider)


async def test_openai_sentences_are_spoken_by_openai() -> None:
    settings, model = chatbot("openai")
    shelf = Shelf()
    async with OpenAiStandIn(ToneBrains(), QUICK) as stand_in:
        environ = {"OPENAI_API_KEY": "sk-local", "OPENAI_WEBSOCKET_BASE_URL": stand_in.url}
        speaker = speakers(speech(environ))["openai"]
        assert await render_chatbot(settings, model, speaker, shelf) >= SENTENCES
        sessions = [sent["session"]["audio"]["output"]["voice"] for sent in stand_in.sent("session.update")]
        assert set(sessions) == {settings.voice.voice_id}
        assert await render_chatbot(settings, model, speaker, shelf) == 0
        assert len(stand_in.sent("session.update")) == len(sessions), "what is there is not spoken again"
    assert shelf.kept[prompt_key(settings, TIME_IS_UP)] == await ToneVoice().speak(TIME_IS_UP, "marin")


async def test_gemini_sentences_are_spoken_by_gemini() -> None:
    settings, model = chatbot("google")
    shelf = Shelf()
    async with GeminiStandIn(ToneBrains(), certificate()) as stand_in:
        environ = {"GEMINI_API_KEY": "local", "GEMINI_REST_BASE_URL": stand_in.rest_url}
        assert set(speakers(speech(environ))) == {"simulated", "google"}
        assert await render_chatbot(settings, model, speakers(speech(environ))["google"], shelf) >= SENTENCES
        assert len(stand_in.speech.requests) >= SENTENCES
    assert shelf.kept[prompt_key(settings, TIME_IS_UP)] == await ToneVoice().speak(TIME_IS_UP, "Kore")


async def test_another_speaker_speaks_everything_anew() -> None:
    settings, model = chatbot("openai")
    shelf, offline = Shelf(), Offline()
    renderer: SpeechRenderer = offline
    first = await render_chatbot(settings, model, Speaker("stand-in", renderer), shelf)
    assert first == len(offline.spoken) >= SENTENCES
    assert await render_chatbot(settings, model, Speaker("vendor", renderer), shelf) == first
    assert await render_chatbot(settings, model, Speaker("vendor", renderer), shelf) == 0


async def test_a_vendor_that_does_not_speak_leaves_it_to_the_call() -> None:
    settings, model = chatbot("openai")
    shelf = Shelf()
    assert await render_chatbot(settings, model, Speaker("vendor", Offline(fails=True)), shelf) == 0
    assert shelf.kept == {}


def test_a_key_alone_means_the_vendor_itself() -> None:
    assert speakers(speech({"OPENAI_API_KEY": "sk-real"}))["openai"].name == "vendor"
    assert set(speakers(speech({}))) == {"simulated"}
    assert set(speakers(speech({}, "prod"))) == set()
