"""A WhatsApp caller talks to the simulated AI through everything that is deployed: queue, claim, call, leg, Graph."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from infra.local.standins.meta import MetaStandIn
from infra.local.standins.meta_world import MetaNumber
from media_tier.wiring.process import MediaProcess
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.secrets import KmsSecrets
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from shared.contracts.records.call import CallStatus
from shared.contracts.settings.integration import WhatsAppAccount
from tests.media.whatsapp_peer import until
from tests.platform import TOKEN, Cloud, opened

pytestmark = pytest.mark.realtime

ACCOUNT = WhatsAppAccount(
    company_id="acme",
    account_id="a1",
    name="Main",
    business_account_id="1000001",
    phone_number_id="2000001",
    phone_number="+15550100001",
)


def prepared(cloud: Cloud) -> tuple[str, str, str]:
    """An account with its token and a call that waits; call id, session id, the queue's address."""
    core = Table(cloud.client("dynamodb"), "core")
    DynamoIntegrationAccounts(core).create(ACCOUNT)
    kms = cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    KmsSecrets(kms, core, key).put("acme", "a1", "access_token", "graph-token", datetime.now(UTC))
    call, session = opened(cloud, at=datetime.now(UTC), recorded=False, origin="whatsapp:a1")
    queue = cloud.client("sqs").create_queue(QueueName="offers")["QueueUrl"]
    return call.call_id, session.session_id, queue


async def test_a_caller_hears_the_ai_and_hangs_up(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    call_id, session_id, queue = prepared(cloud)
    number = MetaNumber("2000001", "1000001", "15550100001", "graph-token", "app-secret", "http://127.0.0.1:9/")
    async with MetaStandIn([number]) as meta:
        for name, value in {
            "STAGE": "test",
            "RECORDINGS_BUCKET": cloud.bucket,
            "CALL_ENDED_QUEUE_URL": cloud.queue_url,
            "WHATSAPP_OFFERS_QUEUE_URL": queue,
            "GRAPH_BASE_URL": meta.url,
            "MEDIA_ADDRESSES": "127.0.0.1",
            "DRAIN_SECONDS": "0",
            "CALL_SIMULATION_MODE": "true",
        }.items():
            monkeypatch.setenv(name, value)
        process = MediaProcess()
        await process.start(leave=lambda: None)
        try:
            call = await meta.ring("15550100001")
            offer = WhatsAppOffer(
                company_id="acme",
                account_id="a1",
                phone_number_id="2000001",
                call_id=call_id,
                session_id=session_id,
                token=TOKEN,
                carrier_call_id=call.call_id,
                sdp=call.offer,
                answer_by=datetime.now(UTC) + timedelta(seconds=20),
            )
            cloud.client("sqs").send_message(QueueUrl=queue, MessageBody=offer.model_dump_json())
            await until(lambda: call.accepted_at is not None, 20)
            await until(lambda: np.abs(call.phone.sound()).max(initial=0) > 2000, 20)
            assert call.phone.early_packets == 0
            stored = cloud.calls.get("acme", call_id)
            assert stored is not None and stored.status is CallStatus.ACTIVE
            await meta.hang_up(call)
            await until(lambda: process.roster.calls == 0, 10)
        finally:
            await process.stop()
    ended = cloud.calls.get("acme", call_id)
    assert ended is not None and (ended.status, ended.end_reason) == (CallStatus.COMPLETED, "user_ended")
    assert len(cloud.messages()) == 1
