"""What a phone call by Twilio Media Streams costs: the bare relay against the real media process, same callers.

    python -m tests.bench.phone_calls --calls 400 --resampled 220 --seconds 12

Three servers: a bare µ-law relay; the media process with a model that speaks µ-law (OpenAI), straight through; and
with one that wants 16 and speaks 24 kHz (Gemini), resampled frame by frame. Signed upgrades, marks, pacing, the call
core, captions and recording are on in both. Delays are told by pulses in the sound itself, which survive resampling;
"filter" is how far into the frame they have moved on their way up.
"""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from infra.local import aws
from media_tier.legs.twilio_gate import STREAM_PATH, signature_of
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key, to_item
from shared.contracts.records.call import Channel
from shared.contracts.records.secret import SecretHint, StoredSecret
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.integration import AccountRef, AccountStatus, TwilioAccount
from tests.bench.media_process import (
    COMPANY,
    GEMINI,
    OPENAI,
    TOKEN,
    Load,
    Result,
    Surroundings,
    bare_relay,
    in_turn,
    media_process,
    open_calls,
    print_table,
)
from tests.bench.phone_load import ACCOUNT_SID

TARGET_CALLS, TARGET_RESAMPLED = 400, 220
TARGET_FILTER_MS = 15
ACCOUNT_ID, AUTH_TOKEN = "acc-bench", "YmVuY2g="
"""The storage stand-in's KMS opens nothing: a secret is its own ciphertext, in base64."""
_SECRET = "bench"


def streams(model: AiModel, calls: int, around: Surroundings) -> list[str]:
    """Store an account and pending calls; a signed address for each."""
    _store_account(around.storage)
    lines = []
    for session_id in open_calls(around.storage, calls, model, f"twilio:{ACCOUNT_ID}", Channel.TWILIO):
        path = f"{STREAM_PATH}{ACCOUNT_ID}/{session_id}.{TOKEN}"
        lines.append(f"{path} {signature_of(_SECRET, f'ws://127.0.0.1:{around.port}{path}')}")
    return lines


def _store_account(endpoint: str) -> None:
    dynamo, now = aws.client("dynamodb", endpoint), datetime.now(UTC)
    account = TwilioAccount(
        company_id=COMPANY,
        account_id=ACCOUNT_ID,
        name="Bench",
        status=AccountStatus.CONNECTED,
        account_sid=ACCOUNT_SID,
        phone_number="+15550100000",
    )
    hint = SecretHint(field="auth_token", masked="", set_at=now)
    secret = StoredSecret(company_id=COMPANY, account_id=ACCOUNT_ID, hint=hint, ciphertext=AUTH_TOKEN)
    ref = AccountRef(company_id=COMPANY, account_id=ACCOUNT_ID)
    stored: tuple[tuple[Key, AccountRef | TwilioAccount | StoredSecret], ...] = (
        (keys.account_lookup(ACCOUNT_ID), ref),
        (keys.integration_account(COMPANY, ACCOUNT_ID), account),
        (keys.secret(COMPANY, ACCOUNT_ID, "auth_token"), secret),
    )
    for key, record in stored:
        dynamo.put_item(TableName="core", Item=to_item(key, record, 1))


def straight(calls: int, seconds: float) -> Result:
    """µ-law all the way."""
    load = Load("tests.bench.phone_load", calls, seconds)
    return media_process("media process, µ-law", load, partial(streams, OPENAI, calls), "mulaw")


def resampled(calls: int, seconds: float) -> Result:
    """8 to 16 kHz up, 24 to 8 kHz down."""
    load = Load("tests.bench.phone_load", calls, seconds)
    prepare = partial(streams, GEMINI, calls)
    return media_process("media process, resampled", load, prepare, provider_module="tests.bench.gemini_provider")


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=TARGET_CALLS)
    parser.add_argument("--resampled", type=int, default=TARGET_RESAMPLED)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--only", choices=("relay", "straight", "resampled"))
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    load = Load("tests.bench.phone_load", options.calls, options.seconds)
    servers: dict[str, Callable[[], Result]] = {
        "relay": lambda: bare_relay("bare relay, µ-law", "tests.bench.phone_relay", load, "mulaw"),
        "straight": lambda: straight(options.calls, options.seconds),
        "resampled": lambda: resampled(options.resampled, options.seconds),
    }
    rows = in_turn(options.rounds, [measure for name, measure in servers.items() if options.only in (None, name)])
    print_table(rows, options.seconds, f"{TARGET_CALLS} and {TARGET_RESAMPLED} calls on a core")
    for row in (results[0] for results in rows):
        print(f"{row.name}: filter {row.up['filter']:.1f} ms, {row.down['marks']:.0f} marks a call")
    print(f"wanted: a filter of at most {TARGET_FILTER_MS} ms")


if __name__ == "__main__":
    main()
