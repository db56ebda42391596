"""Which calls keep a draining process from leaving: those that no other process could take over.

A widget comes back by itself and Twilio's stream re-enters through the webhook. A WhatsApp call lives on the sockets
its SDP named, and Meta neither renegotiates nor moves it: it is cut, or the process stays until it is over.
"""

from shared.contracts.records.call import CallRecord, Channel

STAYING = frozenset({Channel.WHATSAPP})


def stays(call: CallRecord) -> bool:
    """Whether the call has to end on the process it is on."""
    return call.channel in STAYING
