"""A vendor's HTTP API over loopback: answers what it is told to, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    body: str
    authorization: str

    def json(self) -> dict[str, Any]:
        """Its body."""
        return dict(json.loads(self.body))


@dataclass
class Vendor:
    """`answers` are given in order, the last one for ever: status and body, or None to hang up without an answer."""

    url: str = ""
    answers: list[tuple[int, object] | None] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def next(self) -> tuple[int, object] | None:
        """The next answer."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def vendor(*answers: tuple[int, object] | None) -> Iterator[Vendor]:
    """Run one."""
    state = Vendor(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length).decode()
            state.asked.append(Asked(self.command, self.path, body, self.headers.get("authorization", "")))
            answer = state.next()
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
