"""What a caller gets by WhatsApp after a call, if the company wants that: the transcript, and the question how it was.

Each message is noted before it is sent, and what is noted is not sent again: a person gets no message twice, and misses
one only if a worker died right then. Free words may be sent within a day of the user's last call or message; where Meta
says that this is over, nothing is sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from shared.contracts.records.call import CallRecord, CallStatus, Channel, Feedback, TranscriptSegment
from shared.contracts.settings.integration import WhatsAppAccount
from shared.domain import whatsapp_texts
from shared.domain.transcript_formats import plain_text
from shared.ports.after_call import StepLedger
from shared.ports.integration_accounts import IntegrationAccounts
from shared.ports.repositories import Calls
from shared.ports.secrets import Secrets
from shared.ports.whatsapp_calls import Reaction, WhatsAppRefused
from shared.ports.whatsapp_numbers import Sender, WhatsAppNumbers
from shared.services import webhook_log
from shared.services.webhook_log import Happening, LogPorts

WINDOW = timedelta(hours=24)
ANSWERS = timedelta(days=30)
"""So long after a call what its caller thinks of it is kept."""
LATER = (Reaction.RETRY, Reaction.BACK_OFF)


@dataclass(frozen=True, slots=True)
class MessagePorts:
    """What messages to callers need."""

    accounts: IntegrationAccounts
    secrets: Secrets
    whatsapp: WhatsAppNumbers
    log: LogPorts


def message_caller(
    ports: MessagePorts, ledger: StepLedger, call: CallRecord, lines: Sequence[TranscriptSegment], now: datetime
) -> bool:
    """Send what is to be sent; whether anything was. Raises WhatsAppRefused where it is worth trying again."""
    account = _account(ports, call)
    if account is None or call.caller_number is None or call.ended_at is None or now - call.ended_at >= WINDOW:
        return False
    token = ports.secrets.get(account.company_id, account.account_id, "access_token")
    if token is None:
        return False
    sender, to = Sender(account.phone_number_id, token), call.caller_number
    messages: list[tuple[str, Callable[[], None]]] = []
    if account.send_transcript and call.configuration.settings.transcription.enabled:
        for number, part in enumerate(islice(whatsapp_texts.parts(_transcript(call, lines)), whatsapp_texts.MAX_PARTS)):
            messages.append((f"transcript-{number}", _text(ports, sender, to, part)))
    if account.send_survey:
        messages.append(("survey", _survey(ports, sender, to, call.call_id)))
    sent = 0
    for name, send in messages:
        if ledger.note(call, name, now):
            if not _send(ports, ledger, call, (name, send)):
                break
            sent += 1
    return sent > 0


def rated(calls: Calls, account: WhatsAppAccount, user: str, answer: tuple[str, int], at: datetime) -> str | None:
    """Keep how many stars a caller gave; the latest counts. The call's id, or None if it is not theirs to rate."""
    call_id, stars = answer
    call = calls.get(account.company_id, call_id)
    if call is None or call.account_id != account.account_id or call.caller_number != user or call.ended_at is None:
        return None
    if not timedelta(0) <= at - call.ended_at + timedelta(minutes=1) <= ANSWERS:
        return None
    known = calls.feedback(account.company_id, call_id)
    if known is None or known.given_at < at:
        calls.save_feedback(account.company_id, call_id, Feedback(stars=stars, given_at=at))
    return call_id


def _account(ports: MessagePorts, call: CallRecord) -> WhatsAppAccount | None:
    """The account a call that was had with somebody came by, if it is still there."""
    if call.channel is not Channel.WHATSAPP or call.status is CallStatus.ABANDONED or call.account_id is None:
        return None
    account = ports.accounts.get(call.company_id, call.account_id)
    return account if isinstance(account, WhatsAppAccount) and account.active else None


def _transcript(call: CallRecord, lines: Sequence[TranscriptSegment]) -> str:
    text = plain_text(lines)
    return f"Transcript of your call with {call.configuration.company_name}:\n{text}" if text else ""


def _text(ports: MessagePorts, sender: Sender, to: str, text: str) -> Callable[[], None]:
    return lambda: ports.whatsapp.send_text(sender, to, text)


def _survey(ports: MessagePorts, sender: Sender, to: str, call_id: str) -> Callable[[], None]:
    rows = whatsapp_texts.survey_rows(call_id)
    return lambda: ports.whatsapp.send_list(sender, to, whatsapp_texts.SURVEY_TEXT, whatsapp_texts.SURVEY_BUTTON, rows)


def _send(ports: MessagePorts, ledger: StepLedger, call: CallRecord, message: tuple[str, Callable[[], None]]) -> bool:
    """Whether it was taken; the account's log says so. Raises WhatsAppRefused where it is worth trying again."""
    name, send = message
    assert call.account_id is not None
    began_at, why = ports.log.now(), ""
    try:
        send()
    except WhatsAppRefused as refused:
        if refused.reaction in LATER and not refused.uncertain:
            ledger.forget(call, name, began_at)
            raise
        why = refused.sentence
    kind = "survey_sent" if name == "survey" else "transcript_sent"
    happening = Happening(kind, "failed" if why else "success", 200, why, call.call_id, call.caller_number)
    webhook_log.record(ports.log, call.company_id, call.account_id, happening, began_at)
    return not why
