"""A process's variables, made from the very models the process reads.

Invariant: what is synthesised can be read. A field that is missing, unknown or of the wrong form ends the synthesis, as
does one left to its default: defaults are the local platform's.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

RESERVED = frozenset({"aws_region"})
"""Lambda and Fargate set it themselves."""
VENDORS_OWN = frozenset({
    "aws_endpoint_url",
    "cognito_keys_url",
    "gemini_base_url",
    "gemini_ca_file",
    "gemini_rest_base_url",
    "graph_base_url",
    "graph_version",
    "openai_base_url",
    "openai_websocket_base_url",
    "twilio_base_url",
})  # fmt: skip
"""Set where stand-ins play a vendor only."""
FOR_TRIALS = frozenset({"keep_event_logs", "simulated_tool_seconds"})
OF_A_MACHINE = frozenset({
    "ecs_agent_uri", "ecs_container_metadata_uri_v4", "media_addresses", "media_host", "task_id",
})  # fmt: skip
"""Found out by a task itself."""
LEFT_OUT = RESERVED | VENDORS_OWN | FOR_TRIALS | OF_A_MACHINE


class UnknownVariables(ValueError):
    """Names that no model has, or that are not ours to set."""


class MissingVariables(ValueError):
    """Fields nobody set."""


def variables(
    models: Iterable[type[BaseModel]], values: Mapping[str, object], *, secret: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Variables by name (upper case) for a process that reads these models; values no model has are not its own.

    Fields named in `secret` reach the process by other means; they count as set and are not returned. A value of None
    says that this process goes without. Raises UnknownVariables, MissingVariables, or pydantic's ValidationError.
    """
    models = tuple(models)
    names = "/".join(model.__name__ for model in models)
    fields = {name for model in models for name in model.model_fields}
    if wrong := (LEFT_OUT & set(values)) | (secret & set(values)) | (secret - fields):
        raise UnknownVariables(f"{names} is not given {', '.join(sorted(wrong))} this way")
    if missing := fields - set(values) - secret - LEFT_OUT:
        raise MissingVariables(f"{names} is not given {', '.join(sorted(missing))}")
    texts = {name: _text(values[name]) for name in sorted(fields & set(values)) if values[name] is not None}
    for model in models:
        model.model_validate({**texts, **dict.fromkeys(secret, "secret")})
    return {name.upper(): text for name, text in texts.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
