"""Chromium calls as a WhatsApp user does: its own SDP, ICE, DTLS and Opus, against our intake and leg."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from media_tier.legs.whatsapp import WhatsAppLimits
from shared.contracts.settings.integration import WhatsAppAccount
from tests.e2e.processes import speech
from tests.e2e.sound import as_heard, likeness, samples, timeline, write_wav
from tests.e2e.whatsapp_browser import BrowserPhone, browser_phone
from tests.media.test_whatsapp_intake import Meta, world
from tests.media.whatsapp_peer import until

pytestmark = pytest.mark.browser

LIKENESS = 0.9
QUESTION = "good morning, what are your business hours on a sunday"
ANSWER = "We are open from nine to five on weekdays, and closed on Sundays."
FIRST, EVERY = 2.5, 5.0
"""Seconds of the microphone's file at which the question comes."""
HEARD_LATELY = round((FIRST + EVERY) * 24_000)
TRIES = 6
"""A browser that gets no processor for a moment fills the hole by itself: then both say it again, and of each part of
it counts what came best."""


class MetaOfBrowser(Meta):
    """Meta's verbs, on a browser."""

    def __init__(self, phone: BrowserPhone) -> None:
        self.browser, self.said, self.sdp, self.refuse, self.deaf = phone, [], "", "", False

    async def pre_accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        self._note("pre_accept", carrier_call_id)
        self.sdp = sdp
        await self.browser.answer(sdp)

    async def accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None:
        assert sdp == self.sdp
        self._note("accept", carrier_call_id)


async def test_each_side_hears_what_the_other_says(tmp_path: Path) -> None:
    question, answer = await speech(QUESTION), await speech(ANSWER, "simulated-anna")
    microphone = tmp_path / "microphone.wav"
    write_wav(microphone, timeline([(FIRST + EVERY * n, question) for n in range(TRIES)], FIRST + EVERY * TRIES))
    async with browser_phone(microphone) as phone:
        meta = MetaOfBrowser(phone)
        async with world(WhatsAppLimits(linger_seconds=0.05), meta=meta) as w:
            w.ring(sdp=await phone.offer())
            await until(lambda: "accept" in meta.said, 15)
            leg, ear = w.admission.legs[0], w.admission.ear
            await asyncio.sleep(1.0)  # a fresh receiver finds its buffer first
            asked, told = samples(question), samples(answer)
            said, heard = likeness(np.zeros(1), asked), likeness(np.zeros(1), told)
            for _ in range(TRIES):
                before = len(await phone.sound())
                for at in range(0, len(answer), 960):
                    leg.play(answer[at : at + 960])
                await asyncio.sleep(EVERY)
                heard = np.maximum(heard, likeness((await phone.sound())[before:], told))
                said = np.maximum(said, likeness(ear.sound[-HEARD_LATELY:].astype(float), asked))
                if min(as_heard(said, asked), as_heard(heard, told)) > LIKENESS:
                    break
            assert await phone.state() == "connected"
            leg.close(1000, "done")
            await until(lambda: w.intake.calls == 0)
    up, down = as_heard(said, asked), as_heard(heard, told)
    print(f"\ncorrelation: the AI hears {up:.3f}, Chromium hears {down:.3f}")
    assert up > LIKENESS and down > LIKENESS
    assert meta.said == ["pre_accept", "accept", "terminate"]
