"""Twilio and Meta as they call us: real signatures, computed by Twilio's own package and by HMAC."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import httpx
from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from functions.webhooks.app import Webhooks, create_app
from functions.webhooks.twilio_webhooks import TwilioPorts
from functions.webhooks.whatsapp_webhooks import WhatsAppPorts
from shared.contracts.records.webhook_event import WebhookEvent
from tests.services.carrier_world import CALLER, SECRETS, CarrierWorld, account_sid, twilio_number
from tests.services.world import OWN_ORIGIN

CALL_SID = "CA" + "1" * 32
TWILIO = "/api/webhooks/twilio/"
WHATSAPP = "/api/webhooks/whatsapp"


class Carriers:
    """Speaks as the carriers do. The address of the server itself is another one than the public one."""

    def __init__(self, world: CarrierWorld) -> None:
        self.world = world
        twilio = TwilioPorts(world.carrier, world.outbound, world.secrets, world.log, OWN_ORIGIN)
        whatsapp = WhatsAppPorts(world.accounts, world.outbound, world.secrets, world.log)
        self.app: Any = create_app(Webhooks(twilio, whatsapp, OWN_ORIGIN))

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request, as it is."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:9000") as client:
            return await client.request(method, path, **more)

    async def twilio(
        self,
        what: str,
        query: str | None = None,
        *,
        letter: str = "a",
        fields: Sequence[tuple[str, str]] = (),
        signature: str | None = None,
        **changes: str,
    ) -> httpx.Response:
        """A signed request of company A's or B's Twilio account."""
        path = f"{TWILIO}{what}?{f'accountId=phone-{letter}' if query is None else query}"
        form = [*(incoming(letter) | changes).items(), *fields]
        if signature is None:
            signature = sign(f"{OWN_ORIGIN}{path}", form, letter)
        headers = {
            "content-type": b"application/x-www-form-urlencoded",
            "x-twilio-signature": signature.encode("latin-1"),
        }
        return await self.request("POST", path, content=urlencode(form), headers=headers)

    async def whatsapp(
        self, payload: object, *, letter: str = "a", signature: str | None = None, query: str = ""
    ) -> httpx.Response:
        """A signed request of company A's or B's Meta app."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = {"x-hub-signature-256": meta_signature(body, letter) if signature is None else signature}
        return await self.request("POST", WHATSAPP + query, content=body, headers=headers)

    def events(self, letter: str = "a", kind: str = "phone") -> list[WebhookEvent]:
        """An account's log, oldest first."""
        return self.events_of(f"company-{letter}", f"{kind}-{letter}")

    def events_of(self, company_id: str, account_id: str) -> list[WebhookEvent]:
        """A log, oldest first."""
        now = self.world.world.now
        return list(reversed(self.world.events.between(company_id, account_id, now.replace(hour=0), now, 1000)))


def incoming(letter: str = "a") -> dict[str, str]:
    """What Twilio sends with an incoming call; empty values are part of the signature."""
    number = twilio_number(letter)
    return {
        "CallSid": CALL_SID,
        "AccountSid": account_sid(letter),
        "From": CALLER,
        "To": number,
        "Caller": CALLER,
        "Called": number,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        "FromCity": "",
        "FromState": "CA",
        "CallerName": "",
        "StirVerstat": "TN-Validation-Passed-A",
        "NewParameter": "ü&=%",
    }


def sign(url: str, form: Sequence[tuple[str, str]], letter: str = "a") -> str:
    """Twilio's signature."""
    token = SECRETS["auth_token"].format(letter)
    return str(RequestValidator(token).compute_signature(url, ImmutableMultiDict(list(form))))


def meta_signature(body: bytes, letter: str = "a") -> str:
    """Meta's signature."""
    return "sha256=" + hmac.new(SECRETS["app_secret"].format(letter).encode(), body, hashlib.sha256).hexdigest()


def change(value: Mapping[str, Any], field: str = "calls", number_id: str = "100000000000001") -> dict[str, Any]:
    """A payload with one change."""
    metadata = {"display_phone_number": "4930901820", "phone_number_id": number_id}
    content = {"messaging_product": "whatsapp", **value, "metadata": metadata}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "200000000000001", "changes": [{"field": field, "value": content}]}],
    }
