"""Twilio's REST API by the vendor's package.

Twilio: /docs/voice/api/call-resource, /docs/phone-numbers/api; error codes /docs/api/errors.
"""

import logging
from collections.abc import Callable
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from shared.ports.phone_lines import Credentials, Dialling, NumberHooks, PhoneNumber, PhoneOwner, PhoneRefused

_SILENT = logging.getLogger("twilio.silent")
_SILENT.disabled = True
"""The package logs requests, and with them phone numbers."""
API = "https://api.twilio.com"
TIMEOUT_SECONDS = 8.0
EVENTS = ["initiated", "ringing", "answered", "completed"]
UNREACHABLE = "Twilio could not be reached. Please try again."
TOO_FAST = "Twilio asks us to slow down. Please try again later."
OVER = {20404, 21220}
_SENTENCES = {
    20003: "Invalid credentials",
    20404: "Phone number not found",
    21210: "This number may not be used as caller. Verify it in the Twilio Console.",
    21211: "This phone number cannot be called.",
    21212: "This number may not be used as caller. Verify it in the Twilio Console.",
    21214: "This phone number cannot be called.",
    21215: "Calls to this country are switched off in the Twilio account (Voice Geographic Permissions).",
    21219: "A trial account can call verified numbers only.",
    573005: "A trial account can call verified numbers only.",
}


class TwilioLines:
    """See shared.ports.phone_lines. `base_url` replaces the vendor's host, for stand-ins."""

    def __init__(self, base_url: str = API) -> None:
        self._base_url = base_url.rstrip("/")

    def owner(self, who: Credentials) -> PhoneOwner:
        """The account itself; proves the credentials."""
        account = _asked(lambda: self._client(who).api.accounts(who.account_sid).fetch())
        return PhoneOwner(active=str(account.status) == "active", trial=str(account.type) == "Trial")

    def number(self, who: Credentials, phone_number: str) -> PhoneNumber | None:
        """One of the account's numbers."""
        found = _asked(lambda: self._client(who).incoming_phone_numbers.list(phone_number=phone_number, limit=1))
        if not found:
            return None
        number = found[0]
        return PhoneNumber(
            sid=str(number.sid),
            voice=bool((number.capabilities or {}).get("voice")),
            voice_url=str(number.voice_url or ""),
            routed_elsewhere=bool(number.trunk_sid or number.voice_application_sid),
        )

    def point(self, who: Credentials, number_sid: str, hooks: NumberHooks) -> None:
        """Have Twilio ask us about the number's calls."""
        number = self._client(who).incoming_phone_numbers(number_sid)
        _asked(
            lambda: number.update(
                voice_url=hooks.voice_url,
                voice_method="POST",
                voice_fallback_url=hooks.fallback_url,
                voice_fallback_method="POST",
                status_callback=hooks.status_url,
                status_callback_method="POST",
            )
        )

    def call(self, who: Credentials, dialling: Dialling) -> str:
        """Place a call."""
        created = _asked(
            lambda: self._client(who).calls.create(
                to=dialling.to,
                from_=dialling.caller_id,
                url=dialling.answer_url,
                method="POST",
                fallback_url=dialling.fallback_url,
                fallback_method="POST",
                status_callback=dialling.status_url,
                status_callback_event=EVENTS,
                status_callback_method="POST",
                timeout=dialling.ring_seconds,
                time_limit=dialling.limit_seconds,
                machine_detection="Enable",
                async_amd="true",
                async_amd_status_callback=dialling.machine_url,
                async_amd_status_callback_method="POST",
            )
        )
        return str(created.sid)

    def hang_up(self, who: Credentials, call_sid: str) -> None:
        """End a call."""
        try:
            _asked(lambda: self._client(who).calls(call_sid).update(status="completed"))
        except PhoneRefused as refused:
            if refused.code not in OVER:
                raise

    def _client(self, who: Credentials) -> Any:
        http = _Http(self._base_url)
        # An empty environment: nobody's variables may choose another account, region or edge.
        return Client(who.account_sid, who.auth_token, http_client=http, environment={"TWILIO": "none"})


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the package has no types
    def __init__(self, base_url: str) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS, pool_connections=False, logger=_SILENT)
        self._base_url = base_url

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        return super().request(method, url.replace(API, self._base_url, 1), *arguments, **named)


def _asked[T](ask: Callable[[], T]) -> T:
    try:
        return ask()
    except TwilioRestException as error:
        code = int(error.code or 0)
        if error.status == 429:
            raise PhoneRefused(TOO_FAST, code=code, retry=True) from error
        if error.status >= 500:
            raise PhoneRefused(UNREACHABLE, code=code, uncertain=True) from error
        if error.status == 401:
            code = 20003
        raise PhoneRefused(_SENTENCES.get(code, f"Twilio refused the request (error {code})."), code=code) from error
    except requests.ConnectTimeout as error:
        raise PhoneRefused(UNREACHABLE, retry=True) from error
    except (requests.RequestException, TwilioException, ValueError) as error:
        raise PhoneRefused(UNREACHABLE, uncertain=True) from error
