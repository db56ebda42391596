"""What the stacks deployed works: the guard, the queues, the workflow, each function from the archive it was given."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import first_admin
from infra.local import aws, seed
from infra.local.demo import CHATBOTS, COMPANY
from infra.local.platform import free_port
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.environment import MediaEnvironment
from shared.contracts.records.call import CallRecord
from shared.contracts.records.user import Role
from tests.deployment.conftest import ROOT, Deployed
from tests.e2e.caller import Caller
from tests.e2e.processes import GREETING, speech
from tests.infra.test_environments import FUNCTIONS

pytestmark = pytest.mark.deployment

CHATBOT = CHATBOTS[0][0]
SESSION = "/api/widget/call/session"
ENTRIES = ("public-api", "admin-api", "webhooks", "origin-guard")
SCHEDULED = ("reap-calls", "measure-calls", "retention")
CONSUMERS = ("close-call", "place-call", "render-prompts")


@pytest.fixture(scope="session")
def furnished(deployed: Deployed) -> Deployed:
    """With the demo company."""
    seed.write(deployed.endpoint, f"{deployed.stage.prefix}-core")
    return deployed


@pytest.fixture(scope="session")
def origin_secret(deployed: Deployed) -> str:
    found = deployed.client("secretsmanager").get_secret_value(SecretId=f"{deployed.stage.prefix}/origin")
    return str(found["SecretString"])


@pytest.fixture
def media(furnished: Deployed, tmp_path: Path) -> Iterator[int]:
    """A media process upon what was deployed; its port."""
    port, given = free_port(), furnished.variables("webhooks")
    own = {name.upper() for name in MediaEnvironment.model_fields} & set(given)
    environment = {
        **os.environ,
        **aws.CREDENTIALS,
        **{name: given[name] for name in own},
        "AWS_ENDPOINT_URL": furnished.endpoint,
        "CALL_SIMULATION_MODE": "true",
        "MEDIA_HOST": "127.0.0.1",
        "MEDIA_PORT": str(port),
    }
    with (tmp_path / "media.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "media_tier"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(40)


async def _listening(port: int) -> None:
    for _ in range(300):
        try:
            with await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/ready", None, 2):
                return
        except OSError:
            await asyncio.sleep(0.1)
    raise AssertionError("the media process did not start")


def test_every_function_starts_from_its_archive(deployed: Deployed) -> None:
    """An archive that lacks a module, or a variable, fails when it is loaded."""
    functions = deployed.client("lambda")
    names = [found["FunctionName"] for found in functions.list_functions()["Functions"]]
    ours = [name for name in names if name.startswith(deployed.stage.prefix)]
    assert len(ours) == len(FUNCTIONS)
    step = json.dumps({"company_id": "nobody", "call_id": "nothing"}).encode()
    for name in ours:
        short = name.removeprefix(f"{deployed.stage.prefix}-")
        events = {**dict.fromkeys(ENTRIES, _http()), **dict.fromkeys(SCHEDULED, b"{}"),
                  **dict.fromkeys(CONSUMERS, b'{"Records": []}')}  # fmt: skip
        answer = functions.invoke(FunctionName=name, Payload=events.get(short, step))
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            # A step that is asked for a call nobody made.
            assert said["errorMessage"] == "NotFound", (name, said)


def _http() -> bytes:
    where = {"method": "GET", "path": "/nowhere", "sourceIp": "127.0.0.1"}
    request = {"version": "2.0", "rawPath": "/nowhere", "rawQueryString": "", "headers": {}}
    return json.dumps({**request, "requestContext": {"http": where}}).encode()


def test_only_what_came_through_the_front_is_served(furnished: Deployed, origin_secret: str) -> None:
    asked = {"chatbotId": CHATBOT.chatbot_id}
    assert furnished.ask(SESSION, asked, None)[0] == 401
    assert furnished.ask(SESSION, asked, "guessed")[0] == 403
    assert furnished.ask(SESSION, {"chatbotId": "nobody"}, origin_secret)[0] in (404, 422)


def test_the_first_master_admin_is_made_once(deployed: Deployed) -> None:
    cognito, dynamodb = deployed.client("cognito-idp"), deployed.client("dynamodb")
    made = [first_admin.make(cognito, dynamodb, deployed.stage, "first@example.com") for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0].role, made[0].company_id) == (Role.MASTER_ADMIN, None)
    pool = deployed.variables("admin-api")["COGNITO_USER_POOL_ID"]
    groups = cognito.admin_list_groups_for_user(UserPoolId=pool, Username="first@example.com")["Groups"]
    assert [group["GroupName"] for group in groups] == [str(Role.MASTER_ADMIN)]


async def test_a_call_is_summarised_by_the_state_machine_of_the_stack(
    furnished: Deployed, origin_secret: str, media: int
) -> None:
    await _rendered(furnished)
    status, session = await asyncio.to_thread(furnished.ask, SESSION, {"chatbotId": CHATBOT.chatbot_id}, origin_secret)
    assert status == 201, session
    await _listening(media)
    front, call_id = furnished.stage.public_base_url, session["callId"]
    local = session["websocketUrl"].replace(front.replace("https", "wss"), f"ws://127.0.0.1:{media}")
    caller = Caller(front, {**session, "websocketUrl": local})
    await caller.connect()
    await caller.until(lambda c: GREETING in c.said("assistant"), 30)
    caller.say(await speech("what are your business hours"))
    await caller.until(lambda c: any("Is there anything else" in text for text in c.said("assistant")), 40)
    await caller.hang_up()
    await caller.leave()
    prefix, dynamodb = furnished.stage.prefix, furnished.client("dynamodb")
    calls = DynamoCalls(Table(dynamodb, f"{prefix}-calls"), Table(dynamodb, f"{prefix}-live"))
    call = await _closed(calls, call_id)
    assert call.summary is not None and "business hours" in call.summary.purpose.lower()
    assert call.recording_state == "ready"
    machine = f"arn:aws:states:{furnished.stage.region}:000000000000:stateMachine:{prefix}-after-call"
    runs = furnished.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    assert [(run["name"], run["status"]) for run in runs] == [(f"{call_id}-0", "SUCCEEDED")]


async def _closed(calls: DynamoCalls, call_id: str) -> CallRecord:
    async with asyncio.timeout(120):
        while True:
            call = await asyncio.to_thread(calls.get, COMPANY.company_id, call_id)
            if call is not None and call.closed_at is not None:
                return call
            await asyncio.sleep(0.2)


async def _rendered(deployed: Deployed) -> None:
    """The sentences of the chatbot, by the worker that was deployed."""
    queue, bucket = deployed.client("sqs"), deployed.variables("render-prompts")["RECORDINGS_BUCKET"]
    body = json.dumps({"company_id": CHATBOT.company_id, "chatbot_id": CHATBOT.chatbot_id})
    url = deployed.variables("render-prompts")["RENDER_PROMPTS_QUEUE_URL"]
    queue.send_message(QueueUrl=url.replace("localhost", "127.0.0.1"), MessageBody=body)
    for _ in range(600):
        found = deployed.client("s3").list_objects_v2(Bucket=bucket, Prefix="prompts/")
        if found["KeyCount"] > 5:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no sentences were rendered")
