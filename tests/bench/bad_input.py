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
import base64
import resource
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from media_tier.legs.web_wire import encode_audio
from shared.contracts.messages.widget_socket import CloseCode
from tests.bench import bad_callers as bad
from tests.bench.bad_callers import Ending, frame
from tests.bench.bad_site import GEMINI, Case, Site, running

VERDICT_MS = 20.0

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
ODD, FLOODED = Ending(CloseCode.POLICY_VIOLATION), Ending(CloseCode.FLOOD)
BROKEN = Ending(1002, "protocol_error", "The frames break RFC 6455.")

JUNK = b'{"type":"audio","data":"%s"}'
NUMBERS = b"[" + b"1," * 32_000 + b"1]"
OTHER_STREAM = (
    b'{"event":"dtmf","streamSid":"MZ99999999999999999999999999999999","sequenceNumber":"2",'
    b'"dtmf":{"track":"inbound_track","digit":"1"}}'
)
SECONDS_OF_MULAW = base64.b64encode(bytes(24_000)).decode()
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


def on_stream(site: Site, *messages: bytes) -> Ending:
    """A stream that began as it should, then this."""
    ticket = site.stream()
    return bad.streams(ticket, bad.start(ticket), *messages)


def second_start(site: Site) -> Ending:
    """Another `start` on a stream that has begun."""
    ticket = site.stream()
    return bad.streams(ticket, bad.start(ticket), bad.start(ticket))


def another_call(site: Site) -> Ending:
    """A good ticket with the id of another call: that call stays free for who it belongs to."""
    ticket = site.stream()
    wrong = replace(ticket, call_sid="CA" + "9" * 32)
    ending = bad.streams(wrong, bad.start(wrong))
    stored = site.world.calls.get("company-a", ticket.session_id.replace("session", "call"))
    assert stored is not None and stored.owner is None, "it was not claimed"
    return ending


def another_account(site: Site) -> Ending:
    """A signed stream that says it is of another account."""
    ticket = site.stream()
    return bad.streams(ticket, bad.start(ticket, "AC" + "2" * 32))


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
    Case("stream: no start", lambda site: bad.streams(site.stream()), Ending(CloseCode.TIMED_OUT), alongside=True),
    Case("stream: wrong ticket", lambda site: bad.streams(site.stream(token="x" * 43)), Ending(403)),
    Case("stream: wrong signature", lambda site: bad.streams(site.stream(signature="bm90IHNpZ25lZA==")), Ending(403)),
    Case("stream: another call", another_call, Ending(CloseCode.UNAUTHORIZED)),
    Case("stream: another account", another_account, Ending(CloseCode.UNAUTHORIZED)),
    Case("stream: sound before start", lambda site: bad.streams(site.stream(), bad.media("/w==")), ODD),
    Case("stream: a second start", second_start, ODD),
    Case("stream: wrong base64", lambda site: on_stream(site, *[bad.media("/w=" + "!" * 60_000)] * 5), ODD),
    Case("stream: no JSON", lambda site: on_stream(site, *[frame(b"{")] * 5), ODD),
    Case("stream: another stream", lambda site: on_stream(site, frame(OTHER_STREAM)), ODD),
    Case("stream: oversized", lambda site: on_stream(site, frame(b" " * (2**16 + 1))), Ending(CloseCode.TOO_BIG)),
    Case("stream: flood of sound", lambda site: on_stream(site, *[bad.media(SECONDS_OF_MULAW)] * 40), FLOODED),
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
