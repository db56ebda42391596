"""Call Options of a chatbot, their versions, and what the linter says to them."""

from collections.abc import Sequence
from typing import Literal, Self

from fastapi import Response

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import AskedPage, Expected, Identifier, Number, PageOut, Schema, page_out, tag
from functions.admin_api.schemas import PublicationOut, RollbackIn
from shared.contracts.settings.call_settings import CallSettings
from shared.domain.permissions import Permission
from shared.domain.settings_lint import Finding
from shared.services import call_settings
from shared.services.call_settings import SettingsView

operations = Operations()
PATH = "/chatbots/{chatbot_id}/call-settings"


class FindingOut(Schema):
    """Errors stop saving, warnings explain."""

    level: Literal["error", "warning"]
    code: str
    field: str
    message: str


class FindingsOut(Schema):
    """What the linter says."""

    findings: list[FindingOut]

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> Self:
        """As it is sent."""
        return cls(findings=[_finding(finding) for finding in findings])


class CallSettingsOut(Schema):
    """Settings with their version; version 0 are the package's defaults, which take no calls yet."""

    settings: CallSettings | None
    number: int
    findings: list[FindingOut]


@operations.get(PATH, Permission.CALL_SETTINGS_READ)
def get_call_settings(api: Api, by: By, chatbot_id: Identifier, response: Response) -> CallSettingsOut:
    return _view(call_settings.current_settings(api.settings, by.company, chatbot_id), response)


@operations.put(PATH, Permission.CALL_SETTINGS_WRITE)
def save_call_settings(
    api: Api, by: By, chatbot_id: Identifier, body: CallSettings, expected: Expected, response: Response
) -> CallSettingsOut:
    return _view(call_settings.publish_settings(api.settings, by, chatbot_id, expected, body), response)


@operations.post(f"{PATH}/check", Permission.CALL_SETTINGS_READ)
def check_call_settings(api: Api, by: By, chatbot_id: Identifier, body: CallSettings) -> FindingsOut:
    return FindingsOut.of(call_settings.check_settings(api.settings, by.company, chatbot_id, body))


@operations.post(f"{PATH}/rollback", Permission.CALL_SETTINGS_WRITE)
def roll_back_call_settings(
    api: Api, by: By, chatbot_id: Identifier, body: RollbackIn, expected: Expected, response: Response
) -> CallSettingsOut:
    view = call_settings.roll_back_settings(api.settings, by, chatbot_id, expected, body.number)
    return _view(view, response)


@operations.get(f"{PATH}/versions", Permission.CALL_SETTINGS_READ)
def list_call_settings_versions(api: Api, by: By, chatbot_id: Identifier, turn: AskedPage) -> PageOut[PublicationOut]:
    return page_out(call_settings.settings_versions(api.settings, by.company, chatbot_id, turn), PublicationOut.of)


@operations.get(f"{PATH}/versions/{{number}}", Permission.CALL_SETTINGS_READ)
def get_call_settings_version(api: Api, by: By, chatbot_id: Identifier, number: Number) -> CallSettings:
    return call_settings.settings_version(api.settings, by.company, chatbot_id, number)


def _view(view: SettingsView, response: Response) -> CallSettingsOut:
    tag(response, view.number)
    findings = [_finding(finding) for finding in view.findings]
    return CallSettingsOut(settings=view.settings, number=view.number, findings=findings)


def _finding(finding: Finding) -> FindingOut:
    return FindingOut(level=finding.level, code=finding.code, field=finding.field, message=finding.message)
