"""Voices heard before they are chosen, and sentences that are rendered when settings change."""

import asyncio
import io
import json
import wave
from typing import Any

import boto3
import pytest

from functions import wiring
from functions.speech import wiring as speech
from functions.workers import render_prompts
from shared.adapters.aws.blob_prompt_store import BlobPromptStore
from shared.adapters.aws.render_queue import SqsRenderQueue
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from shared.domain.sentences import GOODBYE
from shared.services import speaking
from shared.services.prompts import prompt_key
from shared.services.speaking import PREVIEW, PREVIEWS_PER_HOUR, SpeakingPorts, render_chatbot
from tests.functions.admin.console import ADMIN, MASTER, Console, FakeSpeech, refusal
from tests.services.world import World, settings

VOICE = {"voiceId": "simulated-anna"}


def preview(console: Console, person: Any = ADMIN, path: str = "/voice-previews", **changes: Any) -> Any:
    """Ask for a preview."""
    return console.ask(person, "POST", path, {"aiModelId": "simulated", "voice": VOICE} | changes)


def ports(world: World, speaker: FakeSpeech) -> SpeakingPorts:
    """What rendering needs."""
    store = BlobPromptStore(world.blobs)
    return SpeakingPorts(world.chatbots, world.models, {"simulated": speaker}, store, world.rates, lambda: world.now)


def stored(world: World, text: str, **changes: Any) -> bytes | None:
    """What is kept of a sentence of company A's chatbot."""
    return world.blobs.get(prompt_key(settings(**changes), text))


def test_a_voice_is_heard_and_rendered_once(console: Console) -> None:
    answer = preview(console)
    assert answer.status_code == 200 and answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24000, 1, 2)
        assert sound.getnframes() == len(PREVIEW)
    assert preview(console).content == answer.content and console.speech.spoken == [PREVIEW]
    preview(console, voice=VOICE | {"speed": 1.2})
    assert preview(console, MASTER, "/fleet/voice-previews", text="Hello").status_code == 200
    assert console.speech.spoken == [PREVIEW, PREVIEW, "Hello"]


def test_previews_are_refused_with_a_sentence(console: Console) -> None:
    unknown = preview(console, voice={"voiceId": "nova"})
    assert refusal(unknown) == (400, "invalid_request")
    assert "Valid voices: simulated-anna" in unknown.json()["error"]["fields"]["voice.voiceId"]
    assert set(preview(console, aiModelId="none").json()["error"]["fields"]) == {"aiModelId"}
    silent = preview(console, aiModelId="gemini-3.8-live", voice={"voiceId": "Kore"})
    assert refusal(silent) == (503, "unavailable")
    assert silent.json()["error"]["message"] == "Unable to generate preview. Please try again."
    assert refusal(preview(console, text="x" * 501)) == (400, "invalid_request")
    console.speech.broken = True
    assert refusal(preview(console)) == (503, "unavailable")


def test_previews_that_must_be_rendered_are_limited(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PREVIEWS_PER_HOUR > 0
    monkeypatch.setattr(speaking, "PREVIEWS_PER_HOUR", 2)
    assert [preview(console, text=f"Text {n}").status_code for n in (1, 2, 3, 1)] == [200, 200, 429, 200]


def test_whoever_changes_what_is_said_has_it_rendered(console: Console) -> None:
    path = "/chatbots/bot-a/call-settings"
    body = settings(greeting="Good day!").model_dump(mode="json", by_alias=True)
    assert console.ask(ADMIN, "PUT", path, body, version=1).status_code == 200
    assert console.ask(ADMIN, "POST", path + "/rollback", {"number": 1}, version=2).status_code == 200
    assert console.rendering.asked == [("company-a", "bot-a")] * 2
    refused = console.ask(ADMIN, "PUT", path, body, version=1)
    assert refusal(refused) == (409, "version_conflict") and len(console.rendering.asked) == 2
    widget = "/chatbots/bot-a/widget"
    assert console.ask(ADMIN, "PUT", widget, {}, version=1).status_code == 200
    assert len(console.rendering.asked) == 2
    welcome = {"branding": {"call_welcome_message": "Welcome!"}}
    assert console.ask(ADMIN, "PUT", widget, welcome, version=2).status_code == 200
    assert len(console.rendering.asked) == 3


def test_every_sentence_is_rendered_in_the_chatbots_voice_once(world: World) -> None:
    speaker = FakeSpeech()
    world.widget(branding={"call_welcome_message": "Welcome!"})
    rendered = asyncio.run(render_chatbot(ports(world, speaker), "company-a", "bot-a"))
    assert rendered == len(speaker.spoken) > 8
    assert {GOODBYE, "Welcome!", settings().greeting} <= set(speaker.spoken)
    assert stored(world, GOODBYE) is not None and stored(world, "Welcome!") is not None
    assert asyncio.run(render_chatbot(ports(world, speaker), "company-a", "bot-a")) == 0
    world.publish(voice={"voice_id": "simulated-ben"})
    assert asyncio.run(render_chatbot(ports(world, speaker), "company-a", "bot-a")) == rendered
    ben = CallSettings(ai_model_id="simulated", voice=VoiceSettings(voice_id="simulated-ben"))
    assert world.blobs.get(prompt_key(ben, GOODBYE)) is not None
    assert asyncio.run(render_chatbot(ports(world, speaker), "company-b", "bot-b")) == 0, "the same voice and texts"
    assert asyncio.run(render_chatbot(ports(world, speaker), "company-b", "bot-a")) == 0


@pytest.fixture
def queue_url(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The worker's environment."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    url = boto3.client("sqs").create_queue(QueueName="render-prompts")["QueueUrl"]
    for name in ("CALL_ENDED_QUEUE_URL", "RENDER_PROMPTS_QUEUE_URL"):
        monkeypatch.setenv(name, url)
    for name, value in {"STAGE": "test", "RECORDINGS_BUCKET": "calls", "PUBLIC_BASE_URL": "https://x.example"}.items():
        monkeypatch.setenv(name, value)
    caches = (wiring.environment, wiring._client, speech.environment, speech.speaking_ports)
    for cached in caches:
        cached.cache_clear()
    yield url
    for cached in caches:
        cached.cache_clear()


def record(body: str, attempt: int = 1) -> dict[str, Any]:
    """A message as it is delivered."""
    return {"messageId": "m1", "body": body, "attributes": {"ApproximateReceiveCount": str(attempt)}}


def test_the_worker_renders_what_was_asked_for(world: World, queue_url: str) -> None:
    SqsRenderQueue(boto3.client("sqs"), queue_url).render("company-a", "bot-a")
    [message] = boto3.client("sqs").receive_message(QueueUrl=queue_url)["Messages"]
    assert render_prompts.handler({"Records": [record(message["Body"])]}, None) == {"batchItemFailures": []}
    sound = stored(world, GOODBYE)
    assert sound is not None and len(sound) > 24_000


def test_the_worker_gives_up_after_some_attempts(world: World, queue_url: str) -> None:
    failing = json.dumps({"company_id": "company-a"})
    again = {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert render_prompts.handler({"Records": [record(failing, 1)]}, None) == again
    assert render_prompts.handler({"Records": [record(failing, 3)]}, None) == {"batchItemFailures": []}


def test_a_queue_that_is_away_keeps_nobody_from_saving(world: World, caplog: pytest.LogCaptureFixture) -> None:
    away = "https://sqs.us-east-1.amazonaws.com/123456789012/no-such-queue"
    SqsRenderQueue(boto3.client("sqs", region_name="us-east-1"), away).render("company-a", "bot-a")
    assert [entry.message for entry in caplog.records] == ["sentences are not rendered"]
