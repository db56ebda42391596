"""A media process is killed under twenty phone calls: every caller is spoken to again by another one, which knows the
conversation."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.records.call import Role
from tests.e2e.conftest import Running
from tests.e2e.machine import measured
from tests.e2e.media_process import TASK, MediaProcess, one_more
from tests.e2e.phones import Phone, Phones
from tests.e2e.processes import GREETING, speech

pytestmark = [pytest.mark.platform, pytest.mark.crowded]

CALLS = 20
SPEAKS_AGAIN_S = 6.0
QUESTION, RECALL = "tell me about your company", "what did i ask you before"


@pytest.fixture
def dying(platform: Running, tmp_path: Path) -> Iterator[MediaProcess]:
    """One more process beside the platform's two."""
    with one_more(platform, tmp_path, 0) as process:
        yield process


async def test_every_caller_is_spoken_to_again_within_six_seconds(platform: Running, dying: MediaProcess) -> None:
    phones = Phones(platform)
    phones.exchange.streams_at = ("127.0.0.1", dying.port)
    question, recall = await speech(QUESTION), await speech(RECALL)
    callers = await phones.ring([turn % 3 for turn in range(CALLS)], apart=0.25)
    try:
        await asyncio.gather(*(ask(phones, caller, question) for caller in callers))
        for caller in callers:
            assert ((await phones.record(caller)).owner or "").startswith(TASK)
        phones.exchange.streams_at = None
        with measured() as pace:
            killed = time.monotonic()
            dying.process.kill()
            await asyncio.sleep(0.3)
            before = {caller.call.sid: caller.person.last_before(time.monotonic()) for caller in callers}
            waited = await asyncio.gather(*(again(caller, before[caller.call.sid]) for caller in callers))
            took = [at - killed for at in waited]
            print(f"\n{len(took)} of {CALLS} heard the AI again after {min(took):.1f} to {max(took):.1f} s")
        assert max(took) < SPEAKS_AGAIN_S * pace.stretch
        for caller in callers:
            record = await phones.record(caller)
            assert record.owner is not None and not record.owner.startswith(TASK)
        await asyncio.gather(*(remembers(phones, caller, recall, 0.3 * turn) for turn, caller in enumerate(callers)))
        for caller in callers:
            said = [line.text for line in await phones.transcript(caller) if line.role is Role.ASSISTANT]
            assert said.count(GREETING) == 1, "who comes back is not greeted again"
    finally:
        await phones.exchange.close()


async def ask(phones: Phones, caller: Phone, question: bytes) -> None:
    """Be greeted, ask for the long answer, and listen to a good part of it."""
    await phones.until_said(caller, Role.ASSISTANT, lambda text: text == GREETING, 40)
    asked = time.monotonic()
    caller.person.say(question)
    await phones.until_said(caller, Role.USER, lambda text: QUESTION in text.lower(), 30)
    await caller.person.until(lambda person: person.loud_at[-1:] > [asked + 2.0])
    await asyncio.sleep(2.0)


async def again(caller: Phone, last: float) -> float:
    """When the caller heard something again."""
    await caller.person.until(lambda person: person.loud_at[-1] > last, 30)
    return caller.person.first_after(last) or 0.0


async def remembers(phones: Phones, caller: Phone, recall: bytes, wait: float) -> None:
    """The AI knows what was asked on the process that died."""
    await asyncio.sleep(wait + 1.0)
    caller.person.say(recall)
    await phones.until_said(caller, Role.ASSISTANT, lambda text: "You asked about our company" in text, 40)
