"""By which channels a chatbot can be called, and connecting it to carrier accounts."""

from datetime import datetime
from typing import Literal, Self

from functions.admin_api.access import AdminApi, Api, By, Operations
from functions.admin_api.account_schemas import Badge, badge_of
from functions.admin_api.requests import Identifier, Schema, calls_company
from shared.contracts.settings.integration import TwilioAccount
from shared.domain import webhook_addresses
from shared.domain.permissions import Permission
from shared.domain.phone_numbers import masked
from shared.services import chatbot_channels
from shared.services.chatbot_channels import Activity, Channels, ChannelView

operations = Operations()
PATH = "/chatbots/{chatbot_id}/integrations"
ONE = PATH + "/{account_id}"


class ActivityOut(Schema):
    """What happened on a channel lately."""

    last_call_at: datetime | None
    calls_today: int
    active_call: bool

    @classmethod
    def of(cls, found: Activity) -> Self:
        """From the service."""
        last = None if found.last is None else found.last.created_at
        return cls(last_call_at=last, calls_today=found.today, active_call=found.active)


class WebChannelOut(Schema):
    """The widget: there as soon as the chatbot takes calls."""

    status: Literal["active", "inactive"]
    embed_code: str
    preview_url: str
    features: list[str]
    activity: ActivityOut


class AccountChannelOut(Schema):
    """An account and whether this chatbot takes its calls; `sharedWith` are other chatbots that do."""

    account_id: str
    kind: Literal["twilio", "whatsapp"]
    name: str
    connected: bool
    status: Badge
    phone_number: str
    masked_number: str
    outbound_enabled: bool
    last_verified_at: datetime | None
    last_error: str
    webhook_configured: bool
    webhook_url: str
    status_url: str | None
    shared_with: list[str]
    answers_by_default: bool
    activity: ActivityOut


class ChannelsOut(Schema):
    """The page."""

    chatbot_id: str
    web: WebChannelOut
    accounts: list[AccountChannelOut]


class ConnectedOut(Schema):
    """The sentence to show."""

    message: str
    enabled_at: datetime


@operations.get(PATH, Permission.CHATBOTS_READ)
def list_chatbot_integrations(api: Api, by: By, chatbot_id: Identifier) -> ChannelsOut:
    found = chatbot_channels.channels(api.accounts, api.history.history, calls_company(api, by), chatbot_id)
    accounts = [_account(api, chatbot_id, view) for view in found.accounts]
    return ChannelsOut(chatbot_id=chatbot_id, web=_web(api, found), accounts=accounts)


@operations.put(ONE, Permission.CHATBOTS_WRITE)
def connect_chatbot(api: Api, by: By, chatbot_id: Identifier, account_id: Identifier) -> ConnectedOut:
    calls_company(api, by)
    account, link = chatbot_channels.connect(api.accounts, by, chatbot_id, account_id)
    name = "Twilio" if isinstance(account, TwilioAccount) else "WhatsApp"
    return ConnectedOut(message=f"{name} integration enabled", enabled_at=link.enabled_at)


@operations.delete(ONE, Permission.CHATBOTS_WRITE, status_code=204)
def disconnect_chatbot(api: Api, by: By, chatbot_id: Identifier, account_id: Identifier) -> None:
    calls_company(api, by)
    chatbot_channels.disconnect(api.accounts, by, chatbot_id, account_id)


def _web(api: AdminApi, found: Channels) -> WebChannelOut:
    bot, base = found.chatbot, api.accounts.base_url.rstrip("/")
    features = ["WebSocket audio streaming"]
    if found.settings is not None and found.settings.transcription.enabled:
        features.append("Real-time transcription")
    features.append(f"Audio visualizer ({found.widget.call_options.visualizer_style})")
    return WebChannelOut(
        status="active" if bot.enabled_call and found.settings is not None else "inactive",
        embed_code=(
            f'<script src="{base}/widget.js" data-chatbot-id="{bot.chatbot_id}" '
            f'data-company-id="{bot.company_id}"></script>'
        ),
        preview_url=f"{base}/preview/widget?chatbotId={bot.chatbot_id}&companyId={bot.company_id}",
        features=features,
        activity=ActivityOut.of(found.web),
    )


def _account(api: AdminApi, chatbot_id: str, view: ChannelView) -> AccountChannelOut:
    account, base = view.account, api.accounts.base_url
    if isinstance(account, TwilioAccount):
        url = webhook_addresses.twilio_voice(base, account.account_id, chatbot_id)
        status_url = webhook_addresses.twilio(base, "status", accountId=account.account_id)
    else:
        url, status_url = webhook_addresses.whatsapp(base, account.account_id), None
    return AccountChannelOut(
        account_id=account.account_id,
        kind=account.kind,
        name=account.name,
        connected=view.connected,
        status=badge_of(account),
        phone_number=account.phone_number,
        masked_number=masked(account.phone_number) or "",
        outbound_enabled=account.outbound_enabled,
        last_verified_at=account.last_verified_at,
        last_error=account.last_error,
        webhook_configured=view.webhook_seen,
        webhook_url=url,
        status_url=status_url,
        shared_with=[other for other in view.chatbots if other != chatbot_id],
        answers_by_default=account.chatbot_id == chatbot_id,
        activity=ActivityOut.of(view.activity),
    )
