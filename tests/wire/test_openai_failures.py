"""The OpenAI adapter when the provider refuses, stalls, closes or breaks off."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from infra.local.standins.conversation import StandInScript
from infra.local.standins.openai_realtime import OpenAiStandIn
from infra.local.standins.tones import ToneBrains
from media_tier.call.commands import HistoryItem
from media_tier.call.events import (
    Outcome,
    ProviderExpiring,
    ProviderFailed,
    ResponseEnded,
    ResponseStarted,
    ResponseTranscribed,
    ToolRequested,
)
from media_tier.ports import ProviderUnavailable
from media_tier.providers.openai import OpenAiConnection
from shared.contracts.records.call import Role
from tests.wire.openai_calls import UTTERANCE, connected, model, serving
from tests.wire.openai_fixtures import Heard, seed, settings, speak


@pytest.fixture
async def stand_in() -> AsyncIterator[OpenAiStandIn]:
    async with serving() as server:
        yield server


async def test_running_out_of_quota_is_fatal_and_told_once(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(no_quota_turn=1)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal, failed.connection) == ("insufficient_quota", True, 1)
    told = len(heard.events)
    speak(connection, UTTERANCE)
    connection.request_response("two", None)
    await connection.close()
    assert len(heard.events) == told and len(stand_in.sent("response.create")) == 1


@pytest.mark.parametrize(
    ("status", "fatal"), [(401, True), (403, True), (429, False), (500, False)], ids=["key", "denied", "busy", "down"]
)
async def test_a_refused_connection_is_fatal_only_for_good_reasons(
    stand_in: OpenAiStandIn, status: int, fatal: bool
) -> None:
    stand_in.script = StandInScript(refuse_status=status)
    with pytest.raises(ProviderUnavailable) as refusal:
        await connected(stand_in, Heard())
    assert (refusal.value.code, refusal.value.fatal) == (f"http_{status}", fatal)


async def test_a_wrong_key_is_fatal(stand_in: OpenAiStandIn) -> None:
    with pytest.raises(ProviderUnavailable) as refusal:
        await model(stand_in, key="sk-other").connect(seed(), Heard())
    assert (refusal.value.code, refusal.value.fatal) == ("http_401", True)


async def test_a_configuration_that_is_refused_is_fatal(stand_in: OpenAiStandIn) -> None:
    given = settings(voice={"voice_id": "fable"})
    with pytest.raises(ProviderUnavailable) as refusal:
        await connected(stand_in, Heard(), given=given)
    assert (refusal.value.code, refusal.value.fatal) == ("invalid_value", True)


@pytest.mark.parametrize("after", [0, 1])
async def test_a_server_that_stalls_during_setup_times_out(stand_in: OpenAiStandIn, after: int) -> None:
    stand_in.script = StandInScript(stall_after=after)
    with pytest.raises(ProviderUnavailable) as late:
        await model(stand_in, setup_seconds=0.3).connect(seed(), Heard())
    assert (late.value.code, late.value.fatal) == ("timeout", False)


async def test_a_server_that_stalls_later_is_left_to_the_call(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(stall_after=3)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    await heard.next(ResponseStarted)
    await asyncio.sleep(0.1)
    assert heard.of(ProviderFailed) == []
    await connection.close()


@pytest.mark.parametrize(
    ("close", "code"),
    [((3, 1001, "Your session hit the maximum duration of 60 minutes."), "expired"), ((3, 1011, "x"), "closed_1011")],
)
async def test_a_close_we_did_not_ask_for_is_a_failure(
    stand_in: OpenAiStandIn, close: tuple[int, int, str], code: str
) -> None:
    stand_in.script = StandInScript(close_after=close)
    heard = Heard()
    connection = await connected(stand_in, heard)
    connection.request_response("one", None)
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal) == (code, False)
    await connection.close()
    assert len(heard.of(ProviderFailed)) == 1


async def test_the_cap_is_announced_and_then_enforced(stand_in: OpenAiStandIn) -> None:
    stand_in.script = StandInScript(cap_seconds=1.6)
    heard = Heard()
    connection = await model(stand_in, epoch=time.time).connect(seed(), heard)
    expiring = await heard.next(ProviderExpiring)
    assert 0 < expiring.seconds <= 1.6
    failed = await heard.next(ProviderFailed)
    assert (failed.code, failed.fatal) == ("expired", False)
    await connection.close()


async def test_a_drop_at_any_event_is_one_failure_and_a_new_connection_goes_on(stand_in: OpenAiStandIn) -> None:
    """A whole scripted call, cut after its 1st, 2nd, … server event."""
    total = await scripted_call(stand_in, None)
    assert total > 40
    for cut in range(2, total + 1):
        assert await scripted_call(stand_in, cut) == cut


async def scripted_call(stand_in: OpenAiStandIn, cut: int | None) -> int:
    """Greeting, a turn with a tool, an answer. Returns the number of server events; checks the drop if there is one."""
    stand_in._make_brain = ToneBrains(["good morning"])
    stand_in.script = StandInScript(tools={1: ("lookup", {})}, speed_factor=400.0, drop_after=cut)
    before, heard = len(stand_in.events()), Heard()
    connection: OpenAiConnection | None = None
    try:
        connection = await connected(stand_in, heard, history=(HistoryItem(Role.ASSISTANT, "Welcome!"),))
    except ProviderUnavailable as unavailable:
        assert cut == 2 and not unavailable.fatal and heard.events == []
        return cut

    def broken() -> bool:
        return bool(heard.of(ProviderFailed))

    speak(connection, UTTERANCE)
    await heard.until(lambda: bool(heard.of(ToolRequested)) or broken())
    if not broken():
        asked = heard.of(ToolRequested)[0]
        connection.submit_tool_result(asked.call_id, asked.name, {"ok": True}, True)
        await heard.until(lambda: len(heard.of(ResponseEnded)) == 2 or broken())
    if cut is not None:
        await heard.until(broken)
    count = len(stand_in.events()) - before
    await connection.close()
    failures = heard.of(ProviderFailed)
    assert [(failed.connection, failed.code, failed.fatal) for failed in failures] == (
        [] if cut is None else [(1, "closed_1006", False)]
    )
    if cut is not None:
        await goes_on(stand_in)
    return count


async def goes_on(stand_in: OpenAiStandIn) -> None:
    """Another connection, seeded with what was said, answers."""
    stand_in.script = StandInScript(speed_factor=400.0)
    heard = Heard()
    connection = await connected(stand_in, heard, connection=2, history=(HistoryItem(Role.USER, "good morning"),))
    connection.request_response("again", None)
    ended = await heard.next(ResponseEnded)
    assert (ended.outcome, ended.connection) == (Outcome.COMPLETED, 2)
    assert "".join(said.text for said in heard.of(ResponseTranscribed)) == "You said good morning"
    await connection.close()
    assert heard.of(ProviderFailed) == []
