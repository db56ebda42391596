"""A chatbot's widget configuration and its versions."""

from fastapi import Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import AskedPage, Expected, Identifier, Number, PageOut, Schema, page_out, tag
from functions.admin_api.schemas import PublicationOut, RollbackIn
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.permissions import Permission
from shared.services import widgets

operations = Operations()
PATH = "/chatbots/{chatbot_id}/widget"


class WidgetOut(Schema):
    """The configuration with its version; version 0 are the defaults."""

    config: WidgetConfig
    version: int


@operations.get(PATH, Permission.WIDGET_READ)
def get_widget(api: Api, by: By, chatbot_id: Identifier, response: Response) -> WidgetOut:
    return _out(widgets.widget(api.chatbots, by.company, chatbot_id), response)


@operations.put(PATH, Permission.WIDGET_WRITE)
def save_widget(
    api: Api, by: By, chatbot_id: Identifier, body: WidgetConfig, expected: Expected, response: Response
) -> WidgetOut:
    return _out(widgets.save_widget(api.chatbots, by, chatbot_id, expected, body), response)


@operations.post(f"{PATH}/rollback", Permission.WIDGET_WRITE)
def roll_back_widget(
    api: Api, by: By, chatbot_id: Identifier, body: RollbackIn, expected: Expected, response: Response
) -> WidgetOut:
    return _out(widgets.roll_back_widget(api.chatbots, by, chatbot_id, expected, body.number), response)


@operations.get(f"{PATH}/versions", Permission.WIDGET_READ)
def list_widget_versions(api: Api, by: By, chatbot_id: Identifier, turn: AskedPage) -> PageOut[PublicationOut]:
    return page_out(widgets.widget_versions(api.chatbots, by.company, chatbot_id, turn), PublicationOut.of)


@operations.get(f"{PATH}/versions/{{number}}", Permission.WIDGET_READ)
def get_widget_version(api: Api, by: By, chatbot_id: Identifier, number: Number) -> WidgetConfig:
    return widgets.saved_widget(api.chatbots, by.company, chatbot_id, number)


def _out(saved: tuple[WidgetConfig, int], response: Response) -> WidgetOut:
    config, version = saved
    tag(response, version)
    return WidgetOut(config=config, version=version)
