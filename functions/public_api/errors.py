"""Turns every refusal into the API's one form of error."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from functions.public_api.edge import error_response
from shared.contracts.errors import InvalidRequest, NotFound, PlatformError, RateLimited


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(PlatformError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, PlatformError)
    fields = error.fields if isinstance(error, InvalidRequest) else None
    response = error_response(error.status, error.code, error.message, fields)
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = {".".join(str(part) for part in found["loc"][1:]): str(found["msg"]) for found in error.errors()}
    return error_response(InvalidRequest.status, InvalidRequest.code, "The request is not valid.", fields)


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
