"""The work after a spoken call on the local platform: the emulator's Step Functions runs the definition of AWS."""

import asyncio
import json

import pytest

from infra.local import aws, people
from tests.e2e.caller import Caller, start_session
from tests.e2e.conftest import OPENAI, SIMULATED, Running
from tests.e2e.processes import COMPANY, GREETING, record, speech
from tests.e2e.test_administration import ask

pytestmark = pytest.mark.platform


@pytest.mark.parametrize("chatbot", [SIMULATED, OPENAI])
async def test_a_call_is_closed_with_a_summary_that_the_company_can_read(platform: Running, chatbot: str) -> None:
    session = await asyncio.to_thread(start_session, platform.url, chatbot)
    caller = Caller(platform.url, session)
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 20)
    caller.say(await speech("what are your business hours"))
    await caller.until(lambda c: any("Is there anything else" in text for text in c.said("assistant")), 30)
    await caller.hang_up()
    await caller.leave()
    for _ in range(300):
        call = await asyncio.to_thread(record, platform, session["callId"])
        if call.closed_at is not None:
            break
        await asyncio.sleep(0.1)
    assert call.closed_at is not None
    assert call.recording_state == "ready"
    assert call.cost_usd is not None
    endpoint = platform.run["aws"]
    token = people.id_token(endpoint, people.create(endpoint), "admin@demo.example")
    status, shown = await asyncio.to_thread(ask, platform, f"/api/admin/calls/{call.call_id}", token)
    assert status == 200
    assert "business hours" in shown["summary"]["purpose"].lower()
    assert shown["summary"]["sentiment"] == "neutral"
    kept = aws.client("s3", endpoint).get_object(Bucket=aws.BUCKET, Key=f"search/{COMPANY}/{call.call_id}.json")
    document = json.loads(kept["Body"].read())
    assert any("business hours" in line["text"].lower() for line in document["lines"])
    sfn = aws.client("stepfunctions", endpoint)
    machine = next(found["stateMachineArn"] for found in sfn.list_state_machines()["stateMachines"])
    runs = sfn.list_executions(stateMachineArn=machine)["executions"]
    assert [run["status"] for run in runs if run["name"] == f"{call.call_id}-0"] == ["SUCCEEDED"]
