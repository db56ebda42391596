"""Meta's Graph API about WhatsApp numbers, messages and call permissions, synchronously.

Meta: developers.facebook.com/documentation/business-messaging/whatsapp/calling/{call-settings,user-call-permissions,
call-button-messages-deep-links} and /docs/graph-api/reference/debug_token.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.adapters.whatsapp_graph import (
    BASE_URL,
    TIMEOUT_SECONDS,
    USER_ID,
    VERSION,
    addressed,
    answer_of,
    bearer,
    unreachable,
)
from shared.domain.whatsapp_texts import Row, parts
from shared.ports.whatsapp_numbers import CallingFacts, LivePermission, NumberFacts, Sender, TokenFacts

MAX_TEXT = 4096
BUTTON_MINUTES = 1440
ENABLED = "ENABLED"


class GraphWhatsAppNumbers:
    """See shared.ports.whatsapp_numbers. `base_url` has no version in it."""

    def __init__(self, client: httpx.Client, *, base_url: str = BASE_URL, version: str = VERSION) -> None:
        self._client, self._root = client, f"{base_url.rstrip('/')}/{version}"

    def number(self, sender: Sender) -> NumberFacts:
        """The number itself; proves the token."""
        fields = "id,display_phone_number,verified_name,platform_type,status"
        answer = self._get(sender, sender.phone_number_id, {"fields": fields})
        digits = "".join(sign for sign in str(answer.get("display_phone_number", "")) if sign.isdigit())
        return NumberFacts(digits, str(answer.get("platform_type", "CLOUD_API")) == "CLOUD_API")

    def belongs(self, sender: Sender, business_account_id: str) -> bool:
        """Whether the number is one of this business account's."""
        numbers = _rows(self._get(sender, f"{business_account_id}/phone_numbers", {"fields": "id", "limit": "100"}))
        return any(str(row.get("id")) == sender.phone_number_id for row in numbers)

    def token(self, access_token: str, app_id: str, app_secret: str) -> TokenFacts:
        """What a token may do, as its app is told."""
        who = Sender("", f"{app_id}|{app_secret}")
        data = self._get(who, "debug_token", {"input_token": access_token}).get("data")
        facts = data if isinstance(data, dict) else {}
        return TokenFacts(bool(facts.get("is_valid")), frozenset(map(str, facts.get("scopes") or ())))

    def calling(self, sender: Sender) -> CallingFacts:
        """The number's call settings."""
        calling = self._get(sender, f"{sender.phone_number_id}/settings", {}).get("calling") or {}
        sip, restrictions = calling.get("sip") or {}, calling.get("restrictions") or {}
        return CallingFacts(
            enabled=calling.get("status") == ENABLED,
            sip=sip.get("status") == ENABLED,
            restricted=bool(restrictions.get("restrictions_list")),
        )

    def subscribed(self, sender: Sender, business_account_id: str) -> bool:
        """Whether any app gets the business account's webhooks."""
        return bool(list(_rows(self._get(sender, f"{business_account_id}/subscribed_apps", {}))))

    def subscribe(self, sender: Sender, business_account_id: str, callback: str, verify_token: str) -> None:
        """Have the business account's webhooks sent to us; Meta asks our address at once."""
        body = {"override_callback_uri": callback, "verify_token": verify_token}
        self._post(sender, f"{business_account_id}/subscribed_apps", body)

    def enable_calling(self, sender: Sender) -> None:
        """Let users call the number, and let their calls allow us to call back."""
        calling = {"status": ENABLED, "callback_permission_status": ENABLED}
        self._post(sender, f"{sender.phone_number_id}/settings", {"calling": calling})

    def reject(self, sender: Sender, carrier_call_id: str) -> None:
        """Refuse a call."""
        body = {"messaging_product": "whatsapp", "action": "reject", "call_id": carrier_call_id}
        self._post(sender, f"{sender.phone_number_id}/calls", body)

    def permission(self, sender: Sender, to: str) -> LivePermission:
        """What may be done with a user."""
        who = {"recipient": to} if USER_ID.fullmatch(to) else {"user_wa_id": to.removeprefix("+")}
        answer = self._get(sender, f"{sender.phone_number_id}/call_permissions", who)
        may = {str(row.get("action_name")): bool(row.get("can_perform_action")) for row in _rows(answer, "actions")}
        permission = answer.get("permission") or {}
        expires = permission.get("expiration_time") or permission.get("expiration")
        try:
            expires_at = datetime.fromtimestamp(int(expires), UTC) if expires else None
        except (ValueError, TypeError, OverflowError, OSError):
            expires_at = None
        return LivePermission(may.get("start_call", False), may.get("send_call_permission_request", False), expires_at)

    def ask_permission(self, sender: Sender, to: str, text: str) -> None:
        """Ask a user to be allowed to call; only within 24 hours of their last message or call."""
        action = {"name": "call_permission_request"}
        interactive = {"type": "call_permission_request", "action": action, "body": {"text": text}}
        self._message(sender, to, {"type": "interactive", "interactive": interactive})

    def send_text(self, sender: Sender, to: str, text: str) -> None:
        """Send a text, in parts if it is long."""
        for part in parts(text):
            self._message(sender, to, {"type": "text", "text": {"preview_url": False, "body": part}})

    def send_template(self, sender: Sender, to: str, name: str, language: str) -> None:
        """Send an approved template: the only message that may begin a conversation."""
        self._message(sender, to, {"type": "template", "template": {"name": name, "language": {"code": language}}})

    def send_call_button(self, sender: Sender, to: str, text: str, label: str) -> None:
        """Send a button that calls us."""
        parameters = {"display_text": label[:20], "ttl_minutes": BUTTON_MINUTES}
        action = {"name": "voice_call", "parameters": parameters}
        interactive = {"type": "voice_call", "body": {"text": text}, "action": action}
        self._message(sender, to, {"type": "interactive", "interactive": interactive})

    def send_list(self, sender: Sender, to: str, text: str, label: str, rows: Sequence[Row]) -> None:
        """Send a question with up to ten answers to choose from."""
        shown = [{"id": row.row_id, "title": row.title[:24]} for row in rows]
        action = {"button": label[:20], "sections": [{"title": label[:24], "rows": shown}]}
        interactive = {"type": "list", "body": {"text": text}, "action": action}
        self._message(sender, to, {"type": "interactive", "interactive": interactive})

    def _message(self, sender: Sender, to: str, content: dict[str, Any]) -> None:
        body = {"messaging_product": "whatsapp", "recipient_type": "individual", **addressed(to), **content}
        self._post(sender, f"{sender.phone_number_id}/messages", body)

    def _get(self, sender: Sender, path: str, query: dict[str, str]) -> dict[str, Any]:
        return self._ask("GET", sender, path, params=query)

    def _post(self, sender: Sender, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._ask("POST", sender, path, json=body)

    def _ask(self, method: str, sender: Sender, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(
                method,
                f"{self._root}/{path}",
                headers=bearer(sender.access_token),
                timeout=TIMEOUT_SECONDS,
                **more,
            )
        except httpx.HTTPError as error:
            raise unreachable() from error
        return answer_of(answer.status_code, answer.content)


def _rows(answer: dict[str, Any], name: str = "data") -> Iterator[dict[str, Any]]:
    found = answer.get(name)
    yield from (row for row in found if isinstance(row, dict)) if isinstance(found, list) else ()
