"""The small installation with carriers: a Twilio and a WhatsApp account for each company, and carriers that obey."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3

from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.outbound_calls import DynamoCallPermissions, DynamoOutboundCalls
from shared.adapters.aws.dynamo.webhook_events import DynamoWebhookEvents
from shared.adapters.aws.secrets import KmsSecrets
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.integration import AccountStatus, TwilioAccount, WhatsAppAccount
from shared.domain.whatsapp_texts import Row
from shared.ports.phone_lines import Credentials, Dialling, NumberHooks, PhoneNumber, PhoneOwner
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_numbers import CallingFacts, LivePermission, NumberFacts, Sender, TokenFacts
from shared.services.auditing import Desk
from shared.services.carrier_calls import CarrierPorts
from shared.services.integration_accounts import AccountPorts
from shared.services.outbound_calls import OutboundPorts
from shared.services.webhook_log import LogPorts
from tests.services.world import OWN_ORIGIN, REGION, World

SECRETS = {
    "auth_token": "twilio-auth-token-{}-0123456789",
    "access_token": "EAA-access-token-{}-0123456789",
    "app_secret": "meta-app-secret-{}-0123456789",
    "verify_token": "verify-token-{}-0123456789",
}
CALLER = "+14155550123"


def account_sid(letter: str) -> str:
    """The Twilio account of company A or B."""
    return "AC" + letter * 32


def twilio_number(letter: str) -> str:
    """Its number."""
    return {"a": "+12025550111", "b": "+12025550122"}[letter]


def phone_number_id(letter: str) -> str:
    """The WhatsApp number of company A or B, which is German: those may start calls."""
    return {"a": "100000000000001", "b": "100000000000002"}[letter]


@dataclass
class Lines:
    """Twilio, obeying. `errors` are raised by the next calls, in order."""

    placed: list[tuple[Credentials, Dialling]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    pointed: list[tuple[str, NumberHooks]] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    the_owner: PhoneOwner = PhoneOwner(active=True, trial=False)  # noqa: RUF009  # frozen
    the_number: PhoneNumber | None = PhoneNumber("PN1", voice=True, voice_url="", routed_elsewhere=False)  # noqa: RUF009  # frozen

    def _maybe(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    def owner(self, who: Credentials) -> PhoneOwner:
        self._maybe()
        return self.the_owner

    def number(self, who: Credentials, phone_number: str) -> PhoneNumber | None:
        return self.the_number

    def point(self, who: Credentials, number_sid: str, hooks: NumberHooks) -> None:
        self.pointed.append((number_sid, hooks))

    def call(self, who: Credentials, dialling: Dialling) -> str:
        self.placed.append((who, dialling))
        self._maybe()
        return f"CA{len(self.placed):032x}"

    def hang_up(self, who: Credentials, call_sid: str) -> None:
        self._maybe()
        self.hung_up.append(call_sid)


@dataclass
class Meta:
    """WhatsApp, obeying. `errors` are raised by the next requests, in order."""

    digits: str = "4930901820"
    facts: CallingFacts = CallingFacts(enabled=True, sip=False, restricted=False)  # noqa: RUF009  # frozen
    live: LivePermission = LivePermission(may_call=True, may_ask=True, expires_at=None)  # noqa: RUF009  # frozen
    scopes: frozenset[str] = frozenset({"whatsapp_business_messaging", "whatsapp_business_management"})
    sent: list[tuple[str, ...]] = field(default_factory=list)
    errors: dict[str, WhatsAppRefused] = field(default_factory=dict)

    def _note(self, what: str, *rest: str) -> None:
        if what in self.errors:
            raise self.errors[what]
        self.sent.append((what, *rest))

    def number(self, sender: Sender) -> NumberFacts:
        if "number" in self.errors:
            raise self.errors["number"]
        return NumberFacts(self.digits, True)

    def belongs(self, sender: Sender, business_account_id: str) -> bool:
        return business_account_id == "200000000000001"

    def token(self, access_token: str, app_id: str, app_secret: str) -> TokenFacts:
        return TokenFacts(True, self.scopes)

    def calling(self, sender: Sender) -> CallingFacts:
        return self.facts

    def subscribed(self, sender: Sender, business_account_id: str) -> bool:
        return True

    def subscribe(self, sender: Sender, business_account_id: str, callback: str, verify_token: str) -> None:
        self._note("subscribe", business_account_id, callback, verify_token)

    def enable_calling(self, sender: Sender) -> None:
        self._note("enable_calling", sender.phone_number_id)

    def reject(self, sender: Sender, carrier_call_id: str) -> None:
        self._note("reject", carrier_call_id)

    def permission(self, sender: Sender, to: str) -> LivePermission:
        if "permission" in self.errors:
            raise self.errors["permission"]
        return self.live

    def ask_permission(self, sender: Sender, to: str, text: str) -> None:
        self._note("ask", to)

    def send_text(self, sender: Sender, to: str, text: str) -> None:
        self._note("text", to, text)

    def send_template(self, sender: Sender, to: str, name: str, language: str) -> None:
        self._note("template", to, name, language)

    def send_list(self, sender: Sender, to: str, text: str, label: str, rows: Sequence[Row]) -> None:
        self._note("list", to, *(row.row_id for row in rows))

    def send_call_button(self, sender: Sender, to: str, text: str, label: str) -> None:
        self._note("button", to)


@dataclass
class Queues:
    """What was sent to queues."""

    offers: list[WhatsAppOffer] = field(default_factory=list)
    wishes: list[tuple[str, str, int]] = field(default_factory=list)
    ended: list[tuple[str, str]] = field(default_factory=list)

    def send(self, offer: WhatsAppOffer) -> None:
        self.offers.append(offer)

    def place(self, company_id: str, outbound_id: str, delay: int = 0) -> None:
        self.wishes.append((company_id, outbound_id, delay))

    def call_ended(self, company_id: str, call_id: str) -> None:
        self.ended.append((company_id, call_id))


@cache
def _kms() -> Any:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)
    return session.client("kms")


class CarrierWorld:
    """Everything that deals with carriers, over the repositories of a world."""

    def __init__(self, world: World, kms: Any = None) -> None:
        self.world, self.lines, self.meta, self.queues = world, Lines(), Meta(), Queues()
        self.kms = kms or _kms()
        self.key_id = self.kms.create_key()["KeyMetadata"]["KeyId"]
        self.secrets = KmsSecrets(self.kms, world.core, self.key_id)
        self.accounts = DynamoIntegrationAccounts(world.core)
        self.carrier_calls = DynamoCarrierCalls(world.calls_table, world.live)
        self.outbound_calls = DynamoOutboundCalls(world.core, world.calls_table, world.live)
        self.permissions = DynamoCallPermissions(world.core)
        self.events = DynamoWebhookEvents(world.calls_table)
        self.paused: list[float] = []
        self.carrier = CarrierPorts(
            world.session_ports(), self.accounts, self.carrier_calls, self.queues, self.paused.append
        )
        self.outbound = OutboundPorts(
            carrier=self.carrier,
            outbound=self.outbound_calls,
            permissions=self.permissions,
            secrets=self.secrets,
            lines=self.lines,
            whatsapp=self.meta,
            offers=self.queues,
            queue=self.queues,
            base_url=OWN_ORIGIN,
        )
        self.log = LogPorts(self.events, world.rates, lambda: world.now, world.new_id)

    def account_ports(self) -> AccountPorts:
        """What managing accounts needs."""
        return AccountPorts(
            accounts=self.accounts,
            secrets=self.secrets,
            companies=self.world.companies,
            chatbots=self.world.chatbots,
            lines=self.lines,
            whatsapp=self.meta,
            log=self.log,
            desk=Desk(self.world.changes, lambda: self.world.now, self.world.new_id),
            new_token=self.world.new_token,
            base_url=OWN_ORIGIN,
        )

    def with_accounts(self) -> "CarrierWorld":
        """A Twilio and a WhatsApp account for companies A and B."""
        for letter in "ab":
            shared: dict[str, Any] = {
                "company_id": f"company-{letter}",
                "status": AccountStatus.CONNECTED,
                "chatbot_id": f"bot-{letter}",
                "outbound_enabled": True,
            }
            phone = TwilioAccount(
                account_id=f"phone-{letter}",
                name="Main",
                account_sid=account_sid(letter),
                phone_number=twilio_number(letter),
                **shared,
            )
            chat = WhatsAppAccount(
                account_id=f"chat-{letter}",
                name="Support",
                business_account_id="200000000000001",
                phone_number_id=phone_number_id(letter),
                phone_number="+4930901820",
                **shared,
            )
            for account in (phone, chat):
                self.accounts.create(account)
            for field_name, value in SECRETS.items():
                where = f"phone-{letter}" if field_name == "auth_token" else f"chat-{letter}"
                self.secrets.put(f"company-{letter}", where, field_name, value.format(letter), self.world.now)
        return self

    def twilio(self, letter: str = "a") -> TwilioAccount:
        """A company's Twilio account."""
        account = self.accounts.get(f"company-{letter}", f"phone-{letter}")
        assert isinstance(account, TwilioAccount)
        return account

    def whatsapp(self, letter: str = "a") -> WhatsAppAccount:
        """A company's WhatsApp account."""
        account = self.accounts.get(f"company-{letter}", f"chat-{letter}")
        assert isinstance(account, WhatsAppAccount)
        return account

    def calls(self, company_id: str = "company-a") -> list[CallRecord]:
        """Every call a company has."""
        month = f"T#{company_id}#{self.world.now:%Y%m}"
        return list(self.world.calls_table.index("GSI1", month, CallRecord))
