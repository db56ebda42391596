"""The document the client's types are made from."""

import json
import subprocess
import sys
from typing import Any

from functions.public_api.openapi import document
from shared.contracts.messages import widget_socket

OPERATIONS = {
    "widget_config",
    "create_call_session",
    "call_transcript",
    "call_recording",
    "give_feedback",
}


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(_references(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(inner) for inner in value))
    return set()


def test_every_operation_is_named_after_its_function() -> None:
    operations = {operation["operationId"] for path in document()["paths"].values() for operation in path.values()}
    assert operations == OPERATIONS


def test_every_reference_leads_somewhere() -> None:
    described = document()
    names = {f"#/components/schemas/{name}" for name in described["components"]["schemas"]}
    assert _references(described) <= names


def test_the_sockets_messages_are_described() -> None:
    schemas = document()["components"]["schemas"]
    messages = {
        name
        for name, kind in vars(widget_socket).items()
        if isinstance(kind, type) and "type" in getattr(kind, "model_fields", {})
    }
    assert len(messages) >= 17 and messages <= set(schemas)
    assert schemas["SessionOut"]["required"] == [
        "sessionId",
        "callId",
        "websocketUrl",
        "expiresAt",
        "token",
        "readToken",
    ]


def test_the_command_prints_it() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "functions.public_api.openapi"], capture_output=True, text=True, check=True
    )
    assert json.loads(printed.stdout) == document()
