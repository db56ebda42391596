"""A call whose model this process does not have is refused, and is over: it must not take up a line for ever."""

from datetime import UTC, datetime

import pytest

from media_tier.engine.dispatch import execute
from media_tier.engine.roster import Room, Roster
from media_tier.ports import Refused
from media_tier.wiring.calls import Builder
from shared.adapters.aws.media.call_store import DynamoCallStore
from shared.contracts.environment import MediaEnvironment
from shared.contracts.messages.widget_socket import CloseCode
from shared.contracts.records.call import CallStatus, EndReason
from tests.media.call_fakes import SilentLeg
from tests.media.door_fakes import until
from tests.platform import ORIGIN, TOKEN, Cloud, opened


async def test_a_call_without_a_model_ends_at_once(cloud: Cloud) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    call, session = opened(cloud, at=now())
    env = MediaEnvironment(
        stage="test",
        aws_endpoint_url=cloud.endpoint,
        recordings_bucket=cloud.bucket,
        call_ended_queue_url=cloud.queue_url,
    )
    async with cloud.aclient("dynamodb") as dynamo, cloud.aclient("sqs") as sqs:
        store = DynamoCallStore(dynamo, calls=env.calls_table, live=env.live_table)
        roster = Roster(Room("task", 10), store, Builder(env, dynamo, sqs, {}), execute, now)
        leg = SilentLeg()
        with pytest.raises(Refused) as refused:
            await roster.admit(session.session_id, TOKEN, ORIGIN, leg)
        assert refused.value.code == CloseCode.CALL_UNAVAILABLE
        assert (leg.told, roster.calls) == ([], 0)

        def ended() -> bool:
            stored = cloud.calls.get("acme", call.call_id)
            return stored is not None and stored.ended_at is not None

        await until(ended)
        stored = cloud.calls.get("acme", call.call_id)
        assert stored is not None
        assert (stored.status, stored.end_reason) == (CallStatus.FAILED, EndReason.PROVIDER_UNAVAILABLE)
        assert (stored.owner, stored.duration_ms) == (None, 0)
        await until(lambda: cloud.messages())
