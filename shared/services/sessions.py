"""Starting a call from a web site: every check, then the call and its session are stored together."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.errors import CallUnavailable, InvalidRequest, NotFound, NotPermitted, RateLimited
from shared.contracts.records.call import CallRecord, Customer, FrozenConfiguration, Session
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.catalogue import voice_of
from shared.domain.origins import frame_ancestors, origin_allowed
from shared.ports.repositories import AiModels, Calls, CallSlots, Chatbots, Companies, RateLimits

CONNECT_SECONDS = 60
SESSION_HOURS = 24
HOUR = 3600
NOT_AVAILABLE = "Call feature not available. Contact support."
NO_MODEL = "A call model must be selected before chatbot can accept calls"
NO_VOICE = "The voice of this chatbot is no longer available. Another one must be selected."
WRONG_SITE = "Calls are not available on this web site."
MANY_CALLS = "You have made many calls in the last hour. Please try again later."
LINES_BUSY = "All lines are busy. Please try again in a moment."
LINES_BUSY_SECONDS = 30
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


@dataclass(frozen=True, slots=True)
class SessionPorts:
    """What starting a call needs. `new_id` and `new_token` are random; a token has 256 bits."""

    companies: Companies
    chatbots: Chatbots
    models: AiModels
    calls: Calls
    rates: RateLimits
    slots: CallSlots
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    new_token: Callable[[], str]
    own_origin: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the page's origin, the address the request came from, and the id the browser gave itself, if any."""

    origin: str
    address: str
    visitor_id: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A chatbot that may be used from the page that asked."""

    company: Company
    chatbot: Chatbot
    widget: WidgetConfig


@dataclass(frozen=True, slots=True)
class StartedSession:
    """What the widget gets; the tokens are stored as hashes only."""

    session_id: str
    call_id: str
    token: str
    read_token: str
    expires_at: datetime


def hash_token(token: str) -> str:
    """How a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def admit(ports: SessionPorts, chatbot_id: str, company_id: str | None, origin: str) -> Admitted:
    """The chatbot, if this site may use it. Raises NotFound (also for another company's chatbot) and NotPermitted."""
    owner = ports.chatbots.company_of(chatbot_id)
    if owner is None or (company_id is not None and company_id != owner):
        raise NotFound("There is no such chatbot.")
    company, chatbot = ports.companies.get(owner), ports.chatbots.get(owner, chatbot_id)
    if company is None or chatbot is None:
        raise NotFound("There is no such chatbot.")
    widget = ports.chatbots.widget_config(owner, chatbot_id)
    if not origin_allowed(origin, widget.advanced.allowed_domains, ports.own_origin):
        raise NotPermitted(WRONG_SITE)
    return Admitted(company, chatbot, widget)


def frame_policy(ports: SessionPorts, chatbot_id: str) -> str:
    """The Content-Security-Policy of the page that shows a chatbot's call interface. Raises NotFound."""
    widget = admit(ports, chatbot_id, None, ports.own_origin).widget
    return frame_ancestors(widget.advanced.allowed_domains, ports.own_origin)


def start_session(
    ports: SessionPorts,
    admitted: Admitted,
    customer: Customer,
    visitor: Visitor,
    *,
    test: bool = False,
    limited: bool = True,
) -> StartedSession:
    """Check everything else and open a pending call. Who called by a key is not `limited` as visitors are.

    Raises CallUnavailable, InvalidRequest (with fields), and RateLimited, in this order.
    """
    company, chatbot, widget = admitted.company, admitted.chatbot, admitted.widget
    configuration = freeze(ports, admitted)
    customer = checked_customer(widget, customer)
    now = ports.now()
    visitor_hash = hash_token(f"{chatbot.chatbot_id}|{visitor.address}|{visitor.visitor_id}")
    if limited:
        _check_rates(ports, admitted, visitor, visitor_hash, now)
    session_id, call_id = ports.new_id(), ports.new_id()
    token, read_token = ports.new_token(), f"{session_id}.{ports.new_token()}"
    call = CallRecord(
        company_id=company.company_id,
        call_id=call_id,
        chatbot_id=chatbot.chatbot_id,
        session_id=session_id,
        configuration=configuration,
        customer=customer,
        test_call=test,
        created_at=now,
    )
    session = Session(
        session_id=session_id,
        company_id=company.company_id,
        chatbot_id=chatbot.chatbot_id,
        call_id=call_id,
        origin=visitor.origin,
        token_hash=hash_token(token),
        read_hash=hash_token(read_token),
        created_at=now,
        connect_by=now + timedelta(seconds=CONNECT_SECONDS),
        expires_at=now + timedelta(hours=SESSION_HOURS),
        visitor_hash=visitor_hash,
    )
    _open(ports, company, call, session, now)
    return StartedSession(session_id, call_id, token, read_token, session.expires_at)


def freeze(ports: SessionPorts, admitted: Admitted) -> FrozenConfiguration:
    """The published settings and the model as they are now; a call keeps them to its end. Raises CallUnavailable."""
    company, chatbot = admitted.company, admitted.chatbot
    if not chatbot.enabled_call or not company.settings.features.callEnabled:
        raise CallUnavailable(NOT_AVAILABLE)
    version = chatbot.call_settings_version
    settings = ports.chatbots.call_settings(company.company_id, chatbot.chatbot_id, version) if version else None
    model = _usable_model(ports, settings.ai_model_id) if settings is not None else None
    if settings is None or model is None:
        raise CallUnavailable(NO_MODEL)
    if voice_of(model, settings.voice.voice_id) is None:
        raise CallUnavailable(NO_VOICE)
    fallback_id = settings.fallback_model_id
    if admitted.widget.branding.call_welcome_message:
        settings = settings.model_copy(update={"greeting": admitted.widget.branding.call_welcome_message})
    return FrozenConfiguration(
        settings=settings,
        settings_version=version,
        model=model,
        fallback_model=_usable_model(ports, fallback_id) if fallback_id else None,
        company_name=company.name,
        agent_name=chatbot.agent_name,
    )


def checked_customer(widget: WidgetConfig, customer: Customer) -> Customer:
    """The caller's details, tidied. Raises InvalidRequest naming every field that is missing or malformed."""
    name = " ".join((customer.name or "").split())
    email = (customer.email or "").strip()
    wrong = {}
    if widget.features.require_name and not name:
        wrong["customer.name"] = "Please tell us your name."
    if (widget.features.require_email or email) and not EMAIL.fullmatch(email):
        wrong["customer.email"] = "Please tell us your email address."
    if wrong:
        raise InvalidRequest(" ".join(wrong.values()), wrong)
    return Customer(name=name or None, email=email or None)


def _usable_model(ports: SessionPorts, model_id: str) -> AiModel | None:
    model = ports.models.get(model_id)
    if model is None or not model.active or model.model_type == "chat":
        return None
    over = model.shutdown_on is not None and model.shutdown_on <= ports.now().date()
    return None if over else model


def _check_rates(ports: SessionPorts, admitted: Admitted, visitor: Visitor, visitor_hash: str, now: datetime) -> None:
    """A visitor is an address, told apart further by its own id; so an address with many ids has a limit of its own."""
    wait = HOUR - int(now.timestamp()) % HOUR
    if not ports.rates.take(f"visitor#{visitor_hash}", admitted.widget.advanced.calls_per_hour, HOUR, now):
        raise RateLimited(MANY_CALLS, wait)
    if visitor.visitor_id:
        address = hash_token(f"{admitted.chatbot.chatbot_id}|{visitor.address}")
        if not ports.rates.take(f"address#{address}", admitted.company.limits.calls_per_address_per_hour, HOUR, now):
            raise RateLimited(MANY_CALLS, wait)


def _open(ports: SessionPorts, company: Company, call: CallRecord, session: Session, now: datetime) -> None:
    if not ports.slots.take(company.company_id, call.call_id, company.limits.concurrent_calls, now):
        raise RateLimited(LINES_BUSY, LINES_BUSY_SECONDS)
    try:
        ports.calls.open(call, session)
    except Exception:
        ports.slots.give_back(company.company_id, call.call_id, now)
        raise
