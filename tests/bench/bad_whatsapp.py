"""One bad WhatsApp caller at a time beside 49 good calls: what becomes of it, and what the others hear of it.

    python -m tests.bench.bad_whatsapp [--seconds 1] [--calls 49]

As tests.bench.bad_input, with Meta's stand-in in this process: offers come by the queue, as webhooks put them there,
and junk comes by UDP to the port of a call that is under way, from strangers and from the right peer. Prints Meta's
view of each case and the others' p99 each way; what must hold on any machine is asserted by
`tests/media/test_whatsapp_bad_input.py`.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pylibsrtp

from infra.local.standins.meta import MetaStandIn
from infra.local.standins.meta_world import MetaCall, MetaNumber
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.secrets import KmsSecrets
from shared.contracts.messages.whatsapp_offer import MAX_SDP_CHARACTERS, WhatsAppOffer
from shared.contracts.records.call import CallRecord, Channel, FrozenConfiguration, Session
from shared.contracts.settings.integration import AccountStatus, WhatsAppAccount
from shared.services.sessions import hash_token
from tests.bench.bad_callers import Ending
from tests.bench.bad_input import play, table
from tests.bench.bad_site import OPENAI, Case, Site, call_settings, running
from tests.platform import client_of

ACCOUNT = WhatsAppAccount(
    company_id="company-a",
    account_id="chat-a",
    name="Support",
    status=AccountStatus.CONNECTED,
    business_account_id="200000000000001",
    phone_number_id="100000000000001",
    phone_number="+4930901820",
)
NUMBER = MetaNumber(ACCOUNT.phone_number_id, ACCOUNT.business_account_id, "4930901820", "graph-token", "secret", "")
PATIENCE = 10.0
REJECTED = Ending(400, "reject")
"""Meta is told at once, and the caller by Meta."""
IGNORED = Ending(204, "nothing is told to Meta")
GOES_ON = Ending(200, "the call goes on")
CLIENT_HELLO = bytes.fromhex("16fefd000000000000000000310100002500000000000000250001") + bytes(40)
FATAL_ALERT = bytes.fromhex("15fefd00000000000000000002") + b"\x02\x28"


class Meta:
    """The stand-in on a thread of its own, and offers put into the queue as webhooks do."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.standin = MetaStandIn([NUMBER])
        self._numbers = itertools.count()
        self.run(self.standin.start())
        self._sqs: Any = None
        self._queue_url = ""

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something on the stand-in's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE)

    def prepare(self, endpoint: str) -> Mapping[str, str]:
        """The account, its token and the queue; for bad_input.running."""
        self._sqs, kms = client_of("sqs", endpoint), client_of("kms", endpoint)
        core = Table(client_of("dynamodb", endpoint), "core")
        DynamoIntegrationAccounts(core).create(ACCOUNT)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        token = ("access_token", NUMBER.access_token, datetime.now(UTC))
        KmsSecrets(kms, core, key).put(ACCOUNT.company_id, ACCOUNT.account_id, *token)
        self._queue_url = self._sqs.create_queue(QueueName="offers")["QueueUrl"]
        return {
            "WHATSAPP_OFFERS_QUEUE_URL": self._queue_url,
            "WHATSAPP_DRAIN_SECONDS": "0",
            "GRAPH_BASE_URL": self.standin.url,
            "MEDIA_ADDRESSES": "127.0.0.1",
        }

    def ring(self, site: Site, change: Callable[[str], str] = str, token: str | None = None) -> MetaCall:
        """A user calls, with an offer that was tampered with."""
        call = self.run(self.standin.ring(NUMBER.number))
        number, now = next(self._numbers), datetime.now(UTC)
        call_id, session_id, right = f"wa-{number}", f"wa-session-{number}", f"wa-token-{number:037d}"
        ids = {"company_id": ACCOUNT.company_id, "chatbot_id": "bot-a", "call_id": call_id, "session_id": session_id}
        configuration = FrozenConfiguration(settings=call_settings(OPENAI), settings_version=1, model=OPENAI)
        record = CallRecord(
            **ids,
            configuration=configuration,
            channel=Channel.WHATSAPP,
            account_id=ACCOUNT.account_id,
            carrier_call_id=call.call_id,
            created_at=now,
        )
        session = Session(
            **ids,
            origin=f"whatsapp:{ACCOUNT.account_id}",
            token_hash=hash_token(right),
            read_hash="read",
            created_at=now,
            connect_by=now + timedelta(seconds=60),
            expires_at=now + timedelta(hours=24),
        )
        site.world.calls.open(record, session)
        offer = WhatsAppOffer(
            company_id=ACCOUNT.company_id,
            account_id=ACCOUNT.account_id,
            phone_number_id=ACCOUNT.phone_number_id,
            call_id=call_id,
            session_id=session_id,
            token=token or right,
            carrier_call_id=call.call_id,
            sdp=change(call.offer),
            answer_by=now + timedelta(seconds=40),
        )
        self.put(offer.model_dump_json())
        return call

    def put(self, body: str) -> None:
        """A message in the queue."""
        self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)

    def waiting(self) -> int:
        """Messages that nobody has taken, or that somebody has and is not done with."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._queue_url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in found.values())

    def close(self) -> None:
        """Stop."""
        self.run(self.standin.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait for it; whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


Attack = Callable[[Meta, Site], Ending]


def offers(change: Callable[[str], str]) -> Attack:
    """An offer that cannot be answered."""

    def attack(meta: Meta, site: Site) -> Ending:
        call = meta.ring(site, change)
        until(lambda: call.ended)
        return Ending(400, "/".join(call.actions))

    return attack


def stranger(meta: Meta, site: Site) -> Ending:
    """An offer with a token that opens nothing."""
    call, before = meta.ring(site, token="x" * 43), meta.waiting()
    done = until(lambda: meta.waiting() < max(1, before))
    ending = IGNORED if done and not call.actions else Ending(500, "/".join(call.actions))
    meta.run(meta.standin.hang_up(call))
    return ending


def junk(*datagrams: bytes) -> Attack:
    """Datagrams from a stranger, to the port of a call."""

    def attack(meta: Meta, site: Site) -> Ending:
        with _talking(meta, site) as call, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            [(host, port)] = call.phone.addresses
            for number in range(3000):
                sock.sendto(datagrams[number % len(datagrams)], (host, port))
                if number % 100 == 0:
                    time.sleep(0.01)
            return _goes_on(call)

    return attack


def flood(packets: Callable[[int], bytes]) -> Attack:
    """Packets of the right peer's, encrypted as they should be."""

    def attack(meta: Meta, site: Site) -> Ending:
        async def send(call: MetaCall) -> None:
            for number in range(1500):
                with contextlib.suppress(pylibsrtp.Error, ConnectionError):  # too broken to be encrypted
                    await call.phone.send_raw(packets(number))
                if number % 100 == 0:
                    await asyncio.sleep(0.01)

        with _talking(meta, site) as call:
            meta.run(send(call))
            return _goes_on(call)

    return attack


@contextmanager
def _talking(meta: Meta, site: Site) -> Iterator[MetaCall]:
    call = meta.ring(site)
    until(lambda: len(call.phone.heard) > 5)
    try:
        yield call
    finally:
        meta.run(meta.standin.hang_up(call))


def _goes_on(call: MetaCall) -> Ending:
    """Whether the call still sounds after all that."""
    begin = len(call.phone.heard)
    sounds = until(lambda: len(call.phone.heard) >= begin + 15, 3)
    return GOES_ON if sounds and not call.ended else Ending(500, f"{len(call.phone.heard) - begin} frames")


def _rubbish(seed: int, first: bytes, size: int) -> bytes:
    return first + random.Random(seed).randbytes(size)


def _line(begin: str, text: str) -> Callable[[str], str]:
    """Every line that begins so is another one."""

    def change(sdp: str) -> str:
        return "\r\n".join(text if line.startswith(begin) else line for line in sdp.split("\r\n"))

    return change


SHA1 = "a=fingerprint:sha-1 " + ":".join(["AB"] * 20)
CANDIDATE = "a=candidate:1 1 udp 2130706431 {} 40000 typ host"
ATTACKS: tuple[tuple[str, Attack, Ending], ...] = (
    ("SDP: as long as a message may be", offers(lambda sdp: sdp.ljust(MAX_SDP_CHARACTERS, "x")), REJECTED),
    ("SDP: 4,000 lines", offers(lambda sdp: sdp + "a=x\n" * 4000), REJECTED),
    (
        "SDP: 300 candidates",
        offers(lambda sdp: sdp + "".join(f"{CANDIDATE.format('192.0.2.1')}\r\n" for _ in range(300))),
        REJECTED,
    ),
    ("SDP: sha-1", offers(_line("a=fingerprint", SHA1)), REJECTED),
    ("SDP: two fingerprints", offers(lambda sdp: sdp + SHA1 + "\r\n"), REJECTED),
    ("SDP: DNS names", offers(_line("a=candidate", CANDIDATE.format("metadata.internal"))), REJECTED),
    ("SDP: multicast", offers(_line("a=candidate", CANDIDATE.format("224.0.0.9"))), REJECTED),
    ("SDP: two streams", offers(lambda sdp: sdp + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"), REJECTED),
    ("SDP: no Opus", offers(lambda sdp: sdp.replace("opus/48000/2", "PCMU/8000")), REJECTED),
    ("SDP: not ICE-lite", offers(lambda sdp: sdp.replace("a=ice-lite\r\n", "")), REJECTED),
    ("SDP: binary", offers(lambda sdp: sdp.replace("s=-", "s=\x00\x07")), REJECTED),
    ("offer: wrong token", stranger, IGNORED),
    ("UDP: noise", junk(*(_rubbish(n, b"", 8 + 37 * n % 1200) for n in range(40))), GOES_ON),
    ("UDP: oversized", junk(bytes(60_000), _rubbish(1, b"\x80", 9000), b"", b"\x80"), GOES_ON),
    ("UDP: STUN garbage", junk(*(_rubbish(n, b"\x00\x01\xff\xff\x21\x12\xa4\x42", n) for n in range(60))), GOES_ON),
    ("UDP: DTLS garbage", junk(CLIENT_HELLO, FATAL_ALERT, _rubbish(1, b"\x16\xfe\xfd", 60)), GOES_ON),
    ("UDP: RTP and RTCP of nobody", junk(_rubbish(1, b"\x80\x6f", 160), _rubbish(2, b"\x80\xc8", 60)), GOES_ON),
    (
        "peer: rubbish in RTP",
        flood(lambda n: _rubbish(n, bytes([0x80 | n % 64, (111, 126, 0, 13)[n % 4]]), 150)),
        GOES_ON,
    ),
    (
        "peer: 1,500 packets at once",
        flood(lambda n: b"\x80\x6f" + n.to_bytes(2) + (n * 960).to_bytes(4) + b"\0\0\0\7" + b"\xfc\xff\xfe"),
        GOES_ON,
    ),
)  # fmt: skip


def cases(meta: Meta) -> tuple[Case, ...]:
    """For bad_input.play."""

    def bound(attack: Attack) -> Callable[[Site], Ending]:
        return lambda site: attack(meta, site)

    return tuple(Case(name, bound(attack), ends) for name, attack, ends in ATTACKS)


@contextmanager
def beside(calls: int) -> Iterator[tuple[Site, Meta]]:
    """Everything started."""
    meta = Meta()
    try:
        with running(calls, meta.prepare) as site:
            yield site, meta
    finally:
        meta.close()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=49)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    with beside(options.calls) as (site, meta):
        rows = play(site, options.seconds, baseline=max(5.0, options.seconds), cases=cases(meta))
    print(table(rows, verdict=True))
    for row in rows:
        wrong = {ending for ending in row.endings if row.case is not None and ending != row.case.ends}
        faults = {name: row.others[name] for name in ("lost", "disordered", "closed") if row.others[name]}
        if wrong or faults:
            print("WRONG", row.name, wrong, faults)


if __name__ == "__main__":
    main()
