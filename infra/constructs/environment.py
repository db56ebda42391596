"""A process's variables, made from the very model the process reads.

Invariant: what is synthesised can be read. A field that is missing, unknown or of the wrong form ends the synthesis.
"""

from collections.abc import Mapping

from pydantic import BaseModel

RESERVED = frozenset({"aws_region"})
"""Lambda and Fargate set it themselves."""


class UnknownVariables(ValueError):
    """Names that the model does not have, or that are not ours to set."""


def variables(
    model: type[BaseModel], values: Mapping[str, object], *, secret: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Variables by name (upper case) for the values of a model's fields.

    Fields named in `secret` are given to the process by other means; they count as set and are not returned. Raises
    UnknownVariables, or pydantic's ValidationError.
    """
    unknown = (set(values) | secret) - set(model.model_fields)
    if wrong := unknown | (RESERVED & set(values)) | (secret & set(values)):
        raise UnknownVariables(f"{model.__name__} is not given {', '.join(sorted(wrong))} this way")
    texts = {name: _text(value) for name, value in values.items() if value is not None}
    model.model_validate({**texts, **dict.fromkeys(secret, "secret")})
    return {name.upper(): text for name, text in texts.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
