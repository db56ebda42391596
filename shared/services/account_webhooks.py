"""How carriers come to call us about an account: addresses, the steps to set them by hand, and setting them at a click.

What is asked of a carrier is noted before it is asked.
"""

from dataclasses import dataclass

from shared.contracts.errors import InvalidRequest, NotFound
from shared.contracts.settings.integration import IntegrationAccount, TwilioAccount, WhatsAppAccount
from shared.domain import phone_numbers, webhook_addresses
from shared.domain.permissions import Actor
from shared.ports.phone_lines import Credentials, NumberHooks, PhoneRefused
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import Sender
from shared.services.account_checks import NO_NUMBER, NOT_FILLED, ROUTED
from shared.services.auditing import Deed
from shared.services.integration_accounts import NO_ACCOUNT, AccountPorts, account_of, require_chatbot

FIRST_TEMPLATE = ("hello_world", "en_US")
"""Approved for every new WhatsApp account."""
TWILIO_CONSOLE = "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming"
META_SUITE = "https://business.facebook.com/latest/whatsapp_manager"
TWILIO_HINT = "Copy this URL and configure it in your Twilio Phone Number settings"
WHATSAPP_STEPS = (
    "Go to Meta Business Suite → WhatsApp → Configuration → Webhook",
    "Click 'Edit' next to Callback URL",
    "Paste the Webhook URL",
    "Paste the Verify Token",
    "Click 'Verify and Save'",
    "Subscribe to webhook fields: messages, message_status",
    "Subscribe to the webhook field: calls",
)


@dataclass(frozen=True, slots=True)
class WebhookSetup:
    """What is pasted where. The verify token is ours, for the admin to paste at Meta; None who may not edit."""

    url: str
    status_url: str | None
    verify_token: str | None
    hint: str
    steps: tuple[str, ...]
    console_url: str
    configured: bool


def setup(
    ports: AccountPorts, company_id: str, account_id: str, chatbot_id: str | None = None, *, editor: bool
) -> WebhookSetup:
    """An account's addresses and steps; those of one chatbot where several share it. Raises NotFound."""
    account = account_of(ports, company_id, account_id)
    require_chatbot(ports, company_id, chatbot_id)
    configured = ports.log.events.seen(company_id, account_id) is not None
    if isinstance(account, TwilioAccount):
        return WebhookSetup(
            url=webhook_addresses.twilio_voice(ports.base_url, account_id, chatbot_id),
            status_url=webhook_addresses.twilio(ports.base_url, "status", accountId=account_id),
            verify_token=None,
            hint=TWILIO_HINT,
            steps=_twilio_steps(account.phone_number),
            console_url=TWILIO_CONSOLE,
            configured=configured,
        )
    return WebhookSetup(
        url=webhook_addresses.whatsapp(ports.base_url, account_id),
        status_url=None,
        verify_token=ports.secrets.get(company_id, account_id, "verify_token") if editor else None,
        hint="",
        steps=WHATSAPP_STEPS,
        console_url=META_SUITE,
        configured=configured,
    )


def set_webhooks(ports: AccountPorts, by: Actor, account_id: str) -> str:
    """Have the carrier call us about this account's number; returns the address. Raises NotFound, InvalidRequest."""
    account = account_of(ports, by.company, account_id)
    ports.desk.write(Deed(by, "integration_account.webhooks_requested", account_id, by.company))
    return point_here(ports, account)


def point_here(ports: AccountPorts, account: IntegrationAccount) -> str:
    """Tell the carrier our address; returns it. Raises InvalidRequest with the carrier's reason."""
    try:
        if isinstance(account, TwilioAccount):
            return _point_number(ports, account)
        return _subscribe(ports, account)
    except (PhoneRefused, WhatsAppRefused) as refused:
        raise InvalidRequest(refused.sentence) from refused


def send_test_message(ports: AccountPorts, by: Actor, account_id: str, to: str) -> str:
    """Send the test message; a template where this person has not written lately. Returns what was sent.

    Raises NotFound (also for an account that is no WhatsApp account) and InvalidRequest.
    """
    account = account_of(ports, by.company, account_id)
    company = ports.companies.get(by.company)
    number = phone_numbers.read(to)
    if number is None:
        raise InvalidRequest(phone_numbers.INVALID, {"to": phone_numbers.INVALID})
    if not isinstance(account, WhatsAppAccount) or company is None:
        raise NotFound(NO_ACCOUNT)
    token = ports.secrets.get(by.company, account_id, "access_token")
    if token is None:
        raise InvalidRequest(NOT_FILLED)
    ports.desk.write(Deed(by, "integration_account.test_message_requested", account_id, by.company))
    sender = Sender(account.phone_number_id, token)
    text = f"This is a test message from {company.name}. Reply 'call me' to test voice call functionality."
    try:
        try:
            ports.whatsapp.send_text(sender, number, text)
        except WhatsAppRefused as refused:
            if refused.reaction is not Reaction.FALL_BACK:
                raise
            ports.whatsapp.send_template(sender, number, *FIRST_TEMPLATE)
            return FIRST_TEMPLATE[0]
    except WhatsAppRefused as refused:
        raise InvalidRequest(refused.sentence) from refused
    return text


def _twilio_steps(number: str) -> tuple[str, ...]:
    return (
        "Go to Twilio Console → Phone Numbers → Active Numbers",
        f"Click on your phone number ({number})",
        "Scroll to 'Voice Configuration'",
        "Under 'A Call Comes In', select 'Webhook'",
        "Paste the generated webhook URL",
        "Select 'HTTP POST'",
        "Click 'Save'",
    )


def _point_number(ports: AccountPorts, account: TwilioAccount) -> str:
    token = ports.secrets.get(account.company_id, account.account_id, "auth_token")
    if token is None:
        raise InvalidRequest(NOT_FILLED)
    who = Credentials(account.account_sid, token)
    number = ports.lines.number(who, account.phone_number)
    if number is None:
        raise InvalidRequest(NO_NUMBER)
    if number.routed_elsewhere:
        raise InvalidRequest(ROUTED)
    hooks = NumberHooks(
        voice_url=webhook_addresses.twilio_voice(ports.base_url, account.account_id),
        fallback_url=webhook_addresses.twilio(ports.base_url, "fallback", accountId=account.account_id),
        status_url=webhook_addresses.twilio(ports.base_url, "status", accountId=account.account_id),
    )
    ports.lines.point(who, number.sid, hooks)
    return hooks.voice_url


def _subscribe(ports: AccountPorts, account: WhatsAppAccount) -> str:
    token = ports.secrets.get(account.company_id, account.account_id, "access_token")
    verify = ports.secrets.get(account.company_id, account.account_id, "verify_token")
    if token is None or verify is None:
        raise InvalidRequest(NOT_FILLED)
    sender, url = Sender(account.phone_number_id, token), webhook_addresses.whatsapp(ports.base_url, account.account_id)
    ports.whatsapp.subscribe(sender, account.business_account_id, url, verify)
    ports.whatsapp.enable_calling(sender)
    return url
