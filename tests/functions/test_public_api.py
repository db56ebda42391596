"""The public API as a widget meets it: configuration, sessions, downloads, feedback, and every refusal's form."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.contracts.records.call import Role
from shared.contracts.settings.call_settings import RecordingSettings
from tests.functions.api import Widget, error
from tests.services.world import OWN_ORIGIN, SITE, START, World


@pytest.fixture
def widget(world: World) -> Widget:
    """A page on an allowed site."""
    return Widget(world)


async def test_the_configuration_a_page_gets(widget: Widget) -> None:
    response = await widget.request("GET", "/api/widget/config/bot-a")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "public, max-age=60"
    assert response.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in response.headers
    body = response.json()
    assert (body["companyId"], body["companyName"], body["agentName"]) == ("company-a", "Company A", "Robin")
    assert (body["enabledCall"], body["enabledChat"], body["recordingEnabled"]) == (True, False, True)
    assert body["audio"] == {"echoCancellation": True, "noiseSuppression": True}
    parts = body["widget"]
    assert parts["appearance"]["callButtonColor"] == "#10B981" and parts["appearance"]["horizontalOffset"] == 20
    assert parts["callOptions"]["visualizerStyle"] == "wave"
    assert parts["branding"]["endCallMessage"] == "Thank you for calling!"
    assert parts["features"]["transcriptDownload"] is True
    assert set(parts["advanced"]) == {
        "customCss",
        "customJavascript",
        "sessionTimeoutMinutes",
        "analyticsEnabled",
        "analyticsCode",
        "language",
    }


async def test_a_page_learns_that_calls_are_not_available(widget: Widget) -> None:
    widget.world.company(call_enabled=False)
    body = (await widget.request("GET", "/api/widget/config/bot-a")).json()
    assert (body["enabledCall"], body["recordingEnabled"]) == (False, False)


async def test_the_configuration_follows_what_is_saved(widget: Widget) -> None:
    widget.world.widget(appearance={"theme": "dark"}, call_options={"visualizer_style": "orb"})
    parts = (await widget.request("GET", "/api/widget/config/bot-a")).json()["widget"]
    assert (parts["appearance"]["theme"], parts["callOptions"]["visualizerStyle"]) == ("dark", "orb")


async def test_a_page_of_the_platform_itself_sends_no_origin(world: World) -> None:
    response = await Widget(world, origin=None).request("GET", "/api/widget/config/bot-a")
    assert response.status_code == 200 and "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://shop.example.evil.example"])
async def test_foreign_pages_get_nothing_and_may_read_only_why_there_is_no_widget(world: World, origin: str) -> None:
    page = Widget(world, origin=origin)
    configuration, session = await page.request("GET", "/api/widget/config/bot-a"), await page.start()
    assert error(configuration) == error(session) == (403, "not_permitted")
    assert configuration.json()["error"]["message"] == "Calls are not available on this web site."
    assert configuration.headers["access-control-allow-origin"] == "*"
    assert configuration.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in session.headers
    assert world.client.scan(TableName="calls")["Items"] == []


async def test_a_session_tells_how_to_connect(widget: Widget) -> None:
    response = await widget.start(companyId="company-a", customer={"name": "Ada", "email": "ada@shop.example"})
    assert response.status_code == 201
    assert response.headers["access-control-allow-origin"] == SITE
    assert response.headers["cache-control"] == "no-store" and response.headers["vary"] == "Origin"
    body = response.json()
    assert set(body) == {"sessionId", "callId", "websocketUrl", "expiresAt", "token", "readToken"}
    assert body["websocketUrl"] == f"wss://calls.example/api/widget/call/{body['sessionId']}/ws"
    assert body["token"] not in body["websocketUrl"]
    assert body["expiresAt"] == (START + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
    assert widget.call(body["callId"]).customer.name == "Ada"


async def test_a_refusal_after_the_site_was_checked_can_be_read_by_the_page(widget: Widget) -> None:
    widget.world.chatbot(enabled_call=False)
    response = await widget.start()
    assert error(response) == (409, "call_unavailable")
    assert response.json()["error"]["message"] == "Call feature not available. Contact support."
    assert response.headers["access-control-allow-origin"] == SITE


async def test_missing_details_are_named(widget: Widget) -> None:
    widget.world.widget(features={"require_name": True, "require_email": True})
    response = await widget.start()
    assert error(response) == (400, "invalid_request")
    assert set(response.json()["error"]["fields"]) == {"customer.name", "customer.email"}


async def test_too_many_calls_say_when_to_come_back(widget: Widget) -> None:
    widget.world.widget(advanced={"calls_per_hour": 1})
    await widget.started()
    response = await widget.start()
    assert error(response) == (429, "rate_limited") and response.headers["retry-after"] == "1800"
    claimed = await widget.request(
        "POST",
        "/api/widget/call/session",
        json={"chatbotId": "bot-a"},
        headers={"x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9", "forwarded": "for=203.0.113.9"},
    )
    assert claimed.status_code == 429
    assert (await widget.start(address="203.0.113.9")).status_code == 201


async def test_visitors_behind_one_address_do_not_share_one_allowance(widget: Widget) -> None:
    widget.world.widget(advanced={"calls_per_hour": 1})
    assert (await widget.start(visitorId="one")).status_code == 201
    assert error(await widget.start(visitorId="one")) == (429, "rate_limited")
    assert (await widget.start(visitorId="Two-2_" + "x" * 58)).status_code == 201


async def test_of_two_hundred_requests_at_once_exactly_ten_are_granted(widget: Widget) -> None:
    responses = await asyncio.gather(*(widget.start() for _ in range(200)))
    granted = [response.json()["callId"] for response in responses if response.status_code == 201]
    assert len(granted) == len(set(granted)) == 10
    assert {response.status_code for response in responses} == {201, 429}
    stored = widget.world.client.scan(TableName="calls")["Items"]
    assert len(stored) == 10


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"chatbotId": ""},
        {"chatbotId": 7},
        {"chatbotId": "x" * 65},
        {"chatbotId": "bot-a", "callEnabled": True},
        {"chatbotId": "bot-a", "customer": {"name": "n" * 121}},
        {"chatbotId": "bot-a", "customer": {"role": "admin"}},
        {"chatbotId": "bot-a", "visitorId": "v" * 65},
        {"chatbotId": "bot-a", "visitorId": ""},
        {"chatbotId": "bot-a", "visitorId": "two words"},
        {"chatbotId": "bot-a", "visitorId": "line\n"},
        {"chatbotId": "bot-a", "visitorId": "vis\u0131tor"},
        [],
        None,
    ],
)
async def test_bodies_of_another_form(widget: Widget, body: Any) -> None:
    response = await widget.request("POST", "/api/widget/call/session", json=body)
    assert error(response) == (400, "invalid_request")
    assert widget.world.client.scan(TableName="calls")["Items"] == []


TRANSCRIPT = [
    (Role.ASSISTANT, "Hello! How can I assist you today?", 7_000, 9_000),
    (Role.USER, "Hello", 5_200, 6_000),
]


async def _said(widget: Widget) -> dict[str, Any]:
    started = await widget.started()
    for line in TRANSCRIPT:
        widget.say(started["callId"], *line)
    widget.end(started["callId"])
    return started


@pytest.mark.parametrize(
    ("form", "kind", "content"),
    [
        ("txt", "text/plain", "[00:00:05] User: Hello\n[00:00:07] Agent: Hello! How can I assist you today?\n"),
        (
            "srt",
            "application/x-subrip",
            "1\n00:00:05,200 --> 00:00:06,000\nUser: Hello\n\n"
            "2\n00:00:07,000 --> 00:00:09,000\nAgent: Hello! How can I assist you today?\n",
        ),
    ],
)
async def test_the_transcript_as_a_file(widget: Widget, form: str, kind: str, content: str) -> None:
    started = await _said(widget)
    response = await widget.read(started["callId"], f"transcript?format={form}", started["readToken"])
    assert (response.status_code, response.text) == (200, content)
    assert response.headers["content-type"].startswith(kind)
    name = f"transcript-{started['callId']}-2026-11-25.{form}"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert response.headers["cache-control"] == "no-store"
    assert "content-disposition" in response.headers["access-control-expose-headers"]


async def test_the_transcript_as_json_and_by_default_as_text(widget: Widget) -> None:
    started = await _said(widget)
    response = await widget.read(started["callId"], "transcript?format=json", started["readToken"])
    assert response.json() == {
        "callId": started["callId"],
        "duration": 45,
        "transcript": [
            {"time": 5, "role": "user", "text": "Hello"},
            {"time": 7, "role": "agent", "text": "Hello! How can I assist you today?"},
        ],
    }
    plain = await widget.read(started["callId"], "transcript", started["readToken"])
    assert plain.text.startswith("[00:00:05] User: Hello")
    odd = await widget.read(started["callId"], "transcript?format=pdf", started["readToken"])
    assert error(odd) == (400, "invalid_request")


async def test_transcripts_the_company_keeps_to_itself(widget: Widget) -> None:
    started = await _said(widget)
    widget.world.widget(features={"transcript_download": False})
    response = await widget.read(started["callId"], "transcript", started["readToken"])
    assert error(response) == (403, "not_permitted")


async def test_a_recording_is_pending_then_ready_under_an_address_of_ten_minutes(widget: Widget) -> None:
    widget.world.widget(features={"recording_download": True})
    started = await widget.started()
    widget.end(started["callId"])
    pending = await widget.read(started["callId"], "recording", started["readToken"])
    assert (pending.status_code, pending.json()) == (202, {"state": "pending", "url": None})
    key = f"company-a/{started['callId']}/recording.wav"
    widget.change(started["callId"], recording_state="ready", recording_key=key)
    ready = await widget.read(started["callId"], "recording", started["readToken"])
    assert (ready.status_code, ready.json()["state"]) == (200, "ready")
    address = urlsplit(ready.json()["url"])
    query = parse_qs(address.query)
    assert address.path.endswith(key)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"] and query["X-Amz-Expires"] == ["600"]
    assert query["response-content-disposition"] == [f'attachment; filename="recording-{started["callId"]}.wav"']
    assert ready.json()["url"] not in str(widget.world.items())


async def test_recordings_that_are_not_to_be_had(widget: Widget) -> None:
    started = await widget.started()
    widget.end(started["callId"])
    assert error(await widget.read(started["callId"], "recording", started["readToken"])) == (403, "not_permitted")
    widget.world.widget(features={"recording_download": True})
    widget.world.pass_time(minutes=15)
    assert error(await widget.read(started["callId"], "recording", started["readToken"])) == (404, "not_found")
    widget.change(started["callId"], recording_state="failed")
    assert error(await widget.read(started["callId"], "recording", started["readToken"])) == (404, "not_found")
    widget.world.publish(recording=RecordingSettings(enabled=False))
    unrecorded = await widget.started()
    assert error(await widget.read(unrecorded["callId"], "recording", unrecorded["readToken"])) == (
        403,
        "not_permitted",
    )


async def test_every_access_is_noted_before_it_is_given(widget: Widget, monkeypatch: pytest.MonkeyPatch) -> None:
    widget.world.widget(features={"recording_download": True})
    started = await _said(widget)
    widget.change(started["callId"], recording_state="ready", recording_key="key")
    for what in ("transcript", "recording"):
        assert (await widget.read(started["callId"], what, started["readToken"])).status_code == 200
    noted = widget.world.client.scan(TableName="ledger")["Items"]
    assert sorted(item["data"]["S"].count('"recording"') for item in noted) == [0, 1]
    assert all(f"caller#{started['sessionId']}" in item["data"]["S"] for item in noted)

    def fail(*_: Any) -> None:
        raise OSError("the ledger is away")

    monkeypatch.setattr(widget.world.accesses, "record", fail)
    for what in ("transcript", "recording"):
        response = await widget.read(started["callId"], what, started["readToken"])
        assert error(response) == (500, "internal_error")
        assert "Hello" not in response.text and "http" not in response.text


async def test_feedback_is_kept_and_the_latest_counts(widget: Widget) -> None:
    started = await widget.started()
    path = f"/api/widget/call/{started['callId']}/feedback"
    bearer = {"authorization": f"Bearer {started['readToken']}"}
    for stars, comment in ((2, "hm"), (5, "  Very helpful.  ")):
        response = await widget.request("POST", path, headers=bearer, json={"stars": stars, "comment": comment})
        assert (response.status_code, response.content) == (204, b"")
    (item,) = [item for item in widget.world.items() if item["SK"]["S"] == "FEEDBACK"]
    assert '"stars":5,"comment":"Very helpful."' in item["data"]["S"]
    for body in ({"stars": 0}, {"stars": 6}, {"stars": "five"}, {"stars": 3, "comment": "x" * 2001}, {}):
        assert error(await widget.request("POST", path, headers=bearer, json=body)) == (400, "invalid_request")
    widget.world.widget(features={"feedback": False})
    assert error(await widget.request("POST", path, headers=bearer, json={"stars": 3})) == (403, "not_permitted")


async def test_only_the_page_that_made_the_call_may_read_its_answers(widget: Widget) -> None:
    started = await _said(widget)
    same = await widget.read(started["callId"], "transcript", started["readToken"])
    assert same.headers["access-control-allow-origin"] == SITE
    other = await Widget(widget.world, "https://other.shop.example").read(
        started["callId"], "transcript", started["readToken"]
    )
    assert "access-control-allow-origin" not in other.headers


async def test_the_read_token_lapses_after_a_day(widget: Widget) -> None:
    started = await _said(widget)
    widget.world.pass_time(hours=23, minutes=59)
    assert (await widget.read(started["callId"], "transcript", started["readToken"])).status_code == 200
    widget.world.pass_time(minutes=1)
    assert error(await widget.read(started["callId"], "transcript", started["readToken"])) == (404, "not_found")


async def test_a_call_from_the_platforms_own_page(world: World) -> None:
    assert (await Widget(world, OWN_ORIGIN).start()).status_code == 201
    assert (await Widget(world, None).start()).status_code == 403
