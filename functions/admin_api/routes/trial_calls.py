"""Test calls: to a phone through a carrier account, and in the browser on the Test tab."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import IdempotencyKey, Identifier, Schema, calls_company, once
from shared.contracts.records.carrier_call import CarrierCall, CarrierOutcome, CarrierPhase
from shared.contracts.records.outbound_call import OutboundCall, OutboundState
from shared.contracts.settings.company import Id
from shared.domain.permissions import Permission
from shared.domain.phone_numbers import masked
from shared.services import trial_calls
from shared.services.trial_calls import Verdict

operations = Operations()
PATH = "/integration-accounts/{account_id}/test-calls"


class TrialCallIn(Schema):
    """Whom to call, and which chatbot shall speak (none: the account's own)."""

    to: Annotated[str, Field(min_length=1, max_length=40)]
    chatbot_id: Id | None = None


class VerdictIn(Schema):
    """“Test call successful?”, and what was wrong."""

    successful: bool
    comment: Annotated[str, Field(max_length=300)] = ""


class TrialCallOut(Schema):
    """What became of a test call. `callId` leads to its place in the call history."""

    test_call_id: str
    account_id: str
    to: str
    state: OutboundState
    detail: str
    call_id: str | None
    phase: CarrierPhase | None
    outcome: CarrierOutcome | None
    answered_at: datetime | None
    ended_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, outbound: OutboundCall, carrier: CarrierCall | None) -> Self:
        """From what is known; the number is masked."""
        facts = None if carrier is None else carrier.facts
        return cls(
            test_call_id=outbound.outbound_id,
            account_id=outbound.account_id,
            to=masked(outbound.to) or "",
            state=outbound.state,
            detail=outbound.detail,
            call_id=outbound.call_id,
            phase=None if facts is None else facts.phase,
            outcome=None if facts is None else facts.outcome,
            answered_at=None if facts is None else facts.answered_at,
            ended_at=None if facts is None else facts.ended_at,
            created_at=outbound.created_at,
        )


class TrialSessionOut(Schema):
    """How the widget connects; the tokens are shown this once."""

    session_id: str
    call_id: str
    websocket_url: str
    expires_at: datetime
    token: str
    read_token: str


@operations.post(PATH, Permission.ACCOUNTS_WRITE, status_code=202)
def make_test_call(
    api: Api, by: By, account_id: Identifier, body: TrialCallIn, key: IdempotencyKey = None
) -> TrialCallOut:
    calls_company(api, by)

    def make() -> TrialCallOut:
        wished = trial_calls.call_phone(api.outbound, api.desk, by, account_id, body.to, body.chatbot_id)
        return TrialCallOut.of(wished, None)

    return once(api, by, key, f"make_test_call|{account_id}", body, make, TrialCallOut)


@operations.get(PATH + "/{test_call_id}", Permission.ACCOUNTS_WRITE)
def get_test_call(api: Api, by: By, account_id: Identifier, test_call_id: Identifier) -> TrialCallOut:
    company_id = calls_company(api, by)
    return TrialCallOut.of(*trial_calls.phone_call(api.outbound, company_id, account_id, test_call_id))


@operations.put(PATH + "/{test_call_id}/verdict", Permission.ACCOUNTS_WRITE, status_code=204)
def judge_test_call(api: Api, by: By, account_id: Identifier, test_call_id: Identifier, body: VerdictIn) -> None:
    calls_company(api, by)
    verdict = Verdict(successful=body.successful, comment=body.comment)
    trial_calls.judge(api.outbound, api.desk, by, account_id, test_call_id, verdict)


@operations.post("/chatbots/{chatbot_id}/test-session", Permission.CHATBOTS_WRITE, status_code=201)
def start_test_session(api: Api, by: By, chatbot_id: Identifier) -> TrialSessionOut:
    calls_company(api, by)
    started = trial_calls.call_browser(api.outbound, api.desk, by, chatbot_id)
    base = api.outbound.base_url.rstrip("/").replace("http", "ws", 1)
    return TrialSessionOut(
        session_id=started.session_id,
        call_id=started.call_id,
        websocket_url=f"{base}/api/widget/call/{started.session_id}/ws",
        expires_at=started.expires_at,
        token=started.token,
        read_token=started.read_token,
    )
