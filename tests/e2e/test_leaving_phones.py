"""A media process leaves with twenty phone calls in all states: nobody notices, and nothing is lost or forgotten."""

import asyncio
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_tier.providers.simulated.scenarios import BUSINESS_HOURS, LONG_STORY
from shared.contracts.records.call import Role, TranscriptSegment
from shared.domain.sentences import ONE_MOMENT
from tests.e2e.conftest import Running
from tests.e2e.machine import measured
from tests.e2e.media_process import TASK, MediaProcess, one_more
from tests.e2e.phones import Phone, Phones
from tests.e2e.processes import GREETING, speech

pytestmark = [pytest.mark.platform, pytest.mark.crowded]

CALLS = 20
UNNOTICED_S = 1.0
DRAIN_SECONDS = 12
STORY, HOURS, RECALL = "tell me about your company", "what are your business hours", "what did i ask you before"


@pytest.fixture
def leaving(platform: Running, tmp_path: Path) -> Iterator[MediaProcess]:
    """One more process beside the platform's two."""
    with one_more(platform, tmp_path, DRAIN_SECONDS) as process:
        yield process


async def test_nobody_notices_that_a_process_leaves(platform: Running, leaving: MediaProcess) -> None:
    """A third of the callers listens to a long answer, a third has just asked, a third is to speak next."""
    phones = Phones(platform)
    phones.exchange.streams_at = ("127.0.0.1", leaving.port)
    story, hours, recall = [await speech(text) for text in (STORY, HOURS, RECALL)]
    callers = await phones.ring([turn % 3 for turn in range(CALLS)], apart=0.25)
    listening, asking = callers[0::3], callers[1::3]
    checks: list[asyncio.Task[None]] = []
    try:
        await asyncio.gather(*(said(phones, caller, Role.ASSISTANT, GREETING) for caller in callers))
        for caller in callers:
            assert ((await phones.record(caller)).owner or "").startswith(TASK)
        for caller in listening:
            caller.person.say(story)
            await asyncio.sleep(0.2)
        await asyncio.gather(*(said(phones, caller, Role.USER, STORY) for caller in listening))
        await asyncio.sleep(3.0)
        for caller in asking:
            caller.person.say(hours)
        await asyncio.sleep(2.0)
        before = {caller.call.sid: await phones.transcript(caller) for caller in callers}
        phones.exchange.streams_at = None
        with measured() as pace:
            leaving.process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            code = await asyncio.to_thread(leaving.process.wait, DRAIN_SECONDS + 15)
            print(f"\nthe process left after {time.monotonic() - told:.1f} s with code {code}")
            assert code == 0
            await asyncio.gather(*(said(phones, caller, Role.ASSISTANT, BUSINESS_HOURS[:20]) for caller in asking))
            await asyncio.sleep(3.0)
        after = {caller.call.sid: await phones.transcript(caller) for caller in callers}
        assert [len(caller.person.away) for caller in callers] == [1] * CALLS, "every call moved, once"
        away = [back - gone for caller in callers for gone, back in caller.person.away]
        owed = [caller for caller in callers if ONE_MOMENT in texts(after[caller.call.sid])]
        assert len(owed) >= len(listening)
        silent = [caller.person.missed(caller.person.away[0]) for caller in owed]
        print(
            f"without a line for at most {max(away):.2f} s, everything taking {pace.stretch:.1f} times as long as alone"
        )
        print(f"{len(owed)} were to hear something and heard nothing for {min(silent):.2f} to {max(silent):.2f} s")
        assert max(away) < UNNOTICED_S * pace.stretch
        assert max(silent) < UNNOTICED_S * pace.stretch
        for caller in callers:
            record = await phones.record(caller)
            assert record.owner is not None and not record.owner.startswith(TASK) and record.ended_at is None
            lost = set(texts(before[caller.call.sid])) - set(texts(after[caller.call.sid]))
            assert not lost, "what was written down stays"
            assert texts(after[caller.call.sid]).count(GREETING) == 1
        for caller in listening:
            heard = next(line for line in after[caller.call.sid] if line.text[:20] == LONG_STORY[:20])
            assert heard.interrupted and LONG_STORY.startswith(heard.text.rstrip(" .,…")), heard.text
        for turn, caller in enumerate((*listening, *asking)):
            topic = "our company" if caller in listening else "our business hours"
            checks.append(asyncio.create_task(remembers(phones, caller, recall, topic, 0.3 * turn)))
        await asyncio.gather(*checks)
    finally:
        await phones.exchange.close()


def texts(lines: list[TranscriptSegment]) -> list[str]:
    """What was said."""
    return [line.text for line in lines]


async def said(phones: Phones, caller: Phone, role: Role, text: str) -> None:
    """Wait for a line."""
    await phones.until_said(caller, role, lambda line: text.lower() in line.lower(), 40)


async def remembers(phones: Phones, caller: Phone, recall: bytes, topic: str, wait: float) -> None:
    """The AI knows what was asked on the process that left."""
    await asyncio.sleep(wait)
    caller.person.say(recall)
    await phones.until_said(caller, Role.ASSISTANT, lambda text: f"You asked about {topic}" in text, 40)
