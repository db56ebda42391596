"""Which path of the one domain is whose, and the secret by which origins know the front; read by both."""

from aws_cdk import SecretValue

from infra.stacks.data import origin_secret_name
from infra.stage import Stage

MEDIA_PATHS = ("/api/widget/call/*/ws", "/api/webhooks/twilio/stream/*")
"""Sockets. Everything else under `/api/` is HTTP."""
API_PATHS = ("/api/*",)


def origin_secret(stage: Stage) -> str:
    """A dynamic reference: CloudFormation puts the secret in, no template holds it."""
    return SecretValue.secrets_manager(origin_secret_name(stage)).unsafe_unwrap()
