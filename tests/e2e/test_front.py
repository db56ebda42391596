"""What the platform's one address serves beside the API."""

import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.conftest import SIMULATED, Running, processes_of, start_platform

pytestmark = pytest.mark.platform


@pytest.mark.parametrize("path", ["/", "/widget.js", "/demo/chatbots.json", "/health"])
def test_pages_and_files_are_there(platform: Running, path: str) -> None:
    with urllib.request.urlopen(platform.url + path, timeout=5) as answer:
        assert answer.status == 200
        assert answer.read()


def test_the_call_interface_says_who_may_frame_it(platform: Running) -> None:
    address = f"{platform.url}/widget/frame/index.html?chatbot={SIMULATED}"
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert "frame-ancestors" in answer.headers["content-security-policy"]


def test_a_chatbot_that_is_not_there_has_no_call_interface(platform: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{platform.url}/widget/frame/index.html?chatbot=nobody", timeout=5)
    assert refused.value.code == 404
    refused.value.close()


def test_a_platform_that_does_not_get_ready_leaves_no_process_behind(tmp_path: Path) -> None:
    told, patience = "", 3.5
    while "starting" not in told and patience < 30:
        with pytest.raises(RuntimeError) as given_up:
            start_platform(tmp_path / "data", patience=patience)
        told, patience = str(given_up.value), patience * 2
    assert "starting" in told, "it was on its way"
    until = time.monotonic() + 5
    while processes_of(tmp_path / "data") and time.monotonic() < until:
        time.sleep(0.05)
    assert not processes_of(tmp_path / "data")
