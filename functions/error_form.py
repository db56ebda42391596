"""The one form of every error of every HTTP function, and how refusals are turned into it."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException

from shared.contracts.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    PlatformError,
    RateLimited,
    VersionConflict,
)

REQUIRED = "This is required."


class ErrorBody(BaseModel):
    """What went wrong, for programs and for people. `currentVersion` comes with a conflict of versions."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")

    code: str
    message: str
    fields: dict[str, str] | None = None
    current_version: int | None = None


class ErrorOut(BaseModel):
    """The one form of every error."""

    model_config = ConfigDict(extra="forbid")

    error: ErrorBody


def error_response(
    status: int, code: str, message: str, fields: dict[str, str] | None = None, current_version: int | None = None
) -> JSONResponse:
    """An error as it is sent."""
    error = ErrorBody(code=code, message=message, fields=fields or None, current_version=current_version)
    body = ErrorOut(error=error)
    return JSONResponse(body.model_dump(by_alias=True, exclude_none=True), status_code=status)


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(PlatformError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, PlatformError)
    fields = error.fields if isinstance(error, InvalidRequest) else None
    current = error.current if isinstance(error, VersionConflict) else None
    response = error_response(error.status, error.code, error.message, fields, current)
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = {_field(found["loc"], error.body): words_of(found) for found in error.errors()}
    return error_response(InvalidRequest.status, InvalidRequest.code, "The request is not valid.", fields)


def _field(where: Sequence[int | str], body: object) -> str:
    """The field's name; which variant of a body was meant (its `kind`) is no part of it."""
    parts = list(where[1:])
    if len(parts) > 1 and isinstance(body, dict) and parts[0] == body.get("kind"):
        parts = parts[1:]
    return ".".join(str(part) for part in parts)


def words_of(found: dict[str, Any]) -> str:
    """What is wrong, in the words of the dashboard's own check; never what was sent."""
    context = found.get("ctx", {})
    match found["type"]:
        case "missing":
            return REQUIRED
        case "string_too_short":
            least = context["min_length"]
            return REQUIRED if least == 1 else f"At least {least} characters."
        case "string_too_long":
            return f"At most {context['max_length']} characters."
        case "too_short":
            return f"At least {context['min_length']}{_characters(context)}."
        case "too_long":
            return f"At most {context['max_length']}{_characters(context)}."
        case "greater_than_equal":
            return f"At least {_number(context['ge'])}."
        case "less_than_equal":
            return f"At most {_number(context['le'])}."
        case "multiple_of":
            return f"A multiple of {_number(context['multiple_of'])}."
        case "string_pattern_mismatch":
            return "This does not have the right form."
        case "union_tag_invalid":
            return f"Input should be one of {context['expected_tags']}"
        case _:
            return str(found["msg"])


def _characters(context: dict[str, Any]) -> str:
    """Secrets count as values of some length, not as texts."""
    return " characters" if context["field_type"] == "Value" else ""


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


async def _http(_: Request, error: Exception) -> Response:
    """What the framework itself refuses: unknown paths and methods, bodies that are no JSON or nested too deeply."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return error_response(404, NotFound.code, "There is nothing here.")
    if error.status_code == 405:
        response: Response = error_response(405, "method_not_allowed", "This method is not allowed here.")
        response.headers.update(error.headers or {})
        return response
    return error_response(InvalidRequest.status, InvalidRequest.code, "The request could not be read.")
