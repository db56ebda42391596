"""What a media process asks of WhatsApp about a call, and how Meta's refusals look.

Meta: developers.facebook.com/documentation/business-messaging/whatsapp/calling/reference (actions) and /troubleshooting
(codes). Switch on `code` and `reaction`, never on the HTTP status.
"""

from enum import StrEnum
from typing import Protocol

from shared.contracts.settings.integration import WhatsAppAccount


class Reaction(StrEnum):
    """What a refusal asks of us."""

    RETRY = "retry"
    """Once more, at once."""
    BACK_OFF = "back_off"
    """Later: a limit of Meta's was reached."""
    ASK_PERMISSION = "ask_permission"
    ALREADY_DONE = "already_done"
    """What was asked for is so already."""
    FALL_BACK = "fall_back"
    """This user cannot be reached in this way: another kind of message may."""
    ADMIN = "admin"
    """Nothing works before the company's admin changes something at Meta."""
    GIVE_UP = "give_up"


class WhatsAppRefused(Exception):
    """Meta refused, or could not be reached (`code` 0). `sentence` is for people; it holds nothing of the request."""

    def __init__(self, code: int, reaction: Reaction, sentence: str) -> None:
        super().__init__(f"WhatsApp error {code}")
        self.code, self.reaction, self.sentence = code, reaction, sentence

    @property
    def uncertain(self) -> bool:
        """Whether what was asked for may have been done all the same: no answer came."""
        return self.code == 0 and self.reaction is Reaction.RETRY


class WhatsAppCalls(Protocol):
    """Each raises WhatsAppRefused. `sdp` has CRLF line ends; `accept` takes the very string that `pre_accept` took.

    `connect` starts a business-initiated call with our offer and returns its id; `to` is a number or a user's
    business-scoped id, `opaque` (512 characters at most) comes back in the call's webhooks.
    """

    async def pre_accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None: ...
    async def accept(self, account: WhatsAppAccount, carrier_call_id: str, sdp: str) -> None: ...
    async def reject(self, account: WhatsAppAccount, carrier_call_id: str) -> None: ...
    async def terminate(self, account: WhatsAppAccount, carrier_call_id: str) -> None: ...
    async def connect(self, account: WhatsAppAccount, to: str, sdp: str, opaque: str) -> str: ...
