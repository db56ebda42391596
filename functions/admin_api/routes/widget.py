"""A chatbot's widget configuration."""

from fastapi import Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import Expected, Identifier, Schema, tag
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.permissions import Permission
from shared.services import chatbots

operations = Operations()


class WidgetOut(Schema):
    """The configuration with its version; version 0 are the defaults."""

    config: WidgetConfig
    version: int


@operations.get("/chatbots/{chatbot_id}/widget", Permission.WIDGET_READ)
def get_widget(api: Api, by: By, chatbot_id: Identifier, response: Response) -> WidgetOut:
    config, version = chatbots.widget(api.chatbots, by.company, chatbot_id)
    tag(response, version)
    return WidgetOut(config=config, version=version)


@operations.put("/chatbots/{chatbot_id}/widget", Permission.WIDGET_WRITE)
def save_widget(
    api: Api, by: By, chatbot_id: Identifier, body: WidgetConfig, expected: Expected, response: Response
) -> WidgetOut:
    config, version = chatbots.save_widget(api.chatbots, by, chatbot_id, expected, body)
    tag(response, version)
    return WidgetOut(config=config, version=version)
