"""Every key of every table. The company is part of each tenant key, so another company's data is never addressed."""

from shared.adapters.aws.dynamo.documents import Key
from shared.contracts.records.call import CallRecord
from shared.contracts.settings.company import Chatbot, Company


def company(company_id: str) -> Key:
    """`core`: a company."""
    return Key(f"T#{company_id}", "META")


def chatbot(company_id: str, chatbot_id: str) -> Key:
    """`core`: a chatbot with the number of its published settings."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}")


def chatbot_lookup(chatbot_id: str) -> Key:
    """`core`: which company a chatbot belongs to (public widgets know only the chatbot)."""
    return Key(f"BOT#{chatbot_id}", "REF")


def call_settings(company_id: str, chatbot_id: str, version: int) -> Key:
    """`core`: one published version of a chatbot's call settings."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}#CALL#{version:06d}")


def publication(company_id: str, chatbot_id: str, version: int) -> Key:
    """`core`: who published that version."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}#PUB#{version:06d}")


def chatbot_extra(record: Chatbot) -> dict[str, str]:
    """Puts a chatbot into its company's list."""
    return {"GSI1PK": f"T#{record.company_id}#BOTS", "GSI1SK": f"{record.name.lower()}#{record.chatbot_id}"}


def company_extra(record: Company) -> dict[str, str]:
    """Puts a company into the list of all."""
    return {"GSI1PK": "COMPANIES", "GSI1SK": f"{record.name.lower()}#{record.company_id}"}


def user(company_id: str | None, user_id: str) -> Key:
    """`core`: a member of a company; master admins belong to none."""
    return Key("PLATFORM" if company_id is None else f"T#{company_id}", f"USER#{user_id}")


def package(package_id: str) -> Key:
    """`core`: a package with its draft."""
    return Key("PKG", package_id)


def offered_package(package_id: str) -> Key:
    """`core`: what companies are offered of a package."""
    return Key("OFFER", package_id)


def package_version(package_id: str, number: int) -> Key:
    """`core`: one publication of a package."""
    return Key(f"PKG#{package_id}", f"V#{number:06d}")


def claim(kind: str, scope: str, value: str) -> Key:
    """`core`: a name somebody has, so that nobody else can have it."""
    return Key(f"UNIQ#{kind}#{scope}", value)


def widget_config(company_id: str, chatbot_id: str) -> Key:
    """`core`: a chatbot's widget configuration."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}#WIDGET")


def widget_version(company_id: str, chatbot_id: str, version: int) -> Key:
    """`core`: one saved version of a widget's configuration."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}#WCONF#{version:06d}")


def widget_publication(company_id: str, chatbot_id: str, version: int) -> Key:
    """`core`: who saved that version."""
    return Key(f"T#{company_id}", f"BOT#{chatbot_id}#WPUB#{version:06d}")


def ai_model(model_id: str) -> Key:
    """`core`: a model of the catalogue."""
    return Key("MODEL", model_id)


def integration_account(company_id: str, account_id: str) -> Key:
    """`core`: a carrier account."""
    return Key(f"T#{company_id}", f"ACC#{account_id}")


def account_lookup(account_id: str) -> Key:
    """`core`: which company an account belongs to (carriers know only the account)."""
    return Key(f"ACC#{account_id}", "REF")


def account_name(company_id: str, name: str) -> Key:
    """`core`: a name that is taken, whatever its case."""
    return Key(f"ACCNAME#{company_id}", name.casefold())


def account_number(kind: str, number: str) -> Key:
    """`core`: whose a Twilio number, or a WhatsApp number's id, is."""
    return Key(f"ACCNUM#{kind}#{number}", "REF")


def account_link(company_id: str, account_id: str, chatbot_id: str) -> Key:
    """`core`: a chatbot that takes calls of an account."""
    return Key(f"T#{company_id}", f"LINK#{account_id}#{chatbot_id}")


def secret(company_id: str, account_id: str, field: str) -> Key:
    """`core`: an encrypted secret, apart from what lists of accounts read."""
    return Key(f"SECRET#{company_id}#{account_id}", f"FIELD#{field}")


def outbound_policy(company_id: str) -> Key:
    """`core`: where a company's outgoing calls may go."""
    return Key(f"T#{company_id}", "OUTBOUND")


def call_permission(company_id: str, account_id: str, user_hash: str) -> Key:
    """`core`: whether a WhatsApp user may be called."""
    return Key(f"PERM#{company_id}#{account_id}", user_hash)


def order(company_id: str, number: str) -> Key:
    """`core`: an order a caller may ask about."""
    return Key(f"T#{company_id}", f"ORDER#{number}")


def call(company_id: str, call_id: str) -> Key:
    """`calls`: a call's record."""
    return Key(f"CALL#{company_id}#{call_id}", "META")


def segment(company_id: str, call_id: str, segment_id: str) -> Key:
    """`calls`: a transcript segment."""
    return Key(f"CALL#{company_id}#{call_id}", f"SEG#{segment_id}")


def usage(company_id: str, call_id: str, usage_id: str) -> Key:
    """`calls`: a usage entry."""
    return Key(f"CALL#{company_id}#{call_id}", f"USE#{usage_id}")


def checkpoint(company_id: str, call_id: str) -> Key:
    """`calls`: the state of the call core."""
    return Key(f"CALL#{company_id}#{call_id}", "CKPT")


def word(company_id: str, text: str, position: str) -> Key:
    """`calls`: that a word was said in a call."""
    return Key(f"WORD#{company_id}#{text}", position)


def counted(company_id: str, call_id: str) -> Key:
    """`calls`: that a call was counted."""
    return Key(f"CALL#{company_id}#{call_id}", "COUNTED")


def usage_row(company_id: str, day: str, rest: str) -> Key:
    """`calls`: the sums of one day, chatbot, channel and account."""
    return Key(f"USAGE#{company_id}", f"{day}#{rest}")


def effect(company_id: str, call_id: str, effect_id: str) -> Key:
    """`calls`: what a tool did, once for each tool call."""
    return Key(f"CALL#{company_id}#{call_id}", f"EFF#{effect_id}")


def feedback(company_id: str, call_id: str) -> Key:
    """`calls`: the caller's feedback."""
    return Key(f"CALL#{company_id}#{call_id}", "FEEDBACK")


def carrier_call(company_id: str, account_id: str, carrier_call_id: str) -> Key:
    """`calls`: what a carrier said of a call of its own (also of one that was never stored)."""
    return Key(f"CARRIER#{company_id}#{account_id}#{carrier_call_id}", "META")


def outbound_call(company_id: str, outbound_id: str) -> Key:
    """`calls`: a call that somebody asked for."""
    return Key(f"OUT#{company_id}#{outbound_id}", "META")


def webhook_event(company_id: str, account_id: str, day: str, at: str, event_id: str) -> Key:
    """`calls`: a carrier's request, for the account's log."""
    return Key(f"WH#{company_id}#{account_id}#{day}", f"{at}#{event_id}")


def test_line(company_id: str) -> Key:
    """`live`: the one test call a company may have at a time."""
    return Key(f"TESTLINE#{company_id}", "META")


def session(session_id: str) -> Key:
    """`live`: a widget session."""
    return Key(f"SESSION#{session_id}", "META")


def media_task(task_id: str) -> Key:
    """`live`: a media process."""
    return Key("TASKS", task_id)


def rate(name: str, window: str) -> Key:
    """`live`: a counter of one time window."""
    return Key(f"RATE#{name}", window)


def call_slots(company_id: str) -> Key:
    """`live`: the calls a company has now."""
    return Key(f"SLOTS#{company_id}", "META")


def access(company_id: str, month: str, at: str, entry_id: str) -> Key:
    """`ledger`: an access to a recording or transcript."""
    return Key(f"AUD#{company_id}#{month}", f"{at}#{entry_id}")


def participation(company_id: str, call_id: str, user_id: str) -> Key:
    """`calls`: a support agent's part in a call."""
    return Key(f"CALL#{company_id}#{call_id}", f"AGENT#{user_id}")


def audit_partition(company_id: str, month: str) -> str:
    """`ledger`: accesses and changes of one company in one month (`yyyymm`)."""
    return f"AUD#{company_id}#{month}"


def entity_partition(company_id: str, entity_id: str) -> str:
    """`ledger`, by index: what was done to one thing of a company."""
    return f"ENT#{company_id}#{entity_id}"


def audit_extra(company_id: str, entity_id: str, at: str) -> dict[str, str]:
    """Puts an entry of the ledger into the list of its thing."""
    return {"GSI1PK": entity_partition(company_id, entity_id), "GSI1SK": at}


def idempotency(scope: str, key: str) -> Key:
    """`idempotency`: an answer kept for a repeated request."""
    return Key(f"IDEM#{scope}", key)


def call_extra(record: CallRecord) -> dict[str, str | int]:
    """What indexes and conditions need of a call's record."""
    extra: dict[str, str | int] = {
        "status": str(record.status),
        "epoch": record.epoch,
        "GSI1PK": f"T#{record.company_id}#{record.created_at:%Y%m}",
        "GSI1SK": f"{record.created_at.isoformat()}#{record.call_id}",
    }
    if record.ended_at is None:
        extra["GSI2PK"] = "LIVE"
        extra["GSI2SK"] = f"{record.company_id}#{record.call_id}"
    elif record.closed_at is None:
        extra["GSI2PK"] = "CLOSING"
        extra["GSI2SK"] = f"{record.company_id}#{record.call_id}"
    elif record.erased_at is None:
        extra["GSI2PK"] = kept_partition(record.company_id, record.chatbot_id)
        extra["GSI2SK"] = f"{record.ended_at.isoformat()}#{record.call_id}"
    return extra


def kept_partition(company_id: str, chatbot_id: str) -> str:
    """`calls`, by index: a chatbot's closed calls whose words and sound are still kept, oldest first."""
    return f"KEPT#{company_id}#{chatbot_id}"


def step(company_id: str, call_id: str, name: str) -> Key:
    """`calls`: a step of the work after a call that is done."""
    return Key(f"CALL#{company_id}#{call_id}", f"STEP#{name}")


def message(company_id: str, call_id: str, name: str) -> Key:
    """`calls`: a message to the caller that was begun to be sent."""
    return Key(f"CALL#{company_id}#{call_id}", f"MESSAGE#{name}")


def call_event(company_id: str, call_id: str, kind: str) -> Key:
    """`calls`: what a company's own systems are told of a call."""
    return Key(f"CALL#{company_id}#{call_id}", f"EVENT#{kind}")


def erasure(company_id: str, call_id: str) -> Key:
    """`calls`: what an erasure that has begun found."""
    return Key(f"CALL#{company_id}#{call_id}", "ERASURE")


def webhook_endpoint(company_id: str) -> Key:
    """`core`: where a company is told of its calls."""
    return Key(f"T#{company_id}", "WEBHOOK")


def call_key(company_id: str) -> Key:
    """`core`: the key by which a company's own system opens calls."""
    return Key(f"T#{company_id}", "CALLKEY")
