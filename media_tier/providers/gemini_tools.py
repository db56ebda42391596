"""Tools as Gemini Live takes them: JSON Schema turned into its subset of OpenAPI. Pure.

Live ignores `parametersJsonSchema` in silence, so `parameters` it is. What the subset cannot say is left out rather
than sent, because an unknown keyword closes the session with 1007. Source: ai.google.dev/api/caching#Schema.
"""

from collections.abc import Mapping
from typing import Any

from media_tier.ports import ToolSpec

DEEPEST = 12
"""Schemas that refer to themselves are cut off here."""

_KEPT = (
    "description",
    "required",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "pattern",
)
_FORMATS = frozenset({"date-time", "int32", "int64", "float", "double"})


def declaration(tool: ToolSpec) -> dict[str, Any]:
    """A function the model waits for: by default it would go on talking and run the same tool again."""
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description, "behavior": "BLOCKING"}
    # An object without properties is refused; a function without parameters says the same.
    if tool.parameters.get("properties"):
        declared["parameters"] = openapi(tool.parameters, tool.parameters)
    return declared


def openapi(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """The subset's form of a JSON Schema; `root` holds what `$ref` points into."""
    schema = _resolved(schema, root)
    if depth >= DEEPEST:
        return {"type": "STRING"}
    made = {key: schema[key] for key in _KEPT if key in schema}
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds or ())
    variants = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    if "null" in kinds or any(variant.get("type") == "null" for variant in variants):
        made["nullable"] = True
    kinds = [kind for kind in kinds if kind != "null"]
    variants = [variant for variant in variants if variant.get("type") != "null"]
    if not variants and len(kinds) > 1:
        variants = [{**schema, "type": kind} for kind in kinds]
    if len(variants) > 1:
        made["anyOf"] = [openapi(variant, root, depth + 1) for variant in variants]
        return made
    if variants:
        return {**openapi(variants[0], root, depth + 1), **made}
    return {**made, **_typed(kinds[0] if kinds else _guess(schema), schema, root, depth)}


def _typed(kind: str, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> dict[str, Any]:
    typed: dict[str, Any] = {"type": kind.upper()}
    if schema.get("format") in _FORMATS:
        typed["format"] = schema["format"]
    choices = [schema["const"]] if "const" in schema else schema.get("enum")
    if kind == "string" and choices:
        typed["enum"] = [str(choice) for choice in choices]
    if kind == "array":
        typed["items"] = openapi(schema.get("items") or {"type": "string"}, root, depth + 1)
    if kind == "object" and schema.get("properties"):
        typed["properties"] = {name: openapi(part, root, depth + 1) for name, part in schema["properties"].items()}
    return typed


def _guess(schema: Mapping[str, Any]) -> str:
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "string"


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = root
        for step in reference[2:].split("/"):
            found = found.get(step, {})
        schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return {}
