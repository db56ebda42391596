"""Where a company's outgoing calls may go, and how many."""

from typing import Annotated, Self

from fastapi import Response
from pydantic import Field

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import Expected, Schema, calls_company, tag
from shared.contracts.records.outbound_call import Country, OutboundPolicy
from shared.domain.permissions import Permission
from shared.domain.phone_numbers import COUNTRIES
from shared.services import outbound_policy

operations = Operations()
PATH = "/outbound-policy"


class OutboundPolicyIn(Schema):
    """No countries: only the country of the calling number."""

    allowed_countries: Annotated[tuple[Country, ...], Field(max_length=len(COUNTRIES))] = ()
    test_calls_per_admin_per_hour: Annotated[int, Field(ge=0, le=100)] = 5
    calls_per_day: Annotated[int, Field(ge=0, le=100_000)] = 20


class OutboundPolicyOut(OutboundPolicyIn):
    """With its version; 0 are the platform's defaults."""

    version: int

    @classmethod
    def of(cls, policy: OutboundPolicy) -> Self:
        """From the stored record."""
        return cls(**policy.model_dump())


@operations.get(PATH, Permission.ACCOUNTS_READ)
def get_outbound_policy(api: Api, by: By, response: Response) -> OutboundPolicyOut:
    return _tagged(api.outbound.outbound.policy(calls_company(api, by)), response)


@operations.put(PATH, Permission.ACCOUNTS_WRITE)
def save_outbound_policy(
    api: Api, by: By, body: OutboundPolicyIn, expected: Expected, response: Response
) -> OutboundPolicyOut:
    calls_company(api, by)
    wanted = OutboundPolicy(**body.model_dump(), version=expected)
    return _tagged(outbound_policy.save(api.outbound.outbound, api.desk, by, wanted), response)


def _tagged(policy: OutboundPolicy, response: Response) -> OutboundPolicyOut:
    tag(response, policy.version)
    return OutboundPolicyOut.of(policy)
