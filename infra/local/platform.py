"""The whole product on one machine: emulated AWS, vendor stand-ins, API, workers and two media processes.

Everything listens on loopback; people and browsers see one address. Where a provider's key or a carrier's credentials
are in the environment, the real one is used instead of its stand-in.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.local import aws, carriers
from infra.local.gateway import Gateway
from infra.local.processes import Child, answered, python

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
MEDIA_PROCESSES = 2
STANDINS = ("models", "phone", "whatsapp")


@dataclass
class Options:
    """How the platform is started; port 0 takes any free one."""

    port: int = 8000
    data: Path = ROOT / ".local"
    say: Callable[[str], None] = print
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Platform:
    """Starts the processes in the order they need each other, and stops them in reverse."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.url = ""
        self.media: dict[str, Child] = {}
        self.media_ports: dict[str, int] = {}
        self._children: list[Child] = []
        self._gateway: Gateway | None = None
        self._vendors: Mapping[str, str] = {}

    async def start(self) -> None:
        """Bring everything up; returns when a call can be made."""
        began = time.monotonic()
        port = self.options.port or free_port()
        self.url = f"http://{HOST}:{port}"
        environment = await self._start_foundations()
        front_port = free_port()
        self._front_and_media(environment, front_port)
        await self._start_rest(front_port)
        self._gateway = Gateway(
            (HOST, front_port),
            lambda: [(HOST, port) for port in self.media_ports.values()],
            carriers.browser_phones(self._vendors),
        )
        await self._gateway.start(HOST, port)
        public = environment["PUBLIC_BASE_URL"]
        await asyncio.to_thread(carriers.connect, environment["AWS_ENDPOINT_URL"], public, self._vendors)
        self._write_run_file()
        self.options.say(f"ready after {time.monotonic() - began:.1f} s: {self.url}")

    async def _start_foundations(self) -> dict[str, str]:
        data, logs = self.options.data, self.options.data / "logs"
        data.mkdir(parents=True, exist_ok=True)
        aws_port = free_port()
        endpoint = f"http://{HOST}:{aws_port}"
        emulator = aws.emulator(ROOT / ".tools" / "ministack" / "bin" / "ministack", aws_port, data / "aws")
        files = {part: data / f"standins-{part}.json" for part in STANDINS}
        standins = [
            Child(
                f"stand-in: {part}", python("infra.local.standins", str(data), part), {}, logs / f"standins-{part}.log"
            )
            for part in files
        ]
        for file in files.values():
            file.unlink(missing_ok=True)
        self.options.say("starting the AWS emulator and the vendor stand-ins")
        for child in (emulator, *standins):
            self._children.append(child)
            await child.start()
        await answered(f"{endpoint}/_ministack/health", emulator, 30)
        queue_url = await asyncio.to_thread(aws.create_resources, endpoint)
        resources = await asyncio.to_thread(aws.create_carrier_resources, endpoint)
        standing_in: dict[str, str] = {}
        for file, child in zip(files.values(), standins, strict=True):
            standing_in |= await _read_when_there(file, child)
        self._vendors = vendors = carriers.real_or_standing_in(self.options.environ, standing_in)
        resources |= {name: vendors[name] for name in ("TWILIO_BASE_URL", "GRAPH_BASE_URL") if name in vendors}
        return {**aws.CREDENTIALS, **resources, **self._settings(endpoint, queue_url, vendors)}

    def _settings(self, endpoint: str, queue_url: str, vendors: Mapping[str, str]) -> dict[str, str]:
        settings = {
            "STAGE": "local",
            "AWS_ENDPOINT_URL": endpoint,
            "RECORDINGS_BUCKET": aws.BUCKET,
            "CALL_ENDED_QUEUE_URL": queue_url,
            "PUBLIC_BASE_URL": self.options.environ.get("PUBLIC_BASE_URL") or self.url,
            "LOG_LEVEL": "INFO",
        }
        for key, stand_in in (
            ("OPENAI_API_KEY", ("OPENAI_API_KEY", "OPENAI_WEBSOCKET_BASE_URL")),
            ("GEMINI_API_KEY", ("GEMINI_API_KEY", "GEMINI_BASE_URL", "GEMINI_REST_BASE_URL", "GEMINI_CA_FILE")),
        ):
            if not self.options.environ.get(key):
                settings.update({name: vendors[name] for name in stand_in if name in vendors})
        return settings

    def _front_and_media(self, environment: dict[str, str], front_port: int) -> None:
        logs = self.options.data / "logs"
        front = Child(
            "front", python("infra.local.front", str(front_port)), environment, logs / "front.log", restart=True
        )
        workers = Child("workers", python("infra.local.workers"), environment, logs / "workers.log", restart=True)
        self._children += [front, workers]
        for number in range(1, MEDIA_PROCESSES + 1):
            task_id, port = f"media-{number}-{secrets.token_hex(3)}", free_port()
            own = {**environment, "TASK_ID": task_id, "MEDIA_HOST": HOST, "MEDIA_PORT": str(port)}
            own["WHATSAPP_DRAIN_SECONDS"] = "5"  # whoever stops the platform does not want to wait
            child = Child(f"media {number}", python("media_tier"), own, logs / f"media-{number}.log", restart=True)
            self.media[task_id], self.media_ports[task_id] = child, port
            self._children.append(child)
        self._environment = environment

    async def _start_rest(self, front_port: int) -> None:
        self.options.say("rendering the fixed sentences and starting the API and two media processes")
        started = [child for child in self._children if child.process is None]
        seeding = Child("seed", python("infra.local.seed"), self._environment, self.options.data / "logs" / "seed.log")
        for child in [seeding, *started]:
            await child.start()
        assert seeding.process is not None
        if await seeding.process.wait() != 0:
            raise RuntimeError(f"the demo data could not be written; the log is {seeding.log_path}")
        await answered(f"http://{HOST}:{front_port}/health", started[0], 60)
        for task_id, child in self.media.items():
            await answered(f"http://{HOST}:{self.media_ports[task_id]}/health", child, 60)

    def _write_run_file(self) -> None:
        run = {
            "url": self.url,
            "aws": self._environment["AWS_ENDPOINT_URL"],
            "media": {
                task_id: {"pid": child.process.pid if child.process else 0, "port": self.media_ports[task_id]}
                for task_id, child in self.media.items()
            },
        }
        (self.options.data / "run.json").write_text(json.dumps(run))

    async def stop(self) -> None:
        """Stop everything; the emulator last, since it writes its state when it stops."""
        if self._gateway is not None:
            await self._gateway.close()
        emulators, others = self._children[:1], self._children[1:]
        await asyncio.gather(*(child.stop() for child in others))
        for emulator in emulators:
            await emulator.stop()


def _vendors(path: Path) -> dict[str, str] | None:
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return dict(json.loads(path.read_text()))
    return None


async def _read_when_there(path: Path, child: Child) -> dict[str, str]:
    for _ in range(600):
        vendors = _vendors(path)
        if vendors is not None:
            return vendors
        if child.process is not None and child.process.returncode is not None:
            break
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{child.name} did not start; its log is {child.log_path}")


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(f"   {text}", flush=True, file=sys.stdout)
