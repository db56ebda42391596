"""Meta's Graph API over loopback: what is sent, and how refusals are told apart."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from shared.adapters.whatsapp_calls import GraphWhatsAppCalls
from shared.adapters.whatsapp_numbers import GraphWhatsAppNumbers
from shared.contracts.settings.integration import WhatsAppAccount
from shared.domain.whatsapp_texts import parts
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import CallingFacts, NumberFacts, Sender, TokenFacts
from tests.services.vendor import Vendor, vendor

ACCOUNT = WhatsAppAccount(
    company_id="c",
    account_id="a",
    name="n",
    business_account_id="200000000000001",
    phone_number_id="100000000000001",
    phone_number="+4930901820",
)
TOKEN = "canary-access-token-0123456789"
SENDER = Sender(ACCOUNT.phone_number_id, TOKEN)
SDP = "v=0\r\na=x\r\n"
DONE = (200, {"messaging_product": "whatsapp", "success": True})
PATH = "/v26.0/100000000000001/calls"


def error(code: int, status: int = 400) -> tuple[int, object]:
    """A refusal as Meta writes it; its message holds what must not reach a person."""
    return status, {"error": {"message": "canary-message", "type": "OAuthException", "code": code, "fbtrace_id": "x"}}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as made:
        yield made


@pytest.fixture
def blocking() -> Iterator[httpx.Client]:
    with httpx.Client() as made:
        yield made


async def _token(account: WhatsAppAccount) -> str | None:
    return TOKEN


def calls(client: httpx.AsyncClient, meta: Vendor) -> GraphWhatsAppCalls:
    """The adapter."""
    return GraphWhatsAppCalls(client, _token, base_url=meta.url)


async def test_a_call_is_answered_in_two_steps_and_hung_up(client: httpx.AsyncClient) -> None:
    with vendor(DONE) as meta:
        await calls(client, meta).pre_accept(ACCOUNT, "wacid.1", SDP)
        await calls(client, meta).accept(ACCOUNT, "wacid.1", SDP)
        await calls(client, meta).terminate(ACCOUNT, "wacid.1")
        await calls(client, meta).reject(ACCOUNT, "wacid.2")
    session = {"sdp_type": "answer", "sdp": SDP}
    product = {"messaging_product": "whatsapp", "call_id": "wacid.1"}
    assert [asked.json() for asked in meta.asked] == [
        {**product, "action": "pre_accept", "session": session},
        {**product, "action": "accept", "session": session},
        {**product, "action": "terminate"},
        {**product, "call_id": "wacid.2", "action": "reject"},
    ]
    assert {(asked.method, asked.path, asked.authorization) for asked in meta.asked} == {
        ("POST", PATH, f"Bearer {TOKEN}")
    }


@pytest.mark.parametrize(("to", "who"), [("+14155550123", {"to": "14155550123"}), ("US.1", {"recipient": "US.1"})])
async def test_a_user_is_called_with_our_offer(client: httpx.AsyncClient, to: str, who: dict[str, str]) -> None:
    with vendor((200, {"messaging_product": "whatsapp", "calls": [{"id": "wacid.9"}]})) as meta:
        assert await calls(client, meta).connect(ACCOUNT, to, SDP, "call-1") == "wacid.9"
    assert meta.asked[0].json() == {
        "messaging_product": "whatsapp",
        "action": "connect",
        **who,
        "session": {"sdp_type": "offer", "sdp": SDP},
        "biz_opaque_callback_data": "call-1",
    }


async def test_an_answer_that_was_lost_is_asked_for_once_more(client: httpx.AsyncClient) -> None:
    with vendor(None, DONE) as meta:
        await calls(client, meta).accept(ACCOUNT, "wacid.1", SDP)
    assert len(meta.asked) == 2
    with vendor(error(138004, 500)) as meta, pytest.raises(WhatsAppRefused):
        await calls(client, meta).accept(ACCOUNT, "wacid.1", SDP)
    assert len(meta.asked) == 2


async def test_a_user_is_never_called_twice(client: httpx.AsyncClient) -> None:
    for answer in (None, error(138004, 500), (200, {"success": True})):
        with vendor(answer) as meta, pytest.raises(WhatsAppRefused):
            await calls(client, meta).connect(ACCOUNT, "+14155550123", SDP, "")
        assert len(meta.asked) == 1


async def test_without_a_token_nothing_is_asked(client: httpx.AsyncClient) -> None:
    async def none(account: WhatsAppAccount) -> str | None:
        return None

    with vendor(DONE) as meta, pytest.raises(WhatsAppRefused, match="error 0"):
        await GraphWhatsAppCalls(client, none, base_url=meta.url).reject(ACCOUNT, "wacid.1")
    assert meta.asked == []


@pytest.mark.parametrize(
    ("answer", "code", "reaction"),
    [
        (error(190, 401), 190, Reaction.ADMIN),
        (error(100), 100, Reaction.GIVE_UP),
        (error(138008), 138008, Reaction.GIVE_UP),
        (error(138006, 401), 138006, Reaction.ASK_PERMISSION),
        (error(138002, 429), 138002, Reaction.BACK_OFF),
        (error(131055), 131055, Reaction.ADMIN),
        (error(131047), 131047, Reaction.FALL_BACK),
        (error(210, 403), 210, Reaction.ADMIN),
        (error(4242), 4242, Reaction.GIVE_UP),
        ((429, b"<html>"), 0, Reaction.BACK_OFF),
        ((502, b"<html>"), 0, Reaction.RETRY),
        ((400, [1]), 0, Reaction.GIVE_UP),
        ((400, {"error": "x"}), 0, Reaction.GIVE_UP),
        ((400, b"[" * 100_000), 0, Reaction.GIVE_UP),
        ((200, b"not json"), 0, Reaction.RETRY),
        ((200, [1]), 0, Reaction.GIVE_UP),
    ],
)
async def test_refusals_are_told_apart_by_their_code(
    client: httpx.AsyncClient, answer: tuple[int, object], code: int, reaction: Reaction
) -> None:
    with vendor(answer) as meta, pytest.raises(WhatsAppRefused) as caught:
        await calls(client, meta).accept(ACCOUNT, "wacid.1", SDP)
    assert (caught.value.code, caught.value.reaction) == (code, reaction)
    assert "canary" not in caught.value.sentence + str(caught.value)


async def test_what_is_done_already_is_done(client: httpx.AsyncClient) -> None:
    with vendor(error(138003)) as meta:
        await calls(client, meta).terminate(ACCOUNT, "wacid.1")


def test_a_number_is_read_from_what_meta_displays(blocking: httpx.Client) -> None:
    with vendor((200, {"display_phone_number": "+49 30 901820", "platform_type": "CLOUD_API"})) as meta:
        assert GraphWhatsAppNumbers(blocking, base_url=meta.url).number(SENDER) == NumberFacts("4930901820", True)
    assert meta.asked[0].path.startswith("/v26.0/100000000000001?fields=id%2Cdisplay_phone_number")


def test_an_accounts_facts(blocking: httpx.Client) -> None:
    with vendor(
        (200, {"data": [{"id": "1"}, {"id": "100000000000001"}]}),
        (200, {"data": {"is_valid": True, "scopes": ["a", "b"]}}),
        (200, {"calling": {"status": "ENABLED", "sip": {"status": "DISABLED"}}}),
        (200, {"data": []}),
    ) as meta:
        numbers = GraphWhatsAppNumbers(blocking, base_url=meta.url)
        assert numbers.belongs(SENDER, "200000000000001")
        assert numbers.token(TOKEN, "300", "secret") == TokenFacts(True, frozenset("ab"))
        assert numbers.calling(SENDER) == CallingFacts(enabled=True, sip=False, restricted=False)
        assert not numbers.subscribed(SENDER, "200000000000001")
    assert meta.asked[1].authorization == "Bearer 300|secret"


def test_answers_of_another_form_are_no_facts(blocking: httpx.Client) -> None:
    with vendor((200, {"data": None, "calling": None, "actions": [3], "permission": None})) as meta:
        numbers = GraphWhatsAppNumbers(blocking, base_url=meta.url)
        assert not numbers.belongs(SENDER, "1") and not numbers.token(TOKEN, "1", "2").valid
        assert not numbers.calling(SENDER).enabled and not numbers.permission(SENDER, "+14155550123").may_call


def test_a_live_permission(blocking: httpx.Client) -> None:
    answer: dict[str, Any] = {
        "permission": {"status": "temporary", "expiration_time": 1790604800},
        "actions": [
            {"action_name": "send_call_permission_request", "can_perform_action": False},
            {"action_name": "start_call", "can_perform_action": True},
        ],
    }
    with vendor((200, answer)) as meta:
        numbers = GraphWhatsAppNumbers(blocking, base_url=meta.url)
        live = numbers.permission(SENDER, "+14155550123")
        assert (live.may_call, live.may_ask) == (True, False) and live.expires_at is not None
        numbers.permission(SENDER, "US.1")
    assert [asked.path.rpartition("?")[2] for asked in meta.asked] == ["user_wa_id=14155550123", "recipient=US.1"]


def test_messages(blocking: httpx.Client) -> None:
    with vendor((200, {"messages": [{"id": "wamid.1"}]})) as meta:
        numbers = GraphWhatsAppNumbers(blocking, base_url=meta.url)
        numbers.send_text(SENDER, "+14155550123", "Hello")
        numbers.ask_permission(SENDER, "US.1", "May we?")
        numbers.send_call_button(SENDER, "+14155550123", "Tap", "A label of more than twenty")
        numbers.send_template(SENDER, "+14155550123", "hello_world", "en_US")
    text, permission, button, template = (asked.json() for asked in meta.asked)
    assert (text["to"], text["type"], text["text"]["body"]) == ("14155550123", "text", "Hello")
    assert permission["recipient"] == "US.1" and "to" not in permission
    assert permission["interactive"]["action"] == {"name": "call_permission_request"}
    assert button["interactive"]["action"]["parameters"]["display_text"] == "A label of more than"
    assert template["template"] == {"name": "hello_world", "language": {"code": "en_US"}}


def test_long_texts_are_cut_at_line_ends() -> None:
    text = "\n".join(["x" * 100] * 100)
    cut = list(parts(text))
    assert "\n".join(cut) == text and max(map(len, cut)) <= 4096
    assert [len(part) for part in parts("y" * 5000)] == [4096, 904]
    assert list(parts("")) == []
