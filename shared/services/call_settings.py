"""Call Options of a chatbot: looked over, published as versions, rolled back.

A call keeps the settings it started with; what is published counts for the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.errors import InvalidRequest, NotFound, NotPermitted
from shared.contracts.page import Page, Turn
from shared.contracts.records.publication import Publication
from shared.contracts.settings.call_settings import (
    CallSettings,
    RecordingSettings,
    TranscriptionSettings,
    VoiceSettings,
)
from shared.contracts.settings.company import Chatbot
from shared.contracts.settings.integration import IntegrationAccount
from shared.contracts.settings.package import PackageContent
from shared.domain.permissions import Actor
from shared.domain.settings_lint import Finding, Surroundings, errors, lint
from shared.domain.variables import filled
from shared.ports.changes import PublishSettings, Save
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.render_queue import RenderQueue
from shared.ports.repositories import AiModels, Chatbots, Companies, FleetPackages
from shared.ports.webhook_events import WebhookEvents
from shared.services.auditing import Deed, Desk, require_version
from shared.services.chatbots import chatbot
from shared.services.companies import require_calls

NO_CALLS = "This chatbot was made of a package without calls."
NOT_PUBLISHED = "The settings were not saved: calls could not be answered with them."
INSTRUCTIONS = 20_000


@dataclass(frozen=True, slots=True)
class CallSettingsPorts:
    """What these use cases need."""

    chatbots: Chatbots
    companies: Companies
    models: AiModels
    packages: FleetPackages
    accounts: IntegrationAccounts
    desk: Desk
    rendering: RenderQueue
    events: WebhookEvents


@dataclass(frozen=True, slots=True)
class SettingsView:
    """Settings with what the linter says. `number` is the published version; 0: these are the package's defaults."""

    settings: CallSettings | None
    number: int
    findings: tuple[Finding, ...] = ()


def current_settings(ports: CallSettingsPorts, company_id: str, chatbot_id: str) -> SettingsView:
    """What new calls start with, or the package's defaults. Raises NotFound, NotPermitted."""
    bot = _call_bot(ports, company_id, chatbot_id)
    number = bot.call_settings_version
    settings = ports.chatbots.call_settings(company_id, chatbot_id, number) if number else _defaults(ports, bot)
    return SettingsView(settings, number, () if settings is None else _findings(ports, bot, settings))


def check_settings(
    ports: CallSettingsPorts, company_id: str, chatbot_id: str, settings: CallSettings
) -> tuple[Finding, ...]:
    """What the linter says to settings that are not saved yet. Raises NotFound, NotPermitted."""
    return _findings(ports, _call_bot(ports, company_id, chatbot_id), settings)


def publish_settings(
    ports: CallSettingsPorts, by: Actor, chatbot_id: str, expected: int, settings: CallSettings
) -> SettingsView:
    """Make these the settings of every new call.

    `expected` is the published version the change is based on. Raises NotFound, NotPermitted, VersionConflict, and
    InvalidRequest with the linter's errors by field.
    """
    return _published(ports, by, _call_bot(ports, by.company, chatbot_id), expected, settings, None)


def roll_back_settings(
    ports: CallSettingsPorts, by: Actor, chatbot_id: str, expected: int, number: int
) -> SettingsView:
    """Publish an earlier version again, as a new one. Raises as `publish_settings` does."""
    bot = _call_bot(ports, by.company, chatbot_id)
    return _published(ports, by, bot, expected, settings_version(ports, by.company, chatbot_id, number), number)


def settings_versions(ports: CallSettingsPorts, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]:
    """Who published what when, newest first. Raises NotFound, NotPermitted."""
    _call_bot(ports, company_id, chatbot_id)
    return ports.chatbots.publications(company_id, chatbot_id, turn)


def settings_version(ports: CallSettingsPorts, company_id: str, chatbot_id: str, number: int) -> CallSettings:
    """The settings of one version. Raises NotFound, NotPermitted."""
    _call_bot(ports, company_id, chatbot_id)
    found = ports.chatbots.call_settings(company_id, chatbot_id, number)
    if found is None:
        raise NotFound("There is no such version of these settings.")
    return found


def _call_bot(ports: CallSettingsPorts, company_id: str, chatbot_id: str) -> Chatbot:
    bot = chatbot(ports.chatbots, company_id, chatbot_id)
    require_calls(ports.companies, company_id)
    if not bot.enabled_call:
        raise NotPermitted(NO_CALLS)
    return bot


def _published(
    ports: CallSettingsPorts,
    by: Actor,
    bot: Chatbot,
    expected: int,
    settings: CallSettings,
    restored_from: int | None,
) -> SettingsView:
    require_version(bot.call_settings_version, expected)
    findings = _findings(ports, bot, settings)
    wrong = errors(findings)
    if wrong:
        raise InvalidRequest(NOT_PUBLISHED, wrong)
    number = bot.call_settings_version + 1
    publication = Publication(
        number=number, published_at=ports.desk.now(), published_by=by.who, restored_from=restored_from
    )
    before = ports.chatbots.call_settings(by.company, bot.chatbot_id, expected) if expected else None
    action = "call_settings.published" if restored_from is None else "call_settings.rolled_back"
    ports.desk.write(
        Deed(by, action, bot.chatbot_id, by.company, before, settings),
        PublishSettings(bot, settings, publication),
        Save(bot.model_copy(update={"call_settings_version": number})),
    )
    ports.rendering.render(by.company, bot.chatbot_id)
    return SettingsView(settings, number, findings)


def _findings(ports: CallSettingsPorts, bot: Chatbot, settings: CallSettings) -> tuple[Finding, ...]:
    accounts = _accounts(ports, bot)
    around = Surroundings(
        models={model.id: model for model in ports.models.all()},
        today=ports.desk.now().date(),
        widget=ports.chatbots.widget_config(bot.company_id, bot.chatbot_id),
        accounts=accounts,
        heard_from={
            account.account_id
            for account in accounts
            if ports.events.seen(account.company_id, account.account_id) is not None
        },
    )
    return lint(settings, around)


def _accounts(ports: CallSettingsPorts, bot: Chatbot) -> Sequence[IntegrationAccount]:
    """The accounts whose calls this chatbot takes: all of them, or those that name it."""

    def linked(account: IntegrationAccount) -> bool:
        links = ports.accounts.links(bot.company_id, account.account_id)
        return any(link.chatbot_id == bot.chatbot_id for link in links)

    accounts = ports.accounts.all(bot.company_id)
    return [account for account in accounts if account.chatbot_id == bot.chatbot_id or linked(account)]


def _defaults(ports: CallSettingsPorts, bot: Chatbot) -> CallSettings | None:
    """What the package proposes; None for a chatbot without a package."""
    version = None if bot.package_id is None else ports.packages.published(bot.package_id, bot.package_version)
    return None if version is None else proposed(version.content, bot)


def proposed(content: PackageContent, bot: Chatbot) -> CallSettings | None:
    """A package's call settings, its variables filled in; None for a package without a call model."""
    if content.ai_model_id is None or content.voice_id is None:
        return None
    prompts = [agent.call_prompt for agent in bot.agents if agent.use_for_call and agent.call_prompt]
    return CallSettings(
        ai_model_id=content.ai_model_id,
        voice=VoiceSettings(voice_id=content.voice_id),
        instructions=filled("\n\n".join(prompts), bot.variables)[:INSTRUCTIONS],
        greeting=filled(content.greeting, bot.variables)[:500],
        max_duration_minutes=content.max_duration_minutes,
        silence_timeout_seconds=content.silence_timeout_seconds,
        recording=RecordingSettings(enabled=content.recording),
        transcription=TranscriptionSettings(enabled=content.transcription),
    )
