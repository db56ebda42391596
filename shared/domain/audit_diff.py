"""What changed between two records, field by field, with nothing in it that must stay secret."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from shared.contracts.records.audit import Change

SECRET = re.compile(r"token|secret|password|api_?key|credential|private_?key", re.IGNORECASE)
NOT_SECRET = frozenset({"max_tokens", "max_conversation_tokens"})
HIDDEN = '"(hidden)"'
MAX_VALUE = 300
MAX_CHANGES = 200
UNINTERESTING = frozenset({"version"})


def changes(before: BaseModel | None, after: BaseModel | None) -> tuple[Change, ...]:
    """The fields that differ; None stands for a record that was not there. Long values are shortened."""
    old, new = dict(_flat("", _plain(before))), dict(_flat("", _plain(after)))
    found = [
        Change(field=name[:200], before=_shown(name, old.get(name)), after=_shown(name, new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) and name not in UNINTERESTING
    ]
    return tuple(found[:MAX_CHANGES])


def _plain(record: BaseModel | None) -> Any:
    return {} if record is None else record.model_dump(mode="json")


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Leaves as JSON text. A list of plain values is a leaf; one of records is numbered."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}.{name}" if prefix else str(name), inner)
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        for number, inner in enumerate(value):
            yield from _flat(f"{prefix}.{number}", inner)
    else:
        yield prefix, json.dumps(value, ensure_ascii=False)


def _shown(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    if any(SECRET.search(part) and part not in NOT_SECRET for part in name.split(".")):
        return HIDDEN
    return value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + "…"
