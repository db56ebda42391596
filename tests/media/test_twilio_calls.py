"""Phone calls from end to end: a caller at Twilio's stand-in, signed webhooks and stream, the real door, roster and
call core, and a model that really hears and speaks."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from infra.local.standins.conversation import StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import ToneBrains, tone
from infra.local.standins.twilio_call import PhoneCall
from infra.local.standins.twilio_people import ScriptedPerson
from media_tier.audio import g711
from media_tier.engine.roster import DrainPlan
from media_tier.providers.simulated.model import SimulatedModel
from media_tier.providers.simulated.scenarios import BUSINESS_HOURS, LONG_STORY
from shared.contracts.records.call import EndedBy, EndReason
from shared.contracts.settings.call_settings import CallSettings, DisclosureSettings, RecordingSettings, VoiceSettings
from tests.media.speech_samples import renderer, silence, spoken
from tests.media.twilio_fakes import ACCOUNT_ID
from tests.media.twilio_house import House
from tests.wire.openai_calls import model as openai_model
from tests.wire.openai_fixtures import MODEL as OPENAI
from tests.wire.twilio_app import OURS, TOKEN, App, exchange, response

pytestmark = pytest.mark.realtime

GREETING = "Hello, how can I help?"
SETTINGS = CallSettings(
    ai_model_id="simulated",
    voice=VoiceSettings(voice_id="simulated-anna", speed=1.5),
    greeting=GREETING,
    disclosure=DisclosureSettings(enabled=False, off_reason="a test"),
    recording=RecordingSettings(enabled=True, announce=False),
)


@dataclass
class Scene:
    """One call and everybody on it."""

    house: House
    app: App
    call: PhoneCall
    person: ScriptedPerson

    async def says(self, text: str) -> None:
        """The caller speaks."""
        self.person.say(await spoken(text) + silence(100))

    async def until_said(self, role: str, text: str, seconds: float = 25.0) -> None:
        """Wait for a line of the transcript."""
        await self.person.until(lambda _: text in self.house.journal.said(role), seconds)

    async def quiet(self, seconds: float = 0.4) -> None:
        """Wait until the caller hears nothing more."""
        size = int(seconds * 8000)
        await self.person.until(
            lambda person: len(person.heard) > size and not level(bytes(person.heard[-size:])) > 50, 25
        )


def level(mulaw: bytes) -> float:
    return float(np.abs(np.frombuffer(g711.decode(mulaw), "<i2").astype(float)).mean())


@asynccontextmanager
async def ringing(house: House) -> AsyncIterator[Scene]:
    """Somebody calls; the webhook connects them, and afterwards hangs up or connects them anew."""
    house.accounts.tokens = {ACCOUNT_ID: TOKEN}
    app = App()

    def connect(_: dict[str, str]) -> str:
        assert house.server is not None
        url = f"ws://127.0.0.1:{house.server.port}{house.ticket()}"
        return response(f'<Connect action="/after"><Stream url="{url}"/></Connect>')

    app.documents = {
        "/voice": connect,
        "/after": lambda asked: response("<Hangup/>") if house.journal.ends else connect(asked),
    }
    async with house.open(), exchange(app) as twilio:
        person = ScriptedPerson()
        call = twilio.exchange.ring(OURS, person)
        yield Scene(house, app, call, person)


async def test_a_conversation_by_phone() -> None:
    house = House(SETTINGS, SimulatedModel(renderer()))
    async with ringing(house) as scene:
        journal, person = house.journal, scene.person
        await scene.until_said("assistant", GREETING)
        assert level(bytes(person.heard)) > 200
        # Understood although it is telephone sound; the greeting had been heard by then.
        await scene.says("tell me about your company")
        await scene.until_said("user", "Tell me about your company")
        await person.until(lambda person: level(bytes(person.heard[-4000:])) > 200)
        before = len(person.heard)
        await asyncio.sleep(2.5)
        await scene.says("what are your business hours")
        await scene.until_said("user", "What are your business hours")
        (stream,) = scene.call.verbs.streams
        assert stream.cleared >= 1
        cut = next(s for s in journal.segments.values() if s.interrupted)
        # What is written down is what was heard: a beginning, about as long as it sounded.
        assert LONG_STORY.startswith(cut.text)
        assert 10 < len(cut.text) < len(LONG_STORY) / 2
        heard_ms = cut.end_ms - cut.start_ms
        assert 2_000 < heard_ms < 6_000
        whole = len(await renderer().render(model_id="simulated", voice=SETTINGS.voice, text=LONG_STORY)) / 48
        assert len(cut.text) / len(LONG_STORY) == pytest.approx(heard_ms / whole, abs=0.06)
        assert len(person.heard) > before
        await scene.until_said("assistant", BUSINESS_HOURS)
        await scene.says("goodbye")
        assert await scene.call.ended() == "completed"
        assert journal.said("user") == [
            "Tell me about your company", "What are your business hours", "Goodbye"
        ]  # fmt: skip
        assert journal.said("assistant")[0] == GREETING
        assert re.search("goodbye", journal.said("assistant")[-1], re.IGNORECASE)
        assert journal.ends == [(EndReason.USER_ENDED, EndedBy.CALLER)] or journal.ends[0][0] is EndReason.AI_ENDED
        # We closed the socket, which handed the call back: Twilio asked what next, and hung up.
        assert [path for path, _ in scene.app.asked] == ["/voice", "/after"]
        assert stream.warnings == []
        assert scene.call.errors == []
        await asyncio.sleep(0.3)
        recorded = {side: sum(len(pcm) for _, pcm in pieces) / 8_000 for side, pieces in house.tape.sides.items()}
        assert recorded["caller"] == pytest.approx(len(person.heard) / 8_000, abs=1.5)
        assert 5 < recorded["far"] < len(person.heard) / 8_000


async def test_a_caller_who_hangs_up_has_ended_the_call() -> None:
    house = House(SETTINGS, SimulatedModel(renderer()))
    async with ringing(house) as scene:
        await scene.until_said("assistant", GREETING)
        scene.call.hang_up()
        assert await scene.call.ended() == "completed"
        await asyncio.sleep(0.1)
        assert house.journal.ends == [(EndReason.USER_ENDED, EndedBy.CALLER)]


async def test_a_broken_stream_comes_back_by_the_action_and_the_call_goes_on() -> None:
    house = House(SETTINGS, SimulatedModel(renderer()))
    async with ringing(house) as scene:
        await scene.until_said("assistant", GREETING)
        scene.call.verbs.drop_line()
        async with asyncio.timeout(10):
            while len(scene.call.verbs.streams) < 2:  # noqa: ASYNC110 - the stand-in's own state
                await asyncio.sleep(0.02)
        await scene.quiet()
        await scene.says("are you still there")
        await scene.until_said("assistant", "Yes, I'm here. How can I help you?")
        assert len(scene.app.of("/after")) == 1
        assert house.journal.said("assistant").count(GREETING) == 1
        assert house.journal.ends == []


async def test_a_process_that_leaves_hands_the_call_to_another() -> None:
    house = House(SETTINGS, SimulatedModel(renderer()))
    async with ringing(house) as scene:
        await scene.until_said("assistant", GREETING)
        leaving = house.roster
        assert leaving is not None
        async with house.open():
            draining = asyncio.create_task(leaving.drain(DrainPlan(5)))
            async with asyncio.timeout(10):
                while len(scene.call.verbs.streams) < 2:  # noqa: ASYNC110 - the stand-in's own state
                    await asyncio.sleep(0.02)
            await scene.quiet()
            await scene.says("are you still there")
            await scene.until_said("assistant", "Yes, I'm here. How can I help you?")
            await draining
            assert house.roster is not None
            assert (leaving.calls, house.roster.calls) == (0, 1)
            assert house.journal.said("assistant").count(GREETING) == 1
            scene.call.hang_up()
            await scene.call.ended()


async def test_another_calls_ticket_is_refused() -> None:
    house = House(SETTINGS, SimulatedModel(renderer()), carrier_call_id="CA" + "9" * 32)
    async with house.open():
        house.accounts.tokens = {ACCOUNT_ID: TOKEN}
        app = App()
        assert house.server is not None
        url = f"ws://127.0.0.1:{house.server.port}{house.ticket()}"
        app.documents = {"/voice": response(f'<Connect action="/after"><Stream url="{url}"/></Connect>')}
        app.documents["/after"] = response("<Hangup/>")
        async with exchange(app) as twilio:
            person = ScriptedPerson()
            call = twilio.exchange.ring(OURS, person)
            assert await call.ended() == "completed"
        assert house.seeds == []
        assert set(person.heard) <= {0xFF}


async def test_openai_gets_and_gives_mulaw_untouched() -> None:
    brains = ToneBrains(["good morning"])
    async with OpenAiStandIn(brains, StandInScript(speed_factor=20.0)) as openai:
        settings = SETTINGS.model_copy(update={"ai_model_id": OPENAI.id, "voice": VoiceSettings(voice_id="marin")})
        house = House(settings, openai_model(openai), OPENAI)
        async with ringing(house) as scene:
            await scene.until_said("assistant", GREETING)
            await scene.quiet()
            scene.person.say(tone(600) + silence(900))
            await scene.until_said("user", "good morning")
            await scene.until_said("assistant", "You said good morning")
            formats = openai.sent("session.update")[0]["session"]["audio"]
            assert formats["input"]["format"] == formats["output"]["format"] == {"type": "audio/pcmu"}
            appended = openai.sent("input_audio_buffer.append")
            assert {len(event["audio"]) for event in appended} == {216}  # 160 bytes in base64: 20 ms, as they came
            scene.call.hang_up()
            await scene.call.ended()
