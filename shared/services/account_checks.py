"""Asking a carrier whether an account works: credentials, number, voice, and how the number is set up.

Nothing is changed at the carrier. A problem is what makes calls impossible; a warning is what the admin should know.
"""

from dataclasses import dataclass, field

from shared.contracts.settings.integration import IntegrationAccount, TwilioAccount, WhatsAppAccount
from shared.domain import webhook_addresses
from shared.ports.phone_lines import Credentials, PhoneLines, PhoneRefused
from shared.ports.whatsapp_calls import WhatsAppRefused
from shared.ports.whatsapp_numbers import Sender, WhatsAppNumbers

NOT_FILLED = "All credentials must be filled"
CONNECTED = "Connection successful!"
VERIFIED = "WhatsApp account verified!"
NOT_ACTIVE = "The Twilio account is not active"
NO_NUMBER = "Phone number not found"
NO_VOICE = "Phone number is not voice-capable"
TRIAL = "This is a trial account: it can call verified numbers only."
ROUTED = "This number belongs to a SIP trunk or a TwiML app, so its webhook is ignored."
NOT_POINTED = "The number's webhook does not point here yet."
OTHER_BUSINESS = "The phone number does not belong to this WhatsApp Business account"
OTHER_NUMBER = "The phone number does not match the Phone Number ID"
NOT_CLOUD = "The phone number is not on Meta's Cloud API"
EXPIRED = "Token expired"
MISSING_SCOPES = "Insufficient permissions"
CALLING_OFF = "Calling is not enabled for this number."
SIP_ON = "SIP is enabled for this number, so calls cannot be taken here."
RESTRICTED = "Meta has restricted calling for this number."
NOT_SUBSCRIBED = "No app is subscribed to this account's webhooks."
SCOPES = frozenset({"whatsapp_business_messaging", "whatsapp_business_management"})


@dataclass(frozen=True, slots=True)
class CheckPorts:
    """What checks need."""

    lines: PhoneLines
    whatsapp: WhatsAppNumbers
    base_url: str


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found; `message` is the sentence to show."""

    ok: bool
    message: str
    warnings: tuple[str, ...] = field(default=())

    @property
    def problem(self) -> str:
        """What is wrong, without what the check is called."""
        return self.message.removeprefix("Connection failed: ")


def failed(why: str) -> Check:
    """A check that found something wrong."""
    return Check(False, f"Connection failed: {why}")


def check(ports: CheckPorts, account: IntegrationAccount, secrets: dict[str, str | None]) -> Check:
    """Ask the carrier."""
    try:
        if isinstance(account, TwilioAccount):
            return _twilio(ports, account, secrets)
        return _whatsapp(ports, account, secrets)
    except PhoneRefused as refused:
        return failed(refused.sentence)
    except WhatsAppRefused as refused:
        return failed(refused.sentence)


def _twilio(ports: CheckPorts, account: TwilioAccount, secrets: dict[str, str | None]) -> Check:
    token = secrets.get("auth_token")
    if not token:
        return failed(NOT_FILLED)
    who = Credentials(account.account_sid, token)
    owner = ports.lines.owner(who)
    if not owner.active:
        return failed(NOT_ACTIVE)
    number = ports.lines.number(who, account.phone_number)
    if number is None:
        return failed(NO_NUMBER)
    if not number.voice:
        return failed(NO_VOICE)
    warnings = [TRIAL] if owner.trial else []
    if number.routed_elsewhere:
        warnings.append(ROUTED)
    elif not number.voice_url.startswith(webhook_addresses.twilio(ports.base_url, "voice")):
        warnings.append(NOT_POINTED)
    return Check(True, CONNECTED, tuple(warnings))


def _whatsapp(ports: CheckPorts, account: WhatsAppAccount, secrets: dict[str, str | None]) -> Check:
    token, app_secret = secrets.get("access_token"), secrets.get("app_secret")
    if not token or not app_secret:
        return failed(NOT_FILLED)
    sender = Sender(account.phone_number_id, token)
    number = ports.whatsapp.number(sender)
    if not number.on_cloud_api:
        return failed(NOT_CLOUD)
    if number.digits != account.phone_number.removeprefix("+"):
        return failed(OTHER_NUMBER)
    if not ports.whatsapp.belongs(sender, account.business_account_id):
        return failed(OTHER_BUSINESS)
    if account.app_id is not None:
        facts = ports.whatsapp.token(token, account.app_id, app_secret)
        if not facts.valid:
            return failed(EXPIRED)
        if not facts.scopes >= SCOPES:
            return failed(MISSING_SCOPES)
    calling = ports.whatsapp.calling(sender)
    found = (
        (not calling.enabled, CALLING_OFF),
        (calling.sip, SIP_ON),
        (calling.restricted, RESTRICTED),
        (not ports.whatsapp.subscribed(sender, account.business_account_id), NOT_SUBSCRIBED),
    )
    return Check(True, VERIFIED, tuple(sentence for wrong, sentence in found if wrong))
