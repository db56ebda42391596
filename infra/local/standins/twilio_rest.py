"""The part of Twilio's REST API (2010-04-01) the product uses, on the stand-in's exchange; HTTP basic auth.

Errors are Twilio's: 20003 wrong account or token, 20404 not found, 21211/21212 bad numbers, 21220 too late.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.standins.twilio_call import TERMINAL, PhoneCall
from infra.local.standins.twilio_exchange import Account, Exchange, Number
from infra.local.standins.twilio_twiml import BadTwiml, Verb, parse_twiml

ROOT = "/2010-04-01/Accounts/{account}"
MAX_INLINE_TWIML = 4_000
MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    21205: "Url is not a valid URL",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number",
    21218: "Invalid ApplicationSid: no TwiML and no Url",
    21220: "Call is not in-progress. Cannot redirect.",
    12100: "Document parse failure",
    32018: "Twiml is too long",
}

CHANGEABLE = (
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "FriendlyName",
)

Form = ImmutableMultiDict[str, str]
Handler = Callable[[Account, Request, Form], Awaitable[Response]]


class Refused(Exception):
    """A request Twilio would refuse."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"{status}/{code}")
        self.status, self.code = status, code


class RestApi:
    """`routes` to be served; `requests` are all that came: (method, path, form)."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.routes = [
            Route(ROOT + ".json", self._guarded(self._account)),
            Route(ROOT + "/IncomingPhoneNumbers.json", self._guarded(self._numbers)),
            Route(ROOT + "/IncomingPhoneNumbers/{sid}.json", self._guarded(self._number), methods=["GET", "POST"]),
            Route(ROOT + "/Calls.json", self._guarded(self._create), methods=["POST"]),
            Route(ROOT + "/Calls/{sid}.json", self._guarded(self._call), methods=["GET", "POST"]),
        ]

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            form = Form(parse_qsl((await request.body()).decode(), keep_blank_values=True))
            self.requests.append((request.method, request.url.path, dict(form)))
            try:
                if self._exchange.refusals:
                    raise Refused(*self._exchange.refusals.pop(0))
                return await handler(self._authorised(request), request, form)
            except Refused as refused:
                more = f"https://www.twilio.com/docs/errors/{refused.code}"
                message = MESSAGES.get(refused.code, "Refused")
                body = {"code": refused.code, "message": message, "more_info": more, "status": refused.status}
                return JSONResponse(body, refused.status)

        return guarded

    def _authorised(self, request: Request) -> Account:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            user, _, token = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise Refused(401, 20003) from None
        account = self._exchange.accounts.get(user)
        if scheme.lower() != "basic" or account is None or account.auth_token != token:
            raise Refused(401, 20003)
        if request.path_params["account"] != account.sid:
            raise Refused(404, 20404)
        return account

    async def _account(self, account: Account, request: Request, form: Form) -> Response:
        body = {"sid": account.sid, "status": account.status, "type": account.type}
        return JSONResponse({**body, "friendly_name": account.friendly_name})

    async def _numbers(self, account: Account, request: Request, form: Form) -> Response:
        wanted = request.query_params.get("PhoneNumber")
        found = [_shown(account, number) for number in account.numbers if wanted in (None, number.phone_number)]
        page = {"uri": request.url.path, "first_page_uri": request.url.path, "next_page_uri": None, "page": 0}
        more = {"previous_page_uri": None, "page_size": 50, "start": 0, "end": max(0, len(found) - 1)}
        return JSONResponse({"incoming_phone_numbers": found, **page, **more})

    async def _number(self, account: Account, request: Request, form: Form) -> Response:
        number = next((number for number in account.numbers if number.sid == request.path_params["sid"]), None)
        if number is None:
            raise Refused(404, 20404)
        for name in CHANGEABLE:
            if (value := form.get(name)) is not None:
                setattr(number, _snake(name), str(value))
        return JSONResponse(_shown(account, number))

    async def _create(self, account: Account, request: Request, form: Form) -> Response:
        given: dict[str, Any] = {name: str(value) for name, value in form.items()}
        given["StatusCallbackEvent"] = [str(value) for value in form.getlist("StatusCallbackEvent")]
        if not given.get("To", "").startswith("+"):
            raise Refused(400, 21211)
        if account.number(given.get("From", "")) is None:
            raise Refused(400, 21212)
        if not given.get("Twiml") and not given.get("Url"):
            raise Refused(400, 21218)
        inline = _inline(given["Twiml"]) if given.get("Twiml") else None
        call = self._exchange.call_out(account, given, inline)
        return JSONResponse(_shown_call(account, call), 201)

    async def _call(self, account: Account, request: Request, form: Form) -> Response:
        call = self._exchange.calls.get(request.path_params["sid"])
        if call is None or call.params()["AccountSid"] != account.sid:
            raise Refused(404, 20404)
        if request.method == "POST":
            self._change(call, form)
        return JSONResponse(_shown_call(account, call))

    def _change(self, call: PhoneCall, form: Form) -> None:
        status, url, twiml = (str(form.get(name, "")) for name in ("Status", "Url", "Twiml"))
        if call.status in TERMINAL:
            raise Refused(404, 20404)
        if status == "canceled" and call.status not in ("queued", "ringing"):
            raise Refused(400, 21220)
        if status:
            call.end(status)
        elif twiml:
            verbs = _inline(twiml)

            async def source() -> list[Verb]:
                return verbs

            call.replace(source)
        elif url:
            call.replace(lambda: call.fetch(url, str(form.get("Method", "POST"))))


def _inline(twiml: str) -> list[Verb]:
    if len(twiml) > MAX_INLINE_TWIML:
        raise Refused(400, 32018)
    try:
        return parse_twiml(twiml.encode(), "")
    except BadTwiml as bad:
        raise Refused(400, bad.code) from bad


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _shown(account: Account, number: Number) -> dict[str, Any]:
    return {**vars(number), "account_sid": account.sid, "api_version": "2010-04-01"}


def _shown_call(account: Account, call: PhoneCall) -> dict[str, Any]:
    direction = call.direction
    ends = {"from": call.caller, "to": call.to}
    return {"sid": call.sid, "account_sid": account.sid, "status": call.status, "direction": direction, **ends}
