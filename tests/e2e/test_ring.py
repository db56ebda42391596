"""Somebody rings a chatbot from the demo page: the page is the phone, the carrier's stand-in the network between."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from infra.local import aws
from shared.adapters.aws.dynamo.calls import DynamoCalls
from shared.adapters.aws.dynamo.carrier_calls import DynamoCarrierCalls
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.call import CallRecord, Channel, EndReason
from shared.contracts.settings.call_settings import VoiceSettings
from tests.conformance.hearing import SAME, likeness, narrow
from tests.e2e.conftest import GEMINI, OPENAI, OpenBrowser, Running
from tests.e2e.processes import COMPANY, GREETING
from tests.e2e.sound import RATE, Samples, channels
from tests.e2e.widget import microphone_file, speak

pytestmark = pytest.mark.browser

QUESTION, GOODBYE, HOURS = (
    "what are your business hours",
    "okay goodbye",
    "Our business hours are Monday through Friday",
)
# The opening sentences take about 9.5 s, the answer to the question about 9 s.
SCHEDULE = ((14.0, QUESTION), (31.0, GOODBYE))
CONNECTED_SAYS = "Connected. You can speak."


def ring(page: Page, url: str, chatbot: str, button: str) -> tuple[str, Samples]:
    """Ring, listen until the other side hangs up; returns the carrier's name of the call and what was heard."""
    page.goto(f"{url}/?debug=1&chatbot={chatbot}", wait_until="networkidle")
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")
    phone = page.get_by_role("dialog")
    expect(phone).to_be_focused()
    expect(phone.get_by_role("status")).to_have_text(CONNECTED_SAYS, timeout=15_000)
    expect(phone.get_by_role("button", name="Hang up")).to_be_visible()
    page.keyboard.press("5")
    expect(phone.get_by_role("status")).to_have_text("5 pressed.")
    expect(phone.get_by_text("Call ended")).to_be_visible(timeout=60_000)
    expect(phone.get_by_role("status")).to_contain_text("The other side hung up.")
    heard = page.evaluate("() => Array.from(window.__phone.heard())")
    page.keyboard.press("Escape")
    expect(phone).to_be_hidden()
    return str(page.evaluate("() => window.__phone.callId")), narrow(np.array(heard) * 32_768)


def stored(running: Running, account_id: str, carrier_call_id: str) -> tuple[CallRecord, DynamoCalls]:
    """The call in our books once its recording is put together."""
    dynamo = aws.client("dynamodb", running.run["aws"])
    calls = DynamoCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    carrier = DynamoCarrierCalls(Table(dynamo, "calls"), Table(dynamo, "live"))
    known = carrier.get(COMPANY, account_id, carrier_call_id)
    assert known is not None and known.call_id is not None
    until = time.monotonic() + 40
    while time.monotonic() < until:
        call = calls.get(COMPANY, known.call_id)
        assert call is not None
        if call.recording_state == "ready" and call.ended_at is not None:
            return call, calls
        time.sleep(0.5)
    raise AssertionError("the recording was not made")


@pytest.mark.parametrize(
    ("button", "channel", "account_id", "chatbot", "voice"),
    [
        ("Ring by phone", Channel.TWILIO, "local-phone-2", OPENAI, "marin"),
        ("Ring by WhatsApp", Channel.WHATSAPP, "local-whatsapp-3", GEMINI, "Kore"),
    ],
)
def test_a_caller_rings_is_answered_and_says_goodbye(
    platform: Running,
    with_microphone: OpenBrowser,
    tmp_path: Path,
    button: str,
    channel: Channel,
    account_id: str,
    chatbot: str,
    voice: str,
) -> None:
    question, _ = microphone_file(tmp_path / "caller.wav", SCHEDULE, 60.0)
    with with_microphone(tmp_path / "caller.wav") as page:
        carrier_call_id, heard = ring(page, platform.url, chatbot, button)
    greeting, hours = speak((GREETING, HOURS), VoiceSettings(voice_id=voice))
    for pcm in (greeting, hours[: len(hours) * 3 // 4]):
        assert likeness(heard, narrow(pcm)) > SAME

    call, calls = stored(platform, account_id, carrier_call_id)
    assert call.channel is channel
    assert call.chatbot_id == chatbot
    assert call.end_reason is EndReason.USER_ENDED
    said = [line.text for line in calls.transcript(COMPANY, call.call_id)]
    assert GREETING in said
    assert any(QUESTION in text.lower() for text in said)
    assert any(HOURS in text for text in said)
    assert call.recording_key is not None
    aws.client("s3", platform.run["aws"]).download_file(aws.BUCKET, call.recording_key, str(tmp_path / "kept.wav"))
    caller, far = channels(tmp_path / "kept.wav")
    assert likeness(narrow(caller), narrow(question)) > SAME
    assert likeness(narrow(far), narrow(greeting[RATE:])) > SAME


def test_a_refused_microphone_is_explained(platform: Running) -> None:
    refusing = ["--no-sandbox", "--use-fake-device-for-media-stream", "--deny-permission-prompts"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=refusing)
        page = browser.new_page(viewport={"width": 390, "height": 780})
        page.goto(platform.url, wait_until="networkidle")
        page.get_by_role("button", name="Ring by phone").click()
        phone = page.get_by_role("dialog")
        expect(phone.get_by_text("The microphone is blocked", exact=True)).to_be_visible()
        expect(phone.get_by_role("status")).to_contain_text("allow the microphone")
        expect(phone.get_by_role("button", name="Ring again")).to_be_focused()
        phone.get_by_role("button", name="Close").click()
        expect(page.get_by_role("button", name="Ring by phone")).to_be_focused()
        browser.close()
