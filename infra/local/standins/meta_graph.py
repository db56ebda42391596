"""The rules of Meta's Graph API that our code meets: each answers JSON or raises GraphError."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from infra.local.standins.meta_media import AnswerRefused
from infra.local.standins.meta_world import (
    PERMISSION_SECONDS,
    GraphError,
    MetaCall,
    MetaNumber,
    MetaUser,
    wamid,
)

MAX_TEXT = 4096
MAX_OPAQUE = 512
_DONE = {"messaging_product": "whatsapp", "success": True}


class Graph:
    """`ended` is told when the business ends a call, `placed` when it starts one."""

    def __init__(
        self,
        numbers: dict[str, MetaNumber],
        users: dict[str, MetaUser],
        calls: dict[str, MetaCall],
        ended: Callable[[MetaCall, str], Awaitable[None]],
        placed: Callable[[MetaNumber, MetaUser, str, str | None], Awaitable[MetaCall]],
    ) -> None:
        self._numbers, self._users, self._calls = numbers, users, calls
        self._ended, self._placed = ended, placed
        self.messages: list[dict[str, Any]] = []
        """Messages the business sent, as it sent them."""

    def number(self, phone_number_id: str, token: str) -> MetaNumber:
        """The number a request is about."""
        owners = [number for number in self._numbers.values() if number.access_token == token]
        if not owners:
            raise GraphError(190)
        number = self._numbers.get(phone_number_id)
        if number is None or number not in owners:
            raise GraphError(100, "Unsupported request: no such object or no permission")
        return number

    async def act(self, number: MetaNumber, body: dict[str, Any]) -> dict[str, Any]:
        """POST calls."""
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "messaging_product is required")
        if not number.calling_enabled:
            raise GraphError(138000)
        action = body.get("action")
        if action == "connect":
            return await self._connect(number, body)
        call = self._calls.get(str(body.get("call_id")))
        if call is None or call.number is not number:
            raise GraphError(100, "call_id is unknown")
        call.actions.append(str(action))
        if call.ended:
            raise GraphError(100, "the call is over")
        match action:
            case "pre_accept" | "accept":
                await self._answer(call, str(action), body)
            case "reject" if call.accepted_at is None:
                await self._ended(call, "COMPLETED")
            case "terminate":
                await self._ended(call, "COMPLETED")
            case _:
                raise GraphError(100, "action is not possible")
        return _DONE

    async def _answer(self, call: MetaCall, action: str, body: dict[str, Any]) -> None:
        session = body.get("session")
        if not isinstance(session, dict) or session.get("sdp_type") != "answer":
            raise GraphError(100, "session is required")
        sdp = str(session.get("sdp"))
        if call.accepted_at is not None or (action == "pre_accept" and call.answer is not None):
            raise GraphError(100, "the call was answered before")
        if call.answer is None:
            try:
                await call.phone.answer(sdp)
            except AnswerRefused as refused:
                raise GraphError(refused.code, refused.details) from refused
            call.answer = sdp
        elif call.answer != sdp:
            raise GraphError(100, "session.sdp differs from the one accepted before")
        if action == "accept":
            opaque = body.get("biz_opaque_callback_data")
            if opaque is not None and len(str(opaque)) > MAX_OPAQUE:
                raise GraphError(100, "biz_opaque_callback_data is too long")
            call.opaque = opaque
            call.accepted_at = int(time.time())
            call.phone.accepted = True
            call.phone.talk()
            call.user.window_open = True

    async def _connect(self, number: MetaNumber, body: dict[str, Any]) -> dict[str, Any]:
        user = self._user(body)
        session = body.get("session")
        if not isinstance(session, dict) or session.get("sdp_type") != "offer":
            raise GraphError(100, "session is required")
        if not number.outbound_country:
            raise GraphError(138013)
        if user.permission == "no_permission":
            raise GraphError(138006)
        call = await self._placed(number, user, str(session.get("sdp")), body.get("biz_opaque_callback_data"))
        return {"messaging_product": "whatsapp", "calls": [{"id": call.call_id}]}

    def send(self, number: MetaNumber, body: dict[str, Any]) -> dict[str, Any]:
        """POST messages."""
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "messaging_product is required")
        user = self._user(body)
        kind = body.get("type")
        if kind != "template" and not user.window_open:
            raise GraphError(131047)
        if kind == "text":
            text = body.get("text")
            if not isinstance(text, dict) or not 0 < len(str(text.get("body", ""))) <= MAX_TEXT:
                raise GraphError(100, "text.body must be 1 to 4096 characters long")
        elif kind == "interactive":
            interactive = body.get("interactive")
            if not isinstance(interactive, dict):
                raise GraphError(100, "interactive is required")
            if interactive.get("type") == "call_permission_request":
                self._ask(user)
            elif interactive.get("type") == "list":
                _check_list(interactive)
        elif kind != "template":
            raise GraphError(100, "type is not supported")
        self.messages.append({**body, "phone_number_id": number.phone_number_id})
        contact = {"input": user.reference, "wa_id": user.reference}
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid()}]}

    def permissions(self, reference: str) -> dict[str, Any]:
        """GET call_permissions."""
        user = self._user({"to": reference})
        permission: dict[str, Any] = {"status": user.permission}
        if user.permission == "temporary":
            permission["expiration_time"] = int(time.time()) + PERMISSION_SECONDS
        limits = [
            {"time_period": "PT24H", "max_allowed": 1, "current_usage": user.requests_today},
            {"time_period": "P7D", "max_allowed": 2, "current_usage": user.requests_today},
        ]
        may_ask = user.permission == "no_permission" and user.requests_today < 1
        actions = [
            {"action_name": "send_call_permission_request", "can_perform_action": may_ask, "limits": limits},
            {"action_name": "start_call", "can_perform_action": user.permission != "no_permission", "limits": []},
        ]
        return {"messaging_product": "whatsapp", "permission": permission, "actions": actions}

    def _ask(self, user: MetaUser) -> None:
        if user.permission == "permanent":
            raise GraphError(138017)
        if user.requests_today >= 1:
            raise GraphError(138009)
        user.requests_today += 1

    def _user(self, body: dict[str, Any]) -> MetaUser:
        reference = str(body.get("to") or body.get("recipient") or "").removeprefix("+")
        if not reference:
            raise GraphError(100, "to is required")
        return self._users.setdefault(reference, MetaUser(number=reference if reference.isdigit() else None))


def _check_list(interactive: dict[str, Any]) -> None:
    action = interactive.get("action") or {}
    rows = [row for section in action.get("sections", ()) for row in section.get("rows", ())]
    titles = [str(row.get("title", "")) for row in rows]
    if not 0 < len(rows) <= 10 or not 0 < len(str(action.get("button", ""))) <= 20:
        raise GraphError(100, "interactive.action is not possible")
    if not all(0 < len(title) <= 24 for title in titles) or not all(
        0 < len(str(row.get("id", ""))) <= 200 for row in rows
    ):
        raise GraphError(100, "a row is not possible")


def described(number: MetaNumber) -> dict[str, Any]:
    """GET a phone number."""
    return {
        "id": number.phone_number_id,
        "display_phone_number": f"+{number.number}",
        "verified_name": number.name,
        "code_verification_status": "VERIFIED",
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
    }


def settings(number: MetaNumber) -> dict[str, Any]:
    """GET a phone number's settings."""
    status = "ENABLED" if number.calling_enabled else "DISABLED"
    return {"calling": {"status": status, "call_icon_visibility": "DEFAULT", "sip": {"status": "DISABLED"}}}


def token_facts(number: MetaNumber) -> dict[str, Any]:
    """GET debug_token."""
    scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
    granular = [{"scope": scope, "target_ids": [number.business_account_id]} for scope in scopes]
    facts = {"app_id": number.app_id, "type": "SYSTEM_USER", "is_valid": True, "expires_at": 0}
    return {"data": {**facts, "scopes": scopes, "granular_scopes": granular}}
