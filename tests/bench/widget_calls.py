"""What a widget call costs: the bare relay against the real media process, same load, same provider stand-in.

    python -m tests.bench.widget_calls --calls 50 --seconds 10
    python -m tests.bench.widget_calls --server "python -m media_tier --port {port} --provider {provider}"
    python -m tests.bench.widget_calls --url-port 8080 --pid 4711 --sessions sessions.txt

Where there are two cores the server has one to itself. Prints CPU milliseconds per call-second and memory per call of
the server process, and the delay per audio message each way. Asserts nothing: machines differ.
"""

import argparse
import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Result:
    """One row of the table."""

    name: str
    cpu_ms: float
    rss_kb: float
    up: dict[str, Any]
    down: dict[str, Any]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _rss_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _pin(pid: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[core]})


def _start(command: list[str], core: int, **options: Any) -> subprocess.Popen[str]:
    process = subprocess.Popen(command, text=True, **options)
    _pin(process.pid, core)
    return process


def _await_port(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def _python(module: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", module, *map(str, arguments)]


def measure(name: str, server: list[str] | None, port: int, pid: int | None, options: argparse.Namespace) -> Result:
    """Run one server (or use a running one) under load."""
    provider = _start(_python("tests.bench.provider", options.provider_port), 1, stdout=subprocess.PIPE)
    process = None
    try:
        _await_port(options.provider_port)
        if server is not None:
            process = _start(server, 0)
            pid = process.pid
        _await_port(port)
        if pid is None:
            raise SystemExit("--url-port needs --pid")
        time.sleep(1)
        cpu, rss = _cpu_seconds(pid), _rss_kb(pid)
        sessions = [options.sessions] if options.sessions else []
        load = _start(
            _python("tests.bench.load", port, options.calls, options.seconds, *sessions), 1, stdout=subprocess.PIPE
        )
        time.sleep(options.seconds * 0.9)
        rss = _rss_kb(pid) - rss
        down = json.loads(load.communicate(timeout=options.seconds + 60)[0])
        cpu = _cpu_seconds(pid) - cpu
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        provider.send_signal(signal.SIGTERM)
        output = provider.communicate(timeout=30)[0]
    up = json.loads(output.splitlines()[-1])
    call_seconds = options.calls * (options.seconds + 0.5)
    return Result(name, cpu * 1000 / call_seconds, rss / options.calls, up, down)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--server", help="command with {port} and {provider} (the stand-in's port)")
    parser.add_argument("--url-port", type=int, help="port of a server that runs already")
    parser.add_argument("--pid", type=int, help="its process")
    parser.add_argument("--sessions", help='file of "session-id token" lines for the server under test')
    parser.add_argument("--provider-port", type=int, default=_free_port())
    options = parser.parse_args()
    port = _free_port()
    bare = argparse.Namespace(**vars(options) | {"sessions": None})
    rows = [measure("bare relay", _python("tests.bench.relay", port, options.provider_port), port, None, bare)]
    if options.server:
        port = _free_port()
        command = shlex.split(options.server.format(port=port, provider=options.provider_port))
        rows.append(measure("server", command, port, None, options))
    elif options.url_port:
        rows.append(measure("server", None, options.url_port, options.pid, options))
    _print(rows, options)


def _print(rows: list[Result], options: argparse.Namespace) -> None:
    print(f"\n{options.calls} calls, {options.seconds:g} s, CPython {sys.version.split()[0]}")
    print("server       CPU ms/call-s   kB/call   up p50/p99 ms   down p50/p99 ms   messages up/down   failed/lost")
    for row in rows:
        print(
            f"{row.name:12} {row.cpu_ms:13.2f} {row.rss_kb:9.0f}"
            f"   {row.up['p50']:6.2f}/{row.up['p99']:6.2f}   {row.down['p50']:8.2f}/{row.down['p99']:6.2f}"
            f"   {row.up['count']:9}/{row.down['count']}   {row.down['failed']:6}/{row.down['lost']}"
        )
        if row.down["failed"] or row.down["lost"]:
            print("            ", row.down["first_failure"], row.down["codes"])


if __name__ == "__main__":
    main()
