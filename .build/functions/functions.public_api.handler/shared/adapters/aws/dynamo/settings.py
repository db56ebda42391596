"""Companies, chatbots, call settings, widget configurations and the model catalogue (table `core`)."""

from collections.abc import Callable, Sequence

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import from_item, rev_of
from shared.adapters.aws.dynamo.paging import every, page
from shared.adapters.aws.dynamo.table import LAST, Span, Table, versioned
from shared.contracts.page import Page, Turn
from shared.contracts.records.publication import Publication
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.company import Chatbot, ChatbotRef, Company
from shared.contracts.settings.widget_config import WidgetConfig


class DynamoCompanies:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, company_id: str) -> Company | None:
        """A company."""
        return self._table.record(keys.company(company_id), Company)

    def save(self, company: Company) -> None:
        """Store a company."""
        self._table.put(keys.company(company.company_id), company, keys.company_extra(company))


class DynamoFleetCompanies:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(self, turn: Turn, keep: Callable[[Company], bool]) -> Page[Company]:
        """All companies that are wanted, by name."""
        return page(self._table, [Span("COMPANIES", "GSI1")], turn, lambda item: versioned(item, Company), keep)


class DynamoChatbots:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def company_of(self, chatbot_id: str) -> str | None:
        """The company of a chatbot."""
        ref = self._table.get(keys.chatbot_lookup(chatbot_id), ChatbotRef)
        return None if ref is None else ref.company_id

    def get(self, company_id: str, chatbot_id: str) -> Chatbot | None:
        """A chatbot of this company."""
        return self._table.record(keys.chatbot(company_id, chatbot_id), Chatbot)

    def page(self, company_id: str, turn: Turn) -> Page[Chatbot]:
        """A company's chatbots by name."""
        spans = [Span(f"T#{company_id}#BOTS", "GSI1")]
        return page(self._table, spans, turn, lambda item: versioned(item, Chatbot))

    def save(self, chatbot: Chatbot) -> None:
        """Store a chatbot and where to find it."""
        ref = ChatbotRef(company_id=chatbot.company_id, chatbot_id=chatbot.chatbot_id)
        self._table.put(keys.chatbot_lookup(chatbot.chatbot_id), ref)
        self._table.put(keys.chatbot(chatbot.company_id, chatbot.chatbot_id), chatbot, keys.chatbot_extra(chatbot))

    def publish(self, chatbot: Chatbot, settings: CallSettings) -> Chatbot:
        """Publish settings as the next version, which new calls start with; earlier versions stay."""
        version = chatbot.call_settings_version + 1
        key = keys.call_settings(chatbot.company_id, chatbot.chatbot_id, version)
        self._table.replace(key, settings, None)
        published = chatbot.model_copy(update={"call_settings_version": version})
        self.save(published)
        return published

    def call_settings(self, company_id: str, chatbot_id: str, version: int) -> CallSettings | None:
        """One published version."""
        return self._table.get(keys.call_settings(company_id, chatbot_id, version), CallSettings)

    def publications(self, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]:
        """Who published which version, newest first."""
        return self._publications(company_id, f"BOT#{chatbot_id}#PUB#", turn)

    def widget_config(self, company_id: str, chatbot_id: str) -> WidgetConfig:
        """The widget's configuration, the defaults if none was saved."""
        return self._table.get(keys.widget_config(company_id, chatbot_id), WidgetConfig) or WidgetConfig()

    def widget_version(self, company_id: str, chatbot_id: str) -> tuple[WidgetConfig, int]:
        """The widget's configuration and how often it was saved."""
        item = self._table.item(keys.widget_config(company_id, chatbot_id))
        return (WidgetConfig(), 0) if item is None else (from_item(item, WidgetConfig), rev_of(item))

    def saved_widget(self, company_id: str, chatbot_id: str, version: int) -> WidgetConfig | None:
        """One saved version."""
        return self._table.get(keys.widget_version(company_id, chatbot_id, version), WidgetConfig)

    def widget_publications(self, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]:
        """Who saved which version of the widget, newest first."""
        return self._publications(company_id, f"BOT#{chatbot_id}#WPUB#", turn)

    def _publications(self, company_id: str, prefix: str, turn: Turn) -> Page[Publication]:
        spans = [Span(f"T#{company_id}", low=prefix, high=prefix + LAST, newest_first=True)]
        return page(self._table, spans, turn, lambda item: from_item(item, Publication))

    def save_widget_config(self, company_id: str, chatbot_id: str, config: WidgetConfig) -> None:
        """Store the widget's configuration."""
        self._table.put(keys.widget_config(company_id, chatbot_id), config)


class DynamoAiModels:
    """See shared.ports.repositories."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, model_id: str) -> AiModel | None:
        """A model of the catalogue."""
        return self._table.record(keys.ai_model(model_id), AiModel)

    def all(self) -> Sequence[AiModel]:
        """The whole catalogue, by id (tens of models)."""
        return [versioned(item, AiModel) for item in every(self._table, Span("MODEL"))]

    def save(self, model: AiModel) -> None:
        """Store a model."""
        self._table.put(keys.ai_model(model.id), model)
