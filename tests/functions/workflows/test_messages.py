"""What WhatsApp callers get after a call: each message once at most, whoever dies when, only where it may be sent."""

from datetime import timedelta

import pytest

from functions.workflows import task
from shared.adapters.aws.dynamo import keys
from shared.contracts.records.after_call import Step
from shared.contracts.records.call import CallStatus, Channel
from shared.contracts.settings.integration import AccountStatus, WhatsAppAccount
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from tests.functions.workflows.closing_world import COMPANY, START, World, die

USER = "+14155550123"
ACCOUNT = WhatsAppAccount(
    company_id=COMPANY,
    account_id="chat",
    name="Support",
    status=AccountStatus.CONNECTED,
    business_account_id="200000000000001",
    phone_number_id="100000000000001",
    phone_number="+4930901820",
    send_transcript=True,
    send_survey=True,
)
WINDOW_OVER = WhatsAppRefused(131047, Reaction.FALL_BACK, "More than 24 hours have passed.")
SLOW_DOWN = WhatsAppRefused(613, Reaction.BACK_OFF, "Later.")
LOST = WhatsAppRefused(0, Reaction.RETRY, "WhatsApp could not be reached.")


@pytest.fixture
def by_whatsapp(world: World) -> World:
    """The ended call came by WhatsApp."""
    _by_whatsapp(world)
    if world.ports.messages.accounts.get(COMPANY, "chat") is None:
        world.ports.messages.accounts.create(ACCOUNT)  # type: ignore[attr-defined]  # the adapter
        world.ports.secrets.put(COMPANY, "chat", "access_token", "token", START)
    return world


def _by_whatsapp(world: World, **changes: object) -> None:
    record = world.record()
    call = record.model_copy(
        update={"channel": Channel.WHATSAPP, "account_id": "chat", "caller_number": USER, **changes}
    )
    assert world.calls.replace(record, dict(call)) is not None
    world.meta.sent.clear()
    world.meta.errors.clear()


def _account(world: World, **changes: object) -> None:
    stored = world.ports.messages.accounts.get(COMPANY, "chat")
    assert stored is not None
    world.ports.messages.accounts.update(stored.model_copy(update=changes))  # type: ignore[attr-defined]  # the adapter


def test_a_caller_gets_transcript_and_survey_once(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.work(Step.CLOSE_TRANSCRIPT)
    assert [world.work(Step.MESSAGE) for _ in range(3)] == ["done"] * 3
    text, survey = world.meta.sent
    assert text[:2] == ("text", USER) and "[00:00:01] User: I want to know" in text[2]
    assert text[2].startswith("Transcript of your call with ")
    assert survey == ("list", USER, *(f"stars-{stars}-{world.call_id}" for stars in (5, 4, 3, 2, 1)))
    events = world.ports.messages.log.events.between(COMPANY, "chat", START, START + timedelta(days=1), 9)
    mine = [event for event in events if event.call_id == world.call_id]
    assert sorted((event.kind, event.outcome) for event in mine) == [
        ("survey_sent", "success"),
        ("transcript_sent", "success"),
    ]
    assert USER not in str(mine)


def test_whoever_dies_when_no_message_comes_twice(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.work(Step.CLOSE_TRANSCRIPT)
    restore, sent = world.remember(), list[tuple[str, ...]]()
    moments = world.attempt(Step.MESSAGE, {})
    assert len(world.meta.sent) == 2 and moments > 6
    for moment in range(moments):
        restore()
        world.meta.sent.clear()
        world.attempt(Step.MESSAGE, {moment: die})
        world.work(Step.MESSAGE)
        kinds = [one[0] for one in world.meta.sent]
        assert len(kinds) == len(set(kinds)), f"twice after a death at moment {moment}"
        sent += world.meta.sent
    assert {one[0] for one in sent} == {"text", "list"}


def test_two_workers_at_once_send_each_message_once(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.work(Step.CLOSE_TRANSCRIPT)
    restore = world.remember()
    moments = world.attempt(Step.MESSAGE, {})
    for moment in range(moments):
        restore()
        world.meta.sent.clear()
        world.attempt(Step.MESSAGE, {moment: lambda: world.attempt(Step.MESSAGE, {})})
        assert sorted(one[0] for one in world.meta.sent) == ["list", "text"], f"at moment {moment}"


def test_a_window_that_is_over_is_no_failure_of_the_call(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.meta.errors = {"text": WINDOW_OVER, "list": WINDOW_OVER}
    world.finish()
    assert world.record().closed_at is not None and world.meta.sent == []
    assert world.state()["stored"]["STEP#message_caller"][1]["outcome"] == "skipped"


def test_what_may_be_sent_later_is_and_what_may_have_been_sent_is_not(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.work(Step.CLOSE_TRANSCRIPT)
    world.meta.errors = {"text": SLOW_DOWN}
    with pytest.raises(task.StepFailed):
        world.work(Step.MESSAGE)
    world.meta.errors = {"text": LOST}
    assert world.work(Step.MESSAGE) == "skipped"
    world.meta.errors.clear()
    assert world.work(Step.MESSAGE) == "skipped"
    assert world.meta.sent == []


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_at": START - timedelta(days=1)},
        {"caller_number": None},
        {"status": CallStatus.ABANDONED},
        {"channel": Channel.TWILIO},
        {"account_id": "gone"},
    ],
)
def test_calls_that_get_no_message(by_whatsapp: World, changes: dict[str, object]) -> None:
    world = by_whatsapp
    _by_whatsapp(world, **changes)
    world.work(Step.CLOSE_TRANSCRIPT)
    assert (world.work(Step.MESSAGE), world.meta.sent) == ("skipped", [])


@pytest.mark.parametrize(
    ("transcript", "survey", "sent"), [(True, False, ["text"]), (False, True, ["list"]), (False, False, [])]
)
def test_a_company_chooses(by_whatsapp: World, transcript: bool, survey: bool, sent: list[str]) -> None:
    world = by_whatsapp
    _account(world, send_transcript=transcript, send_survey=survey)
    try:
        world.work(Step.CLOSE_TRANSCRIPT)
        world.work(Step.MESSAGE)
        assert [one[0] for one in world.meta.sent] == sent
    finally:
        _account(world, send_transcript=True, send_survey=True)


def test_a_note_is_no_word_of_the_caller(by_whatsapp: World) -> None:
    world = by_whatsapp
    world.finish()
    key = keys.message(COMPANY, world.call_id, "survey")
    item = world.table.item(key)
    assert item is not None and USER not in str(item)
