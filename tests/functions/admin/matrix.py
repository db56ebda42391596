"""What a valid request of each operation looks like, and which things it may be pointed at.

A row knows nothing of roles: who may do what is derived from the operation's own declaration.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from functions.admin_api.access import Operation
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.outbound_calls import DynamoOutboundCalls
from shared.adapters.aws.dynamo.step_ledger import DynamoWebhookEndpoints
from shared.contracts.records.call import CallRecord, Customer
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.contracts.records.user import Participation
from shared.contracts.settings.ai_model import AiModel, Prices
from shared.contracts.settings.package import Package, PackageContent
from shared.domain.permissions import may
from shared.services.sessions import Visitor, admit, start_session
from tests.functions.admin.console import ADMIN, AGENT, MASTER, OTHER_ADMIN, OTHER_AGENT, Console, Person
from tests.services.carrier_world import CALLER, SECRETS, account_sid, twilio_number
from tests.services.world import SITE, World, settings


@dataclass(frozen=True)
class Row:
    """A valid request. `foreign` is a target of company B.

    `version` reads the one that is current; `company_version` that of the company of whoever asks.
    """

    ok: int = 200
    body: Callable[[], Any] | None = None
    version: Callable[[World], int] | None = None
    own: tuple[str, ...] = ()
    """The path's targets in company A; none: the operation is about no single thing."""
    foreign: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    query: str = ""
    company_version: Callable[[World, str], int] | None = None

    def current(self, world: World, company_id: str | None) -> int | None:
        """The version a change is based on; None where operations need none."""
        if self.company_version is not None:
            return self.company_version(world, company_id or "company-a")
        return None if self.version is None else self.version(world)


@dataclass(frozen=True)
class Case:
    """One request and the status that must come of it."""

    person: Person | None
    targets: tuple[str, ...]
    expected: int


class Numbers:
    """Names that are never used twice."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next one."""
        self._last += 1
        return self._last


_numbers = Numbers()


def model(model_id: str, **changes: Any) -> dict[str, Any]:
    """A chat model as it is sent."""
    made = AiModel(id=model_id, name=model_id, provider="anthropic", model_type="chat", prices=Prices(version="v1"))
    return made.model_copy(update=changes).model_dump(mode="json", by_alias=True)


def renamed(name: str) -> dict[str, Any]:
    """A company as it is edited."""
    return {"name": name, "limits": {"concurrentCalls": 50, "callsPerAddressPerHour": 30}}


def edited_chatbot(**changes: Any) -> dict[str, Any]:
    """A chatbot as it is edited."""
    whole: dict[str, Any] = {
        "name": "Support",
        "description": "",
        "agentName": "Robin",
        "slug": None,
        "variables": {},
        "agents": [],
        "knowledge": {"enabled": True, "allCategories": True, "categories": []},
    }
    return whole | changes


def _invitation() -> dict[str, Any]:
    return {"email": f"new-{_numbers.next()}@shop.example", "name": "New", "role": "support_agent"}


def _package() -> dict[str, Any]:
    return {"name": f"Desk {_numbers.next()}"}


def _settings() -> dict[str, Any]:
    return settings().model_dump(mode="json", by_alias=True)


def _preview() -> dict[str, Any]:
    return {"aiModelId": "simulated", "voice": {"voiceId": "simulated-anna"}}


def _found(value: Any) -> Any:
    assert value is not None
    return value


def _company(world: World) -> int:
    return int(_found(world.companies.get("company-a")).version)


def _bot(world: World) -> int:
    return int(_found(world.chatbots.get("company-a", "bot-a")).version)


def _settings_number(world: World) -> int:
    return int(_found(world.chatbots.get("company-a", "bot-a")).call_settings_version)


def _agent(world: World) -> int:
    return int(_found(world.users.get("company-a", "agent-a")).version)


def _package_version(world: World) -> int:
    return int(_found(world.packages.get("package-1")).version)


def _model_version(world: World) -> int:
    return int(_found(world.models.get("chatty")).version)


def phone_form(**changes: Any) -> dict[str, Any]:
    """Company A's Twilio account as it is filled in."""
    whole: dict[str, Any] = {
        "kind": "twilio",
        "name": "Main",
        "accountSid": account_sid("a"),
        "phoneNumber": twilio_number("a"),
        "authToken": SECRETS["auth_token"].format("a"),
        "chatbotId": "bot-a",
        "outboundEnabled": True,
    }
    return whole | changes


def _new_phone() -> dict[str, Any]:
    number = _numbers.next()
    return phone_form(name=f"Phone {number}", phoneNumber=f"+1202555{1000 + number}", chatbotId=None)


def _account(account_id: str) -> Callable[[World], int]:
    def version(world: World) -> int:
        found = DynamoIntegrationAccounts(world.core).get("company-a", account_id)
        return 0 if found is None else found.version

    return version


def _policy(world: World, company_id: str) -> int:
    return DynamoOutboundCalls(world.core, world.calls_table, world.live).policy(company_id).version


def _call_key(world: World, company_id: str) -> int:
    found = DynamoCallKeys(world.core).get(company_id)
    return 0 if found is None else found.version


def _endpoint(world: World, company_id: str) -> int:
    found = DynamoWebhookEndpoints(world.core).get(company_id)
    return 0 if found is None else found.version


COMPANY: dict[str, Any] = {"own": ("company-a",), "missing": ("company-x",)}
BOT: dict[str, Any] = {"own": ("bot-a",), "foreign": ("bot-b",), "missing": ("bot-x",)}
BOT_1: dict[str, Any] = {"own": ("bot-a", "1"), "foreign": ("bot-b", "1"), "missing": ("bot-a", "999")}
PACKAGE: dict[str, Any] = {"own": ("package-1",), "missing": ("package-x",)}
CALL: dict[str, Any] = {"own": ("call-a",), "foreign": ("call-b",), "missing": ("call-x",)}
FLEET_CALL: dict[str, Any] = {"own": ("company-a", "call-a"), "missing": ("company-a", "call-b")}
MEMBER: dict[str, Any] = {"own": ("agent-a",), "foreign": ("agent-b",), "missing": ("agent-x",)}
MODEL: dict[str, Any] = {"own": ("chatty",), "missing": ("none",)}

PHONE: dict[str, Any] = {"own": ("phone-a",), "foreign": ("phone-b",), "missing": ("phone-x",)}
CHAT: dict[str, Any] = {"own": ("chat-a",), "foreign": ("chat-b",), "missing": ("phone-a",)}
SPARE: dict[str, Any] = {"own": ("spare-a",), "foreign": ("phone-b",), "missing": ("phone-x",)}
BOT_PHONE: dict[str, Any] = {"own": ("bot-a", "phone-a"), "foreign": ("bot-b", "phone-b"), "missing": ("bot-a", "no")}
BOT_CHAT: dict[str, Any] = {"own": ("bot-a", "chat-a"), "foreign": ("bot-b", "chat-b"), "missing": ("bot-x", "chat-a")}

TRIAL: dict[str, Any] = {
    "own": ("phone-a", "trial-a"),
    "foreign": ("phone-b", "trial-b"),
    "missing": ("phone-a", "trial-b"),
}

ACCOUNT = "/integration-accounts/{account_id}"
CHANNEL = "/chatbots/{chatbot_id}/integrations/{account_id}"
SETTINGS = "/chatbots/{chatbot_id}/call-settings"
FLEET_CALLS = "/fleet/companies/{company_id}/calls"

ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/me"): Row(),
    ("GET", "/company"): Row(),
    ("GET", "/fleet/companies"): Row(),
    ("POST", "/fleet/companies"): Row(201, lambda: {"name": "New"}),
    ("GET", "/fleet/companies/{company_id}"): Row(**COMPANY),
    ("PUT", "/fleet/companies/{company_id}"): Row(200, lambda: renamed("Renamed"), _company, **COMPANY),
    ("PUT", "/fleet/companies/{company_id}/features"): Row(200, lambda: {"callEnabled": True}, _company, **COMPANY),
    ("GET", "/fleet/companies/{company_id}/team"): Row(**COMPANY),
    ("POST", "/fleet/companies/{company_id}/team"): Row(201, _invitation, **COMPANY),
    ("GET", FLEET_CALLS): Row(**COMPANY),
    ("GET", FLEET_CALLS + "/{call_id}"): Row(**FLEET_CALL),
    ("GET", FLEET_CALLS + "/{call_id}/transcript"): Row(**FLEET_CALL),
    ("GET", FLEET_CALLS + "/{call_id}/recording"): Row(**FLEET_CALL),
    ("GET", FLEET_CALLS + "/{call_id}/segments"): Row(**FLEET_CALL),
    ("GET", "/fleet/packages"): Row(),
    ("POST", "/fleet/packages"): Row(201, _package),
    ("GET", "/fleet/packages/{package_id}"): Row(**PACKAGE),
    ("PUT", "/fleet/packages/{package_id}"): Row(200, _package, _package_version, **PACKAGE),
    ("POST", "/fleet/packages/{package_id}/publish"): Row(200, None, _package_version, **PACKAGE),
    ("POST", "/fleet/packages/{package_id}/rollback"): Row(200, lambda: {"number": 1}, _package_version, **PACKAGE),
    ("POST", "/fleet/packages/{package_id}/withdraw"): Row(
        200,
        None,
        lambda world: int(_found(world.packages.get("package-2")).version),
        ("package-2",),
        None,
        ("package-x",),
    ),
    ("GET", "/fleet/packages/{package_id}/versions"): Row(**PACKAGE),
    ("GET", "/fleet/packages/{package_id}/versions/{number}"): Row(own=("package-1", "1"), missing=("package-1", "9")),
    ("GET", "/packages"): Row(),
    ("GET", "/fleet/ai-models"): Row(),
    ("POST", "/fleet/ai-models"): Row(201, lambda: model(f"model-{_numbers.next()}")),
    ("GET", "/fleet/ai-models/{model_id}"): Row(**MODEL),
    ("PUT", "/fleet/ai-models/{model_id}"): Row(200, lambda: model("chatty"), _model_version, **MODEL),
    ("PUT", "/fleet/ai-models/{model_id}/active"): Row(200, lambda: {"active": True}, _model_version, **MODEL),
    ("GET", "/ai-models"): Row(),
    ("GET", "/chatbots"): Row(),
    ("POST", "/chatbots"): Row(201, lambda: {"packageId": "package-1", "name": f"Bot {_numbers.next()}"}),
    ("GET", "/chatbots/{chatbot_id}"): Row(**BOT),
    ("PUT", "/chatbots/{chatbot_id}"): Row(200, edited_chatbot, _bot, **BOT),
    ("GET", SETTINGS): Row(**BOT),
    ("PUT", SETTINGS): Row(200, _settings, _settings_number, **BOT),
    ("POST", SETTINGS + "/check"): Row(200, _settings, **BOT),
    ("POST", SETTINGS + "/rollback"): Row(200, lambda: {"number": 1}, _settings_number, **BOT),
    ("GET", SETTINGS + "/versions"): Row(**BOT),
    ("GET", SETTINGS + "/versions/{number}"): Row(**BOT_1),
    ("GET", "/chatbots/{chatbot_id}/widget"): Row(**BOT),
    ("PUT", "/chatbots/{chatbot_id}/widget"): Row(
        200, dict, lambda world: world.chatbots.widget_version("company-a", "bot-a")[1], **BOT
    ),
    ("POST", "/chatbots/{chatbot_id}/widget/rollback"): Row(
        200,
        lambda: {"number": 2},
        lambda world: world.chatbots.widget_version("company-a", "bot-a")[1],
        own=("bot-a",),
        foreign=("bot-b",),
        missing=("bot-x",),
    ),
    ("GET", "/chatbots/{chatbot_id}/widget/versions"): Row(**BOT),
    ("GET", "/chatbots/{chatbot_id}/widget/versions/{number}"): Row(
        own=("bot-a", "2"), foreign=("bot-b", "2"), missing=("bot-a", "999")
    ),
    ("GET", "/calls"): Row(),
    ("GET", "/calls/{call_id}"): Row(**CALL),
    ("GET", "/calls/{call_id}/transcript"): Row(**CALL),
    ("GET", "/calls/{call_id}/recording"): Row(**CALL),
    ("GET", "/team"): Row(),
    ("POST", "/team"): Row(201, _invitation),
    ("PUT", "/team/{user_id}/role"): Row(200, lambda: {"role": "support_agent"}, _agent, **MEMBER),
    ("PUT", "/team/{user_id}/access"): Row(200, lambda: {"active": True}, _agent, **MEMBER),
    ("GET", "/integration-accounts"): Row(),
    ("POST", "/integration-accounts"): Row(201, _new_phone),
    ("POST", "/integration-accounts/check"): Row(200, phone_form),
    ("GET", ACCOUNT): Row(**PHONE),
    ("PUT", ACCOUNT): Row(200, phone_form, _account("phone-a"), **PHONE),
    ("DELETE", ACCOUNT): Row(204, None, _account("spare-a"), **SPARE),
    ("PUT", ACCOUNT + "/active"): Row(200, lambda: {"active": True}, _account("phone-a"), **PHONE),
    ("PUT", ACCOUNT + "/outbound"): Row(200, lambda: {"enabled": True}, _account("phone-a"), **PHONE),
    ("POST", ACCOUNT + "/check"): Row(**PHONE),
    ("GET", ACCOUNT + "/webhooks"): Row(**PHONE),
    ("POST", ACCOUNT + "/webhooks"): Row(**PHONE),
    ("POST", ACCOUNT + "/test-message"): Row(200, lambda: {"to": CALLER}, **CHAT),
    ("GET", ACCOUNT + "/webhook-events"): Row(**PHONE),
    ("GET", ACCOUNT + "/webhook-events/export"): Row(**PHONE),
    ("GET", "/fleet/integration-accounts"): Row(),
    ("GET", "/chatbots/{chatbot_id}/integrations"): Row(**BOT),
    ("PUT", CHANNEL): Row(**BOT_PHONE),
    ("DELETE", CHANNEL): Row(204, **BOT_CHAT),
    ("POST", "/voice-previews"): Row(200, _preview),
    ("POST", "/fleet/voice-previews"): Row(200, _preview),
    ("POST", ACCOUNT + "/test-calls"): Row(202, lambda: {"to": "+12025550188"}, **PHONE),
    ("GET", ACCOUNT + "/test-calls/{test_call_id}"): Row(**TRIAL),
    ("PUT", ACCOUNT + "/test-calls/{test_call_id}/verdict"): Row(204, lambda: {"successful": True}, **TRIAL),
    ("POST", "/chatbots/{chatbot_id}/test-session"): Row(201, **BOT),
    ("GET", "/calls/search"): Row(query="?text=hello"),
    ("GET", "/calls/{call_id}/segments"): Row(**CALL),
    ("GET", "/outbound-policy"): Row(),
    ("PUT", "/outbound-policy"): Row(200, dict, company_version=_policy),
    ("GET", "/call-key"): Row(),
    ("POST", "/call-key"): Row(company_version=_call_key),
    ("DELETE", "/call-key"): Row(204, company_version=_call_key),
    ("GET", "/own-system"): Row(),
    ("PUT", "/own-system"): Row(200, lambda: {"url": "https://own.example/calls"}, company_version=_endpoint),
    ("POST", "/own-system/secret"): Row(company_version=_endpoint),
    ("POST", "/own-system/test"): Row(),
    ("GET", "/usage"): Row(),
    ("GET", "/usage/export"): Row(),
    ("GET", ACCOUNT + "/usage"): Row(**PHONE),
    ("GET", "/audit"): Row(),
    ("GET", "/fleet/audit"): Row(),
}


def cases(operation: Operation, row: Row, people: tuple[Person, ...]) -> list[Case]:
    """Every request and what must come of it, refusals first."""
    variants = [row.own, *([row.foreign] if row.foreign else []), *([row.missing] if row.missing else [])]
    refused: list[Case] = [Case(None, targets, 401) for targets in variants]
    granted: list[Case] = []
    for person in people:
        for targets in variants:
            if not may(person.role, operation.needs):
                refused.append(Case(person, targets, 403))
            elif targets == row.missing and row.missing:
                refused.append(Case(person, targets, 404))
            elif not row.own or (targets == row.own and person.company_id in (None, "company-a")):
                granted.append(Case(person, targets, row.ok))
            elif targets == row.own or person.company_id == "company-a":
                refused.append(Case(person, targets, 404))
    return refused + granted


def furnish(console: Console) -> None:
    """Calls, accounts, a package and a model to point at."""
    world = console.world
    spare = (
        console.carriers.with_accounts()
        .twilio()
        .model_copy(
            update={"account_id": "spare-a", "name": "Spare", "phone_number": "+12025550133", "chatbot_id": None}
        )
    )
    console.carriers.accounts.create(spare)
    for person in (ADMIN, OTHER_ADMIN):
        assert console.ask(person, "PUT", "/own-system", {"url": "https://own.example/"}, version=0).status_code == 200
        assert console.ask(person, "POST", "/own-system/secret", version=1).status_code == 200
    for letter in "ab":
        console.carriers.outbound_calls.create(trial(world, letter))
    for company, bot, agent in (("company-a", "bot-a", AGENT), ("company-b", "bot-b", OTHER_AGENT)):
        call = stored_call(world, bot, f"call-{company[-1]}")
        world.participations.add(
            Participation(company_id=company, call_id=call.call_id, user_id=agent.user_id, since=world.now)
        )
    for package_id in ("package-1", "package-2"):
        world.core.put(keys.package(package_id), Package(package_id=package_id, draft=PackageContent(name="Desk")))
        assert console.ask(MASTER, "POST", f"/fleet/packages/{package_id}/publish", version=1).status_code == 200
    assert console.ask(MASTER, "POST", "/fleet/ai-models", model("chatty")).status_code == 201
    for person, bot in ((ADMIN, "bot-a"), (OTHER_ADMIN, "bot-b")):
        assert console.ask(person, "PUT", f"/chatbots/{bot}/widget", {}, version=1).status_code == 200


def trial(world: World, letter: str) -> OutboundCall:
    """A test call that was asked for, and refused."""
    return OutboundCall(
        company_id=f"company-{letter}",
        outbound_id=f"trial-{letter}",
        account_id=f"phone-{letter}",
        to=CALLER,
        purpose="test",
        requested_by=f"admin-{letter}",
        created_at=world.now,
        state=OutboundState.REFUSED,
    )


def stored_call(world: World, chatbot_id: str, call_id: str) -> CallRecord:
    """A call that ended with a recording."""
    ports = world.session_ports()
    names = iter([f"session-{call_id}", call_id])
    named = replace(ports, new_id=lambda: next(names))
    started = start_session(named, admit(ports, chatbot_id, None, SITE), Customer(), Visitor(SITE, "192.0.2.9"))
    company_id = _found(world.chatbots.company_of(chatbot_id))
    call: CallRecord = _found(world.calls.get(company_id, started.call_id))
    changes = {"recording_state": "ready", "recording_key": f"{company_id}/{call_id}.wav", "ended_at": world.now}
    changed: CallRecord = _found(world.calls.replace(call, changes))
    return changed
