"""Every operation of the administration says where it is written who may use it, and is refused to everybody else.

`Operations` is the only kind of router the application takes, and its decorators cannot be used without a permission.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from shared.contracts.errors import NotAuthenticated, NotPermitted
from shared.domain.permissions import Actor, Permission, may
from shared.ports.idempotency import Answers
from shared.ports.identity import Tokens
from shared.ports.repositories import Audit, Users
from shared.services.ai_models import ModelPorts
from shared.services.auditing import Desk
from shared.services.call_history import HistoryPorts
from shared.services.call_keys import CallKeyPorts
from shared.services.call_settings import CallSettingsPorts
from shared.services.chatbots import ChatbotPorts
from shared.services.companies import CompanyPorts
from shared.services.integration_accounts import AccountPorts
from shared.services.outbound_calls import OutboundPorts
from shared.services.own_system import OwnSystemPorts
from shared.services.packages import PackagePorts
from shared.services.speaking import SpeakingPorts
from shared.services.team import SIGN_IN, TeamPorts, signed_in
from shared.services.usage import UsagePorts

MAX_HEADER = 9000
NOT_YOURS = "You are not permitted to do this."


@dataclass(frozen=True, slots=True)
class AdminApi:
    """What the routes act upon."""

    tokens: Tokens
    users: Users
    companies: CompanyPorts
    packages: PackagePorts
    models: ModelPorts
    chatbots: ChatbotPorts
    settings: CallSettingsPorts
    history: HistoryPorts
    team: TeamPorts
    audit: Audit
    answers: Answers
    desk: Desk
    accounts: AccountPorts
    outbound: OutboundPorts
    own_system: OwnSystemPorts
    call_keys: CallKeyPorts
    speaking: SpeakingPorts
    usage: UsagePorts


@dataclass(frozen=True, slots=True)
class Operation:
    """One route with its declaration."""

    method: str
    path: str
    needs: Permission


def admin_api(request: Request) -> AdminApi:
    """What this application acts upon."""
    api: AdminApi = request.app.state.api
    return api


def _permitted(needs: Permission) -> Callable[[Request], None]:
    def check(request: Request) -> None:
        api = admin_api(request)
        actor = signed_in(api.tokens, api.users, _bearer(request.headers.get("authorization", "")))
        if not may(actor.role, needs):
            raise NotPermitted(NOT_YOURS)
        request.state.actor = actor

    return check


def _actor(request: Request) -> Actor:
    """Set by the check of the operation's permission, which runs before anything else of it."""
    actor: Actor = request.state.actor
    return actor


Api = Annotated[AdminApi, Depends(admin_api)]
By = Annotated[Actor, Depends(_actor)]


class Operations:
    """The operations of one noun."""

    def __init__(self) -> None:
        self.router = APIRouter(prefix="/api/admin")
        self.declared: list[Operation] = []

    def get[F: Callable[..., Any]](self, path: str, needs: Permission, **more: Any) -> Callable[[F], F]:
        """A reading operation."""
        return self._operation("GET", path, needs, more)

    def post[F: Callable[..., Any]](self, path: str, needs: Permission, **more: Any) -> Callable[[F], F]:
        """An operation that makes something or sets something going."""
        return self._operation("POST", path, needs, more)

    def put[F: Callable[..., Any]](self, path: str, needs: Permission, **more: Any) -> Callable[[F], F]:
        """An operation that replaces something."""
        return self._operation("PUT", path, needs, more)

    def delete[F: Callable[..., Any]](self, path: str, needs: Permission, **more: Any) -> Callable[[F], F]:
        """An operation that removes something."""
        return self._operation("DELETE", path, needs, more)

    def _operation[F: Callable[..., Any]](
        self, method: str, path: str, needs: Permission, more: dict[str, Any]
    ) -> Callable[[F], F]:
        permission = Permission(needs)

        def register(endpoint: F) -> F:
            self.declared.append(Operation(method, self.router.prefix + path, permission))
            self.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                dependencies=[Depends(_permitted(permission))],
                openapi_extra={"x-permission": str(permission)},
                **more,
            )
            return endpoint

        return register


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(authorization) > MAX_HEADER:
        raise NotAuthenticated(SIGN_IN)
    return token.strip()
