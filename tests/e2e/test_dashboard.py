"""The dashboard in a real browser against the local platform: what administrators do, and that everybody can."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from infra.local.packages import OTHER_COMPANY
from tests.e2e.conftest import SIMULATED, Running

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BOT = f"/chatbots/{SIMULATED}"
ADMIN_PAGES = (
    "/dashboard",
    "/chatbots",
    "/chatbots/new",
    f"{BOT}/settings",
    f"{BOT}/call-settings",
    f"{BOT}/widget",
    f"{BOT}/integrations",
    f"{BOT}/test",
    "/integrations",
    "/integrations/new/twilio",
    "/integrations/new/whatsapp",
    "/integrations/local-phone",
    "/calls",
    "/team",
    "/audit",
    "/profile",
    "/help",
    "/help/recording-compliance",
    "/help/integrations/twilio",
    "/help/integrations/whatsapp",
    "/help/integrations/own-system",
    "/help/integrations/troubleshooting",
)
MASTER_PAGES = (
    "/admin/companies",
    f"/admin/companies/{OTHER_COMPANY.company_id}",
    f"/admin/companies/{OTHER_COMPANY.company_id}/settings",
    f"/admin/companies/{OTHER_COMPANY.company_id}/settings/features",
    "/admin/chatbot-packages",
    "/admin/chatbot-packages/new",
    "/admin/ai-models",
    "/admin/ai-models/simulated",
    "/admin/integrations",
    "/admin/audit",
)

Opening = Callable[..., Any]

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this file."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=["--no-sandbox", "--no-first-run"]
        )
        yield found
        found.close()


@pytest.fixture
def signed_in(browser: Browser, platform: Running) -> Opening:
    """Opens a page as one of the demo people, by the link of the start page; scripts that fail fail the test."""

    @contextmanager
    def open_page(who: str, **options: Any) -> Iterator[Page]:
        context = browser.new_context(base_url=platform.url, reduced_motion="reduce", locale="en", **options)
        context.set_default_timeout(30_000)
        page = context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(f"/login?as={who}")
        expect(page.get_by_role("button", name="Your account")).to_be_visible()
        yield page
        context.close()
        assert broken == []

    return open_page


def save(page: Page, button: str, toast: str) -> None:
    """Press a save button and wait for the message."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text(toast).last).to_be_visible()


def test_settings_are_warned_about_published_and_rolled_back(signed_in: Opening) -> None:
    """An admin makes a chatbot, is warned, publishes twice, goes back."""
    with signed_in("admin") as page:
        create_chatbot(page)
        change_settings(page)
        roll_back(page)
        with signed_in("admin") as other:
            two_people_change_settings(page, other)


def create_chatbot(page: Page) -> None:
    """The creation wizard; a value that is missing keeps it on its step."""
    page.goto("/chatbots/new")
    page.get_by_role("button", name="Select Package: Customer Support Call Agent").click()
    page.get_by_label("Chatbot Name").fill("Front desk")
    expect(page.get_by_label("Chatbot Slug")).to_have_value("front-desk")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("businessHours").fill("")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("This is required.")).to_be_visible()
    page.get_by_label("businessHours").fill("Mon-Fri 8-16")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create Chatbot").click()
    expect(page.get_by_text("Chatbot created successfully!")).to_be_visible()
    expect(page.get_by_role("tab", name="Call Options", selected=True)).to_be_visible()


def change_settings(page: Page) -> None:
    """The package's proposal is published, then a change, with the linter speaking in between."""
    expect(page.get_by_text("Proposed by the package.")).to_be_visible()
    check = page.get_by_role("region", name="Check")
    expect(check.get_by_text("Any web site may show this widget")).to_be_visible()
    save(page, "Save Call Settings", "Call settings saved successfully")
    versions = page.get_by_role("region", name="Versions")
    expect(versions.get_by_text("Version 1", exact=True)).to_be_visible()
    greeting = page.get_by_role("textbox", name="Call Greeting Message")
    greeting.fill("Welcome to Harbour Dental, how can I help?")
    page.get_by_role("switch", name="Enable Real-time Transcription").press("Space")
    expect(check.get_by_text("The widget shows a live transcript")).to_be_visible()
    page.get_by_role("slider", name="Maximum Call Duration").press("End")
    expect(page.get_by_text("60 minutes")).to_be_visible()
    page.get_by_role("switch", name="Tell callers that they talk to an AI").press("Space")
    expect(check.get_by_text("To leave the sentence out, say why.")).to_be_visible()
    page.get_by_role("button", name="Save Call Settings").click()
    alert = page.get_by_role("alert").filter(has_text="The settings were not saved")
    expect(alert.get_by_text("To leave the sentence out, say why.")).to_be_visible()
    page.get_by_role("switch", name="Tell callers that they talk to an AI").press("Space")
    save(page, "Save Call Settings", "Call settings saved successfully")
    expect(versions.get_by_text("Version 2", exact=True)).to_be_visible()


def roll_back(page: Page) -> None:
    """What differs is shown, and the old settings become the newest version."""
    page.get_by_role("button", name="Compare and roll back to version 1").click()
    dialog = page.get_by_role("dialog", name="Bring version 1 back?")
    expect(dialog.get_by_text("Welcome to Harbour Dental, how can I help?")).to_be_visible()
    dialog.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("Version 1 is in force again.")).to_be_visible()
    greeting = page.get_by_role("textbox", name="Call Greeting Message")
    expect(greeting).to_have_value(re.compile("You have reached Customer Support"))
    expect(page.get_by_text("from version 1")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Version 3 is in force")).to_be_visible()
    expect(page.get_by_role("textbox", name="Call Greeting Message")).to_have_value(re.compile("You have reached"))


def two_people_change_settings(first: Page, second: Page) -> None:
    """The second to save is shown what the first did, and loses nothing."""
    second.goto(first.url)
    expect(second.get_by_text("Version 3 is in force")).to_be_visible()
    first.get_by_label("End Call Phrase").fill("farewell")
    save(first, "Save Call Settings", "Call settings saved successfully")
    second.get_by_role("textbox", name="Call Greeting Message").fill("Mine")
    second.get_by_role("button", name="Save Call Settings").click()
    dialog = second.get_by_role("dialog", name="Somebody else saved this in the meantime")
    expect(dialog.get_by_role("row", name="End phrase")).to_contain_text("farewell")
    expect(dialog.get_by_role("row", name="Greeting")).to_contain_text("Mine")
    dialog.get_by_role("button", name="Take theirs").click()
    expect(second.get_by_label("End Call Phrase")).to_have_value("farewell")
    expect(second.get_by_text("Version 4 is in force")).to_be_visible()


def test_two_people_change_the_same_thing(signed_in: Opening) -> None:
    """The second is shown both versions and decides; nothing is overwritten unseen."""
    with signed_in("admin") as first, signed_in("admin") as second:
        for page in (first, second):
            page.goto(f"{BOT}/settings")
            expect(page.get_by_label("Chatbot Name")).to_have_value("Simulated")
        first.get_by_label("Name of the AI").fill("Robin")
        save(first, "Save", "Chatbot saved")
        second.get_by_role("textbox", name="Description").fill("Mine")
        second.get_by_role("button", name="Save", exact=True).click()
        dialog = second.get_by_role("dialog", name="Somebody else saved this in the meantime")
        expect(dialog.get_by_role("row", name="Agent name")).to_contain_text("Robin")
        expect(dialog.get_by_role("row", name="Description")).to_contain_text("Mine")
        dialog.get_by_role("button", name="Take theirs").click()
        expect(second.get_by_label("Name of the AI")).to_have_value("Robin")
        expect(second.get_by_role("textbox", name="Description")).not_to_have_value("Mine")
        second.get_by_label("Name of the AI").fill("Finch")
        save(second, "Save", "Chatbot saved")


def test_unsaved_changes_are_not_lost_by_a_click(signed_in: Opening) -> None:
    with signed_in("admin") as page:
        page.goto(f"{BOT}/settings")
        page.get_by_label("Name of the AI").fill("Somebody")
        page.get_by_role("link", name="Team").click()
        dialog = page.get_by_role("dialog", name="Leave without saving?")
        dialog.get_by_role("button", name="Keep editing").click()
        expect(page.get_by_label("Name of the AI")).to_have_value("Somebody")
        page.get_by_role("link", name="Team").click()
        dialog.get_by_role("button", name="Discard changes").click()
        expect(page.get_by_role("heading", name="Team")).to_be_visible()


def test_roles_see_their_own_pages_only(signed_in: Opening, browser: Browser, platform: Running) -> None:
    with signed_in("agent") as page:
        expect(page.get_by_role("heading", name="Call history")).to_be_visible()
        expect(page.get_by_role("link", name="Chatbots")).to_have_count(0)
        page.goto("/admin/companies")
        expect(page.get_by_role("heading", name="Not permitted")).to_be_visible()
        page.goto("/chatbots/nowhere/at/all")
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    context = browser.new_context(base_url=platform.url, locale="en")
    page = context.new_page()
    page.goto("/team?x=1")
    page.get_by_label("Email address").fill("admin@demo.example")
    page.get_by_role("textbox", name="Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The email address or the password is wrong")
    page.get_by_role("button", name="Company admin").first.click()
    expect(page.get_by_role("heading", name="Team")).to_be_visible()
    page.evaluate("sessionStorage.setItem('call-dashboard-session', JSON.stringify({idToken: 'x', refreshToken: 'x'}))")
    page.goto("/audit")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    context.close()


def test_the_preview_plays_the_real_interface(signed_in: Opening) -> None:
    """Typing changes the launcher, pressing it opens the call screen, and no session is asked for."""
    with signed_in("admin") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{BOT}/widget")
        page.get_by_label("Call Launcher Text", exact=True).fill("Ring ring")
        preview = page.frame_locator("iframe[title='Preview of the widget']")
        press(preview.locator("[data-call-widget]"), page)
        call = page.frame(url=re.compile("call.html"))
        assert call is not None
        expect(call.get_by_text("Hello! Thank you for calling.").first).to_be_visible()
        expect(call.get_by_role("button", name="End Call")).to_be_visible()
        assert not [url for url in asked if "/api/widget/" in url]


def press(launcher: Locator, page: Page) -> None:
    """The launcher lives in a closed shadow root: it is reached as people reach it, by place."""
    expect(launcher).to_be_attached()
    page.wait_for_timeout(600)
    frame = page.locator("iframe[title='Preview of the widget']")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 60, box["y"] + box["height"] - 45)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("language", ["es", "fr", "de"])
def test_the_language_can_be_chosen_and_is_kept(signed_in: Opening, language: str) -> None:
    name, save_button = {
        "es": ("Español", "Guardar ajustes de llamada"),
        "fr": ("Français", "Enregistrer les réglages d’appel"),
        "de": ("Deutsch", "Anrufeinstellungen speichern"),
    }[language]
    with signed_in("admin") as page:
        page.goto("/profile")
        page.get_by_role("button", name=name).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto(f"{BOT}/call-settings")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("button", name=save_button)).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)], ids=["light", "dark", "narrow"]
)
def test_every_page_is_accessible(signed_in: Opening, scheme: str, width: int) -> None:
    """No violation that axe knows, in both schemes; all of it by keyboard; nothing wider than a telephone's window."""
    found: list[str] = []
    took: dict[str, float] = {}
    for who, paths in (("admin", ADMIN_PAGES), ("master", MASTER_PAGES)):
        options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}, "bypass_csp": True}
        with signed_in(who, **options) as page:
            for path in paths:
                began = time.monotonic()
                page.goto(path, wait_until="commit")
                expect(page.locator("#content h1")).to_be_visible()
                expect(page.locator("[aria-busy=true]:visible"), path).to_have_count(0)
                took[path] = time.monotonic() - began
                if width > 390:
                    found += violations(page, path)
                if (scheme, width) == ("light", 1280):
                    found += out_of_reach(page, path)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{path}: wider than {width} px")
    slowest = max(took, key=lambda path: took[path])
    middle = sorted(took.values())[len(took) // 2]
    print(f"\n{scheme} {width}: usable after {middle:.2f} s, the slowest {slowest} after {took[slowest]:.2f} s")
    assert found == []


def violations(page: Page, path: str) -> list[str]:
    """What axe finds on this page."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{path}: {found['id']}: {node['html'][:120]}" for found in result["violations"] for node in found["nodes"]]


REACH = """() => {
    const wanted = 'a[href], button, input, select, textarea, summary, [tabindex], audio[controls]';
    const group = (found) => found.type === 'radio' ? `radio ${found.name}` : null;
    const seen = new Set();
    const unseen = [];
    document.addEventListener('focusin', ({ target }) => {
        const style = getComputedStyle(target);
        const shown = style.outlineStyle !== 'none' || target.matches('input, textarea, select, iframe');
        if (!shown && target.tabIndex >= 0) unseen.push(target.outerHTML.slice(0, 120));
        seen.add(group(target) ?? target);
    });
    const all = [...document.querySelectorAll(wanted)].filter((found) =>
        found.tabIndex >= 0 && !found.disabled && found.checkVisibility({ visibilityProperty: true }) &&
        !found.closest('[inert], [hidden], details:not([open]) > :not(summary)'));
    window.__reach = () => ({
        missed: all.filter((found) => !seen.has(group(found) ?? found)).map((found) => found.outerHTML.slice(0, 120)),
        unseen,
    });
    document.activeElement?.blur?.();
    return all.length;
}"""


def out_of_reach(page: Page, path: str) -> list[str]:
    """What Tab does not reach, and what does not show that it was reached."""
    stops = page.evaluate(REACH)
    for _ in range(stops + 8):
        page.keyboard.press("Tab")
    result = page.evaluate("() => window.__reach()")
    found = [f"{path}: Tab does not reach {html}" for html in result["missed"]]
    return found + [f"{path}: no visible focus on {html}" for html in result["unseen"]]
