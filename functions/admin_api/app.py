"""The API of the dashboard. Nobody gets anywhere without a token; who may do what is declared at each operation."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from functions import error_form
from functions.admin_api.access import AdminApi, Operation, Operations
from functions.admin_api.edge import Edge
from functions.admin_api.routes import (
    ai_models,
    audit,
    call_keys,
    call_settings,
    calls,
    chatbot_integrations,
    chatbots,
    companies,
    integration_accounts,
    me,
    outbound_policy,
    own_system,
    packages,
    team,
    trial_calls,
    usage,
    voice_previews,
    widget,
)

NOUNS: tuple[Operations, ...] = (
    me.operations,
    companies.operations,
    packages.operations,
    ai_models.operations,
    voice_previews.operations,
    chatbots.operations,
    call_settings.operations,
    widget.operations,
    calls.operations,
    integration_accounts.operations,
    chatbot_integrations.operations,
    trial_calls.operations,
    outbound_policy.operations,
    own_system.operations,
    call_keys.operations,
    usage.operations,
    team.operations,
    audit.operations,
)


def declared() -> tuple[Operation, ...]:
    """Every operation with its permission."""
    return tuple(operation for noun in NOUNS for operation in noun.declared)


def operation_id(route: APIRoute) -> str:
    """Operations are called as their functions are."""
    return route.name


def create_app(api: AdminApi) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="Administration API",
        version="1",
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        responses={code: {"model": error_form.ErrorOut} for code in (400, 401, 403, 404, 409, 413, 429, 503)},
    )
    app.state.api = api
    app.add_middleware(Edge)
    error_form.install(app)
    for noun in NOUNS:
        app.include_router(noun.router)
    return app
