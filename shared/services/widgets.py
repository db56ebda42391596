"""The widget's configuration of a chatbot: saved as versions, any of which can be brought back."""

from shared.contracts.errors import NotFound
from shared.contracts.page import Page, Turn
from shared.contracts.records.publication import Publication
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.permissions import Actor
from shared.ports.changes import SaveWidget
from shared.services.auditing import Deed, require_version
from shared.services.chatbots import ChatbotPorts, chatbot


def widget(ports: ChatbotPorts, company_id: str, chatbot_id: str) -> tuple[WidgetConfig, int]:
    """The configuration and its version (0: the defaults, never saved). Raises NotFound."""
    chatbot(ports.chatbots, company_id, chatbot_id)
    return ports.chatbots.widget_version(company_id, chatbot_id)


def save_widget(
    ports: ChatbotPorts, by: Actor, chatbot_id: str, expected: int, config: WidgetConfig
) -> tuple[WidgetConfig, int]:
    """Save a configuration; pages see it within a minute. Raises NotFound, VersionConflict."""
    return _saved(ports, by, chatbot_id, expected, config, None)


def roll_back_widget(
    ports: ChatbotPorts, by: Actor, chatbot_id: str, expected: int, number: int
) -> tuple[WidgetConfig, int]:
    """Save an earlier version again, as a new one. Raises NotFound, VersionConflict."""
    config = saved_widget(ports, by.company, chatbot_id, number)
    return _saved(ports, by, chatbot_id, expected, config, number)


def widget_versions(ports: ChatbotPorts, company_id: str, chatbot_id: str, turn: Turn) -> Page[Publication]:
    """Who saved what when, newest first. Raises NotFound."""
    chatbot(ports.chatbots, company_id, chatbot_id)
    return ports.chatbots.widget_publications(company_id, chatbot_id, turn)


def saved_widget(ports: ChatbotPorts, company_id: str, chatbot_id: str, number: int) -> WidgetConfig:
    """One saved version. Raises NotFound."""
    chatbot(ports.chatbots, company_id, chatbot_id)
    found = ports.chatbots.saved_widget(company_id, chatbot_id, number)
    if found is None:
        raise NotFound("There is no such version of this widget.")
    return found


def _saved(
    ports: ChatbotPorts, by: Actor, chatbot_id: str, expected: int, config: WidgetConfig, restored_from: int | None
) -> tuple[WidgetConfig, int]:
    before, version = widget(ports, by.company, chatbot_id)
    require_version(version, expected)
    publication = Publication(
        number=version + 1, published_at=ports.desk.now(), published_by=by.who, restored_from=restored_from
    )
    action = "widget.saved" if restored_from is None else "widget.rolled_back"
    deed = Deed(by, action, chatbot_id, by.company, before if version else None, config)
    ports.desk.write(deed, SaveWidget(by.company, chatbot_id, config, publication))
    if config.branding.call_welcome_message != before.branding.call_welcome_message:
        ports.rendering.render(by.company, chatbot_id)
    return config, version + 1
