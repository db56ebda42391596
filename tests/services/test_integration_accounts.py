"""Carrier accounts: what is checked before they are stored, who may have which, and that companies never meet."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts.errors import Conflict, InvalidRequest, NotFound, NotPermitted
from shared.contracts.records.user import Role
from shared.contracts.records.webhook_event import WebhookEvent
from shared.contracts.settings.account_draft import AccountDraft, TwilioDraft, WhatsAppDraft
from shared.contracts.settings.integration import AccountStatus, IntegrationAccount
from shared.domain.permissions import Actor
from shared.ports.phone_lines import PhoneNumber, PhoneOwner, PhoneRefused
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import CallingFacts
from shared.services import account_webhooks, chatbot_channels
from shared.services import integration_accounts as accounts
from shared.services.account_checks import (
    CALLING_OFF,
    CONNECTED,
    NOT_POINTED,
    ROUTED,
    SIP_ON,
    TRIAL,
    VERIFIED,
)
from tests.services.carrier_world import CarrierWorld, account_sid
from tests.services.world import OWN_ORIGIN, World

TOKEN, OTHER_TOKEN = "canary-auth-token-000000001111", "canary-auth-token-000000002222"


@pytest.fixture
def carriers(world: World) -> CarrierWorld:
    return CarrierWorld(world)


def phone(**changes: Any) -> TwilioDraft:
    """A filled-in form."""
    values: dict[str, Any] = {
        "name": "Main Twilio Account",
        "account_sid": account_sid("a"),
        "phone_number": "+12025550111",
        "auth_token": TOKEN,
        "chatbot_id": "bot-a",
    }
    return TwilioDraft.model_validate(values | changes)


def chat(**changes: Any) -> WhatsAppDraft:
    """A filled-in form."""
    values: dict[str, Any] = {
        "name": "Support WhatsApp",
        "business_account_id": "200000000000001",
        "phone_number_id": "100000000000001",
        "phone_number": "+4930901820",
        "app_id": "300000000000001",
        "access_token": "canary-access-token-0001",
        "app_secret": "canary-app-secret-0001",
    }
    return WhatsAppDraft.model_validate(values | changes)


def admin(company_id: str = "company-a") -> Actor:
    """Who does it."""
    return Actor("admin", Role.COMPANY_ADMIN, company_id)


def shown_of(carriers: CarrierWorld, account_id: str) -> accounts.AccountView:
    """The account's card."""
    ports = carriers.account_ports()
    return accounts.view(ports, accounts.account_of(ports, "company-a", account_id))


def create(
    carriers: CarrierWorld, draft: AccountDraft | None = None, company_id: str = "company-a"
) -> IntegrationAccount:
    """A stored account."""
    return accounts.create(carriers.account_ports(), admin(company_id), draft or phone())


def test_an_account_is_stored_once_its_carrier_says_it_works(carriers: CarrierWorld) -> None:
    account = create(carriers)
    assert (account.status, account.last_verified_at, account.version) == (
        AccountStatus.CONNECTED,
        carriers.world.now,
        0,
    )
    shown = shown_of(carriers, account.account_id)
    assert shown.secrets["auth_token"].masked == "••••1111"
    hooks = account_webhooks.setup(carriers.account_ports(), "company-a", account.account_id, editor=True)
    assert hooks.url == f"{OWN_ORIGIN}/api/webhooks/twilio/voice?accountId={account.account_id}"
    assert hooks.status_url == f"{OWN_ORIGIN}/api/webhooks/twilio/status?accountId={account.account_id}"
    assert (shown.chatbots, hooks.verify_token, shown.health.configured) == (("bot-a",), None, False)
    assert TOKEN not in repr(shown) and TOKEN not in repr(phone())
    assert TOKEN not in json.dumps(carriers.world.items(), default=str)


def test_a_whatsapp_account_gets_a_verify_token_that_only_editors_see(carriers: CarrierWorld) -> None:
    account = create(carriers, chat())
    ports = carriers.account_ports()
    shown = account_webhooks.setup(ports, "company-a", account.account_id, editor=True)
    assert shown.verify_token is not None and len(shown.verify_token) >= 32
    assert shown.url == f"{OWN_ORIGIN}/api/webhooks/whatsapp?accountId={account.account_id}"
    assert account_webhooks.setup(ports, "company-a", account.account_id, editor=False).verify_token is None


@pytest.mark.parametrize(
    ("missing", "draft"),
    [("authToken", phone(auth_token=None)), ("appSecret", chat(app_secret=None))],
)
def test_every_credential_must_be_filled(carriers: CarrierWorld, missing: str, draft: AccountDraft) -> None:
    with pytest.raises(InvalidRequest, match="All credentials must be filled") as caught:
        create(carriers, draft)
    assert missing in caught.value.fields


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 51},
        {"description": "x" * 501},
        {"account_sid": "AD" + "a" * 32},
        {"account_sid": "AC1"},
        {"phone_number": "+1 (555) 123-4567"},
        {"phone_number": "12025550111"},
        {"auth_token": "short"},
        {"auth_token": "x" * 2049},
        {"unknown": 1},
    ],
)
def test_forms_have_limits(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        phone(**changes)
    assert "x" * 2049 not in str(caught.value)


def test_names_are_unique_in_a_company_and_numbers_everywhere(carriers: CarrierWorld) -> None:
    create(carriers)
    with pytest.raises(Conflict, match="Account name must be unique"):
        create(carriers, phone(name=" main twilio ACCOUNT ", phone_number="+12025550112"))
    with pytest.raises(Conflict, match="already connected"):
        create(carriers, phone(chatbot_id=None), "company-b")
    create(carriers, phone(phone_number="+12025550112", chatbot_id=None), "company-b")
    assert [len(accounts.list_accounts(carriers.account_ports(), f"company-{letter}")) for letter in "ab"] == [1, 1]


TWILIO_PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"errors": [PhoneRefused("Invalid credentials", code=20003)]}, "Connection failed: Invalid credentials"),
    ({"the_owner": PhoneOwner(active=False, trial=False)}, "Connection failed: The Twilio account is not active"),
    ({"the_number": None}, "Connection failed: Phone number not found"),
    (
        {"the_number": PhoneNumber("PN1", voice=False, voice_url="", routed_elsewhere=False)},
        "Connection failed: Phone number is not voice-capable",
    ),
]


@pytest.mark.parametrize(("twilio", "sentence"), TWILIO_PROBLEMS)
def test_an_account_that_does_not_work_is_not_stored(
    carriers: CarrierWorld, twilio: dict[str, Any], sentence: str
) -> None:
    for name, value in twilio.items():
        setattr(carriers.lines, name, value)
    with pytest.raises(InvalidRequest, match=sentence):
        create(carriers)
    assert accounts.list_accounts(carriers.account_ports(), "company-a") == []


def test_a_check_warns_of_what_the_admin_should_know(carriers: CarrierWorld) -> None:
    ports = carriers.account_ports()
    found = accounts.try_out(ports, "company-a", phone())
    assert (found.ok, found.message, found.warnings) == (True, CONNECTED, (NOT_POINTED,))
    carriers.lines.the_owner = PhoneOwner(active=True, trial=True)
    carriers.lines.the_number = PhoneNumber("PN1", voice=True, voice_url="", routed_elsewhere=True)
    assert accounts.try_out(ports, "company-a", phone()).warnings == (TRIAL, ROUTED)
    carriers.meta.facts = CallingFacts(enabled=False, sip=True, restricted=False)
    found = accounts.try_out(ports, "company-a", chat())
    assert (found.ok, found.message, found.warnings) == (True, VERIFIED, (CALLING_OFF, SIP_ON))
    assert accounts.list_accounts(ports, "company-a") == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phone_number": "+4930901821"}, "The phone number does not match the Phone Number ID"),
        ({"business_account_id": "200000000000009"}, "does not belong to this WhatsApp Business account"),
    ],
)
def test_a_whatsapp_account_must_fit_together(carriers: CarrierWorld, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        create(carriers, chat(**changes))


def test_a_token_with_too_few_rights_or_none_is_refused(carriers: CarrierWorld) -> None:
    carriers.meta.scopes = frozenset({"whatsapp_business_messaging"})
    with pytest.raises(InvalidRequest, match="Connection failed: Insufficient permissions"):
        create(carriers, chat())
    carriers.meta.errors["number"] = WhatsAppRefused(190, Reaction.ADMIN, "Token expired")
    with pytest.raises(InvalidRequest, match="Connection failed: Token expired"):
        create(carriers, chat())


def test_a_change_replaces_exactly_the_version_that_was_edited(carriers: CarrierWorld) -> None:
    ports, account = carriers.account_ports(), create(carriers)
    first = accounts.update(ports, admin(), account.account_id, 0, phone(name="New name", auth_token=None))
    assert (first.version, first.name) == (1, "New name")
    with pytest.raises(Conflict, match="at the same time"):
        accounts.update(ports, admin(), account.account_id, 0, phone(name="Mine"))
    assert carriers.secrets.get("company-a", account.account_id, "auth_token") == TOKEN
    accounts.update(ports, admin(), account.account_id, 1, phone(name="New name", auth_token=OTHER_TOKEN))
    assert carriers.secrets.get("company-a", account.account_id, "auth_token") == OTHER_TOKEN
    create(carriers, phone(phone_number="+12025550112"))  # the old name is free again
    with pytest.raises(InvalidRequest, match="another kind"):
        accounts.update(ports, admin(), account.account_id, 2, chat())


def test_a_later_check_that_fails_keeps_the_last_success(carriers: CarrierWorld) -> None:
    ports, account = carriers.account_ports(), create(carriers)
    verified = carriers.world.now
    carriers.world.pass_time(days=3)
    carriers.lines.errors.append(PhoneRefused("Invalid credentials", code=20003))
    assert not accounts.check_again(ports, admin(), account.account_id).ok
    [stored] = accounts.list_accounts(ports, "company-a")
    assert (stored.status, stored.last_error, stored.last_verified_at, stored.version) == (
        AccountStatus.ERROR,
        "Invalid credentials",
        verified,
        0,
    )
    assert accounts.check_again(ports, admin(), account.account_id).ok
    [stored] = accounts.list_accounts(ports, "company-a")
    assert (stored.status, stored.last_error) == (AccountStatus.CONNECTED, "")


def test_an_account_in_use_is_deleted_only_if_that_was_confirmed(carriers: CarrierWorld) -> None:
    ports, account = carriers.account_ports(), create(carriers)
    carriers.world.chatbot(chatbot_id="bot-c")
    with pytest.raises(Conflict, match=r"This account is used by 1 chatbot\. It will stop receiving calls\."):
        accounts.delete(ports, admin(), account.account_id, 0, confirmed=False)
    chatbot_channels.connect(ports, admin(), "bot-c", account.account_id)
    with pytest.raises(Conflict, match=r"^This account is used by 2 chatbots\. They will stop receiving calls\.$"):
        accounts.delete(ports, admin(), account.account_id, 0, confirmed=False)
    accounts.delete(ports, admin(), account.account_id, 0, confirmed=True)
    core = carriers.world.client.scan(TableName="core")["Items"]
    assert account.account_id not in json.dumps(core, default=str)
    create(carriers)


def test_webhooks_are_set_at_a_click(carriers: CarrierWorld) -> None:
    ports, account, meta = carriers.account_ports(), create(carriers), create(carriers, chat())
    url = account_webhooks.set_webhooks(ports, admin(), account.account_id)
    [(sid, hooks)] = carriers.lines.pointed
    assert (sid, hooks.voice_url) == ("PN1", url)
    assert hooks.fallback_url.endswith(f"/fallback?accountId={account.account_id}")
    account_webhooks.set_webhooks(ports, admin(), meta.account_id)
    verify = carriers.secrets.get("company-a", meta.account_id, "verify_token")
    where = f"{OWN_ORIGIN}/api/webhooks/whatsapp?accountId={meta.account_id}"
    assert carriers.meta.sent == [
        ("subscribe", "200000000000001", where, verify),
        ("enable_calling", "100000000000001"),
    ]
    carriers.lines.the_number = PhoneNumber("PN1", voice=True, voice_url="", routed_elsewhere=True)
    with pytest.raises(InvalidRequest, match="SIP trunk"):
        account_webhooks.set_webhooks(ports, admin(), account.account_id)


def test_the_test_message_is_the_documents_and_a_template_where_that_is_needed(carriers: CarrierWorld) -> None:
    ports, account = carriers.account_ports(), create(carriers, chat())
    sentence = "This is a test message from Company A. Reply 'call me' to test voice call functionality."
    assert account_webhooks.send_test_message(ports, admin(), account.account_id, "+14155550123") == sentence
    carriers.meta.errors["text"] = WhatsAppRefused(131047, Reaction.FALL_BACK, "24 hours")
    account_webhooks.send_test_message(ports, admin(), account.account_id, "+14155550123")
    assert carriers.meta.sent[1:] == [("template", "+14155550123", "hello_world", "en_US")]
    carriers.meta.errors["text"] = WhatsAppRefused(190, Reaction.ADMIN, "Token expired")
    with pytest.raises(InvalidRequest, match="Token expired"):
        account_webhooks.send_test_message(ports, admin(), account.account_id, "+14155550123")


def test_a_chatbot_is_linked_to_a_working_account_only(carriers: CarrierWorld) -> None:
    ports, account, meta = carriers.account_ports(), create(carriers), create(carriers, chat())
    with pytest.raises(NotPermitted, match="webhook"):
        chatbot_channels.connect(ports, admin(), "bot-a", meta.account_id)
    seen = WebhookEvent(
        event_id="e1",
        company_id="company-a",
        account_id=meta.account_id,
        kind="verification",
        outcome="success",
        status=200,
        took_ms=1,
        at=carriers.world.now,
    )
    carriers.events.append(seen)
    chatbot_channels.connect(ports, admin(), "bot-a", meta.account_id)
    accounts.set_active(ports, admin(), account.account_id, 0, active=False)
    with pytest.raises(NotPermitted, match="not active"):
        chatbot_channels.connect(ports, admin(), "bot-a", account.account_id)
    chatbot_channels.disconnect(ports, admin(), "bot-a", account.account_id)
    assert shown_of(carriers, account.account_id).chatbots == ()


def test_another_companys_account_is_never_reached(carriers: CarrierWorld) -> None:
    ports, account = carriers.account_ports(), create(carriers)
    them, foreign = admin("company-b"), account.account_id
    before = carriers.world.items()
    for attempt in (
        lambda: accounts.account_of(ports, "company-b", foreign),
        lambda: account_webhooks.setup(ports, "company-b", foreign, editor=True),
        lambda: accounts.try_out(ports, "company-b", phone(auth_token=None), foreign),
        lambda: accounts.update(ports, them, foreign, 0, phone(chatbot_id=None)),
        lambda: accounts.set_active(ports, them, foreign, 0, active=False),
        lambda: accounts.set_outbound(ports, them, foreign, 0, enabled=True),
        lambda: accounts.check_again(ports, them, foreign),
        lambda: account_webhooks.set_webhooks(ports, them, foreign),
        lambda: account_webhooks.send_test_message(ports, them, foreign, "+14155550123"),
        lambda: accounts.delete(ports, them, foreign, 0, confirmed=True),
        lambda: chatbot_channels.connect(ports, them, "bot-b", foreign),
        lambda: chatbot_channels.disconnect(ports, them, "bot-a", foreign),
        lambda: accounts.create(ports, them, phone(name="x", phone_number="+12025550119")),
        lambda: chatbot_channels.connect(ports, admin(), "bot-b", account.account_id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert carriers.world.items() == before


def test_the_cards_numbers(carriers: CarrierWorld) -> None:
    account = create(carriers)
    for number, outcome in enumerate(["success", "duplicate", "failed", "rejected"]):
        event = WebhookEvent.model_validate(
            {
                "event_id": f"e{number}",
                "company_id": "company-a",
                "account_id": account.account_id,
                "kind": "call_initiated",
                "outcome": outcome,
                "status": 200,
                "took_ms": 5,
                "at": carriers.world.now,
            }
        )
        carriers.events.append(event)
        carriers.world.pass_time(hours=10)
    health = shown_of(carriers, account.account_id).health
    assert (health.configured, health.events, health.success_rate) == (True, 2, 0.0)
    carriers.world.pass_time(days=40)
    health = shown_of(carriers, account.account_id).health
    assert (health.configured, health.events, health.success_rate) == (True, 0, None)
