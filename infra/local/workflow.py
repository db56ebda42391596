"""The workflow after calls on the local platform: the emulator's Step Functions runs the very definition that AWS runs,
and its Lambda hands each task to this process over loopback (its proxy mode), where the real handlers run.

The emulator reports every failure as one kind, so the definition tells no kinds of failure apart.
"""

import importlib
import io
import json
import threading
import zipfile
from collections.abc import Mapping
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

from infra.local import aws
from infra.workflows.definitions import AFTER_CALL

ROLE = "arn:aws:iam::000000000000:role/local"
PROXY_VARIABLE = "MINISTACK_LAMBDA_PROXY_URL"
TASK_SECONDS = 900
MAX_EVENT_BYTES = 256 * 1024


class _Invocation(BaseHTTPRequestHandler):
    """POST /invoke/<function> with the event as body; 500 with errorType and errorMessage where it fails."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Run the handler."""
        name = self.path.removeprefix("/invoke/")
        length = int(self.headers.get("content-length") or 0)
        if name not in AFTER_CALL.functions.values() or length > MAX_EVENT_BYTES:
            self._answer(404, {"errorType": "ResourceNotFound", "errorMessage": "There is no such function."})
            return
        module = importlib.import_module(f"functions.workflows.{name}")
        context = SimpleNamespace(function_name=name, aws_request_id=name, memory_limit_in_mb=512)
        try:
            result = module.handler(json.loads(self.rfile.read(length)), context)
        except Exception as error:  # as Lambda does: whatever a handler fails with becomes the answer
            self._answer(500, {"errorType": type(error).__name__, "errorMessage": str(error)})
            return
        self._answer(200, result)

    def _answer(self, status: int, answer: Mapping[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """The handlers log for themselves."""


class FunctionServer:
    """Serves the handlers on a loopback port of its own, each invocation in its own thread."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Invocation)
        threading.Thread(target=self._server.serve_forever, name="functions", daemon=True).start()

    @cached_property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def publish(environ: Mapping[str, str], url: str) -> dict[str, str]:
    """Create or renew functions and state machine in the emulator; returns the variables that handlers need.

    Stand-ins of vendors write no summaries: where one plays a vendor, its calls are summarised offline.
    """
    endpoint = environ["AWS_ENDPOINT_URL"]
    arns = {name: _function(endpoint, name, f"{url}/invoke/{name}") for name in AFTER_CALL.functions.values()}
    played = {"OPENAI_API_KEY": "OPENAI_WEBSOCKET_BASE_URL", "GEMINI_API_KEY": "GEMINI_REST_BASE_URL"}
    return {
        "AFTER_CALL_STATE_MACHINE_ARN": _state_machine(endpoint, AFTER_CALL.definition(arns)),
        "CALL_SIMULATION_MODE": "true",
        **{key: "" for key, stand_in in played.items() if environ.get(stand_in)},
    }


def _function(endpoint: str, name: str, proxy: str) -> str:
    client = aws.client("lambda", endpoint)
    environment = {"Variables": {PROXY_VARIABLE: proxy}}
    try:
        found = client.update_function_configuration(FunctionName=name, Environment=environment)
    except client.exceptions.ResourceNotFoundException:
        found = client.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler=f"functions.workflows.{name}.handler",
            Code={"ZipFile": _empty_package()},
            Timeout=TASK_SECONDS,
            Environment=environment,
        )
    return str(found["FunctionArn"])


def _state_machine(endpoint: str, definition: str) -> str:
    client = aws.client("stepfunctions", endpoint)
    known = {found["name"]: found["stateMachineArn"] for found in client.list_state_machines()["stateMachines"]}
    if AFTER_CALL.name in known:
        client.update_state_machine(stateMachineArn=known[AFTER_CALL.name], definition=definition)
        return str(known[AFTER_CALL.name])
    made = client.create_state_machine(name=AFTER_CALL.name, definition=definition, roleArn=ROLE)
    return str(made["stateMachineArn"])


def _empty_package() -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("empty.txt", "")
    return package.getvalue()
