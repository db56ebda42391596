"""Where a company's outgoing calls may go, as its admins set it. Every change is audited."""

from shared.contracts.errors import InvalidRequest
from shared.contracts.records.outbound_call import OutboundPolicy
from shared.domain.permissions import Actor
from shared.domain.phone_numbers import COUNTRIES
from shared.ports.changes import SavePolicy
from shared.ports.outbound_calls import OutboundCalls
from shared.services.auditing import Deed, Desk, require_version


def save(outbound: OutboundCalls, desk: Desk, by: Actor, wanted: OutboundPolicy) -> OutboundPolicy:
    """Replace the version that `wanted` names. Raises InvalidRequest (no such country), VersionConflict."""
    unknown = sorted(set(wanted.allowed_countries) - COUNTRIES)
    if unknown:
        sentence = f"There is no such country: {', '.join(unknown)}."
        raise InvalidRequest(sentence, {"allowedCountries": sentence})
    before = outbound.policy(by.company)
    require_version(before.version, wanted.version)
    after = wanted.model_copy(update={"allowed_countries": tuple(sorted(set(wanted.allowed_countries)))})
    desk.write(Deed(by, "outbound_policy.saved", by.company, by.company, before, after), SavePolicy(by.company, after))
    return after.model_copy(update={"version": after.version + 1})
