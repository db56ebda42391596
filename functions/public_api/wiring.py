"""Builds what the public API acts upon, once for each container."""

import secrets
import uuid

from fastapi import Request

from functions.public_api.app import PublicApi
from functions.wiring import blobs, calls, environment, now, table
from shared.adapters.aws.dynamo.access_log import DynamoAccessLog
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.adapters.aws.dynamo.call_slots import DynamoCallSlots
from shared.adapters.aws.dynamo.calls import DynamoRateLimits, DynamoSessions
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.domain.origins import origin_of
from shared.services.after_call import AfterCallPorts
from shared.services.sessions import SessionPorts


def public_api() -> PublicApi:
    """What the public API acts upon."""
    env = environment()
    core, live = table(env.core_table), table(env.live_table)
    chatbots = DynamoChatbots(core)
    sessions = SessionPorts(
        companies=DynamoCompanies(core),
        chatbots=chatbots,
        models=DynamoAiModels(core),
        calls=calls(),
        rates=DynamoRateLimits(live),
        slots=DynamoCallSlots(table(env.calls_table), live),
        now=now,
        new_id=_new_id,
        new_token=lambda: secrets.token_urlsafe(32),
        own_origin=origin_of(env.public_base_url),
    )
    accesses = DynamoAccessLog(table(env.ledger_table))
    after = AfterCallPorts(calls(), chatbots, DynamoSessions(live), blobs(), accesses, now, _new_id)
    return PublicApi(sessions, after, env.public_base_url, _address, DynamoCallKeys(core))


def _new_id() -> str:
    return str(uuid.uuid4())


def _address(request: Request) -> str:
    """The visitor's address as the front of the platform saw it (never what the visitor claims)."""
    header = environment().viewer_address_header
    if header is not None:
        return request.headers.get(header, "unknown")
    event = request.scope.get("aws.event") or {}
    source = event.get("requestContext", {}).get("http", {}).get("sourceIp")
    return str(source or (request.client.host if request.client else "unknown"))
