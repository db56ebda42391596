"""Calls in µ-law: what the model, the recorder and the prompts of a phone call get."""

import asyncio
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from media_tier.audio import g711
from media_tier.audio.formats import MULAW_8K, PCM_24K, AudioFormat
from media_tier.audio.playout import Playout
from media_tier.bridge.phone_model import PhoneModel
from media_tier.bridge.phone_prompts import PhonePrompts
from media_tier.call.events import (
    Outcome,
    PlaybackFinished,
    PlaybackStarted,
    ProviderExpiring,
    ResponseEnded,
    ResponseTranscribed,
)
from media_tier.ports import ProviderListener, SessionSeed
from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import CallSettings, VoiceSettings
from tests.media.simulated_listener import Notes, seed_of

pytestmark = pytest.mark.realtime

SETTINGS = CallSettings(ai_model_id="m", voice=VoiceSettings(voice_id="v"))


def tone(rate: int, ms: int, hertz: float = 440.0) -> bytes:
    t = np.arange(rate * ms // 1000) / rate
    return (12_000 * np.sin(2 * np.pi * hertz * t)).astype("<i2").tobytes()


def pitch(pcm: bytes, rate: int) -> float:
    """The strongest frequency."""
    sound = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.fft.rfftfreq(len(sound), 1 / rate)[spectrum.argmax()])


def level(pcm: bytes) -> float:
    return math.sqrt(float((np.frombuffer(pcm, "<i2").astype(float) ** 2).mean()))


class Model:
    """A model that keeps what it is told, and its connection."""

    capabilities = seed_of().model.capabilities

    def __init__(self) -> None:
        self.sound = b""
        self.told: list[tuple[Any, ...]] = []

    async def connect(self, seed: SessionSeed, listener: ProviderListener) -> "Model":
        self.seed, self.listener = seed, listener
        return self

    def send_audio(self, pcm: bytes) -> None:
        self.sound += pcm

    def add_context(self, role: Role, text: str) -> None:
        self.told.append(("said", role, text))

    def request_response(self, tag: str, instructions: str | None) -> None:
        self.told.append(("ask", tag, instructions))

    def cancel(self, response_id: str) -> None:
        self.told.append(("cancel", response_id))

    def truncate(self, response_id: str, item_id: str, played_ms: int) -> None:
        self.told.append(("truncate", response_id, item_id, played_ms))

    def submit_tool_result(self, call_id: str, name: str, output: dict[str, Any], request_response: bool) -> None:
        self.told.append(("result", call_id, name, output, request_response))

    async def close(self) -> None:
        self.told.append(("close",))


async def test_a_model_hears_and_speaks_its_own_format() -> None:
    model, notes = Model(), Notes()
    connection = await PhoneModel(model).connect(seed_of(), notes)
    assert model.seed.audio == PCM_24K
    mulaw = g711.encode(tone(8_000, 400))
    for at in range(0, len(mulaw), 160):
        connection.send_audio(mulaw[at : at + 160])
    assert len(model.sound) == pytest.approx(400 * 48, abs=2 * 48)
    assert pitch(model.sound, 24_000) == pytest.approx(440, abs=5)
    assert level(model.sound) == pytest.approx(12_000 / math.sqrt(2), rel=0.03)
    spoken = tone(24_000, 400, 600)
    for at in range(0, len(spoken), 4_000):
        model.listener.on_audio("r1", "r1-i1", spoken[at : at + 4_000])
    assert not notes.audio
    await asyncio.sleep(0)
    model.listener.on_audio("r1", "r1-i2", b"\0\0")
    await asyncio.sleep(0)
    heard = bytes(notes.audio["r1-i1"])
    assert len(heard) == pytest.approx(400 * 8, abs=2 * 8)
    assert pitch(g711.decode(heard), 8_000) == pytest.approx(600, abs=5)
    assert "r1-i2" not in notes.audio


async def test_what_arrives_together_is_handed_on_together_and_never_after_its_end() -> None:
    model, notes = Model(), Notes()
    await PhoneModel(model).connect(seed_of(), notes)
    order: list[str] = []
    notes.on_audio = lambda response_id, item_id, pcm: order.append(f"{item_id} {len(pcm)}")  # type: ignore[method-assign]  # a spy
    notes.on_event = lambda event: order.append(type(event).__name__)  # type: ignore[method-assign]  # a spy
    spoken = tone(24_000, 80)
    model.listener.on_audio("r1", "a", spoken)
    model.listener.on_event(ResponseTranscribed("r1", "a", "so"))
    model.listener.on_audio("r1", "a", spoken)
    model.listener.on_audio("r1", "b", spoken)
    model.listener.on_event(ResponseEnded("r1", Outcome.COMPLETED, {}, "", 1))
    await asyncio.sleep(0)
    assert order == ["ResponseTranscribed", "a 1280", "b 640", "ResponseEnded"]


async def test_the_caller_is_heard_at_the_rate_the_model_wants() -> None:
    model, seed = Model(), seed_of()
    capabilities = seed.model.capabilities.model_copy(update={"input_rate": 16_000})
    seed = replace(seed, model=seed.model.model_copy(update={"capabilities": capabilities}))
    connection = await PhoneModel(model).connect(seed, Notes())
    assert model.seed.caller_audio == AudioFormat(16_000, 2)
    connection.send_audio(g711.encode(tone(8_000, 400)))
    assert len(model.sound) == pytest.approx(400 * 32, abs=2 * 32)
    assert pitch(model.sound, 16_000) == pytest.approx(440, abs=5)


async def test_everything_else_passes_as_it_is() -> None:
    model, notes = Model(), Notes()
    connection = await PhoneModel(model).connect(seed_of(), notes)
    connection.add_context(Role.USER, "hi")
    connection.request_response("t", None)
    connection.cancel("r")
    connection.truncate("r", "i", 7)
    connection.submit_tool_result("c", "n", {"a": 1}, True)
    await connection.close()
    assert [told[0] for told in model.told] == ["said", "ask", "cancel", "truncate", "result", "close"]
    assert model.told[3] == ("truncate", "r", "i", 7)
    model.listener.on_event(ProviderExpiring(1, 9))
    assert notes.events == [ProviderExpiring(1, 9)]
    assert connection.capabilities is model.capabilities


class Sentences:
    """A Prompter."""

    def __init__(self) -> None:
        self.known = {"hello": tone(24_000, 500)}

    async def load(self, settings: CallSettings, texts: Any) -> None:
        self.loaded = list(texts)

    def pcm(self, settings: CallSettings, text: str) -> bytes | None:
        return self.known.get(text)


async def test_sentences_are_converted_once_and_whole() -> None:
    sentences = Sentences()
    prompts = PhonePrompts(sentences)
    await prompts.load(SETTINGS, ["hello", "unknown"])
    assert sentences.loaded == ["hello", "unknown"]
    assert prompts.pcm(SETTINGS, "unknown") is None
    mulaw = prompts.pcm(SETTINGS, "hello")
    assert mulaw is not None
    assert PhonePrompts(sentences).pcm(SETTINGS, "hello") is mulaw
    assert 500 * 8 <= len(mulaw) <= 506 * 8
    assert pitch(g711.decode(mulaw), 8_000) == pytest.approx(440, abs=5)


def test_a_playout_counts_in_the_calls_own_samples() -> None:
    playout = Playout(rate=MULAW_8K.rate, width=MULAW_8K.width)
    playout.push("p", bytes(range(255)) * 8)  # 255 ms, an odd number of bytes at the end of a piece
    playout.push("p", b"\7")
    playout.end("p")
    assert playout.queued_ms == 255
    sent = playout.due(0.0)
    assert len(sent) == 2041
    events = playout.on_played(1000, 0.125) + playout.on_played(2041, 0.26)
    assert events == [PlaybackStarted("p"), PlaybackFinished("p", 255)]
    first, second = playout.heard()
    assert first.pcm + second.pcm == sent
    assert first.at == pytest.approx(0.0)
    assert second.at == pytest.approx(0.125, abs=0.01)
