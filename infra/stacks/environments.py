"""The values of processes' environments, field by field of the models in shared.contracts.environment.

Each function takes those that its own models have; see infra.constructs.environment.
"""

from infra.capacity import Capacity
from infra.stacks.data import DataStack
from infra.stacks.identity import IdentityStack
from infra.stage import Stage

DRAIN_SECONDS = 110
"""Of the 120 s that Fargate leaves between the stop signal and the end."""
MEDIA_PORT = 8080
VIEWER_HEADER = "x-viewer-address"
"""Set by infra/edge/viewer_address.js."""
IN_A_SECRET = frozenset({"openai_api_key", "gemini_api_key"})
"""Fields that no variable holds."""
Values = dict[str, object]


def function_values(stage: Stage, data: DataStack) -> Values:
    """Everything that functions may read, but for what only one of them does."""
    return {
        "stage": stage.name,
        "log_level": stage.log_level,
        "core_table": data.core.construct.table_name,
        "calls_table": data.calls.construct.table_name,
        "live_table": data.live.construct.table_name,
        "ledger_table": data.ledger.construct.table_name,
        "recordings_bucket": data.sound.construct.bucket_name,
        "call_ended_queue_url": data.call_ended.queue.queue_url,
        "public_base_url": stage.public_base_url,
        "viewer_address_header": VIEWER_HEADER,
        "whatsapp_offers_queue_url": data.offers.queue.queue_url,
        "place_call_queue_url": data.place_call.queue.queue_url,
        "render_prompts_queue_url": data.render_prompts.queue.queue_url,
        "secrets_key_id": data.keys.secrets.key_arn,
        "provider_keys_secret_id": data.provider_keys.secret_arn,
        "call_simulation_mode": stage.simulation,
    }


def admin_values(stage: Stage, data: DataStack, identity: IdentityStack) -> Values:
    """What only the administration API reads."""
    return {
        "idempotency_table": data.idempotency.construct.table_name,
        "cognito_user_pool_id": identity.pool.user_pool_id,
        "cognito_client_id": identity.client.user_pool_client_id,
        "cognito_issuer": f"https://cognito-idp.{stage.region}.amazonaws.com/{identity.pool.user_pool_id}",
    }


def media_values(stage: Stage, data: DataStack, capacity: Capacity) -> Values:
    """MediaEnvironment, but for the providers' keys."""
    return {
        "stage": stage.name,
        "log_level": stage.log_level,
        "core_table": data.core.construct.table_name,
        "calls_table": data.calls.construct.table_name,
        "live_table": data.live.construct.table_name,
        "recordings_bucket": data.sound.construct.bucket_name,
        "call_ended_queue_url": data.call_ended.queue.queue_url,
        "media_port": MEDIA_PORT,
        "media_capacity": capacity.admitted,
        "public_base_url": stage.public_base_url,
        "whatsapp_offers_queue_url": data.offers.queue.queue_url,
        "whatsapp_capacity": capacity.whatsapp_admitted,
        "drain_seconds": DRAIN_SECONDS,
        "whatsapp_drain_seconds": DRAIN_SECONDS,
        "protection_minutes": stage.media.protection_minutes,
        "call_simulation_mode": stage.simulation,
    }
