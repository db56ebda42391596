"""A chatbot's Integrations page: by which channels it can be called, and connecting it to accounts. Takes effect at
once; every change is audited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.errors import NotPermitted
from shared.contracts.page import Turn
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.company import Chatbot
from shared.contracts.settings.integration import AccountLink, AccountStatus, IntegrationAccount, WhatsAppAccount
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.permissions import Actor
from shared.ports.changes import ChangeAccount, LinkAccount
from shared.ports.repositories import CallHistory
from shared.services.auditing import Deed
from shared.services.chatbots import chatbot
from shared.services.integration_accounts import AccountPorts, account_of, require_chatbot, used_by

NOT_ACTIVE = "This account is not active."
NO_WEBHOOK = "The webhook of this account must be configured in Meta first."
LOOKED_BACK_DAYS = 30
EXAMINED = 100


@dataclass(frozen=True, slots=True)
class Activity:
    """What happened on a channel lately; `last` is the latest call of 30 days, among the chatbot's latest hundred."""

    last: CallRecord | None
    today: int
    active: bool


@dataclass(frozen=True, slots=True)
class ChannelView:
    """An account and whether the chatbot takes its calls."""

    account: IntegrationAccount
    connected: bool
    chatbots: tuple[str, ...]
    webhook_seen: bool
    activity: Activity


@dataclass(frozen=True, slots=True)
class Channels:
    """The page. `settings` None: the chatbot takes no calls yet."""

    chatbot: Chatbot
    widget: WidgetConfig
    settings: CallSettings | None
    web: Activity
    accounts: tuple[ChannelView, ...]


def channels(ports: AccountPorts, history: CallHistory, company_id: str, chatbot_id: str) -> Channels:
    """Everything the page shows. Raises NotFound."""
    bot = chatbot(ports.chatbots, company_id, chatbot_id)
    today = ports.now().date()
    days = (today - timedelta(days=LOOKED_BACK_DAYS), today)
    latest = history.page(company_id, days, Turn(EXAMINED), lambda call: call.chatbot_id == chatbot_id).items
    number = bot.call_settings_version
    views = []
    for account in ports.accounts.all(company_id):
        used = used_by(ports, account)
        seen = ports.log.events.seen(company_id, account.account_id) is not None
        own = [call for call in latest if call.account_id == account.account_id]
        views.append(ChannelView(account, chatbot_id in used, used, seen, _activity(ports, own)))
    return Channels(
        chatbot=bot,
        widget=ports.chatbots.widget_config(company_id, chatbot_id),
        settings=ports.chatbots.call_settings(company_id, chatbot_id, number) if number else None,
        web=_activity(ports, [call for call in latest if call.account_id is None]),
        accounts=tuple(views),
    )


def connect(ports: AccountPorts, by: Actor, chatbot_id: str, account_id: str) -> tuple[IntegrationAccount, AccountLink]:
    """Let a chatbot take calls of an account. Raises NotFound, NotPermitted."""
    account = account_of(ports, by.company, account_id)
    require_chatbot(ports, by.company, chatbot_id)
    if not account.active or account.status is not AccountStatus.CONNECTED:
        raise NotPermitted(NOT_ACTIVE)
    if isinstance(account, WhatsAppAccount) and ports.log.events.seen(by.company, account_id) is None:
        raise NotPermitted(NO_WEBHOOK)
    made = AccountLink(company_id=by.company, account_id=account_id, chatbot_id=chatbot_id, enabled_at=ports.now())
    deed = Deed(by, "integration_account.connected", account_id, by.company, None, made)
    ports.desk.write(deed, LinkAccount(made))
    return account, made


def disconnect(ports: AccountPorts, by: Actor, chatbot_id: str, account_id: str) -> None:
    """Stop a chatbot from taking an account's calls, at once. Raises NotFound, VersionConflict."""
    account = account_of(ports, by.company, account_id)
    require_chatbot(ports, by.company, chatbot_id)
    link = AccountLink(company_id=by.company, account_id=account_id, chatbot_id=chatbot_id, enabled_at=ports.now())
    deed = Deed(by, "integration_account.disconnected", account_id, by.company, link, None)
    if account.chatbot_id == chatbot_id:
        freed = account.model_copy(update={"chatbot_id": None, "version": account.version + 1})
        ports.desk.write(deed, LinkAccount(link, on=False), ChangeAccount(account, freed))
    else:
        ports.desk.write(deed, LinkAccount(link, on=False))


def _activity(ports: AccountPorts, calls: Sequence[CallRecord]) -> Activity:
    today = ports.now().date()
    return Activity(
        last=calls[0] if calls else None,
        today=sum(call.created_at.date() == today for call in calls),
        active=any(call.ended_at is None for call in calls),
    )
