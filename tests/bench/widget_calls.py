"""What a widget call costs: the bare relay against the real media process, same load, same provider stand-in.

    python -m tests.bench.widget_calls --calls 200 --seconds 20

The media process is the product's own (`python -m media_tier`): admission, pacing, acknowledgements, the call core,
captions, recording to S3 and the journal to DynamoDB, both to a storage stand-in. Where there are two cores it has one
to itself. Prints CPU milliseconds per call-second and memory per call, and the delay per audio message each way, once
every call talks. Asserts nothing: machines differ.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.local import aws
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallRecord, FrozenConfiguration, Session
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.domain.catalogue import MODELS
from shared.services.sessions import hash_token

_TICKS = os.sysconf("SC_CLK_TCK")
_MEDIA_CORE, _LOAD_CORE = 0, 1
TARGET_RATIO, TARGET_P99_MS, TARGET_KB = 2.5, 20, 1024


@dataclass
class Result:
    """One row of the table; `growth_kb` is how much memory a call gained while it talked."""

    name: str
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
def running(core: int, module: str, *arguments: object, environ: Mapping[str, str] | None = None) -> Iterator[Any]:
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


def measure(name: str, pid: int, port: int, provider: Any, calls: int, seconds: float, *sessions: str) -> Result:
    """Put a running server under load; `up` is filled in by `heard_by`."""
    idle = _rss_kb(pid)
    with running(_LOAD_CORE, "tests.bench.load", port, calls, seconds, *sessions) as load:
        if load.stdout.readline().strip() != "steady":
            raise SystemExit("the load generator failed")
        provider.send_signal(signal.SIGUSR1)
        cpu, steady, began = _cpu_seconds(pid), _rss_kb(pid), time.monotonic()
        time.sleep(seconds - 0.5)
        cpu, took, rss = _cpu_seconds(pid) - cpu, time.monotonic() - began, _rss_kb(pid)
        down = json.loads(load.stdout.readline())
    return Result(name, cpu * 1000 / calls / took, (rss - idle) / calls, (rss - steady) / calls, cpu / took, {}, down)


def heard_by(provider: Any, result: Result) -> Result:
    """With the delays of what reached the provider, which ends here: after the server, or calls would miss it."""
    provider.terminate()
    result.up = json.loads(provider.communicate(timeout=30)[0].splitlines()[-1])
    return result


def bare_relay(calls: int, seconds: float) -> Result:
    """The yardstick."""
    provider_port, port = free_port(), free_port()
    with running(_LOAD_CORE, "tests.bench.provider", provider_port) as provider:
        await_port(provider_port)
        with running(_MEDIA_CORE, "tests.bench.relay", port, provider_port) as relay:
            await_port(port)
            result = measure("bare relay", relay.pid, port, provider, calls, seconds)
        return heard_by(provider, result)


def media_process(calls: int, seconds: float) -> Result:
    """The real one, with recording and captions on."""
    provider_port, storage_port, port = free_port(), free_port(), free_port()
    endpoint = f"http://127.0.0.1:{storage_port}"
    environ = {
        **aws.CREDENTIALS,
        "STAGE": "test",
        "LOG_LEVEL": "ERROR",
        "AWS_ENDPOINT_URL": endpoint,
        "RECORDINGS_BUCKET": aws.BUCKET,
        "CALL_ENDED_QUEUE_URL": f"{endpoint}/000000000000/call-ended",
        "MEDIA_HOST": "127.0.0.1",
        "MEDIA_PORT": str(port),
        "MEDIA_CAPACITY": str(calls),
        "OPENAI_API_KEY": "bench",
        "OPENAI_WEBSOCKET_BASE_URL": f"ws://127.0.0.1:{provider_port}/v1",
    }
    with (
        running(_LOAD_CORE, "tests.bench.provider", provider_port) as provider,
        running(_LOAD_CORE, "tests.bench.storage", storage_port),
        tempfile.TemporaryDirectory() as folder,
    ):
        await_port(provider_port)
        await_port(storage_port)
        sessions = Path(folder) / "sessions.txt"
        sessions.write_text("".join(f"{one} bench\n" for one in open_calls(endpoint, calls)))
        with running(_MEDIA_CORE, "media_tier", environ=environ) as media:
            await_port(port)
            time.sleep(1)
            result = measure("media process", media.pid, port, provider, calls, seconds, str(sessions))
        return heard_by(provider, result)


def open_calls(endpoint: str, calls: int) -> list[str]:
    """Store pending calls with recording and captions on; their token is "bench"."""
    dynamo = aws.client("dynamodb", endpoint)
    store = DynamoCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    model = next(model for model in MODELS if model.id == "gpt-realtime-2.1")
    settings = CallSettings(
        ai_model_id=model.id,
        voice=VoiceSettings(voice_id="marin"),
        recording=RecordingSettings(enabled=True, announce=True),
    )
    configuration = FrozenConfiguration(settings=settings, settings_version=1, model=model, company_name="Bench")
    now = datetime.now(UTC)
    for number in range(calls):
        whose: dict[str, str] = {
            "company_id": "bench",
            "chatbot_id": "bench",
            "call_id": f"call-{number}",
            "session_id": f"session-{number}",
        }
        call = CallRecord.model_validate({**whose, "configuration": configuration, "created_at": now})
        session = {
            **whose,
            "origin": "http://127.0.0.1",
            "token_hash": hash_token("bench"),
            "read_hash": hash_token("read"),
            "created_at": now,
            "connect_by": now + timedelta(minutes=5),
            "expires_at": now + timedelta(hours=24),
        }
        store.open(call, Session.model_validate(session))
    return [f"session-{number}" for number in range(calls)]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    rows = [bare_relay(options.calls, options.seconds), media_process(options.calls, options.seconds)]
    print_table(rows, options.calls, options.seconds)


def print_table(rows: list[Result], calls: int, seconds: float) -> None:
    """One line for each server, the ratio to the first, and the targets."""
    print(f"\n{calls} calls, {seconds:g} s once all talk, CPython {sys.version.split()[0]}")
    print(f"{'':14}CPU ms/call-s  ratio  calls/core  core busy  kB/call  grew kB  up p50/p99 ms  down p50/p99 ms  lost")
    for row in rows:
        print(
            f"{row.name:14}{row.cpu_ms:13.2f}{row.cpu_ms / rows[0].cpu_ms:7.2f}{1000 / row.cpu_ms:12.0f}"
            f"{row.busy:11.0%}{row.kb:9.0f}{row.growth_kb:9.1f}{row.up['p50']:8.2f}/{row.up['p99']:5.2f}"
            f"{row.down['p50']:11.2f}/{row.down['p99']:5.2f}{row.down['failed'] + row.down['lost']:6}"
        )
        if row.down["failed"] or row.down["lost"]:
            print("            ", row.down["first_failure"], row.down["codes"])
    print(f"wanted: ratio up to {TARGET_RATIO}, p99 under {TARGET_P99_MS} ms, under {TARGET_KB} kB a call, flat")


if __name__ == "__main__":
    main()
