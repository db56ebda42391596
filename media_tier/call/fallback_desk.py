"""Carries out what the fallback policy proposes once no model can be reached."""

from collections.abc import Sequence

from media_tier.call.call_state import Call
from media_tier.call.commands import CloseProvider, RunTool
from media_tier.call.ending import close
from media_tier.call.phases import Phase, moved
from media_tier.call.policies.fallback import End, Proposal, Say
from shared.contracts.records.call import EndedBy, EndReason
from shared.domain.sentences import Line

CALLBACK_CALL_ID = "fallback-callback"


def begin(call: Call) -> None:
    """No model can be reached any more."""
    call.phase = moved(call.phase, Phase.FALLBACK)
    call.link.abandon()
    for connection in (call.link.in_use, call.link.coming):
        if connection is not None:
            call.out.append(CloseProvider(connection.number))
    call.link.in_use = call.link.coming = None
    call.owed.resume_at = None
    call.owed.missing.clear()
    call.owed.asked.clear()
    carry_out(call, call.fallback.begin(call.clock.now))


def carry_out(call: Call, proposals: Sequence[Proposal]) -> None:
    """Do what the policy proposes, as long as the call is in its hands."""
    for proposal in proposals:
        if call.phase is not Phase.FALLBACK:
            return
        if isinstance(proposal, Say):
            call.say(Line.FALLBACK, proposal.text)
        elif isinstance(proposal, End):
            close(call, EndReason.PROVIDER_UNAVAILABLE, EndedBy.PROVIDER, proposal.text)
        else:
            arguments = {"phone_number": proposal.phone_number, "preferred_time": "as soon as possible"}
            call.out.append(RunTool(CALLBACK_CALL_ID, "schedule_callback", arguments))
