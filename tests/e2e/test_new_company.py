"""A new company gets from "no calls" to a phone number that answers, and needs nothing but the pages for it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from infra.local.packages import OTHER_COMPANY
from infra.local.standins.__main__ import SPARE_TWILIO_NUMBER, TWILIO_SID, TWILIO_TOKEN, WHATSAPP
from tests.e2e.conftest import Running
from tests.e2e.sound import channels
from tests.e2e.widget import microphone_file

pytestmark = pytest.mark.browser

MODEL, PACKAGE, CHATBOT = "House voice", "Front Desk Agent", "Front desk"
GREETING = "Harbour Dental, hello."
REPLY = "Hello! This is a simulated response."
META = WHATSAPP[-1]
MOBILE = "2025550123"
SCHEDULE = ((8.5, "hello"), (14.0, "okay goodbye"))
"""What the tester says into the widget: seconds after the microphone was opened, and words."""

PHONE = """(number) => {
    const phone = { states: [], bytes: 0 };
    window.__phone = phone;
    const socket = new WebSocket(`ws://${location.host}/phone?number=${encodeURIComponent(number)}`);
    phone.hangUp = () => socket.send(JSON.stringify({ type: 'end' }));
    socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'audio') phone.bytes += message.data.length;
        if (message.type !== 'status') return;
        phone.states.push(message.state);
        if (message.state === 'ringing') socket.send(JSON.stringify({ type: 'answer' }));
    };
    return new Promise((resolve) => { socket.onopen = () => resolve(); });
}"""
"""Somebody's phone at the carrier's stand-in: rings, is answered, listens."""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Chromium with a tester's voice as its microphone."""
    wav = tmp_path / "tester.wav"
    microphone_file(wav, SCHEDULE, 40.0)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=True,
            args=[
                "--no-sandbox",
                "--no-first-run",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={wav}%noloop",
            ],
        )
        yield found
        found.close()


def sign_in(browser: Browser, platform: Running, who: str) -> Page:
    """A page of one of the demo people; a script that fails fails the test."""
    context = browser.new_context(base_url=platform.url, reduced_motion="reduce", locale="en", accept_downloads=True)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(f"/login?as={who}")
    expect(page.get_by_role("button", name="Your account")).to_be_visible(timeout=20_000)
    return page


def press(page: Page | Locator, button: str) -> None:
    """Press the button of this name."""
    page.get_by_role("button", name=button, exact=True).click()


def said(page: Page, sentence: str) -> None:
    """Wait until the page says so."""
    expect(page.get_by_text(sentence).first).to_be_visible(timeout=20_000)


def hear(page: Page, button: Locator) -> None:
    """Press a preview and hear it begin."""
    button.click()
    said(page, "Playing...")


def test_from_no_calls_to_calls_on_every_channel(browser: Browser, platform: Running, tmp_path: Path) -> None:
    admin = sign_in(browser, platform, "other")
    without_calls(admin)
    master = sign_in(browser, platform, "master")
    switch_calls_on(master)
    add_model(master)
    publish_package(master)
    add_twilio(admin)
    add_whatsapp(admin)
    allow_calls_to(admin, "United States")
    chatbot = create_chatbot(admin)
    choose_by_ear(admin)
    set_call_options(admin)
    enable_channels(admin, chatbot)
    widget = start_widget_call(admin, chatbot)
    phone = make_phone_call(admin, chatbot)
    finish_widget_call(admin, widget)
    find_both(admin, widget, phone)
    read_and_listen(admin, widget, tmp_path)
    search(admin, widget)


def without_calls(page: Page) -> None:
    page.goto("/chatbots/new")
    said(page, "No packages are offered to your company")
    page.goto("/integrations")
    said(page, "Call feature not available. Contact support.")


def switch_calls_on(page: Page) -> None:
    page.get_by_role("link", name=OTHER_COMPANY.name).click()
    page.get_by_role("tab", name="Features").click()
    page.get_by_role("switch", name="Call Feature").press("Space")
    said(page, f"Call feature will be enabled for {OTHER_COMPANY.name}.")
    press(page, "Save Settings")
    said(page, "Call feature enabled successfully")


def add_model(page: Page) -> None:
    page.goto("/admin/ai-models")
    page.get_by_role("link", name="Add Model").click()
    page.get_by_label("Model Name").fill(MODEL)
    page.get_by_label("Model ID").fill("house-voice")
    page.get_by_role("combobox", name="Provider").click()
    page.get_by_role("option", name="Simulated").click()
    for ability in ("Can be told how much of an answer was heard", "Answers can be cancelled"):
        page.get_by_label(ability).check()
    press(page, "Add voice")
    page.get_by_label("Voice ID").fill("simulated-anna")
    page.get_by_label("Voice Name").fill("Anna")
    press(page, "Add Model")
    said(page, "AI Model added successfully")


def publish_package(page: Page) -> None:
    page.goto("/admin/chatbot-packages/new")
    page.get_by_label("Package Name").fill(PACKAGE)
    press(page, "Capabilities")
    page.get_by_role("checkbox", name="Enable Call").check()
    page.get_by_role("checkbox", name="Enable Chat").uncheck()
    said(page, "Chatbot will only accept voice calls, not text chat")
    press(page, "Model and voice")
    said(page, "A call-compatible model must be selected for call-enabled packages")
    page.get_by_role("combobox", name="AI Model").click()
    page.get_by_role("option", name=MODEL).click()
    hear(page, page.get_by_role("button", name="Preview Voice: Anna"))
    page.get_by_role("radio", name="Anna").check()
    press(page, "Review and publish")
    press(page, "Save as Draft")
    said(page, "Draft saved")
    press(page, "Publish Package")
    said(page, "Published as version 1.")


def add_twilio(page: Page) -> None:
    page.goto("/integrations")
    page.get_by_role("link", name="Add Twilio Account").click()
    page.get_by_label("Account Name").fill("Main line")
    page.get_by_label("Account SID").fill(TWILIO_SID)
    page.get_by_role("textbox", name="Auth Token").fill("not-the-token")
    page.get_by_role("textbox", name="Phone Number").fill(SPARE_TWILIO_NUMBER.removeprefix("+1"))
    press(page, "Test Connection")
    expect(page.get_by_role("alert").filter(has_text="Connection failed:")).to_be_visible()
    expect(page.get_by_role("button", name="Save Integration Account")).to_be_disabled()
    page.get_by_role("textbox", name="Auth Token").fill(TWILIO_TOKEN)
    press(page, "Test Connection")
    said(page, "Connection successful!")
    press(page, "Save Integration Account")
    said(page, "Twilio account configured successfully")
    said(page, "Copy this URL and configure it in your Twilio Phone Number settings")
    press(page, "Set up the webhook for me")
    said(page, "Twilio sends calls here from now on.")


def add_whatsapp(page: Page) -> None:
    page.goto("/integrations")
    page.get_by_role("link", name="Add WhatsApp Account").click()
    page.get_by_label("Account Name").fill("WhatsApp line")
    page.get_by_label("Business Account ID").fill(META.business_account_id)
    page.get_by_label("Phone Number ID").fill(META.phone_number_id)
    page.get_by_role("textbox", name="Phone Number", exact=True).fill(META.number.removeprefix("1"))
    page.get_by_role("textbox", name="Access Token").fill(META.access_token)
    page.get_by_role("textbox", name="App Secret").fill(META.app_secret)
    press(page, "Verify Connection")
    said(page, "WhatsApp account verified!")
    press(page, "Save Integration Account")
    said(page, "WhatsApp account configured successfully")
    press(page, "Set up the webhook for me")
    said(page, "The webhook is set up. Calls arrive here from now on.")


def allow_calls_to(page: Page, country: str) -> None:
    page.goto("/integrations")
    page.get_by_role("combobox", name="Countries that may be called").click()
    page.get_by_role("option", name=country, exact=True).click()
    page.keyboard.press("Escape")
    press(page, "Save limits")
    said(page, "Limits of outgoing calls saved")


def create_chatbot(page: Page) -> str:
    """The wizard; returns the chatbot's address."""
    page.goto("/chatbots/new")
    page.get_by_role("button", name=f"Select Package: {PACKAGE}").click()
    page.get_by_label("Chatbot Name").fill(CHATBOT)
    expect(page.get_by_label("Chatbot Slug")).to_have_value("front-desk")
    while page.get_by_role("button", name="Next").count():
        press(page, "Next")
    press(page, "Create Chatbot")
    said(page, "Chatbot created successfully!")
    expect(page.get_by_role("tab", name="Call Options", selected=True)).to_be_visible()
    return re.sub(r"/call-settings$", "", page.url)


def choose_by_ear(page: Page) -> None:
    model = page.get_by_role("region", name="About this model")
    expect(model.get_by_text(MODEL)).to_be_visible()
    page.get_by_role("combobox", name="AI Model").click()
    page.get_by_role("option", name="Simulated (offline)").click()
    page.get_by_role("radio", name="Anna").check()
    hear(page, page.get_by_role("button", name="Preview Voice: Ben"))
    page.get_by_role("button", name="Stop: Ben").click()
    page.get_by_role("combobox", name="AI Model").click()
    page.get_by_role("option", name=MODEL).click()
    expect(model.get_by_text(MODEL)).to_be_visible()
    page.get_by_role("radio", name="Anna").check()
    said(page, "Selected Voice: Anna")


def set_call_options(page: Page) -> None:
    greeting = page.get_by_role("textbox", name="Call Greeting Message")
    greeting.fill(GREETING)
    hear(page, page.get_by_role("button", name="Preview Greeting"))
    page.get_by_role("slider", name="Maximum Call Duration").press("Home")
    said(page, "1 minutes")
    page.get_by_role("switch", name="Enable Call Recording").press("Space")
    page.get_by_label("Post-call AI summary").check()
    press(page, "Save Call Settings")
    said(page, "Call settings saved successfully")


def enable_channels(page: Page, chatbot: str) -> None:
    page.goto(f"{chatbot}/integrations")
    for channel, button, message in (
        ("WhatsApp Business", "Enable WhatsApp Calls", "WhatsApp integration enabled"),
        ("Twilio (Phone Calls)", "Enable Phone Calls", "Twilio integration enabled"),
    ):
        press(page.get_by_role("region", name=channel), button)
        dialog = page.get_by_role("dialog", name=re.compile(f"Integration for {CHATBOT}"))
        press(dialog, "Enable Integration")
        said(page, message)
        expect(page.get_by_role("region", name=channel).get_by_text("Active")).to_be_visible()


def start_widget_call(page: Page, chatbot: str) -> str:
    """The production widget on the Test tab; returns the call's id."""
    page.goto(f"{chatbot}/test")
    press(page, "Test Call")
    link = page.get_by_role("link", name="Open the test call")
    expect(link).to_be_visible(timeout=20_000)
    address = link.get_attribute("href")
    assert address is not None
    return address.rpartition("/")[2]


def make_phone_call(page: Page, chatbot: str) -> str:
    """While the widget's call goes on, in another tab: have a phone called; returns that call's id."""
    beside = page.context.new_page()
    beside.goto("/help")
    beside.evaluate(PHONE, f"+1{MOBILE}")
    tab = page.context.new_page()
    # The tab of the first page keeps its session to itself, as every tab does.
    tab.goto("/login?as=other")
    tab.get_by_role("button", name="Your account").wait_for()
    tab.goto(f"{chatbot}/integrations")
    press(tab, "Test Phone Call")
    dialog = tab.get_by_role("dialog", name="Make Test Call")
    dialog.get_by_label("Enter your phone number").fill(MOBILE)
    press(dialog, "Initiate Test Call")
    said(tab, "Connected. Talk to your chatbot.")
    # The opening sentences take about six seconds, each 20 ms about 1.3 kB as they are sent.
    beside.wait_for_function("() => window.__phone.bytes > 450_000", timeout=20_000)
    beside.evaluate("() => window.__phone.hangUp()")
    said(tab, "The call is over.")
    press(dialog, "Yes")
    said(tab, "Thank you. Your answer is kept in the audit log.")
    address = dialog.get_by_role("link", name="Open the call").get_attribute("href")
    assert address is not None
    tab.close()
    beside.close()
    return address.rpartition("/")[2]


def finish_widget_call(page: Page, call_id: str) -> None:
    frame = page.frame_locator("iframe[title='Test Call']")
    expect(frame.get_by_role("heading", name="Call Ended")).to_be_visible(timeout=40_000)
    page.get_by_role("link", name="Open the test call").click()
    expect(page.get_by_text(call_id)).to_be_visible()


def find_both(page: Page, widget: str, phone: str) -> None:
    page.goto("/calls")
    for call_id, channel in ((widget, "Web widget"), (phone, "Phone (Twilio)")):
        row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{call_id}']").first)
        expect(row).to_contain_text(channel)
        expect(row).to_contain_text("test call")
        expect(row).to_contain_text(CHATBOT)


def read_and_listen(page: Page, call_id: str, folder: Path) -> None:
    """Transcript, summary, recording in two channels, and every download."""
    page.goto(f"/calls/{call_id}")
    transcript = page.get_by_role("region", name="Transcript").first
    for line in (GREETING, REPLY):
        expect(transcript.get_by_text(line)).to_be_visible()
    expect(page.get_by_role("region", name="Summary").get_by_text("Purpose")).to_be_visible(timeout=30_000)
    player = page.get_by_role("region", name="Recording")
    expect(player.get_by_role("slider", name="Position")).to_be_visible(timeout=30_000)
    press(player, "Play")
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    transcript.get_by_role("button", name=re.compile("simulated response")).click()
    expect(transcript.locator("[aria-current=true]")).to_contain_text(REPLY)
    for form in ("TXT", "JSON", "SRT"):
        press(transcript, "Download")
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=form).click()
        assert re.fullmatch(
            rf"transcript-{call_id}-\d{{4}}-\d\d-\d\d\.{form.lower()}", download.value.suggested_filename
        )
        text = Path(download.value.path()).read_text()
        assert REPLY in text
        if form == "JSON":
            assert {line["role"] for line in json.loads(text)["transcript"]} == {"user", "agent"}
    with page.expect_download() as recording:
        player.get_by_role("link", name="Download recording").click()
    recording.value.save_as(folder / "recording.wav")
    caller, far = channels(folder / "recording.wav")
    assert abs(caller).max() > 1000 and abs(far).max() > 1000


def search(page: Page, call_id: str) -> None:
    page.goto("/calls")
    box = page.get_by_role("searchbox", name="Search transcripts")
    box.fill("simulated")
    box.press("Enter")
    found = page.get_by_role("region", name="Found calls").get_by_role("article")
    expect(found.filter(has=page.locator(f"a[href$='{call_id}']"))).to_be_visible()
    expect(found.locator("mark").first).to_have_text("simulated", ignore_case=True)
