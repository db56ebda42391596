"""What the tables promise: versions, conditional writes, counters that parallel writers cannot pass."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from infra.tables import TABLES, create_table_arguments
from shared.adapters.aws.dynamo import keys
from shared.contracts.errors import Conflict
from shared.contracts.records.call import CallRecord, CallStatus, Customer, Session
from shared.services.sessions import Visitor, admit, start_session
from tests.services.world import SITE, World, settings


def opened(world: World) -> tuple[CallRecord, Session]:
    """A call and its session as they are stored."""
    ports = world.session_ports()
    started = start_session(ports, admit(ports, "bot-a", None, SITE), Customer(), Visitor(SITE, "192.0.2.1"))
    call, session = world.calls.get("company-a", started.call_id), world.sessions.get(started.session_id)
    assert call is not None and session is not None
    return call, session


def test_every_published_version_stays_and_can_be_gone_back_to(world: World) -> None:
    second = world.publish(max_duration_minutes=2)
    third = world.publish(max_duration_minutes=3)
    assert (second.call_settings_version, third.call_settings_version) == (2, 3)
    kept = {version: world.chatbots.call_settings("company-a", "bot-a", version) for version in (1, 2, 3, 4)}
    assert [found and found.max_duration_minutes for found in kept.values()] == [10, 2, 3, None]
    world.chatbot(call_settings_version=2)
    call, _ = opened(world)
    assert (call.configuration.settings_version, call.configuration.settings.max_duration_minutes) == (2, 2)


def test_two_people_cannot_publish_the_same_version(world: World) -> None:
    chatbot = world.chatbots.get("company-a", "bot-a")
    assert chatbot is not None
    world.chatbots.publish(chatbot, settings(max_duration_minutes=2))
    with pytest.raises(Conflict):
        world.chatbots.publish(chatbot, settings(max_duration_minutes=3))
    kept = world.chatbots.call_settings("company-a", "bot-a", 2)
    assert kept is not None and kept.max_duration_minutes == 2


def test_a_call_and_its_session_are_stored_together_or_not_at_all(world: World) -> None:
    call, session = opened(world)
    with pytest.raises(ClientError):
        world.calls.open(call.model_copy(update={"call_id": "new"}), session)
    assert world.calls.get("company-a", "new") is None
    with pytest.raises(ClientError):
        world.calls.open(call, session.model_copy(update={"session_id": "new"}))
    assert world.sessions.get("new") is None


def test_a_change_based_on_an_old_reading_is_refused(world: World) -> None:
    call, _ = opened(world)
    changed = world.calls.replace(call, {"interruption_count": 1})
    assert changed is not None and changed.interruption_count == 1
    assert world.calls.replace(call, {"interruption_count": 9}) is None
    assert world.calls.get("company-a", call.call_id) == changed


def test_live_calls_are_those_that_have_not_ended(world: World) -> None:
    (first, _), (second, _) = opened(world), opened(world)
    assert {call.call_id for call in world.calls.live()} == {first.call_id, second.call_id}
    world.calls.replace(first, {"ended_at": world.now, "status": CallStatus.ABANDONED})
    assert [call.call_id for call in world.calls.live()] == [second.call_id]


def test_calls_of_a_company_are_listed_by_month_in_order(world: World) -> None:
    first, _ = opened(world)
    world.pass_time(days=1)
    second, _ = opened(world)
    world.pass_time(days=10)
    opened(world)
    listed = world.calls_table.index("GSI1", "T#company-a#202611", CallRecord)
    assert [call.call_id for call in listed] == [first.call_id, second.call_id]
    assert world.calls_table.index("GSI1", "T#company-b#202611", CallRecord) == []


def test_a_counter_is_exact_in_parallel_and_starts_anew_with_its_window(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: world.rates.take("name", 5, 3600, world.now), range(40)))
    assert sum(taken) == 5
    assert world.rates.take("other", 5, 3600, world.now)
    later = world.now + timedelta(minutes=30)
    assert world.rates.take("name", 5, 3600, later)
    item = world.live.item(keys.rate("name", str(int(later.timestamp()) // 3600)))
    assert item is not None and int(item["expires"]["N"]) > later.timestamp() + 3600


def test_slots_are_freed_for_ended_calls_only_and_looked_up_once_a_second(world: World) -> None:
    call, _ = opened(world)
    for number in range(4):
        assert world.slots.take("company-a", f"c-{number}", 5, world.now)
    assert not world.slots.take("company-a", "c-5", 5, world.now)
    world.calls.replace(call, {"ended_at": world.now, "status": CallStatus.FAILED})
    assert not world.slots.take("company-a", "c-5", 5, world.now), "the look-up of this second was done"
    world.pass_time(seconds=1)
    assert world.slots.take("company-a", "c-5", 5, world.now)
    assert not world.slots.take("company-a", "c-6", 5, world.now)
    world.slots.give_back("company-a", "c-5", world.now)
    assert world.slots.take("company-a", "c-6", 5, world.now)


def test_slots_of_more_calls_than_one_look_up_takes(world: World) -> None:
    for number in range(130):
        assert world.slots.take("company-a", f"c-{number}", 130, world.now)
    assert not world.slots.take("company-a", "more", 130, world.now)
    world.pass_time(seconds=61)
    assert world.slots.take("company-a", "more", 130, world.now)
    item = world.live.item(keys.call_slots("company-a"))
    assert item is not None and len(item["slots"]["SS"]) == 1


def test_tables_have_the_documented_keys(world: World) -> None:
    assert [spec.name for spec in TABLES] == ["core", "calls", "live", "ledger", "idempotency"]
    described = world.client.describe_table(TableName="calls")["Table"]
    assert [key["AttributeName"] for key in described["KeySchema"]] == ["PK", "SK"]
    assert {index["IndexName"] for index in described["GlobalSecondaryIndexes"]} == {"GSI1", "GSI2"}
    assert all(create_table_arguments(spec)["BillingMode"] == "PAY_PER_REQUEST" for spec in TABLES)


def test_recordings_are_put_in_parts_read_listed_and_deleted(world: World) -> None:
    parts = [bytes([number]) * 3_000_000 for number in range(7)]
    world.blobs.put_parts("company-a/c/recording.wav", parts, "audio/wav")
    assert world.blobs.get("company-a/c/recording.wav") == b"".join(parts)
    assert world.blobs.get("company-a/c/none") is None
    assert list(world.blobs.list("company-a/")) == ["company-a/c/recording.wav"]
    assert list(world.blobs.list("company-b/")) == []

    def broken() -> Iterator[bytes]:
        yield b"x" * 9_000_000
        raise OSError("source is away")

    with pytest.raises(OSError, match="away"):
        world.blobs.put_parts("company-a/half", broken(), "audio/wav")
    assert world.s3.list_multipart_uploads(Bucket="calls").get("Uploads", []) == []
    world.blobs.delete(["company-a/c/recording.wav", "company-a/c/none"])
    assert list(world.blobs.list("")) == []
