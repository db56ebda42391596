"""What a media process reads of carriers' reports, and asks of the webhooks; odd payloads never break the reader."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.media.carrier_reports import CarrierReports
from shared.contracts.errors import Conflict
from shared.contracts.records.carrier_call import CarrierCall, CarrierFacts, CarrierPhase, HandOver
from shared.domain import whatsapp_reports
from shared.ports.carrier_reports import CarrierKey
from tests.platform import NOW, Cloud

CALL = CarrierCall(
    company_id="acme",
    account_id="acc-1",
    carrier_call_id="wacid.1",
    kind="whatsapp",
    facts=CarrierFacts(phase=CarrierPhase.RINGING),
    answer_sdp="v=0",
)


async def test_a_media_process_sees_reports_and_asks_for_a_person(cloud: Cloud) -> None:
    dynamo = cloud.client("dynamodb")
    stored = DynamoCarrierCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    asked = HandOver(number="+12025550177", asked_at=NOW)
    async with cloud.aclient("dynamodb") as client:
        reports = CarrierReports(client, calls="calls")
        assert await reports.get("acme", "acc-1", "wacid.1") is None
        with pytest.raises(Conflict):
            await reports.ask_hand_over("acme", "acc-1", "wacid.1", asked)
        stored.merge(CALL, NOW)
        assert await reports.get("acme", "acc-1", "wacid.1") == CALL
        assert await reports.get("other", "acc-1", "wacid.1") is None
        await reports.ask_hand_over("acme", "acc-1", "wacid.1", asked)
        ended = CALL.model_copy(update={"facts": CarrierFacts(phase=CarrierPhase.ENDED)})
        stored.merge(ended, NOW)
        found = await reports.get("acme", "acc-1", "wacid.1")
    assert found is not None
    assert (found.hand_over, found.facts.phase, found.answer_sdp) == (asked, CarrierPhase.ENDED, "v=0")


async def test_all_calls_of_a_process_are_read_at_once(cloud: Cloud) -> None:
    dynamo = cloud.client("dynamodb")
    stored = DynamoCarrierCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    keys = []
    for number in range(60):
        call = CALL.model_copy(update={"carrier_call_id": f"wacid.{number}"})
        keys.append(CarrierKey("acme", "acc-1", call.carrier_call_id))
        if number != 7:
            stored.merge(call, NOW)
    async with cloud.aclient("dynamodb") as client:
        found = await CarrierReports(client, calls="calls").read(keys)
    assert {call.carrier_call_id for call in found} == {f"wacid.{number}" for number in range(60) if number != 7}
    assert all(call.answer_sdp == "v=0" for call in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CALL_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.sampled_from(["connect", "terminate", "wacid.1", "1795599000", "v=0", "FAILED", "US.1"])
        for name in ("id", "event", "timestamp", "status", "from", "from_user_id", "session", "direction", "start_time")
    },
)


@given(payload=JSON)
def test_no_payload_is_too_odd_to_read(payload: Any) -> None:
    assert whatsapp_reports.updates(payload) == []
    assert whatsapp_reports.number_ids(payload) == []


@given(
    field=st.sampled_from(["calls", "messages"]),
    items=st.lists(CALL_FIELDS, max_size=3),
    key=st.sampled_from(["calls", "statuses", "messages", "contacts", "errors"]),
)
def test_no_call_is_too_odd_to_read(field: str, items: list[dict[str, Any]], key: str) -> None:
    value = {"metadata": {"phone_number_id": "100000000000001"}, key: items}
    payload = {"entry": [{"changes": [{"field": field, "value": value}]}]}
    for update in whatsapp_reports.updates(payload):
        assert update.phone_number_id == "100000000000001"
