"""The environment of each process as a model: what sets it and what reads it cannot drift apart."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Environment(BaseModel):
    """Field names are the variables' names in lower case; variables of other programs are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    stage: Literal["local", "test", "dev", "prod"]
    aws_region: str = "us-east-1"
    aws_endpoint_url: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Validate a process's variables; what is empty counts as not set."""
        return cls.model_validate({name.lower(): value for name, value in environ.items() if value})


def _refuse_simulation[E: "WorkflowEnvironment | MediaEnvironment"](environment: E) -> E:
    if environment.stage == "prod" and environment.call_simulation_mode:
        raise ValueError("CALL_SIMULATION_MODE must not be set in production")
    return environment


class FunctionEnvironment(_Environment):
    """Lambda functions."""

    core_table: str = "core"
    calls_table: str = "calls"
    live_table: str = "live"
    ledger_table: str = "ledger"
    recordings_bucket: str
    call_ended_queue_url: str
    public_base_url: str
    viewer_address_header: str | None = None
    """Where the platform's front, which nobody can go round, names the visitor's address."""


class OriginGuardEnvironment(_Environment):
    """The authorizer of the HTTP API."""

    origin_secret_id: str
    """Secrets Manager: what the front sends with every request."""


class CarrierEnvironment(FunctionEnvironment):
    """Lambda functions that deal with carriers. The base addresses are the vendors' own but for stand-ins."""

    whatsapp_offers_queue_url: str
    place_call_queue_url: str
    secrets_key_id: str = "alias/secrets"
    """The KMS key that encrypts companies' secrets."""
    twilio_base_url: str = "https://api.twilio.com"
    graph_base_url: str = "https://graph.facebook.com"
    graph_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v26.0"


class ProviderEnvironment(FunctionEnvironment):
    """Lambda functions that ask the AI's providers. On AWS their keys are in Secrets Manager, never in variables."""

    provider_keys_secret_id: str | None = None
    openai_api_key: str | None = None
    gemini_api_key: str | None = None
    gemini_rest_base_url: str | None = None


class WorkflowEnvironment(ProviderEnvironment):
    """The steps of the work after a call. A provider without a key has no summaries; but for production, simulation
    writes them offline where there is none."""

    secrets_key_id: str = "alias/secrets"
    call_simulation_mode: bool = False
    openai_base_url: str | None = None
    graph_base_url: str = "https://graph.facebook.com"
    graph_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v26.0"

    @model_validator(mode="after")
    def _no_simulation_in_production(self) -> Self:
        return _refuse_simulation(self)


class StarterEnvironment(FunctionEnvironment):
    """The consumer that starts the work after a call."""

    after_call_state_machine_arn: str


class SpeechEnvironment(ProviderEnvironment):
    """Lambda functions that have chatbots speak outside of calls. Without a provider's key its models stay silent."""

    render_prompts_queue_url: str
    openai_websocket_base_url: str | None = None


class MediaEnvironment(_Environment):
    """A media process. Simulation answers every call offline and is refused in production."""

    core_table: str = "core"
    calls_table: str = "calls"
    live_table: str = "live"
    recordings_bucket: str
    call_ended_queue_url: str
    task_id: str = "media"
    media_host: str = "0.0.0.0"
    media_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    media_capacity: Annotated[int, Field(ge=1)] = 200
    public_base_url: str | None = None
    """What carriers reach us by; without it no phone calls are taken."""
    media_addresses: str = ""
    """Where sockets for UDP media are opened, separated by commas. Empty: every address another machine can reach, and
    on a development machine loopback, where the stand-in of Meta is."""
    whatsapp_offers_queue_url: str | None = None
    whatsapp_capacity: Annotated[int, Field(ge=1)] = 60
    """Of `media_capacity`: Opus and SRTP make these calls several times as dear as the others."""
    graph_base_url: str = "https://graph.facebook.com"
    graph_version: Annotated[str, Field(pattern=r"^v[0-9]{1,3}\.[0-9]$")] = "v26.0"
    drain_seconds: Annotated[float, Field(ge=0, le=120)] = 20.0
    whatsapp_drain_seconds: Annotated[float, Field(ge=0, le=4 * 3600)] = 3900.0
    """How long a process that is to leave stays with calls that cannot go on elsewhere; longer ones are cut."""
    ecs_agent_uri: str | None = None
    ecs_container_metadata_uri_v4: str | None = None
    """Set by Fargate: where a task asks who it is, and not to be stopped while it holds calls."""
    protection_minutes: Annotated[int, Field(ge=1, le=2880)] = 190
    keep_event_logs: bool = False
    """Store the event log of every call, not only of those that failed."""
    call_simulation_mode: bool = False
    simulated_tool_seconds: Annotated[float, Field(ge=0, le=30)] = 0.0
    """By so much every tool is slowed down, to try out what callers hear meanwhile; refused in production."""
    openai_api_key: str | None = None
    openai_websocket_base_url: str | None = None
    gemini_api_key: str | None = None
    gemini_base_url: str | None = None
    gemini_ca_file: str | None = None

    @model_validator(mode="after")
    def _no_simulation_in_production(self) -> Self:
        if self.stage == "prod" and self.simulated_tool_seconds:
            raise ValueError("SIMULATED_TOOL_SECONDS must not be set in production")
        return _refuse_simulation(self)


class AdminEnvironment(CarrierEnvironment):
    """The administration API: the user pool whose tokens it believes, and where it makes accounts."""

    idempotency_table: str = "idempotency"
    cognito_user_pool_id: str
    cognito_client_id: str
    cognito_issuer: str
    """`iss` of the tokens: `https://cognito-idp.<region>.amazonaws.com/<pool>`."""
    cognito_keys_url: str | None = None
    """Where the signing keys are; None: under the issuer."""
