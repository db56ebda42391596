"""The API refuses what is out of bounds, in the same words as the browser does."""

import json

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from functions.admin_api.account_schemas import TwilioIn, WhatsAppIn
from functions.admin_api.routes.chatbots import ChatbotIn, NewChatbotIn
from functions.admin_api.routes.companies import CompanyIn
from functions.admin_api.routes.outbound_policy import OutboundPolicyIn
from functions.admin_api.routes.own_system import OwnSystemIn
from functions.admin_api.routes.team import InvitationIn
from functions.error_form import words_of
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.package import PackageContent
from shared.contracts.settings.widget_config import WidgetConfig
from tests.functions.admin.bounds import FORMS, TABLE, Row, nested, rows

KINDS: dict[str, type[BaseModel]] = {
    "AiModel-Input": AiModel,
    "CallSettings": CallSettings,
    "ChatbotIn": ChatbotIn,
    "CompanyIn": CompanyIn,
    "InvitationIn": InvitationIn,
    "NewChatbotIn": NewChatbotIn,
    "OutboundPolicyIn": OutboundPolicyIn,
    "OwnSystemIn": OwnSystemIn,
    "PackageContent": PackageContent,
    "TwilioIn": TwilioIn,
    "WhatsAppIn": WhatsAppIn,
    "WidgetConfig": WidgetConfig,
}


def said(row: Row) -> str | None:
    """What the API says to this field."""
    try:
        TypeAdapter(KINDS[row["form"]]).validate_python(nested(row["path"], row["value"]))
    except ValidationError as refused:
        for found in refused.errors():
            if ".".join(str(part) for part in found["loc"]) == row["path"]:
                return words_of(dict(found))
    return None


@pytest.mark.parametrize("form", FORMS)
def test_what_is_out_of_bounds_is_refused_in_the_words_of_the_table(form: str) -> None:
    mine = [row for row in rows() if row["form"] == form]
    assert mine
    assert [(row, told) for row in mine if (told := said(row)) != row["says"]] == []


def test_the_table_of_the_dashboard_is_up_to_date() -> None:
    assert json.loads(TABLE.read_text()) == json.loads(json.dumps(rows()))
