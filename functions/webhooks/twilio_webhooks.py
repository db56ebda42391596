"""Twilio's requests: checked, handled, logged, and always answered with something Twilio can use.

An unknown account and a wrong signature are answered alike, after the same work. Where we fail the caller hears a
sentence: an error status would have Twilio speak its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi.responses import Response

from functions.webhooks.requests import NOBODY, CarrierRequest, log_failure
from shared.adapters.twilio_signatures import form_fields, is_signed
from shared.adapters.twiml import render
from shared.contracts.errors import NotPermitted
from shared.contracts.settings.integration import TwilioAccount
from shared.domain import twilio_reports
from shared.domain.carrier_progress import is_machine
from shared.domain.phone_answers import PhoneAnswer, SayAndHangUp
from shared.ports.secrets import Secrets
from shared.services import inbound_calls, webhook_log
from shared.services.carrier_calls import CarrierPorts, identity, report
from shared.services.inbound_calls import GONE_WRONG, Handled, PhoneCall
from shared.services.outbound_calls import OutboundPorts, machine_answered
from shared.services.webhook_log import Happening, LogPorts

SPOKEN = ("voice", "answer", "connect", "dial", "fallback")
KINDS = (*SPOKEN, "status", "stream-status", "amd")
NO_CALL_SID = "The request names no call."
ELSEWHERE = "The request is of another Twilio account or number."
STATUS_KINDS = {"ended": "call_ended", "in_progress": "call_answered"}


@dataclass(frozen=True, slots=True)
class TwilioPorts:
    """What Twilio's requests act upon."""

    carrier: CarrierPorts
    outbound: OutboundPorts
    secrets: Secrets
    log: LogPorts
    base_url: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A request its account vouches for."""

    account: TwilioAccount
    form: Mapping[str, str]
    request: CarrierRequest

    @property
    def other_party(self) -> str | None:
        """Who calls us, or whom we called."""
        return self.form.get("To" if self.form.get("Direction", "").startswith("outbound") else "From")

    @property
    def call_sid(self) -> str:
        """The call; raises ValueError."""
        sid = twilio_reports.call_sid(self.form)
        if sid is None:
            raise ValueError(NO_CALL_SID)
        return sid


def handle(ports: TwilioPorts, what: str, request: CarrierRequest) -> Response:
    """Answer one request; `what` is the last part of its path."""
    began_at = ports.log.now()
    account_id = request.identifier("accountId") or NOBODY
    company_id = NOBODY
    answer: PhoneAnswer = SayAndHangUp(GONE_WRONG)
    try:
        company_id, signed = _verified(ports, account_id, request)
        if signed is None:
            response, happening = _forbidden(), Happening(what, "rejected", 403)
        else:
            if signed.form.get("AccountSid") != signed.account.account_sid:
                raise NotPermitted(ELSEWHERE)
            handled = _HANDLERS[what](ports, signed)
            answer, response = handled.answer, None
            happening = Happening(
                handled.kind,
                handled.outcome,
                detail=handled.detail,
                caller=signed.other_party,
            )
    except NotPermitted as refused:
        response, happening = _forbidden(), Happening(what, "failed", 403, refused.message)
    except ValueError as wrong:
        response, happening = None, Happening(what, "failed", detail=str(wrong) if type(wrong) is ValueError else "")
    except Exception as error:  # whatever it is, a caller is on the line
        log_failure(what, error)
        response, happening = None, Happening(what, "failed", detail=f"Internal error ({type(error).__name__})")
    _record(ports, company_id, account_id, happening, began_at)
    return response or _response(ports, what, answer)


def _verified(ports: TwilioPorts, account_id: str, request: CarrierRequest) -> tuple[str, Signed | None]:
    """The company whose account was named, and the request if that account signed it."""
    owner = ports.carrier.accounts.owner(account_id)
    company_id = NOBODY if owner is None else owner.company_id
    account = ports.carrier.accounts.get(company_id, account_id)
    token = ports.secrets.signing(company_id, account_id, "auth_token")
    fields = form_fields(request.body)
    signed = is_signed(token, request.url, fields or (), request.headers.get("x-twilio-signature", ""))
    if not signed or fields is None or not isinstance(account, TwilioAccount):
        return company_id, None
    return company_id, Signed(account, dict(fields), request)


def _voice(ports: TwilioPorts, signed: Signed) -> Handled:
    if signed.form.get("To") != signed.account.phone_number:
        raise NotPermitted(ELSEWHERE)
    named = signed.request.query.get("chatbotId")
    phone = PhoneCall(signed.call_sid, signed.form.get("From"), named)
    return inbound_calls.answer_phone(ports.carrier, signed.account, phone)


def _answer(ports: TwilioPorts, signed: Signed) -> Handled:
    call_id = signed.request.identifier("callId") or NOBODY
    return inbound_calls.answer_outbound(ports.carrier, signed.account, signed.call_sid, call_id)


def _connect(ports: TwilioPorts, signed: Signed) -> Handled:
    hung_up = twilio_reports.has_ended(signed.form)
    return inbound_calls.stream_ended(ports.carrier, signed.account, signed.call_sid, hung_up=hung_up)


def _dial(ports: TwilioPorts, signed: Signed) -> Handled:
    status = signed.form.get("DialCallStatus", "")
    return inbound_calls.dial_ended(ports.carrier, signed.account, signed.call_sid, status)


def _status(ports: TwilioPorts, signed: Signed) -> Handled:
    facts = twilio_reports.status_facts(signed.form)
    call_id = signed.request.identifier("callId")
    if call_id is not None and inbound_calls.bind(ports.carrier, signed.account, signed.call_sid, call_id) is None:
        return Handled(SayAndHangUp(GONE_WRONG), "call_status", "ignored", "There is no such call.")
    carrier, new = report(ports.carrier, identity(signed.account, signed.call_sid, facts))
    kind = STATUS_KINDS.get(facts.phase, "call_status")
    return Handled(SayAndHangUp(GONE_WRONG), kind, "success" if new else "duplicate", carrier.facts.phase)


def _stream_status(ports: TwilioPorts, signed: Signed) -> Handled:
    event = signed.form.get("StreamEvent", "")
    kind = event.replace("-", "_") if event in ("stream-started", "stream-stopped", "stream-error") else "stream_status"
    failed = kind == "stream_error"
    return Handled(
        SayAndHangUp(GONE_WRONG), kind, "failed" if failed else "success", signed.form.get("StreamError", "")
    )


def _amd(ports: TwilioPorts, signed: Signed) -> Handled:
    facts = twilio_reports.status_facts({"AnsweredBy": signed.form.get("AnsweredBy", "")})
    carrier, new = report(ports.carrier, identity(signed.account, signed.call_sid, facts))
    if new and is_machine(carrier.facts):
        machine_answered(ports.outbound, signed.account, carrier)
    return Handled(SayAndHangUp(GONE_WRONG), "answered_by", "success" if new else "duplicate", facts.answered_by or "")


def _fallback(ports: TwilioPorts, signed: Signed) -> Handled:
    """Twilio could not use our answer; the error's number is in Twilio's documentation."""
    code = signed.form.get("ErrorCode", "")[:10]
    return Handled(SayAndHangUp(GONE_WRONG), "fallback", "failed", f"Twilio error {code}" if code.isdigit() else "")


_HANDLERS: dict[str, Callable[[TwilioPorts, Signed], Handled]] = {
    "voice": _voice,
    "answer": _answer,
    "connect": _connect,
    "dial": _dial,
    "fallback": _fallback,
    "status": _status,
    "stream-status": _stream_status,
    "amd": _amd,
}


def _record(ports: TwilioPorts, company_id: str, account_id: str, happening: Happening, began_at: datetime) -> None:
    try:
        webhook_log.record(ports.log, company_id, account_id, happening, began_at)
    except Exception as error:  # the caller is answered even when nothing can be stored
        log_failure("webhook log", error)


def _response(ports: TwilioPorts, what: str, answer: PhoneAnswer) -> Response:
    if what not in SPOKEN:
        return Response(status_code=204)
    return Response(render(answer, ports.base_url), media_type="text/xml")


def _forbidden() -> Response:
    return Response("Forbidden", status_code=403, media_type="text/plain")
