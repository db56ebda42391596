"""Starting a call from a web site: every check, then the call and its session are stored together."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.errors import CallUnavailable, InvalidRequest, NotFound, NotPermitted, RateLimited
from shared.contracts.records.call import CallRecord, Customer, FrozenConfiguration, Session
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.widget_config import WidgetConfig
from shared.domain.origins import origin_allowed
from shared.ports.repositories import AiModels, Calls, Chatbots, Companies, RateLimits

CONNECT_SECONDS = 60
SESSION_HOURS = 24
HOUR = 3600
NOT_AVAILABLE = "Call feature not available. Contact support."


@dataclass(frozen=True, slots=True)
class SessionPorts:
    """What starting a call needs. `new_id` and `new_token` are random; a token has 256 bits."""

    companies: Companies
    chatbots: Chatbots
    models: AiModels
    calls: Calls
    rates: RateLimits
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    new_token: Callable[[], str]
    own_origin: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks: the page's origin and the address the request came from."""

    origin: str
    address: str


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


def start_session(
    ports: SessionPorts, chatbot_id: str, company_id: str | None, customer: Customer, visitor: Visitor, test: bool
) -> StartedSession:
    """Check everything and open a pending call."""
    company, chatbot, widget = find_chatbot(ports.companies, ports.chatbots, chatbot_id, company_id)
    if not origin_allowed(visitor.origin, widget.advanced.allowed_domains, ports.own_origin):
        raise NotPermitted("Calls are not available on this web site.")
    if not chatbot.enabled_call or not company.settings.features.callEnabled:
        raise CallUnavailable(NOT_AVAILABLE)
    configuration = freeze(ports, company, chatbot, widget)
    _check_customer(widget, customer)
    now = ports.now()
    visitor_hash = hash_token(f"{chatbot_id}|{visitor.address}")
    _check_rates(ports, company, widget, visitor_hash, now)
    session_id, call_id = ports.new_id(), ports.new_id()
    token, read_token = ports.new_token(), f"{session_id}.{ports.new_token()}"
    expires_at = now + timedelta(hours=SESSION_HOURS)
    call = CallRecord(
        company_id=company.company_id,
        call_id=call_id,
        chatbot_id=chatbot_id,
        session_id=session_id,
        configuration=configuration,
        customer=customer,
        test_call=test,
        created_at=now,
    )
    session = Session(
        session_id=session_id,
        company_id=company.company_id,
        chatbot_id=chatbot_id,
        call_id=call_id,
        origin=visitor.origin,
        token_hash=hash_token(token),
        read_hash=hash_token(read_token),
        created_at=now,
        connect_by=now + timedelta(seconds=CONNECT_SECONDS),
        expires_at=expires_at,
        visitor_hash=visitor_hash,
    )
    ports.calls.open(call, session)
    return StartedSession(session_id, call_id, token, read_token, expires_at)


def find_chatbot(
    companies: Companies, chatbots: Chatbots, chatbot_id: str, company_id: str | None
) -> tuple[Company, Chatbot, WidgetConfig]:
    """The chatbot with its company and widget; a company that does not own it does not find it."""
    owner = chatbots.company_of(chatbot_id)
    if owner is None or (company_id is not None and company_id != owner):
        raise NotFound("There is no such chatbot.")
    company, chatbot = companies.get(owner), chatbots.get(owner, chatbot_id)
    if company is None or chatbot is None:
        raise NotFound("There is no such chatbot.")
    return company, chatbot, chatbots.widget_config(owner, chatbot_id)


def freeze(ports: SessionPorts, company: Company, chatbot: Chatbot, widget: WidgetConfig) -> FrozenConfiguration:
    """The published settings and the model as they are now; a call keeps them to its end."""
    version = chatbot.call_settings_version
    settings = ports.chatbots.call_settings(company.company_id, chatbot.chatbot_id, version) if version else None
    if settings is None:
        raise CallUnavailable("A call model must be selected before chatbot can accept calls")
    model = ports.models.get(settings.ai_model_id)
    today = ports.now().date()
    if model is None or not model.active or (model.shutdown_on is not None and model.shutdown_on <= today):
        raise CallUnavailable("A call model must be selected before chatbot can accept calls")
    if widget.branding.call_welcome_message:
        settings = settings.model_copy(update={"greeting": widget.branding.call_welcome_message})
    fallback = ports.models.get(settings.fallback_model_id) if settings.fallback_model_id else None
    return FrozenConfiguration(
        settings=settings,
        settings_version=version,
        model=model,
        fallback_model=fallback,
        company_name=company.name,
        agent_name=chatbot.agent_name,
    )


def _check_customer(widget: WidgetConfig, customer: Customer) -> None:
    if widget.features.require_name and not (customer.name or "").strip():
        raise InvalidRequest("Please tell us your name.")
    if widget.features.require_email and "@" not in (customer.email or ""):
        raise InvalidRequest("Please tell us your email address.")


def _check_rates(ports: SessionPorts, company: Company, widget: WidgetConfig, visitor_hash: str, now: datetime) -> None:
    busy = "You have made many calls in the last hour. Please try again later."
    wait = HOUR - int(now.timestamp()) % HOUR
    if not ports.rates.take(f"visitor#{visitor_hash}", widget.advanced.calls_per_hour, HOUR, now):
        raise RateLimited(busy, wait)
    live = sum(1 for call in ports.calls.live() if call.company_id == company.company_id)
    if live >= company.limits.concurrent_calls:
        raise RateLimited("All lines are busy. Please try again in a moment.", 30)
