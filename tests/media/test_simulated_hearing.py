"""The simulated model's ears: when somebody speaks, and what they say."""

import time

import numpy as np
import pytest

from media_tier.providers.simulated.hearing import Began, Ear, Ended, Recogniser
from media_tier.providers.simulated.scenarios import VOCABULARY
from tests.media.speech_samples import CALLERS, mixed, noise, silence, spoken

UNKNOWN = (
    "the weather in spain is rainy today",
    "seven hundred green bottles",
    "could you write a poem about trains",
    "my cat likes to sleep in the garden",
)
FRAME = 960


def listen(ear: Ear, pcm: bytes) -> list[tuple[int, Began | Ended]]:
    """What the ear notices, with the milliseconds that had been pushed by then."""
    found: list[tuple[int, Began | Ended]] = []
    for at in range(0, len(pcm), FRAME):
        found += [((at + FRAME) // 48, event) for event in ear.push(pcm[at : at + FRAME])]
    return found


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(VOCABULARY)


async def test_an_utterance_begins_within_120_ms_and_ends_after_the_silence() -> None:
    word = await spoken("what are your business hours")
    lead = 1000
    (began_at, began), (ended_at, ended) = listen(Ear(silence_ms=500), silence(lead) + word + silence(1000))
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    assert began_at - lead <= 120
    assert abs(began_at - began.ago_ms - lead) <= 40
    end = lead + len(word) // 48
    assert 440 <= ended_at - end <= 560
    assert abs(ended_at - ended.ago_ms - end) <= 60
    assert ended.pcm[: 48 * 200] == silence(200)
    assert word in ended.pcm


@pytest.mark.parametrize("level", [0.0, 30.0, 120.0, 250.0])
def test_silence_and_low_noise_are_not_speech(level: float) -> None:
    assert listen(Ear(), noise(4000, level)) == []


def test_clicks_are_not_speech() -> None:
    click = noise(20, 6000)
    assert listen(Ear(), (silence(200) + click) * 10 + silence(200)) == []


async def test_speech_over_noise_is_found_once_the_noise_is_known() -> None:
    word = await spoken("hello")
    sound = mixed(silence(2000) + word + silence(1200), noise(1000, 200.0))
    assert [type(event) for _, event in listen(Ear(), sound)] == [Began, Ended]


def test_a_noise_that_stays_stops_being_speech() -> None:
    events = listen(Ear(), silence(500) + noise(8000, 900.0))
    assert [type(event) for _, event in events] == [Began, Ended]
    assert events[1][0] < 6000


async def test_sensitivity_decides_about_faint_speech() -> None:
    loud = np.frombuffer(await spoken("hello"), np.int16)
    faint = silence(500) + (loud // 12).astype("<i2").tobytes() + silence(1000)
    assert listen(Ear(sensitivity=0.1), faint) == []
    assert [type(event) for _, event in listen(Ear(sensitivity=1.0), faint)] == [Began, Ended]


async def test_pieces_of_any_size_give_the_same_utterances() -> None:
    sound = silence(300) + await spoken("thank you") + silence(900)
    whole = Ear().push(sound)
    ear, odd = Ear(), []
    for at in range(0, len(sound), 1234):
        odd += ear.push(sound[at : at + 1234])
    assert odd == [Began(whole[0].ago_ms), whole[1]]


def test_a_silent_frame_costs_little() -> None:
    ear, frame = Ear(), noise(20, 20.0)
    best = min(_seconds_for(ear, frame, 500) for _ in range(5))
    assert best / 500 < 40e-6


def _seconds_for(ear: Ear, frame: bytes, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        ear.push(frame)
    return time.perf_counter() - began


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_phrase_is_understood(recogniser: Recogniser, caller: str) -> None:
    wrong = {}
    for phrase in VOCABULARY:
        heard = await recogniser.recognise(await spoken(phrase, caller))
        if heard.text != phrase or not 0.5 <= heard.confidence <= 1:
            wrong[phrase] = heard
    assert wrong == {}


async def test_unknown_speech_and_noise_are_nothing(recogniser: Recogniser) -> None:
    for caller in CALLERS:
        for sentence in UNKNOWN:
            assert (await recogniser.recognise(await spoken(sentence, caller))).text == ""
    assert (await recogniser.recognise(noise(800, 900.0))).text == ""
    assert (await recogniser.recognise(silence(800))).text == ""
    assert (await recogniser.recognise(b"")).text == ""


async def test_an_end_phrase_of_its_own_is_understood_and_a_strange_one_does_no_harm() -> None:
    own = Recogniser(("hello", "That's all, thank you!", "Xyzzyplugh"))
    assert (await own.recognise(await spoken("that's all thank you"))).text == "that's all thank you"
    assert (await own.recognise(await spoken("hello"))).text == "hello"
    own.close()
