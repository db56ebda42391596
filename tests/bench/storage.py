"""Storage that costs next to nothing, in its own process, so that a bench measures the media process alone.

    python -m tests.bench.storage PORT

Speaks enough of S3, DynamoDB, SQS and KMS over loopback: what is put can be got, conditions are not checked, a secret
is its own ciphertext, and every rendered sentence is a second of quiet sound. Never for tests of behaviour: those use
the emulators.
"""

import asyncio
import json
import sys
from typing import Any, cast

import uvloop

_SENTENCE = b"\x01\x00" * 24_000
_END_OF_HEAD = b"\r\n\r\n"
items: dict[tuple[str, str, str], dict[str, Any]] = {}


def _key(table: str, attributes: dict[str, Any]) -> tuple[str, str, str]:
    return table, attributes["PK"]["S"], attributes["SK"]["S"]


def _dynamo(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    match operation:
        case "GetItem":
            item = items.get(_key(body["TableName"], body["Key"]))
            return {} if item is None else {"Item": item}
        case "PutItem":
            items[_key(body["TableName"], body["Item"])] = body["Item"]
        case "TransactWriteItems":
            for action in body["TransactItems"]:
                if put := action.get("Put"):
                    items[_key(put["TableName"], put["Item"])] = put["Item"]
        case "Query":
            return {"Items": [], "Count": 0, "ScannedCount": 0}
    return {}


class _Connection(asyncio.Protocol):
    """One keep-alive HTTP connection."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_END_OF_HEAD)) >= 0:
            head = bytes(self._received[:end]).decode("latin-1")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
            }
            size = end + len(_END_OF_HEAD) + int(headers.get("content-length", 0))
            if len(self._received) < size:
                return
            body = bytes(self._received[end + len(_END_OF_HEAD) : size])
            del self._received[:size]
            self._answer(head.split(" ", 2), headers.get("x-amz-target", ""), body)

    def _answer(self, request: list[str], target: str, body: bytes) -> None:
        status, kind, answer = "200 OK", "application/x-amz-json-1.0", b"{}"
        if target.startswith("DynamoDB"):
            answer = json.dumps(_dynamo(target.rpartition(".")[2], json.loads(body))).encode()
        elif target == "TrentService.Decrypt":
            answer = json.dumps({"Plaintext": json.loads(body)["CiphertextBlob"]}).encode()
        elif not target and request[0] == "GET":
            kind, answer = "application/octet-stream", _SENTENCE
            if "prompts/" not in request[1]:
                status, answer = "404 Not Found", b""
        elif not target:
            answer = b""
        self._transport.write(
            f'HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nETag: "0"\r\n'
            f"Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\nContent-Length: {len(answer)}\r\n\r\n".encode()
            + answer
        )


async def main(port: int) -> None:
    """Serve until killed."""
    await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
