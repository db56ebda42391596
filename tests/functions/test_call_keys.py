"""A company's own system opens calls by a key, from no web page at all."""

import pytest

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.call_keys import DynamoCallKeys
from shared.contracts.records.call import Session
from shared.contracts.records.user import Role
from shared.domain.permissions import Actor
from shared.services.auditing import Desk
from shared.services.call_keys import CallKeyPorts, renew, revoke
from tests.functions.api import Widget
from tests.services.world import World

BY = Actor("admin-a", Role.COMPANY_ADMIN, "company-a")


@pytest.fixture
def ports(world: World) -> CallKeyPorts:
    """What managing keys needs."""
    desk = Desk(world.changes, lambda: world.now, world.new_id)
    return CallKeyPorts(DynamoCallKeys(world.core), desk, world.new_token)


def bearer(key: str) -> dict[str, str]:
    """The header."""
    return {"authorization": f"Bearer {key}"}


async def ask(world: World, headers: dict[str, str], chatbot_id: str = "bot-a", address: str = "192.0.2.1") -> int:
    """The status of a request for a call, from no page."""
    system = Widget(world, origin=None)
    body = {"chatbotId": chatbot_id}
    path = "/api/widget/call/session"
    return (await system.request("POST", path, headers=headers, json=body, address=address)).status_code


async def test_a_key_opens_calls_of_its_company_only(world: World, ports: CallKeyPorts) -> None:
    assert await ask(world, {}) == 403
    made, key = renew(ports, BY, 0)
    assert made.masked.endswith(key[-4:]) and key not in made.model_dump_json()
    assert await ask(world, bearer(key)) == 201
    body, system = {"chatbotId": "bot-a"}, Widget(world, origin=None)
    answer = await system.request("POST", "/api/widget/call/session", headers=bearer(key), json=body)
    session = world.live.get(keys.session(answer.json()["sessionId"]), Session)
    # A socket of no web page sends no Origin either, and may join.
    assert session is not None and session.origin == ""
    assert await ask(world, bearer(key), "bot-b") == 404
    assert await ask(world, bearer(key), "bot-x") == 404


async def test_visitors_limits_do_not_count_for_a_key_and_lines_do(world: World, ports: CallKeyPorts) -> None:
    _, key = renew(ports, BY, 0)
    world.widget(advanced={"calls_per_hour": 1})
    world.company(concurrent=3)
    assert [await ask(world, bearer(key)) for _ in range(4)] == [201, 201, 201, 429]


@pytest.mark.parametrize(
    "mend", [str.upper, lambda key: key[:-1] + "x", lambda key: key.replace("company-a", "company-b")]
)
async def test_wrong_keys_are_refused_alike(world: World, ports: CallKeyPorts, mend: object) -> None:
    _, key = renew(ports, BY, 0)
    assert callable(mend) and mend(key) != key
    assert await ask(world, bearer(mend(key))) == 401
    for header in ("", "Basic abc", "Bearer", f"Bearer {key} {key}", f"Bearer ck_{'a' * 300}"):
        assert await ask(world, {"authorization": header} if header else {}) in (401, 403)


async def test_a_renewed_or_revoked_key_stops_at_once(world: World, ports: CallKeyPorts) -> None:
    _, first = renew(ports, BY, 0)
    _, second = renew(ports, BY, 1)
    assert await ask(world, bearer(first)) == 401
    assert await ask(world, bearer(second)) == 201
    revoke(ports, BY, 2)
    assert await ask(world, bearer(second)) == 401
