"""The Gemini adapter when connections end: resumed, refused, going away, and cut at every point."""

import asyncio
from typing import Any

import pytest

from infra.local.standins.conversation import StandInScript
from infra.local.standins.gemini_live import GeminiStandIn
from infra.local.standins.tones import silence
from media_tier.call.commands import HistoryItem, ToolOutcome
from media_tier.call.events import (
    ProviderExpiring,
    ProviderFailed,
    ProviderResumable,
    ResponseEnded,
    ResponseTranscribed,
    ToolRequested,
)
from media_tier.ports import ProviderUnavailable
from shared.contracts.records.call import Role
from tests.wire.gemini_fixtures import MODEL, UTTERANCE, model_at, seed, standing_in
from tests.wire.openai_fixtures import Heard, speak

LONG = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"


def words(heard: Heard, response_id: str) -> str:
    return "".join(event.text for event in heard.of(ResponseTranscribed) if event.response_id == response_id)


async def test_a_handle_brings_the_conversation_back() -> None:
    heard, again = Heard(), Heard()
    async with standing_in(["my name is Ada", "who am I"]) as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        speak(connection, UTTERANCE)
        await heard.next(ResponseEnded)
        resumable = await heard.next(ProviderResumable, 2)
        await connection.close()
        line = (HistoryItem(Role.USER, "my name is Ada"),)
        resumed = await model_at(stand_in).connect(seed(connection=2, history=line, handle=resumable.handle), again)
        speak(resumed, UTTERANCE)
        await again.next(ResponseEnded)
        await resumed.close()
        # The provider kept the conversation: telling it again would close the session.
        assert not stand_in.sent("client_content")
        memory = stand_in.handles[again.of(ProviderResumable)[-1].handle]
    assert ("user", "my name is Ada") in memory.turns
    assert again.of(ResponseEnded)[0].response_id == "g2-r1"


async def test_tools_that_still_run_are_given_up_on_a_resumed_session() -> None:
    heard = Heard()
    async with standing_in() as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        handle = (await heard.next(ProviderResumable)).handle
        await connection.close()
        running = (ToolOutcome("c-1", "lookup", {}, None), ToolOutcome("c-0", "lookup", {}, {"state": "sent"}))
        resumed = await model_at(stand_in).connect(seed(connection=2, tools_done=running, handle=handle), Heard())
        await resumed.close()
    (response,) = stand_in.sent("tool_response")
    assert [(result["id"], set(result["response"])) for result in response["functionResponses"]] == [("c-1", {"error"})]


async def test_a_refused_handle_is_reported_as_such() -> None:
    async with standing_in(refuse_handle=True) as stand_in:
        with pytest.raises(ProviderUnavailable) as refused:
            await model_at(stand_in).connect(seed(handle="handle-x"), Heard())
        assert (refused.value.resume_refused, refused.value.fatal) == (True, False)
        fresh = await model_at(stand_in).connect(seed(), Heard())
        await fresh.close()


async def test_an_unknown_handle_is_refused() -> None:
    async with standing_in() as stand_in:
        with pytest.raises(ProviderUnavailable) as refused:
            await model_at(stand_in).connect(seed(handle="never given"), Heard())
    assert (refused.value.code, refused.value.resume_refused) == ("closed_1008", True)


async def test_a_handle_refused_after_the_setup_is_reported_as_such() -> None:
    heard = Heard()
    async with standing_in() as stand_in:
        first = Heard()
        connection = await model_at(stand_in).connect(seed(), first)
        handle = (await first.next(ProviderResumable)).handle
        await connection.close()
        stand_in.script = StandInScript(close_after=(2, 1007, "Request contains an invalid argument."))
        await model_at(stand_in).connect(seed(connection=2, handle=handle), heard)
        failed = await heard.next(ProviderFailed)
    assert failed == ProviderFailed(2, "closed_1007", failed.message, resume_refused=True)


async def test_going_away_is_announced_and_the_end_is_a_failure() -> None:
    heard = Heard()
    async with standing_in(cap_seconds=0.3, go_away_seconds=0.2) as stand_in:
        await model_at(stand_in).connect(seed(), heard)
        expiring = await heard.next(ProviderExpiring)
        failed = await heard.next(ProviderFailed)
    assert expiring == ProviderExpiring(1, 0.2)
    assert (failed.code, failed.fatal, failed.resume_refused) == ("closed_1011", False, False)


@pytest.mark.parametrize(
    ("script", "key", "code", "fatal"),
    [
        ({"refuse_status": 401}, "local", "http_401", True),
        ({"refuse_status": 503}, "local", "http_503", False),
        ({}, "wrong", "closed_1007", True),
        ({"close_after": (0, 1011, "You exceeded your current quota.")}, "local", "no_quota", True),
        ({"drop_after": 0}, "local", "closed_1006", False),
        ({"stall_after": 0}, "local", "timeout", False),
    ],
)
async def test_connecting_fails(script: dict[str, Any], key: str, code: str, fatal: bool) -> None:
    heard = Heard()
    async with standing_in(**script) as stand_in:
        with pytest.raises(ProviderUnavailable) as unavailable:
            await model_at(stand_in, api_key=key, setup_seconds=0.3).connect(seed(), heard)
    assert (unavailable.value.code, unavailable.value.fatal) == (code, fatal)
    assert not heard.events


async def test_nobody_listens() -> None:
    async with standing_in() as stand_in:
        model = model_at(stand_in)
    with pytest.raises(ProviderUnavailable, match="unreachable"):
        await model.connect(seed(), Heard())


async def test_an_untrusted_certificate_is_refused() -> None:
    async with standing_in() as stand_in:
        with pytest.raises(ProviderUnavailable):
            await model_at(stand_in, ssl_context=None).connect(seed(), Heard())


async def test_what_the_server_does_not_know_closes_the_session() -> None:
    unknown = MODEL.model_copy(update={"id": "gemini-0-live"})
    async with standing_in() as stand_in:
        with pytest.raises(ProviderUnavailable) as refused:
            await model_at(stand_in).connect(seed(model=unknown), Heard())
        assert (refused.value.code, refused.value.fatal) == ("closed_1008", True)
        thinking = MODEL.model_copy(update={"id": "gemini-3.8-live-extended-thinking"})
        connection = await model_at(stand_in).connect(seed(model=thinking), Heard())
        await connection.close()


async def test_closing_is_quiet_and_everything_after_it_does_nothing() -> None:
    heard = Heard()
    async with standing_in() as stand_in:
        connection = await model_at(stand_in).connect(seed(), heard)
        await connection.close()
        connection.send_audio(silence(20))
        connection.add_context(Role.USER, "hello")
        connection.request_response("x", None)
        connection.cancel("g1-r1")
        connection.truncate("g1-r1", "g1-r1-i1", 10)
        connection.submit_tool_result("c", "lookup", {}, True)
        await connection.close()
    assert not stand_in.sent("client_content")
    assert not heard.of(ProviderFailed)


async def conversation(stand_in: GeminiStandIn, heard: Heard) -> None:
    """A turn, a tool, an interruption: whatever of it the connection lives to see."""
    connection = await model_at(stand_in).connect(seed(), heard)

    def failed() -> bool:
        return bool(heard.of(ProviderFailed))

    speak(connection, UTTERANCE)
    await heard.until(lambda: failed() or bool(heard.of(ToolRequested)))
    for tool in heard.of(ToolRequested):
        connection.submit_tool_result(tool.call_id, tool.name, {"state": "sent"}, True)
    await heard.until(lambda: failed() or len(heard.audio) >= 2)
    speak(connection, UTTERANCE)
    # The third handle is the last thing the server says.
    await heard.until(lambda: failed() or len(heard.of(ProviderResumable)) >= 3)
    await asyncio.sleep(0.05)
    await connection.close()


CONVERSATION: dict[str, Any] = {
    "speak": ("unused", LONG, "All right"),
    "tools": {1: ("lookup", {"number": "7"})},
    "speed_factor": 8.0,
}


async def test_a_drop_at_any_point_is_one_failure_and_a_reconnect_works() -> None:
    async with standing_in(["where is it", "stop"], **CONVERSATION) as whole:
        heard = Heard()
        await conversation(whole, heard)
        assert not heard.of(ProviderFailed)
        length = len(whole.told())
    assert length >= 20
    async with asyncio.TaskGroup() as group:
        for at in range(1, length + 1):
            group.create_task(drop_and_reconnect(at))


async def drop_and_reconnect(at: int) -> None:
    """How much sound comes before the interruption depends on time, so a few of the last points may not be reached."""
    heard = Heard()
    async with standing_in(["where is it", "stop"], **CONVERSATION, drop_after=at) as stand_in:
        try:
            await conversation(stand_in, heard)
        except ProviderUnavailable as unavailable:
            # The setup was answered and the connection cut in one breath.
            assert at == 1
            assert unavailable.code == "closed_1006"
            assert not heard.events
            return
        if len(stand_in.told()) < at:
            assert at > 20
            assert not heard.of(ProviderFailed)
            return
        assert [(e.connection, e.code) for e in heard.of(ProviderFailed)] == [(1, "closed_1006")], at
        assert isinstance(heard.events[-1], ProviderFailed)
        stand_in.script = StandInScript(speed_factor=20.0)
        handles = heard.of(ProviderResumable)
        line = (HistoryItem(Role.USER, "where is it"),)
        for connection, handle in ((2, handles[-1].handle if handles else None), (3, None)):
            again = Heard()
            resumed = await model_at(stand_in).connect(seed(connection=connection, history=line, handle=handle), again)
            resumed.request_response("resume", "Say exactly: As I said")
            await again.next(ResponseEnded)
            assert words(again, f"g{connection}-r1").strip() == "As I said"
            await resumed.close()
