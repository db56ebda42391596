"""Starting a call: every check and what each refusal says, what is stored, and that limits hold in parallel."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.errors import (
    CallUnavailable,
    InvalidRequest,
    NotFound,
    NotPermitted,
    PlatformError,
    RateLimited,
)
from shared.contracts.records.call import CallStatus, Customer, EndReason
from shared.contracts.settings.call_settings import VoiceSettings
from shared.domain.catalogue import MODELS
from shared.services import sessions
from shared.services.sessions import StartedSession, Visitor, admit, start_session
from tests.services.world import OWN_ORIGIN, SITE, World


def start(
    world: World,
    *,
    chatbot_id: str = "bot-a",
    company_id: str | None = None,
    origin: str = SITE,
    address: str = "192.0.2.1",
    visitor_id: str = "",
    customer: Customer | None = None,
) -> StartedSession:
    """Start a call as the API does."""
    ports = world.session_ports()
    found = admit(ports, chatbot_id, company_id, origin)
    return start_session(ports, found, customer or Customer(), Visitor(origin, address, visitor_id))


def refused(world: World, kind: type[PlatformError], **how: Any) -> PlatformError:
    """The refusal, which must leave no call behind."""
    with pytest.raises(kind) as caught:
        start(world, **how)
    assert world.client.scan(TableName="calls")["Items"] == []
    return caught.value


def test_a_started_call_waits_with_the_settings_of_the_moment(world: World) -> None:
    world.publish(max_duration_minutes=7)
    started = start(world, company_id="company-a", customer=Customer(name=" Ada \n L ", email="ada@shop.example"))
    call = world.calls.get("company-a", started.call_id)
    assert call is not None
    assert (call.status, call.session_id, call.created_at) == (CallStatus.PENDING, started.session_id, world.now)
    assert call.customer == Customer(name="Ada L", email="ada@shop.example")
    assert call.configuration.settings_version == 2
    assert call.configuration.settings.max_duration_minutes == 7
    assert call.configuration.model.id == "simulated"
    assert (call.configuration.company_name, call.configuration.agent_name) == ("Company A", "Robin")
    world.publish(max_duration_minutes=50)
    assert world.calls.get("company-a", started.call_id) == call


def test_the_session_binds_chatbot_origin_and_deadlines(world: World) -> None:
    started = start(world)
    session = world.sessions.get(started.session_id)
    assert session is not None
    assert (session.company_id, session.chatbot_id, session.call_id) == ("company-a", "bot-a", started.call_id)
    assert (session.origin, session.token_used, session.resume_hash) == (SITE, False, None)
    assert session.connect_by - world.now == timedelta(seconds=60)
    assert session.expires_at - world.now == timedelta(hours=24) and started.expires_at == session.expires_at


def test_tokens_are_stored_as_hashes_only(world: World) -> None:
    started = start(world)
    stored = json.dumps(world.items(), default=str)
    session = world.sessions.get(started.session_id)
    assert session is not None
    assert session.token_hash == hashlib.sha256(started.token.encode()).hexdigest()
    assert session.read_hash == hashlib.sha256(started.read_token.encode()).hexdigest()
    assert started.token != started.read_token
    assert started.token not in stored and started.read_token not in stored
    assert started.read_token.partition(".")[2] not in stored


def test_sessions_leave_the_table_by_themselves(world: World) -> None:
    started = start(world)
    item = world.client.get_item(
        TableName="live", Key={"PK": {"S": f"SESSION#{started.session_id}"}, "SK": {"S": "META"}}
    )["Item"]
    assert int(item["expires"]["N"]) == int((world.now + timedelta(hours=24)).timestamp())


@pytest.mark.parametrize(
    ("chatbot_id", "company_id"), [("none", None), ("bot-a", "company-b"), ("bot-b", "company-a"), ("bot-a", "none")]
)
def test_a_missing_chatbot_and_another_companys_look_the_same(
    world: World, chatbot_id: str, company_id: str | None
) -> None:
    error = refused(world, NotFound, chatbot_id=chatbot_id, company_id=company_id)
    assert error.message == "There is no such chatbot."


@pytest.mark.parametrize("origin", ["https://shop.example.evil.example", "null", "", "https://shop.example"])
def test_other_sites_are_refused(world: World, origin: str) -> None:
    assert refused(world, NotPermitted, origin=origin).message == sessions.WRONG_SITE


def test_the_platforms_own_pages_are_always_allowed(world: World) -> None:
    assert start(world, origin=OWN_ORIGIN).call_id


def test_only_allowed_sites_may_frame_the_call_interface(world: World) -> None:
    policy = sessions.frame_policy(world.session_ports(), "bot-a")
    assert policy == "frame-ancestors https://calls.example https://*.shop.example:* http://*.shop.example:*"
    with pytest.raises(NotFound):
        sessions.frame_policy(world.session_ports(), "none")


def test_calls_switched_off_for_the_chatbot(world: World) -> None:
    world.chatbot(enabled_call=False)
    assert refused(world, CallUnavailable).message == "Call feature not available. Contact support."


def test_calls_switched_off_for_the_company(world: World) -> None:
    world.company(call_enabled=False)
    assert refused(world, CallUnavailable).message == "Call feature not available. Contact support."


def test_nothing_published_yet(world: World) -> None:
    world.chatbot(call_settings_version=0)
    assert refused(world, CallUnavailable).message == sessions.NO_MODEL


def _model_without(world: World, **changes: Any) -> None:
    world.models.save(MODELS[-1].model_copy(update=changes))


@pytest.mark.parametrize("changes", [{"active": False}, {"shutdown_on": "today"}, {"model_type": "chat"}])
def test_a_model_that_takes_no_calls(world: World, changes: dict[str, Any]) -> None:
    if "shutdown_on" in changes:
        changes = {"shutdown_on": world.now.date()}
    _model_without(world, **changes)
    assert refused(world, CallUnavailable).message == sessions.NO_MODEL


def test_a_model_that_will_shut_down_tomorrow_still_takes_calls(world: World) -> None:
    _model_without(world, shutdown_on=world.now.date() + timedelta(days=1))
    assert start(world).call_id


def test_a_model_that_is_missing(world: World) -> None:
    world.publish(ai_model_id="gone")
    assert refused(world, CallUnavailable).message == sessions.NO_MODEL


def test_a_voice_the_model_does_not_have(world: World) -> None:
    world.publish(voice=VoiceSettings(voice_id="onyx"))
    assert refused(world, CallUnavailable).message == sessions.NO_VOICE


def test_a_fallback_model_that_is_switched_off_is_left_out(world: World) -> None:
    world.publish(fallback_model_id="gemini-3.8-live")
    first = world.calls.get("company-a", start(world).call_id)
    gemini = world.models.get("gemini-3.8-live")
    assert gemini is not None
    world.models.save(gemini.model_copy(update={"active": False}))
    second = world.calls.get("company-a", start(world).call_id)
    assert first is not None and second is not None
    assert first.configuration.fallback_model == gemini
    assert second.configuration.fallback_model is None


def test_the_widgets_welcome_message_replaces_the_greeting(world: World) -> None:
    world.widget(branding={"call_welcome_message": "Welcome to the shop."})
    call = world.calls.get("company-a", start(world).call_id)
    assert call is not None
    assert call.configuration.settings.greeting == "Welcome to the shop."


@pytest.mark.parametrize(
    ("required", "customer", "fields"),
    [
        ({"require_name": True}, Customer(), {"customer.name"}),
        ({"require_name": True}, Customer(name="   "), {"customer.name"}),
        ({"require_email": True}, Customer(name="Ada"), {"customer.email"}),
        ({"require_email": True}, Customer(email="ada@"), {"customer.email"}),
        ({"require_email": True, "require_name": True}, Customer(), {"customer.name", "customer.email"}),
        ({}, Customer(email="no address"), {"customer.email"}),
    ],
)
def test_details_that_are_asked_for(
    world: World, required: dict[str, bool], customer: Customer, fields: set[str]
) -> None:
    world.widget(features=required)
    error = refused(world, InvalidRequest, customer=customer)
    assert isinstance(error, InvalidRequest) and set(error.fields) == fields


def test_the_eleventh_call_of_an_hour_is_refused_until_the_hour_is_over(world: World) -> None:
    for _ in range(10):
        start(world)
    with pytest.raises(RateLimited) as caught:
        start(world)
    assert caught.value.message == sessions.MANY_CALLS and caught.value.retry_after == 1800
    assert start(world, address="192.0.2.2").call_id
    assert start(world, chatbot_id="bot-b").call_id
    world.pass_time(seconds=caught.value.retry_after)
    assert start(world).call_id


def test_visitors_behind_one_address_have_their_own_allowance_within_the_addresss(world: World) -> None:
    world.widget(advanced={"calls_per_hour": 20})
    for number in range(30):
        start(world, visitor_id=f"visitor-{number % 2}")
    with pytest.raises(RateLimited):
        start(world, visitor_id="visitor-new")


def test_a_company_out_of_lines_says_so_and_has_one_again_when_a_call_ends(world: World) -> None:
    world.company(concurrent=2)
    first, _ = start(world, address="a"), start(world, address="b")
    with pytest.raises(RateLimited) as caught:
        start(world, address="c")
    assert (caught.value.message, caught.value.retry_after) == (sessions.LINES_BUSY, 30)
    call = world.calls.get("company-a", first.call_id)
    assert call is not None
    ended = {"status": CallStatus.COMPLETED, "ended_at": world.now, "end_reason": EndReason.USER_ENDED}
    assert world.calls.replace(call, ended) is not None
    world.pass_time(seconds=1)
    assert start(world, address="d").call_id
    with pytest.raises(RateLimited):
        start(world, address="e")
    assert start(world, chatbot_id="bot-b").call_id


def test_no_lines_at_all(world: World) -> None:
    world.company(concurrent=0)
    assert refused(world, RateLimited).message == sessions.LINES_BUSY


def test_a_call_that_cannot_be_stored_gives_its_line_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.company(concurrent=1)

    def fail(*_: Any) -> None:
        raise OSError("storage is away")

    with monkeypatch.context() as patched:
        patched.setattr(world.calls, "open", fail)
        with pytest.raises(OSError, match="away"):
            start(world)
    assert start(world).call_id


def test_a_line_taken_by_a_request_that_died_comes_back(world: World) -> None:
    assert world.slots.take("company-a", "never-stored", 1, world.now)
    world.pass_time(seconds=60)
    assert not world.slots.take("company-a", "other", 1, world.now)
    world.pass_time(seconds=1)
    assert world.slots.take("company-a", "other", 1, world.now)


def test_parallel_requests_cannot_pass_the_companys_limit_together(world: World) -> None:
    world.company(concurrent=7)

    def attempt(number: int) -> bool:
        try:
            start(world, address=f"192.0.2.{number}")
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(60))) == 7
