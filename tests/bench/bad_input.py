"""One bad neighbour at a time beside 49 good calls: what it is told, and what the others hear of it.

    python -m tests.bench.bad_input [--seconds 3] [--calls 49]

A real media process (`python -m media_tier`), storage emulated in this one, callers and provider in a third. Each case
lasts a moment, begun anew as often as it is over before that; the slow ones, whose limits are ten to twenty seconds,
go on beside the others from the start. Calls are not recorded, since the emulated storage would take the processor.

Prints each case's answer and the others' p99 each way, with a verdict against 20 ms; the first row is the same 49
calls without any neighbour. Numbers depend on the machine; what must hold on any is asserted by
`tests/media/test_bad_input_beside_calls.py`.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import logging
import os
import resource
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.server import ThreadedMotoServer

from infra.tables import TABLES, create_table_arguments
from media_tier.legs.web_wire import encode_audio
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.call import CallRecord, FrozenConfiguration, Session
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.contracts.settings.company import Chatbot
from shared.domain.catalogue import MODELS
from shared.services.sessions import hash_token
from tests.bench import bad_callers as bad
from tests.bench.bad_callers import Ending, Ticket, frame
from tests.functions.api import Widget
from tests.platform import CREDENTIALS, REGION, client_of
from tests.services.world import BUCKET, SITE, Atomic, World

VERDICT_MS = 20.0
OPENAI = next(model for model in MODELS if model.provider == "openai")
GEMINI = next(model for model in MODELS if model.provider == "google")


def call_settings(model: AiModel) -> CallSettings:
    """Unrecorded calls with this model."""
    voice = VoiceSettings(voice_id=model.voices[0].id)
    return CallSettings(ai_model_id=model.id, voice=voice, recording=RecordingSettings(enabled=False))


class Site:
    """The running processes, and what is stored for them."""

    def __init__(self, world: World, media: "subprocess.Popen[bytes]", port: int, good: "Neighbours") -> None:
        self.world, self.media, self.port, self.good = world, media, port, good
        self._numbers = itertools.count()

    def ticket(self, model: AiModel = OPENAI, company: str = "company-a", **changes: str) -> Ticket:
        """A fresh session, as the API stores it; `changes` are what a bad caller does to it."""
        number, now = next(self._numbers), datetime.now(UTC)
        call_id, session_id, token = f"call-{number}", f"session-{number}", f"token-{number:037d}"
        configuration = FrozenConfiguration(settings=call_settings(model), settings_version=1, model=model)
        ids = {"company_id": company, "chatbot_id": "bot-a", "call_id": call_id, "session_id": session_id}
        call = CallRecord(**ids, configuration=configuration, created_at=now)
        session = Session(
            **ids,
            origin=SITE,
            token_hash=hash_token(token),
            read_hash="read",
            created_at=now,
            connect_by=now + timedelta(seconds=60),
            expires_at=now + timedelta(hours=24),
        )
        self.world.calls.open(call, session)
        given = {"session_id": session_id, "token": token, "origin": SITE} | changes
        return Ticket(self.port, **given)

    def ask(self, origin: str = SITE, **body: Any) -> Ending:
        """Ask the public API for a call, from an address of one's own."""
        address = f"198.51.100.{next(self._numbers) % 250}"
        response = asyncio.run(Widget(self.world, origin).start(address=address, **body))
        error = response.json().get("error", {"code": "", "message": ""})
        return Ending(response.status_code, error["code"], error["message"])

    @property
    def memory_kb(self) -> int:
        """What the media process holds."""
        with open(f"/proc/{self.media.pid}/status") as status:  # noqa: PTH123 - not a file anybody keeps
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Neighbours:
    """The process with the good calls."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.neighbours"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.provider_port = int(self._answer()["provider"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the good neighbours are gone")
        return dict(json.loads(line))

    def tell(self, **order: Any) -> dict[str, Any]:
        """Say something and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def window(self, name: str) -> dict[str, Any]:
        """What happened since this was last asked."""
        return self.tell(window=name)

    def close(self) -> None:
        """End the process; a failed call of its is raised."""
        failed = self.tell(stop=True)["failed"] if self._process.poll() is None else []
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        if failed:
            raise RuntimeError(failed[0])


def _install(endpoint: str) -> World:
    """Two companies: A may be called, B has calls switched off, and A's second chatbot has a model that is gone."""
    dynamo, s3 = client_of("dynamodb", endpoint), client_of("s3", endpoint)
    for spec in TABLES:
        dynamo.create_table(**create_table_arguments(spec))
    s3.create_bucket(Bucket=BUCKET)
    world = World(Atomic(dynamo), s3, now=datetime.now(UTC))
    world.models.save(OPENAI)
    world.company(company_id="company-a", concurrent=5000)
    world.company(company_id="company-b", call_enabled=False)
    for company, bot, model_id in (
        ("company-a", "bot-a", OPENAI.id),
        ("company-b", "bot-b", OPENAI.id),
        ("company-a", "bot-c", "retired"),
    ):
        chatbot = Chatbot(company_id=company, chatbot_id=bot, name="Support", enabled_call=True)
        world.chatbots.save(chatbot)
        world.chatbots.publish(chatbot, call_settings(OPENAI).model_copy(update={"ai_model_id": model_id}))
        world.widget(bot, company, advanced={"allowed_domains": ("*.shop.example",)})
    return world


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(port: int, media: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and media.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the media process is not ready")


@contextmanager
def running(calls: int, prepare: Callable[[str], Mapping[str, str]] = lambda endpoint: {}) -> Iterator[Site]:
    """Everything started, with so many good calls under way.

    `prepare` may store things at the storage's address and returns what the media process's environment needs.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, storage_port = server.get_host_and_port()
    endpoint, port = f"http://{host}:{storage_port}", _free_port()
    world, good = _install(endpoint), Neighbours()
    queue = client_of("sqs", endpoint).create_queue(QueueName="call-ended")["QueueUrl"]
    environment = {
        **{name.upper(): value for name, value in CREDENTIALS.items()},
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "STAGE": "test",
        "LOG_LEVEL": "ERROR",
        "RECORDINGS_BUCKET": BUCKET,
        "CALL_ENDED_QUEUE_URL": str(queue),
        "MEDIA_HOST": "127.0.0.1",
        "MEDIA_PORT": str(port),
        "DRAIN_SECONDS": "0",
        "OPENAI_API_KEY": "none",
        "OPENAI_WEBSOCKET_BASE_URL": f"ws://127.0.0.1:{good.provider_port}",
        **prepare(endpoint),
    }
    media = subprocess.Popen([sys.executable, "-m", "media_tier"], env={**os.environ, **environment})
    try:
        _await_ready(port, media)
        site = Site(world, media, port, good)
        tickets = [site.ticket() for _ in range(calls)]
        sessions = [(ticket.session_id, ticket.token) for ticket in tickets]
        good.tell(port=port, origin=SITE, sessions=sessions)
        yield site
    finally:
        try:
            good.close()
        finally:
            media.terminate()
            try:
                media.wait(20)
            finally:
                media.kill()
                server.stop()


@dataclass(frozen=True)
class Case:
    """A way to misbehave and how it must end, each time."""

    name: str
    attack: Callable[[Site], Ending]
    ends: Ending
    alongside: bool = False
    """It takes long by nature and goes on beside the cases after it."""


CUT = Ending(0)
TOO_BIG = Ending(CloseCode.TOO_BIG, "too_big", "The message is too big.")
FLOOD = Ending(CloseCode.FLOOD, "flood", "Too much was sent in too short a time.")
MALFORMED = Ending(CloseCode.POLICY_VIOLATION, "policy_violation", "Too many malformed messages.")
NOT_VALID = Ending(
    CloseCode.UNAUTHORIZED, "unauthorized", "This call link is not valid any more. Please start a new call."
)
NO_TOKEN = Ending(CloseCode.UNAUTHORIZED, "unauthorized", "This call needs a valid token.")
WRONG_SITE = Ending(CloseCode.ORIGIN_NOT_ALLOWED, "origin_not_allowed", "Calls are not available on this web site.")
UNAVAILABLE = Ending(CloseCode.CALL_UNAVAILABLE, "call_unavailable", "Call feature not available. Contact support.")
SLOW = Ending(CloseCode.SLOW_READER, "slow_reader", "The connection is too slow for a call.")
SILENT = Ending(CloseCode.TIMED_OUT, "timed_out", "Nothing was heard from you for too long.")
BROKEN = Ending(1002, "protocol_error", "The frames break RFC 6455.")

JUNK = b'{"type":"audio","data":"%s"}'
NUMBERS = b"[" + b"1," * 32_000 + b"1]"
SECOND = frame(encode_audio(bytes(48_000)))


def used_token(site: Site) -> Ending:
    """A second socket with the token of the first, which stays."""
    ticket = site.ticket()
    line = bad.Line(ticket)
    assert line.joined()
    ending = bad.joins_only(ticket)
    assert not line.over
    line.drop()
    return ending


def foreign_token(site: Site) -> Ending:
    """Company B's token for company A's session."""
    return bad.joins_only(site.ticket(token=site.ticket(company="company-b").token))


CASES = (
    Case("slow reader", lambda site: bad.reads_slowly(site.ticket()), SLOW, alongside=True),
    Case("half-open: silent after joining", lambda site: bad.falls_silent(site.ticket()), SILENT, alongside=True),
    Case("half-open: half a request", lambda site: bad.half_a_request(site.ticket()), CUT, alongside=True),
    Case("half-open: 700 silent sockets", lambda site: bad.silent_sockets(site.ticket()), CUT),
    Case("oversized: 64 KiB and one", lambda site: bad.says(site.ticket(), frame(b" " * (2**16 + 1))), TOO_BIG),
    Case("oversized: 250 KB", lambda site: bad.says(site.ticket(), frame(b"[" * 250_000)), TOO_BIG),
    Case(
        "oversized: 1 TB announced",
        lambda site: bad.says(site.ticket(), bytes([0x81, 0xFF]) + (2**40).to_bytes(8) + bytes(4)),
        Ending(CloseCode.TOO_BIG),
    ),
    Case(
        "oversized: endless fragments",
        lambda site: bad.says(site.ticket(), frame(b"[", 0x01), *[frame(b" " * 16_000, 0x00)] * 5),
        TOO_BIG,
    ),
    Case("malformed: no JSON", lambda site: bad.says(site.ticket(), *[frame(b"{")] * 5), MALFORMED),
    Case("malformed: 64 KB of numbers", lambda site: bad.says(site.ticket(), *[frame(NUMBERS)] * 5), MALFORMED),
    Case("malformed: nested deeply", lambda site: bad.says(site.ticket(), *[frame(b"[" * 65_000)] * 5), MALFORMED),
    Case(
        "malformed: sound that is none",
        lambda site: bad.says(site.ticket(), *[frame(JUNK % (bad.garbage(65_000) + b"%"))] * 5),
        MALFORMED,
    ),
    Case("malformed: binary", lambda site: bad.says(site.ticket(), *[frame(b"x", bad.BINARY)] * 5), MALFORMED),
    Case("malformed: framing", lambda site: bad.says(site.ticket(), frame(b"x", bad.CONTINUATION)), BROKEN),
    Case("wrong token", lambda site: bad.joins_only(site.ticket(token="x" * 43)), NOT_VALID),
    Case("no token", lambda site: bad.joins_only(site.ticket(token="")), NO_TOKEN),
    Case("used token", used_token, NOT_VALID),
    Case("wrong origin", lambda site: bad.joins_only(site.ticket(origin="https://evil.example")), WRONG_SITE),
    Case("wrong company", foreign_token, NOT_VALID),
    # A session that was granted holds for its minute, with the configuration it was granted for.
    Case(
        "call disabled after it was granted",
        lambda site: bad.hangs_up(site.ticket(company="company-b")),
        Ending(CloseCode.NORMAL),
    ),
    Case("model missing", lambda site: bad.joins_only(site.ticket(GEMINI)), UNAVAILABLE),
    Case("flood: pings", lambda site: bad.floods(site.ticket(), frame(bad.PING)), FLOOD),
    Case("flood: empty frames", lambda site: bad.floods(site.ticket(), frame(b"", 0x8A)), FLOOD),
    Case("flood: sound", lambda site: bad.floods(site.ticket(), SECOND), FLOOD),
    Case(
        "flood: long pings",
        lambda site: bad.floods(site.ticket(), frame(b'{"type":"ping",' + b" " * 60_000 + b'"t":1}')),
        FLOOD,
    ),
    Case(
        "API: wrong origin",
        lambda site: site.ask(origin="https://evil.example"),
        Ending(403, "not_permitted", "Calls are not available on this web site."),
    ),
    Case(
        "API: wrong company",
        lambda site: site.ask(companyId="company-b"),
        Ending(404, "not_found", "There is no such chatbot."),
    ),
    Case(
        "API: call disabled",
        lambda site: site.ask(chatbotId="bot-b"),
        Ending(409, "call_unavailable", "Call feature not available. Contact support."),
    ),
    Case(
        "API: model missing",
        lambda site: site.ask(chatbotId="bot-c"),
        Ending(409, "call_unavailable", "A call model must be selected before chatbot can accept calls"),
    ),
    Case(
        "API: oversized",
        lambda site: site.ask(visitorId="v" * 300_000),
        Ending(413, "too_large", "The request is larger than 256 KiB."),
    ),
    Case(
        "API: malformed",
        lambda site: site.ask(chatbotId=7),
        Ending(400, "invalid_request", "The request is not valid."),
    ),
)


@dataclass
class Row:
    """A case as it went."""

    case: Case | None
    endings: list[Ending]
    others: dict[str, Any] = field(default_factory=dict)
    memory_kb: int = 0

    @property
    def name(self) -> str:
        return "no bad neighbour" if self.case is None else self.case.name

    @property
    def p99_ms(self) -> float:
        """The worse of both ways."""
        return max(float(self.others["up"]["p99"]), float(self.others["down"]["p99"]))


def attempt(case: Case, site: Site) -> Ending:
    """One attack; again for a while if the machine is so busy that the process takes no new calls."""
    until = time.monotonic() + bad.TIMEOUT
    while (ending := case.attack(site)).code == CloseCode.FULL and time.monotonic() < until:
        time.sleep(0.5)
    return ending


class _Alongside(threading.Thread):
    """A case that takes its time."""

    def __init__(self, case: Case, site: Site, row: Row) -> None:
        super().__init__(daemon=True)
        self._case, self._site, self._row = case, site, row

    def run(self) -> None:
        self._row.endings.append(attempt(self._case, self._site))


def play(site: Site, seconds: float, *, baseline: float, cases: tuple[Case, ...] = CASES) -> list[Row]:
    """Every case after the other; the first row is the time without any."""
    site.good.window("")
    time.sleep(baseline)
    rows = [Row(None, [], site.good.window("baseline"), site.memory_kb)]
    slow: list[_Alongside] = []
    for case in cases:
        row = Row(case, [])
        if case.alongside:
            slow.append(_Alongside(case, site, row))
            slow[-1].start()
            time.sleep(seconds)
        else:
            until = time.monotonic() + seconds
            while not row.endings or time.monotonic() < until:
                row.endings.append(attempt(case, site))
        row.others, row.memory_kb = site.good.window(case.name), site.memory_kb
        rows.append(row)
    for thread in slow:
        thread.join(2 * bad.TIMEOUT)
    rows.append(Row(None, [], site.good.window("the rest"), site.memory_kb))
    return rows


def table(rows: list[Row], verdict: bool) -> str:
    """The rows for people."""
    lines = ["case                               answer  times   up p50/p99/max ms    down p50/p99/max ms    timer p99"]
    base = rows[0].p99_ms
    for row in rows:
        answers = "/".join(str(code) for code in sorted({ending.code for ending in row.endings})) or "-"
        line = f"{row.name:34} {answers:>6} {len(row.endings):6}"
        for way in ("up", "down"):
            figures = row.others[way]
            line += f"   {figures['p50']:6.2f}{figures['p99']:7.2f}{figures['max']:7.1f}"
        line += f"   {row.others['timer']['p99']:6.2f}  {row.memory_kb // 1024} MB"
        if verdict:
            line += f"   {'ok' if row.p99_ms <= VERDICT_MS else 'LATE'} ({row.p99_ms - base:+.1f} ms)"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=49)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    cases = tuple(case for case in CASES if options.only in case.name)
    with running(options.calls) as site:
        rows = play(site, options.seconds, baseline=max(5.0, options.seconds), cases=cases)
    print(table(rows, verdict=True))
    for row in rows:
        wrong = {ending for ending in row.endings if row.case is not None and ending != row.case.ends}
        faults = {name: row.others[name] for name in ("lost", "disordered", "closed") if row.others[name]}
        if wrong or faults:
            print("WRONG", row.name, wrong, faults)


if __name__ == "__main__":
    main()
