"""Calls that nobody will close are closed, once, with what is known of them; calls that live are left alone."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import to_item
from shared.contracts.records.call import (
    CallRecord,
    CallStatus,
    Checkpoint,
    EndedBy,
    EndReason,
    MediaTask,
    Role,
    TranscriptSegment,
)
from shared.domain.recording_layout import piece_key, recording_key
from shared.services.reaping import ReapingPorts, is_abandoned, is_orphaned, reap
from shared.services.recordings import RecordingPorts, deliver_recording
from tests.platform import NOW, Cloud, opened

DIED = NOW + timedelta(seconds=60)


def at(cloud: Cloud, now: datetime) -> ReapingPorts:
    return ReapingPorts(cloud.calls, cloud.tasks, cloud.blobs, cloud.queue, lambda: now)


def put(cloud: Cloud, table: str, item: Any) -> None:
    cloud.client("dynamodb").put_item(TableName=table, Item=item)


def beat(cloud: Cloud, task_id: str, when: datetime) -> None:
    task = MediaTask(task_id=task_id, address="a:1", calls=1, draining=False, heartbeat_at=when)
    put(cloud, "live", to_item(keys.media_task(task_id), task, 1))


def active(cloud: Cloud, owner: str) -> CallRecord:
    call, _ = opened(cloud)
    changed = cloud.calls.replace(call, {"status": CallStatus.ACTIVE, "owner": owner, "epoch": 1, "started_at": NOW})
    assert changed is not None
    return changed


def now_of(cloud: Cloud, call: CallRecord) -> CallRecord:
    stored = cloud.calls.get(call.company_id, call.call_id)
    assert stored is not None
    return stored


def messages_of(cloud: Cloud, call: CallRecord) -> int:
    return sum(call.call_id in body for body in cloud.messages())


def test_a_call_whose_process_died_is_closed_with_what_is_known_of_it(cloud: Cloud) -> None:
    call = active(cloud, "task-dead")
    beat(cloud, "task-dead", DIED - timedelta(seconds=4))
    words = TranscriptSegment(segment_id="s", role=Role.USER, text="hi", start_ms=50_000, end_ms=51_000)
    put(cloud, "calls", to_item(keys.segment("acme", call.call_id, "s"), words, 1))
    state = Checkpoint(epoch=1, at_ms=55_000, core={})
    put(cloud, "calls", to_item(keys.checkpoint("acme", call.call_id), state, 1, {"epoch": 1}))
    sound = np.full((18_000, 2), 5, dtype="<i2").tobytes()
    for start_ms in (0, 57_750):
        cloud.client("s3").put_object(
            Bucket=cloud.bucket, Key=piece_key("acme", call.call_id, start_ms * 24, 1), Body=sound
        )
    reap(at(cloud, DIED + timedelta(seconds=20)))
    assert now_of(cloud, call).ended_at is None, "the caller has half a minute to come back"
    reap(at(cloud, DIED + timedelta(seconds=60)))
    closed = now_of(cloud, call)
    assert (closed.status, closed.end_reason, closed.ended_by) == (
        CallStatus.COMPLETED,
        EndReason.MEDIA_LOST,
        EndedBy.PLATFORM,
    )
    assert closed.duration_ms == 58_500
    assert closed.ended_at == NOW + timedelta(milliseconds=58_500)
    assert (closed.owner, closed.epoch) == (None, 2)
    for later in range(5):
        reap(at(cloud, DIED + timedelta(seconds=61 + later)))
    assert now_of(cloud, call) == closed
    assert messages_of(cloud, call) == 1
    assert deliver_recording(RecordingPorts(cloud.calls, cloud.blobs), "acme", call.call_id) == "ready"
    data = cloud.blobs.get(recording_key("acme", call.call_id))
    assert data is not None
    assert len(data) == 44 + 58_500 * 24 * 4


def test_without_sound_or_words_the_last_heartbeat_tells_how_long_it_was(cloud: Cloud) -> None:
    call = active(cloud, "task-quiet")
    beat(cloud, "task-quiet", DIED)
    reap(at(cloud, DIED + timedelta(seconds=40)))
    assert now_of(cloud, call).duration_ms == 60_000


def test_a_call_whose_process_only_cannot_be_heard_goes_on(cloud: Cloud) -> None:
    call = active(cloud, "task-mute")
    beat(cloud, "task-mute", DIED)
    now = DIED + timedelta(minutes=5)
    start = round((now - NOW).total_seconds() * 24_000) - 48_000
    cloud.client("s3").put_object(Bucket=cloud.bucket, Key=piece_key("acme", call.call_id, start, 1), Body=b"1234")
    reap(at(cloud, now))
    assert now_of(cloud, call) == call


def test_a_call_of_a_living_process_is_left_alone(cloud: Cloud) -> None:
    call = active(cloud, "task-alive")
    now = NOW + timedelta(hours=1)
    beat(cloud, "task-alive", now - timedelta(seconds=14))
    reap(at(cloud, now))
    assert now_of(cloud, call) == call


def test_a_session_nobody_came_to_is_abandoned(cloud: Cloud) -> None:
    call, _ = opened(cloud)
    reap(at(cloud, NOW + timedelta(seconds=59)))
    assert now_of(cloud, call) == call
    reap(at(cloud, NOW + timedelta(seconds=120)))
    closed = now_of(cloud, call)
    assert (closed.status, closed.end_reason, closed.duration_ms) == (
        CallStatus.ABANDONED,
        EndReason.NEVER_CONNECTED,
        0,
    )


def test_a_call_that_is_joined_while_the_reaper_decides_is_not_closed(cloud: Cloud) -> None:
    call, _ = opened(cloud)
    seen = cloud.calls.live()
    joined = cloud.calls.replace(call, {"status": CallStatus.ACTIVE, "owner": "t", "epoch": 1, "started_at": NOW})
    assert joined is not None
    before = next(found for found in seen if found.call_id == call.call_id)
    assert cloud.calls.replace(before, {"status": CallStatus.ABANDONED}) is None
    assert now_of(cloud, call) == joined


def test_an_ended_call_whose_message_was_lost_is_asked_for_again_until_it_is_closed(cloud: Cloud) -> None:
    call = active(cloud, "task-x")
    ended_at = NOW + timedelta(minutes=10)
    changes = {"status": CallStatus.COMPLETED, "ended_at": ended_at, "duration_ms": 1, "owner": None}
    assert cloud.calls.replace(call, changes) is not None
    reap(at(cloud, ended_at + timedelta(seconds=30)))
    assert messages_of(cloud, call) == 0
    reap(at(cloud, ended_at + timedelta(minutes=3)))
    assert messages_of(cloud, call) == 1
    assert cloud.calls.replace(now_of(cloud, call), {"closed_at": ended_at + timedelta(minutes=3)}) is not None
    reap(at(cloud, ended_at + timedelta(minutes=4)))
    assert messages_of(cloud, call) == 0


@pytest.mark.parametrize(
    ("silent_s", "orphaned"), [(0, False), (14, False), (29, False), (30, True), (3600, True), (-5, False)]
)
def test_when_a_call_counts_as_orphaned(cloud: Cloud, silent_s: int, orphaned: bool) -> None:
    call = active(cloud, "t")
    owner = MediaTask(task_id="t", address="", calls=1, draining=False, heartbeat_at=DIED)
    assert is_orphaned(call, owner, DIED + timedelta(seconds=silent_s)) is orphaned


def test_only_pending_calls_can_be_abandoned(cloud: Cloud) -> None:
    call, _ = opened(cloud)
    late = NOW + timedelta(days=1)
    assert is_abandoned(call, late)
    assert not is_abandoned(call.model_copy(update={"status": CallStatus.ACTIVE}), late)
