"""Values of a package's variables: checked when a chatbot is made, filled into prompts where `{{name}}` stands."""

import re
from collections.abc import Mapping, Sequence

from shared.contracts.settings.agent import Variable

PLACE = re.compile(r"\{\{\s*([A-Za-z][A-Za-z0-9_]{0,39})\s*\}\}")
NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def checked(variables: Sequence[Variable], given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The values with defaults where nothing was given, and what is wrong by name."""
    known = {variable.name: variable for variable in variables}
    wrong = {name: "The package has no such variable." for name in given if name not in known}
    values = {}
    for name, variable in known.items():
        value = given.get(name, "").strip() or (variable.default or "")
        problem = _problem(variable, value)
        if problem is not None:
            wrong[name] = problem
        elif value:
            values[name] = value
    return values, wrong


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every known place filled; unknown ones stay as they are."""
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _problem(variable: Variable, value: str) -> str | None:
    if not value:
        return "A value is required." if variable.required else None
    if variable.kind == "number" and not NUMBER.fullmatch(value):
        return "This must be a number."
    if variable.kind == "phone" and not PHONE.fullmatch(re.sub(r"[ ()-]", "", value)):
        return "This must be a phone number with its country code, like +15551234567."
    if variable.kind == "select" and value not in variable.options:
        return f"Choose one of: {', '.join(variable.options)}."
    return None
