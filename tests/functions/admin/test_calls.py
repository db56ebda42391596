"""Call history: who sees which calls, and that nobody opens a recording or transcript unnoticed."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.adapters.aws.dynamo import keys
from shared.contracts.records.call import CallRecord, CallStatus, EndReason, Feedback, Role, TranscriptSegment
from shared.contracts.records.user import Participation
from tests.functions.admin.console import ADMIN, AGENT, MASTER, OTHER_ADMIN, Console, refusal
from tests.functions.admin.matrix import stored_call
from tests.services.world import World


def listed(console: Console, query: str = "", person: Any = ADMIN, path: str = "/calls") -> list[str]:
    """Ids of the calls a person finds."""
    answer = console.get(person, path + query)
    assert answer.status_code == 200, answer.text
    return [call["callId"] for call in answer.json()["items"]]


def change(world: World, call: CallRecord, **changes: Any) -> None:
    """What the media tier or a worker would write."""
    assert world.calls.replace(call, changes) is not None


def accesses(console: Console, person: Any = ADMIN) -> list[tuple[str, str, str]]:
    """Who opened what."""
    path = "/audit" if person is not MASTER else "/fleet/audit?companyId=company-a"
    items = console.get(person, path).json()["items"]
    return [(item["who"], item["action"], item["entityId"]) for item in items if item["action"].endswith(".opened")]


def test_calls_are_listed_newest_first_and_filtered(console: Console, world: World) -> None:
    first = stored_call(world, "bot-a", "first")
    world.pass_time(days=10)
    second = stored_call(world, "bot-a", "second")
    stored_call(world, "bot-b", "foreign")
    change(world, first, status=CallStatus.COMPLETED, end_reason=EndReason.SILENCE_TIMEOUT)
    change(world, second, test_call=True)
    assert listed(console) == ["second", "first"]
    assert listed(console, "?status=completed") == ["first"]
    assert listed(console, "?endReason=silence_timeout") == ["first"]
    assert listed(console, "?testCall=true") == ["second"]
    assert listed(console, "?channel=twilio") == []
    assert listed(console, "?chatbotId=bot-a") == ["second", "first"]
    assert listed(console, "?chatbotId=bot-b") == []
    assert listed(console, "?since=2026-12-01") == ["second"]
    assert listed(console, "?until=2026-11-30") == ["first"]
    assert listed(console, person=OTHER_ADMIN) == ["foreign"]
    assert listed(console, person=MASTER, path="/fleet/companies/company-a/calls") == ["second", "first"]
    page = console.get(ADMIN, "/calls?limit=1").json()
    assert [call["callId"] for call in page["items"]] == ["second"]
    assert listed(console, f"?limit=1&cursor={page['nextCursor']}") == ["first"]
    stolen = console.get(OTHER_ADMIN, f"/calls?cursor={page['nextCursor']}")
    assert refusal(stolen) == (400, "invalid_request")


def test_a_support_agent_sees_the_calls_they_were_on(console: Console, world: World) -> None:
    for name in ("first", "second", "third"):
        stored_call(world, "bot-a", name)
    for name in ("first", "third"):
        world.participations.add(
            Participation(company_id="company-a", call_id=name, user_id="agent-a", since=world.now)
        )
        world.pass_time(minutes=1)
    assert listed(console, person=AGENT) == ["third", "first"]
    assert console.get(AGENT, "/calls/third").status_code == 200
    for path in ("/calls/second", "/calls/second/transcript", "/calls/second/recording"):
        assert refusal(console.get(AGENT, path)) == (404, "not_found")
    assert accesses(console) == []
    assert listed(console, "?until=2026-11-01", person=AGENT) == []


def test_the_detail_tells_what_the_call_was_made_with_and_masks_the_number(console: Console, world: World) -> None:
    call = stored_call(world, "bot-a", "first")
    change(world, call, caller_number="+15551234567", interruption_count=3)
    world.calls.save_feedback("company-a", "first", Feedback(stars=4, comment="Nice", given_at=world.now))
    answer = console.get(ADMIN, "/calls/first")
    detail = answer.json()
    assert (detail["modelId"], detail["voiceId"], detail["settingsVersion"]) == ("simulated", "simulated-anna", 1)
    assert (detail["stars"], detail["comment"], detail["call"]["interruptionCount"]) == (4, "Nice", 3)
    assert detail["call"]["caller"] == "+1555XXX4567" and "1234567" not in answer.text
    assert "token" not in answer.text.lower() and ".wav" not in answer.text


def test_a_recording_is_an_address_of_ten_minutes_and_each_opening_is_noted(console: Console, world: World) -> None:
    stored_call(world, "bot-a", "first")
    world.blobs.put_parts("company-a/first.wav", [b"RIFF"], "audio/wav")
    for person, path in ((ADMIN, "/calls"), (MASTER, "/fleet/companies/company-a/calls")):
        answer = console.get(person, path + "/first/recording").json()
        assert answer["state"] == "ready"
        assert answer["expiresAt"] == (world.now + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
        query = parse_qs(urlsplit(answer["url"]).query)
        assert query["X-Amz-Expires"] == ["600"]
        assert query["response-content-disposition"] == ['attachment; filename="recording-first.wav"']
        world.pass_time(seconds=1)
    assert accesses(console) == [
        ("chatapp.master_admin#master", "recording.opened", "first"),
        ("company_admin#admin-a", "recording.opened", "first"),
    ]
    assert accesses(console, MASTER) == accesses(console)


def test_nothing_is_given_out_that_could_not_be_noted(
    console: Console, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_call(world, "bot-a", "first")

    def full(entry: object) -> None:
        raise OSError("the ledger is away")

    monkeypatch.setattr(world.accesses, "record", full)
    for what in ("recording", "transcript"):
        answer = console.get(ADMIN, f"/calls/first/{what}")
        assert refusal(answer) == (500, "internal_error")
        assert "X-Amz" not in answer.text


def test_a_recording_that_is_not_there_yet_or_never_will_be(console: Console, world: World) -> None:
    call = stored_call(world, "bot-a", "first")
    change(world, call, recording_state="recording", recording_key=None, ended_at=None)
    assert console.get(ADMIN, "/calls/first/recording").status_code == 202
    call = call.model_copy(update={"recording_state": "recording", "recording_key": None, "ended_at": None})
    change(world, call, ended_at=world.now)
    assert console.get(ADMIN, "/calls/first/recording").json() == {"state": "pending", "url": None, "expiresAt": None}
    world.pass_time(minutes=15)
    assert refusal(console.get(ADMIN, "/calls/first/recording")) == (404, "not_found")
    assert accesses(console) == []


@pytest.mark.parametrize(
    ("form", "start"), [("txt", "[00:00:05] User: Hello"), ("srt", "1\n00:00:05,000 --> "), ("json", '{"callId":')]
)
def test_a_transcript_comes_in_three_forms_and_is_noted(console: Console, world: World, form: str, start: str) -> None:
    call = stored_call(world, "bot-a", "first")
    said = TranscriptSegment(segment_id="s", role=Role.USER, text="Hello", start_ms=5000, end_ms=7000)
    world.calls_table.put(keys.segment("company-a", call.call_id, "s"), said)
    answer = console.get(ADMIN, f"/calls/first/transcript?format={form}")
    assert answer.text.startswith(start)
    assert answer.headers["content-disposition"] == f'attachment; filename="transcript-first-2026-11-25.{form}"'
    assert accesses(console) == [("company_admin#admin-a", "transcript.opened", "first")]
    of_the_call = console.get(ADMIN, "/audit?entityId=first").json()["items"]
    assert [entry["action"] for entry in of_the_call] == ["transcript.opened"]
