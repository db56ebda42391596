"""Every bound of what the dashboard's forms send, and what is said to a value beyond it.

    python -m tests.functions.admin.bounds

writes the table both sides are held against: the API by this folder's tests, the browser by the dashboard's.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from functions.admin_api.openapi import document

TABLE = Path(__file__).parents[3] / "frontend" / "dashboard" / "test" / "bounds.json"
FORMS = (
    "AiModel-Input",
    "CallSettings",
    "ChatbotIn",
    "CompanyIn",
    "InvitationIn",
    "NewChatbotIn",
    "OutboundPolicyIn",
    "OwnSystemIn",
    "PackageContent",
    "TwilioIn",
    "WhatsAppIn",
    "WidgetConfig",
)
REQUIRED, FORM = "This is required.", "This does not have the right form."
Row = dict[str, Any]


def rows() -> list[Row]:
    """`path` leads to the field; where it passes a list, its first item is meant."""
    schemas = document()["components"]["schemas"]
    return [
        {"form": form, "path": path, "value": value, "says": says}
        for form in FORMS
        for path, field in _fields(schemas, schemas[form], "")
        for value, says in _beyond(field)
    ]


def nested(path: str, value: Any) -> Any:
    """A body that holds nothing else."""
    for part in reversed(path.split(".")):
        value = [value] if part == "0" else {part: value}
    return value


def _fields(schemas: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = _plain(schemas, schema)
    if found is None:
        return
    if path:
        yield path, found
    for name, inner in found.get("properties", {}).items():
        yield from _fields(schemas, inner, f"{path}.{name}" if path else name)
    if found.get("type") == "array" and isinstance(found.get("items"), dict):
        yield from _fields(schemas, found["items"], f"{path}.0")


def _plain(schemas: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """Through references and "or null"; None where several kinds of value are taken."""
    if "$ref" in schema:
        return _plain(schemas, schemas[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind.get("type") != "null"]
        return _plain(schemas, kinds[0]) if len(kinds) == 1 else None
    return schema


def _beyond(field: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    kind, pattern = field.get("type"), re.compile(field.get("pattern", ""))
    if kind in ("integer", "number"):
        step = field.get("multipleOf", 1)
        if "minimum" in field:
            yield field["minimum"] - step, f"At least {field['minimum']:g}."
        if "maximum" in field:
            yield field["maximum"] + step, f"At most {_whole(field['maximum'])}."
    if kind != "string":
        return
    least, most = field.get("minLength", 0), field.get("maxLength")
    if least:
        yield "a" * (least - 1), REQUIRED if least == 1 else f"At least {least} characters."
    if most is not None and most < 100_000 and pattern.search("a" * (most + 1)):
        yield "a" * (most + 1), f"At most {most} characters."
    if "pattern" in field and not pattern.search("§" * max(least, 1)):
        yield "§" * max(least, 1), FORM


def _whole(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


if __name__ == "__main__":
    TABLE.write_text(json.dumps(rows(), ensure_ascii=False, indent=1) + "\n")
