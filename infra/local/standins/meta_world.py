"""What Meta knows in the stand-in: numbers and their tokens, users' permissions and windows, calls and their state.

Shapes and codes: developers.facebook.com/documentation/business-messaging/whatsapp/calling (reference,
user-initiated-calls, user-call-permissions, troubleshooting).
"""

import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any

from infra.local.standins.meta_media import Network, PhonePeer

_wacids = itertools.count(1)
_wamids = itertools.count(1)

MESSAGES = {
    10: "Application does not have permission for this action",
    100: "Invalid parameter",
    131047: "Re-engagement message",
    138000: "Calling not enabled",
    138006: "No approved call permission from the recipient",
    138008: "SDP Validation error",
    138009: "Call permission request limit reached",
    138017: "Permanent call permission already exists",
    138021: "Media receive timeout",
    190: "Invalid OAuth access token - Cannot parse access token",
}
_STATUS = {190: 401, 138000: 401, 138006: 401, 138009: 429}
PERMISSION_SECONDS = 168 * 3600


class GraphError(Exception):
    """A refusal as Graph words it."""

    def __init__(self, code: int, details: str = "") -> None:
        super().__init__(f"{code} {details}")
        self.code, self.details = code, details

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _STATUS.get(self.code, 400)

    def body(self) -> dict[str, Any]:
        """The JSON."""
        error = {
            "message": f"(#{self.code}) {MESSAGES.get(self.code, 'An error occurred')}",
            "type": "OAuthException",
            "code": self.code,
            "error_data": {"messaging_product": "whatsapp", "details": self.details},
            "fbtrace_id": "StandIn",
        }
        return {"error": error}


@dataclass
class MetaNumber:
    """A business number and the app that serves it."""

    phone_number_id: str
    business_account_id: str
    number: str
    """Digits only, as Meta writes numbers."""
    access_token: str
    app_secret: str
    webhook_url: str
    name: str = "Stand-in"
    verify_token: str = "verify"
    app_id: str = "900000000000001"
    calling_enabled: bool = True
    outbound_country: bool = True


@dataclass
class MetaUser:
    """A WhatsApp user, as one business sees them. `number` None: known by a username only."""

    user_id: str = "US.1000000000000001"
    number: str | None = "15550100099"
    name: str = "Ada"
    window_open: bool = False
    permission: str = "no_permission"
    requests_today: int = 0
    picks_up: bool | None = True
    """When the business calls: False turns the call down, None lets it ring."""
    picks_up_after: float = 0.1
    """Seconds."""
    network: Network | None = None

    @property
    def reference(self) -> str:
        """What the business addresses them by."""
        return self.number or self.user_id


@dataclass
class MetaCall:
    """One call. `phone` is its media."""

    number: MetaNumber
    user: MetaUser
    phone: PhonePeer
    direction: str = "USER_INITIATED"
    call_id: str = field(default_factory=lambda: f"wacid.STANDIN{next(_wacids):08d}")
    offer: str = ""
    answer: str | None = None
    accepted_at: int | None = None
    ended: bool = False
    status: str = ""
    opaque: str | None = None
    actions: list[str] = field(default_factory=list)
    """Verbs the business used, refused ones too."""

    @property
    def inbound(self) -> bool:
        """Whether the user called."""
        return self.direction == "USER_INITIATED"


@dataclass
class Quirks:
    """How Meta's webhooks may arrive; may be changed at any time."""

    twice: bool = False
    without_from: bool = False
    status_as_list: bool = False
    wrong_signature: bool = False


def wamid() -> str:
    """A message's id."""
    return f"wamid.STANDIN{next(_wamids):08d}"


def signature(secret: str, body: bytes) -> str:
    """X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def envelope(number: MetaNumber, name: str, value: dict[str, Any]) -> bytes:
    """A webhook's body; `name` is the field subscribed to."""
    metadata = {"display_phone_number": number.number, "phone_number_id": number.phone_number_id}
    change = {"field": name, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": number.business_account_id, "changes": [change]}],
    }
    return json.dumps(body).encode()


def connect_event(call: MetaCall, quirks: Quirks) -> dict[str, Any]:
    """A user calls, or the business's own offer is answered."""
    session = {"sdp_type": "offer", "sdp": call.offer} if call.inbound else {"sdp_type": "answer", "sdp": call.answer}
    event = {**_call_event(call, "connect", quirks), "session": session}
    if not call.inbound:
        return {"calls": [event | _opaque(call)]}
    contact = {"profile": {"name": call.user.name}, "user_id": call.user.user_id}
    if call.user.number is not None and not quirks.without_from:
        contact["wa_id"] = call.user.number
    return {"contacts": [contact], "calls": [event]}


def terminate_event(call: MetaCall, quirks: Quirks, error: int | None = None) -> dict[str, Any]:
    """A call is over."""
    event = _call_event(call, "terminate", quirks)
    event["status"] = [call.status.title()] if quirks.status_as_list else call.status
    if call.accepted_at is not None:
        now = int(time.time())
        event |= {"start_time": str(call.accepted_at), "end_time": str(now), "duration": now - call.accepted_at}
    value: dict[str, Any] = {"calls": [event | _opaque(call)]}
    if error is not None:
        value["errors"] = [{"code": error, "message": MESSAGES[error], "error_data": {"details": ""}}]
    return value


def status_event(call: MetaCall, status: str) -> dict[str, Any]:
    """A business-initiated call rings, or was answered or declined."""
    event = {
        "id": call.call_id,
        "timestamp": str(int(time.time())),
        "type": "call",
        "status": status,
        "recipient_id": call.user.reference,
    }
    return {"statuses": [event | _opaque(call)]}


def text_event(user: MetaUser, text: str) -> dict[str, Any]:
    """A user writes."""
    message = _message(user) | {"type": "text", "text": {"body": text}}
    return {"contacts": [{"profile": {"name": user.name}, "user_id": user.user_id}], "messages": [message]}


def choice_event(user: MetaUser, row_id: str, title: str) -> dict[str, Any]:
    """A user chooses from a list."""
    interactive = {"type": "list_reply", "list_reply": {"id": row_id, "title": title}}
    return {"messages": [_message(user) | {"type": "interactive", "interactive": interactive}]}


def permission_event(user: MetaUser, response: str, *, permanent: bool) -> dict[str, Any]:
    """A user answers a request for permission to call."""
    reply: dict[str, Any] = {"response": response, "is_permanent": permanent, "response_source": "user_action"}
    if response == "accept" and not permanent:
        reply["expiration_timestamp"] = str(int(time.time()) + PERMISSION_SECONDS)
    interactive = {"type": "call_permission_reply", "call_permission_reply": reply}
    return {"messages": [_message(user) | {"type": "interactive", "interactive": interactive}]}


def _message(user: MetaUser) -> dict[str, Any]:
    who = {} if user.number is None else {"from": user.number}
    return {**who, "from_user_id": user.user_id, "id": wamid(), "timestamp": str(int(time.time()))}


def _opaque(call: MetaCall) -> dict[str, Any]:
    return {} if call.opaque is None else {"biz_opaque_callback_data": call.opaque}


def _call_event(call: MetaCall, event: str, quirks: Quirks) -> dict[str, Any]:
    user, business = ("from", "to") if call.inbound else ("to", "from")
    who = {} if quirks.without_from or call.user.number is None else {user: call.user.number}
    return {
        "id": call.call_id,
        **who,
        f"{user}_user_id": call.user.user_id,
        business: call.number.number,
        "event": event,
        "timestamp": str(int(time.time())),
        "direction": call.direction,
    }
