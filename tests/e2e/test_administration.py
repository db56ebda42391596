"""The administration on the local platform: real tokens of the emulated Cognito, real records."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from infra.local import people
from tests.e2e.conftest import SIMULATED, Running

pytestmark = pytest.mark.platform


@pytest.mark.parametrize(
    ("email", "company", "chatbots"),
    [("admin@demo.example", "Marlow & Finch", 200), ("agent@demo.example", "Marlow & Finch", 403)],
)
def test_demo_people_sign_in_to_the_administration(platform: Running, email: str, company: str, chatbots: int) -> None:
    endpoint = platform.run["aws"]
    token = people.id_token(endpoint, people.create(endpoint), email)
    assert ask(platform, "/api/admin/me", token)[1]["companyName"] == company
    status, listed = ask(platform, "/api/admin/chatbots", token)
    assert status == chatbots
    if status == 200:
        assert SIMULATED in [found["chatbotId"] for found in listed["items"]]
        status, view = ask(platform, f"/api/admin/chatbots/{SIMULATED}/call-settings", token)
        assert (status, view["settings"]["aiModelId"]) == (200, "simulated")
        assert not [found for found in view["findings"] if found["level"] == "error"]
    assert ask(platform, "/api/admin/me", "x")[0] == 401


def ask(platform: Running, path: str, token: str) -> tuple[int, Any]:
    """One request to the administration."""
    request = urllib.request.Request(platform.url + path, headers={"authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())
