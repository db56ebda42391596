"""Stage dev deployed into the emulator by plain `cdk bootstrap` and `cdk deploy`: functions run their own archives."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import aws
from infra.local.platform import free_port
from infra.package import layer
from infra.stage import Stage, read_stage

ROOT = Path(__file__).parents[2]
CDK = ROOT / "infra" / "node_modules" / ".bin" / "cdk"
MINISTACK = ROOT / ".tools" / "ministack" / "bin" / "ministack"
STACKS = ("data", "identity", "api", "workflows")
"""The others need what the emulator does not have: a network, a container service, an edge."""


@dataclass(frozen=True)
class Deployed:
    """A stage in the emulator."""

    endpoint: str
    stage: Stage

    def client(self, service: str) -> Any:
        """A boto3 client of it."""
        return aws.client(service, self.endpoint)

    def variables(self, function: str) -> dict[str, str]:
        """The environment that the stack gave a function."""
        name = f"{self.stage.prefix}-{function}"
        found = self.client("lambda").get_function_configuration(FunctionName=name)
        return dict(found["Environment"]["Variables"])

    def ask(self, path: str, body: dict[str, Any], secret: str | None) -> tuple[int, dict[str, Any]]:
        """A request to the HTTP API as CloudFront would send it."""
        (api,) = self.client("apigatewayv2").get_apis()["Items"]
        headers = {
            "host": f"{api['ApiId']}.execute-api.localhost",
            "content-type": "application/json",
            "origin": self.stage.public_base_url,
            "x-viewer-address": "203.0.113.7",
            **({} if secret is None else {"x-origin-secret": secret}),
        }
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())


def _cdk(endpoint: str, *arguments: str) -> None:
    environment = {
        **os.environ,
        **aws.CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [str(CDK), "--no-notices", "-c", "stage=dev", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def deployed() -> Iterator[Deployed]:
    """Deploy once; the emulator and everything in it is gone afterwards."""
    # A short name: espeak-ng refuses data below a path of more than 160 characters.
    with tempfile.TemporaryDirectory() as folder:
        yield from _deployed(Path(folder))


def _deployed(folder: Path) -> Iterator[Deployed]:
    port, stage = free_port(), read_stage("dev")
    endpoint = f"http://127.0.0.1:{port}"
    layer.build(simulation=stage.simulation, here=True)
    environment = {
        **os.environ,
        **aws.CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(folder),
    }
    with (folder / "log").open("wb") as log:
        emulator = subprocess.Popen(
            [str(MINISTACK)], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        until = time.monotonic() + 30
        while not _answers(endpoint):
            assert time.monotonic() < until and emulator.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        _cdk(endpoint, "bootstrap", f"aws://{aws.CREDENTIALS['AWS_ACCESS_KEY_ID']}/{stage.region}")
        stacks = [f"{stage.prefix}-{name}" for name in STACKS]
        _cdk(endpoint, "deploy", *stacks, "-c", "deploy=yes", "--require-approval", "never", "--concurrency", "4")
        yield Deployed(endpoint, stage)
    finally:
        # With the functions' processes; there is nothing to keep.
        os.killpg(emulator.pid, signal.SIGKILL)
        emulator.wait(30)
