"""What the benches of whole calls share: processes pinned to a core, a server under load, the table of results.

The media process is the product's own (`python -m media_tier`), with storage played by `tests.bench.storage`. Where
there are two cores it has one to itself. Asserts nothing: machines differ.
"""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from infra.local import aws
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallRecord, Channel, FrozenConfiguration, Session
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.domain.catalogue import MODELS
from shared.services.sessions import hash_token

_TICKS = os.sysconf("SC_CLK_TCK")
MEDIA_CORE, LOAD_CORE = 0, 1
TARGET_P99_MS, TARGET_KB = 20, 1024
COMPANY, TOKEN = "bench", "bench"
OPENAI = next(model for model in MODELS if model.provider == "openai")
GEMINI = next(model for model in MODELS if model.provider == "google")

Process = Any
"""A `subprocess.Popen[str]` with a pipe for what it prints."""


@dataclass
class Result:
    """One row of the table; `growth_kb` is how much memory a call gained while it talked."""

    name: str
    calls: int
    cpu_ms: float
    kb: float
    growth_kb: float
    busy: float
    up: dict[str, Any]
    down: dict[str, Any]


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _pinned(core: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[core])] if len(cores) > 1 else []


@contextlib.contextmanager
def running(core: int, module: str, *arguments: object, environ: Mapping[str, str] | None = None) -> Iterator[Process]:
    """A Python module as a process of its own, pinned to a core from its first instruction."""
    command = [*_pinned(core), sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(
        command, text=True, stdout=subprocess.PIPE, env=None if environ is None else {**os.environ, **environ}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def await_port(port: int) -> None:
    """Return once something listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


@dataclass(frozen=True)
class Load:
    """What callers do: `module` is started with PORT CALLS SECONDS and, for the media process, a file of `lines`."""

    module: str
    calls: int
    seconds: float

    def put_on(self, name: str, pid: int, port: int, provider: Process, lines: Sequence[str] = ()) -> Result:
        """Measure a running server; `up` is filled in by `heard_by`."""
        idle = _rss_kb(pid)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            with running(LOAD_CORE, self.module, port, self.calls, self.seconds, file.name) as load:
                if load.stdout.readline().strip() != "steady":
                    raise SystemExit("the load generator failed")
                provider.send_signal(signal.SIGUSR1)
                cpu, steady, began = _cpu_seconds(pid), _rss_kb(pid), time.monotonic()
                time.sleep(self.seconds - 0.5)
                cpu, took, rss = _cpu_seconds(pid) - cpu, time.monotonic() - began, _rss_kb(pid)
                down = json.loads(load.stdout.readline())
        calls = self.calls
        return Result(
            name, calls, cpu * 1000 / calls / took, (rss - idle) / calls, (rss - steady) / calls, cpu / took, {}, down
        )


def heard_by(provider: Process, result: Result) -> Result:
    """With the delays of what reached the provider, which ends here: after the server, or calls would miss it."""
    provider.terminate()
    result.up = json.loads(provider.communicate(timeout=30)[0].splitlines()[-1])
    return result


def bare_relay(name: str, relay_module: str, load: Load, *provider_arguments: object) -> Result:
    """The yardstick."""
    provider_port, port = free_port(), free_port()
    with running(LOAD_CORE, "tests.bench.provider", provider_port, *provider_arguments) as provider:
        await_port(provider_port)
        with running(MEDIA_CORE, relay_module, port, provider_port) as relay:
            await_port(port)
            result = load.put_on(name, relay.pid, port, provider)
        return heard_by(provider, result)


@dataclass(frozen=True)
class Surroundings:
    """Where a media process is and where its storage is."""

    port: int
    storage: str


def media_process(
    name: str,
    load: Load,
    prepare: Callable[[Surroundings], Sequence[str]],
    *provider_arguments: object,
    provider_module: str = "tests.bench.provider",
) -> Result:
    """The real one. `prepare` stores the calls and answers the load generator's lines."""
    provider_port, storage_port, port = free_port(), free_port(), free_port()
    endpoint = f"http://127.0.0.1:{storage_port}"
    environ = {
        **aws.CREDENTIALS,
        "STAGE": "test",
        "LOG_LEVEL": "ERROR",
        "AWS_ENDPOINT_URL": endpoint,
        "RECORDINGS_BUCKET": aws.BUCKET,
        "CALL_ENDED_QUEUE_URL": f"{endpoint}/000000000000/call-ended",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "MEDIA_HOST": "127.0.0.1",
        "MEDIA_PORT": str(port),
        "MEDIA_CAPACITY": str(load.calls),
        "OPENAI_API_KEY": "bench",
        "OPENAI_WEBSOCKET_BASE_URL": f"ws://127.0.0.1:{provider_port}/v1",
        "GEMINI_API_KEY": "bench",
        "GEMINI_BASE_URL": f"http://127.0.0.1:{provider_port}",
    }
    with (
        running(LOAD_CORE, provider_module, provider_port, *provider_arguments) as provider,
        running(LOAD_CORE, "tests.bench.storage", storage_port),
    ):
        await_port(provider_port)
        await_port(storage_port)
        lines = prepare(Surroundings(port, endpoint))
        with running(MEDIA_CORE, "media_tier", environ=environ) as media:
            await_port(port)
            time.sleep(1)
            result = load.put_on(name, media.pid, port, provider, lines)
        return heard_by(provider, result)


def open_calls(
    endpoint: str, calls: int, model: AiModel = OPENAI, origin: str = "http://127.0.0.1", channel: Channel = Channel.WEB
) -> list[str]:
    """Store pending calls with recording and captions on and return their sessions; their token is TOKEN."""
    dynamo = aws.client("dynamodb", endpoint)
    store = DynamoCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    settings = CallSettings(
        ai_model_id=model.id,
        voice=VoiceSettings(voice_id=model.voices[0].id),
        recording=RecordingSettings(enabled=True, announce=True),
    )
    configuration = FrozenConfiguration(settings=settings, settings_version=1, model=model, company_name="Bench")
    now = datetime.now(UTC)
    for number in range(calls):
        whose: dict[str, str] = {
            "company_id": COMPANY,
            "chatbot_id": "bench",
            "call_id": f"call-{number}",
            "session_id": f"session-{number}",
        }
        call = CallRecord.model_validate(
            {**whose, "configuration": configuration, "channel": channel, "created_at": now}
        )
        session = {
            **whose,
            "origin": origin,
            "token_hash": hash_token(TOKEN),
            "read_hash": hash_token("read"),
            "created_at": now,
            "connect_by": now + timedelta(minutes=5),
            "expires_at": now + timedelta(hours=24),
        }
        store.open(call, Session.model_validate(session))
    return [f"session-{number}" for number in range(calls)]


def in_turn(rounds: int, servers: Sequence[Callable[[], Result]]) -> list[list[Result]]:
    """Each server's results. They take turns, so that whatever else slows this machine down meets all of them."""
    measured = [[measure() for measure in servers] for _ in range(rounds)]
    return [list(results) for results in zip(*measured, strict=True)]


def print_table(rows: Sequence[Sequence[Result]], seconds: float, wanted: str) -> None:
    """One line for each server, the median of its rounds; ratios are to the first server in the same round."""
    print(f"\n{len(rows[0])} rounds of {seconds:g} s once all talk, CPython {sys.version.split()[0]}")
    print(
        f"{'':24}calls  CPU ms/call-s (spread)  ratio (spread)     calls/core  core busy  kB/call  grew kB"
        "  up p50/p99 ms  down p50/p99 ms  lost"
    )
    for results in rows:
        row = sorted(results, key=lambda result: result.cpu_ms)[len(results) // 2]
        ratios = [result.cpu_ms / first.cpu_ms for result, first in zip(results, rows[0], strict=True)]
        busy = statistics.median(result.busy for result in results)
        print(
            f"{row.name:24}{row.calls:5}{_spread([result.cpu_ms for result in results]):>23}{_spread(ratios):>18}"
            f"{1000 / row.cpu_ms:13.0f}{busy:11.0%}{row.kb:9.0f}{row.growth_kb:9.1f}{_delays(results, 'up')}"
            f"{_delays(results, 'down')}{sum(r.down['failed'] + r.down['lost'] for r in results):6}"
        )
        for result in results:
            if result.down["failed"] or result.down["lost"]:
                print("            ", result.down["first_failure"], result.down["codes"])
    print(f"wanted: {wanted}, p99 under {TARGET_P99_MS} ms, under {TARGET_KB} kB a call, flat")


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _delays(results: Sequence[Result], way: Literal["up", "down"]) -> str:
    """The median round's percentiles."""
    half, most = (statistics.median(getattr(result, way)[share] for result in results) for share in ("p50", "p99"))
    return f"{half:11.2f}/{most:5.2f}"
