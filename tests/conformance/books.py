"""What is stored of a call once it is over: its record, its transcript, its recording."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local import aws
from infra.local.demo import COMPANY
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallRecord, Channel, EndReason, Role, TranscriptSegment
from shared.contracts.records.effect import ToolEffect
from tests.conformance.hearing import BAND, SAME, likeness, narrow, place
from tests.conformance.sentences import (
    ANSWER,
    BYE,
    CALLER_SAYS,
    FAREWELL,
    OPENING,
    ORDER,
    ORDER_ANSWER,
    QUESTION,
    STOPPED_ANSWER,
    TALE,
)
from tests.e2e.conftest import Running
from tests.e2e.sound import Samples, channels

CALLBACK_CALL_ID = "fallback-callback"
CALLER_SAME = 0.6
"""The caller's sentences are short and no other is alike by half; a hiccup may cost a third of one."""
PLACED_S = 1.5
"""How far the wait for an answer in a recording may differ from the caller's: sound on its way on a busy machine."""


class Books:
    """Asks database and storage of a running platform, off the event loop."""

    def __init__(self, running: Running) -> None:
        endpoint = running.run["aws"]
        dynamo = aws.client("dynamodb", endpoint)
        calls, live = Table(dynamo, "calls"), Table(dynamo, "live")
        self._rows = calls
        self._calls, self._carrier = DynamoCalls(calls, live), DynamoCarrierCalls(calls, live)
        self._s3 = aws.client("s3", endpoint)

    async def call_of(self, account_id: str, carrier_call_id: str) -> str:
        """The call of ours that belongs to a carrier's."""
        known = await asyncio.to_thread(self._carrier.get, COMPANY.company_id, account_id, carrier_call_id)
        assert known is not None and known.call_id is not None, "the carrier's call has no call of ours"
        return known.call_id

    async def callback_number(self, call_id: str) -> str | None:
        """The number that was left by keypad."""
        key = keys.effect(COMPANY.company_id, call_id, CALLBACK_CALL_ID)
        effect = await asyncio.to_thread(self._rows.get, key, ToolEffect)
        return None if effect is None else effect.data["phone_number"]

    async def closed(self, call_id: str, seconds: float = 90.0, *, recorded: bool = False) -> CallRecord:
        """The record, as soon as the call has ended and, if wanted, its recording is put together."""
        until = time.monotonic() + seconds
        while True:
            call = await asyncio.to_thread(self._calls.get, COMPANY.company_id, call_id)
            assert call is not None, "the call is in the books"
            if call.ended_at is not None and (not recorded or call.recording_state == "ready"):
                return call
            assert time.monotonic() < until, f"the call is not closed: {call.status}, recording {call.recording_state}"
            await asyncio.sleep(0.5)

    async def transcript(self, call_id: str) -> list[TranscriptSegment]:
        """What was said, in order."""
        return list(await asyncio.to_thread(self._calls.transcript, COMPANY.company_id, call_id))

    async def recording(self, call: CallRecord, path: Path) -> None:
        """Save the recording."""
        assert call.recording_key is not None, f"there is no recording: {call.recording_state}"
        await asyncio.to_thread(self._s3.download_file, aws.BUCKET, call.recording_key, str(path))


@dataclass(frozen=True, slots=True)
class Spoken:
    """Both sides' sentences as sound; for how many seconds the caller waited for the answer to the question, from the
    beginning of one to that of the other, and heard the tale before it was interrupted."""

    voice: Mapping[str, Samples]
    own: Mapping[str, bytes]
    waited: float
    told: float


async def is_kept(books: Books, call_id: str, channel: Channel, spoken: Spoken, folder: Path) -> None:
    """The whole conversation is in the books, as it was heard."""
    call = await books.closed(call_id, recorded=True)
    assert call.channel is channel
    assert call.end_reason is EndReason.USER_ENDED, call.end_reason
    the_transcript_is_right(await books.transcript(call_id), spoken)
    path = folder / f"{call_id}.wav"
    await books.recording(call, path)
    await asyncio.to_thread(the_recording_is_right, path, spoken)


def the_transcript_is_right(said: Sequence[TranscriptSegment], spoken: Spoken) -> None:
    """Every sentence of both sides; of the interrupted one only what was heard."""
    user = " / ".join(line.text.lower() for line in said if line.role is Role.USER).replace("123", "one two three")
    missing = [text for text in CALLER_SAYS if text not in user]
    assert not missing, f"{missing} not in “{user}”"
    ours = [line for line in said if line.role is Role.ASSISTANT]
    expected = (*OPENING, ANSWER, ORDER_ANSWER, STOPPED_ANSWER, FAREWELL)
    missing = [text for text in expected if not any(text in line.text for line in ours)]
    assert not missing, f"{missing} not in {[line.text for line in ours]}"
    tale = next(line for line in ours if line.text.startswith(TALE[:20]))
    assert tale.interrupted, "the tale is marked as interrupted"
    assert TALE.startswith(tale.text.rstrip(" .…")), tale.text
    kept = len(tale.text) / len(TALE) * len(spoken.voice[TALE]) / BAND
    assert abs(kept - spoken.told) < 1.5, f"words of about {kept:.1f} s are kept, {spoken.told:.1f} s were heard"


def the_recording_is_right(path: Path, spoken: Spoken) -> None:
    """Each side in its own channel, and the answer after the question."""
    caller, far = (narrow(side) for side in channels(path))
    own = {text: narrow(spoken.own[text]) for text in CALLER_SAYS}
    for side, texts, voices, same in (
        (caller, (QUESTION, ORDER, BYE), own, CALLER_SAME),
        (far, (ANSWER, ORDER_ANSWER, FAREWELL), spoken.voice, SAME),
    ):
        for text in texts:
            score = likeness(side, voices[text])
            assert score > same, f"“{text[:40]}” in its channel: {score:.2f}"
    later = place(far, spoken.voice[ANSWER]) - place(caller, own[QUESTION])
    told = f"the answer follows the question by {later:.1f} s, the caller waited for {spoken.waited:.1f} s"
    assert abs(later - spoken.waited) < PLACED_S, told
