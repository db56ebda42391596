"""Nobody reaches another company's or another caller's data, and nobody learns that it exists."""

from typing import Any

import httpx
import pytest

from shared.contracts.records.call import Role
from tests.functions.api import Widget, error
from tests.services.world import World

OPERATIONS = ("transcript", "transcript?format=json", "transcript?format=srt", "recording", "feedback")


async def _ask(widget: Widget, operation: str, call_id: str, token: str | None) -> httpx.Response:
    if operation != "feedback":
        return await widget.read(call_id, operation, token)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return await widget.request(
        "POST", f"/api/widget/call/{call_id}/feedback", headers=headers, json={"stars": 1, "comment": "c"}
    )


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_only_a_calls_own_read_token_opens_it(world: World, operation: str) -> None:
    widget = Widget(world)
    for letter in "ab":
        world.widget(f"bot-{letter}", f"company-{letter}", features={"recording_download": True})
    mine = await widget.started()
    neighbour = await widget.started()
    foreign = await widget.started(chatbotId="bot-b")
    widget.say(mine["callId"], Role.USER, "a secret of company A", 0, 1000)
    widget.change(mine["callId"], recording_state="ready", recording_key="key")
    own = await _ask(widget, operation, mine["callId"], mine["readToken"])
    assert own.status_code in (200, 204)
    before = world.items()
    wrong: list[Any] = [
        None,
        "",
        mine["token"],
        mine["sessionId"],
        f"{mine['sessionId']}.",
        mine["readToken"][:-1],
        mine["readToken"] + "0",
        neighbour["readToken"],
        foreign["readToken"],
        f"{mine['sessionId']}.{foreign['readToken'].partition('.')[2]}",
    ]
    refused = [await _ask(widget, operation, mine["callId"], token) for token in wrong]
    refused += [
        await _ask(widget, operation, foreign["callId"], mine["readToken"]),
        await _ask(widget, operation, "missing", mine["readToken"]),
        await _ask(widget, operation, mine["sessionId"], mine["readToken"]),
    ]
    assert {error(response) for response in refused} == {(404, "not_found")}
    assert len({response.content for response in refused}) == 1
    assert world.items() == before


@pytest.mark.parametrize("company_id", ["company-b", "company-none", ""])
async def test_a_company_cannot_start_anothers_chatbot(world: World, company_id: str) -> None:
    widget = Widget(world)
    missing = await widget.start(chatbotId="bot-none")
    foreign = await widget.start(chatbotId="bot-a", companyId=company_id)
    assert error(foreign) == error(missing) == (404, "not_found")
    assert foreign.content == missing.content
    assert world.client.scan(TableName="calls")["Items"] == []


def test_repositories_find_nothing_under_another_company(world: World) -> None:
    assert world.chatbots.get("company-a", "bot-a") is not None
    assert world.chatbots.get("company-b", "bot-a") is None
    assert world.chatbots.call_settings("company-b", "bot-a", 1) is None
    world.widget(appearance={"theme": "dark"})
    assert world.chatbots.widget_config("company-b", "bot-a").appearance.theme == "auto"


async def test_a_call_is_addressed_with_its_company(world: World) -> None:
    widget = Widget(world)
    call_id = (await widget.started())["callId"]
    widget.say(call_id, Role.USER, "hello", 0, 1000)
    assert world.calls.get("company-b", call_id) is None
    assert world.calls.transcript("company-b", call_id) == []
    assert [segment.text for segment in world.calls.transcript("company-a", call_id)] == ["hello"]
