"""What is kept too long goes, with a receipt, once, also when the run dies in the middle; everything else stays."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.schedules import retention
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.audit import DynamoAudit
from shared.adapters.aws.dynamo.kept_calls import DynamoKeptCalls
from shared.adapters.aws.dynamo.settings import DynamoChatbots, DynamoCompanies, DynamoFleetCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.page import Turn
from shared.contracts.records.after_call import Step
from shared.contracts.records.audit import AuditEntry
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.contracts.settings.company import Chatbot, Company
from shared.domain.recording_layout import event_log_key
from shared.services.retention import DueCall, RetentionPorts, erase
from tests.functions.workflows.closing_world import BUCKET, CHATBOT, COMPANY, START, Killed, World, die

WORDS = "order arrives"


class Keeper:
    """Retention over the world, with a clock to turn."""

    def __init__(self, world: World) -> None:
        self.world, self.now = world, START + timedelta(days=91)
        core, self.ledger = Table(world.dynamo, "core"), Table(world.dynamo, "ledger")
        self.chatbots, self.companies = DynamoChatbots(core), DynamoCompanies(core)
        self.companies.save(Company(company_id=COMPANY, name="Acme"))
        self.keep(90)
        self.ports = RetentionPorts(
            companies=DynamoFleetCompanies(core),
            chatbots=self.chatbots,
            calls=world.calls,
            kept=DynamoKeptCalls(world.table, self.ledger),
            blobs=world.ports.blobs,
            search=world.ports.search,
            now=lambda: self.now,
        )

    def keep(self, days: int | None) -> None:
        """Publish another period."""
        bot = self.chatbots.get(COMPANY, CHATBOT) or Chatbot(company_id=COMPANY, chatbot_id=CHATBOT, name="Bot")
        recording = RecordingSettings.model_validate({"enabled": True, "retention_days": days})
        self.chatbots.publish(
            bot, CallSettings(ai_model_id="m", voice=VoiceSettings(voice_id="v"), recording=recording)
        )

    def receipts(self) -> list[AuditEntry]:
        """Of the call."""
        found = DynamoAudit(self.ledger).of_entity(COMPANY, self.world.call_id, Turn()).items
        return [entry for entry in found if isinstance(entry, AuditEntry)]

    def everything(self) -> str:
        """All that is stored, of every table and of the bucket."""
        tables = [self.world.dynamo.scan(TableName=name)["Items"] for name in ("calls", "core", "live", "ledger")]
        objects = {name: body.decode("latin-1") for name, body in self.world.objects().items()}
        return json.dumps([tables, objects])


@pytest.fixture
def keeper(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """A closed call, and retention a day after its time is over."""
    world.finish()
    log = event_log_key(COMPANY, world.call_id, 1)
    world.s3.put_object(Bucket=BUCKET, Key=log, Body=b"log")
    made = Keeper(world)
    monkeypatch.setattr(retention, "retention_ports", lambda: made.ports)
    yield made
    made.keep(90)


def run(**event: Any) -> dict[str, Any]:
    return retention.handler(event, None)


def test_words_and_sound_go_and_the_call_stays(keeper: Keeper) -> None:
    assert WORDS in keeper.everything()
    assert run() == {"erased": 1, "failed": 0, "more": False}
    assert WORDS not in keeper.everything()
    assert keeper.world.objects() == {}
    record = keeper.world.record()
    assert (record.recording_state, record.recording_key, record.summary) == ("deleted", None, None)
    assert record.erased_at == keeper.now
    assert str(record.cost_usd) == "0.0250000000"
    assert len(keeper.world.calls.usage(COMPANY, record.call_id)) == 3
    (receipt,) = keeper.receipts()
    assert (receipt.action, receipt.who, receipt.at) == ("call.erased", "platform#retention", keeper.now)
    counts = {change.field: change.before for change in receipt.changes}
    assert counts == {"recordingObjects": "2", "transcriptLines": "4", "summaries": "1", "retentionDays": "90"}
    assert run() == {"erased": 0, "failed": 0, "more": False}
    assert len(keeper.receipts()) == 1


def test_a_preview_counts_and_touches_nothing(keeper: Keeper) -> None:
    before = keeper.everything()
    assert run(preview=COMPANY) == {"due": 1, "chatbots": {CHATBOT: 1}}
    assert run(preview="another") == {"due": 0, "chatbots": {}}
    assert keeper.everything() == before
    run()
    assert run(preview=COMPANY)["due"] == 0


@pytest.mark.parametrize(
    ("days", "age", "erased"),
    [(90, 89.9, 0), (90, 90.1, 1), (30, 30.1, 1), (365, 364, 0), (365, 366, 1), (None, 10_000, 0)],
)
def test_the_period_that_is_published_now_decides(keeper: Keeper, days: int | None, age: float, erased: int) -> None:
    keeper.keep(days)
    keeper.now = START + timedelta(seconds=60) + timedelta(days=age)
    assert run(preview=COMPANY).get("due") == erased
    assert run()["erased"] == erased


def test_a_call_whose_work_is_not_done_is_left_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in list(Step)[:-1]:
        world.work(step)
    keeper = Keeper(world)
    monkeypatch.setattr(retention, "retention_ports", lambda: keeper.ports)
    assert run()["erased"] == 0
    assert WORDS in keeper.everything()


def test_a_run_may_die_between_any_two_requests(keeper: Keeper) -> None:
    world, restore = keeper.world, keeper.world.remember()
    world.moments.count = 0
    assert run()["erased"] == 1
    moments, right, counted = world.moments.count, world.state(), keeper.receipts()[0].changes
    for moment in range(moments):
        world.dynamo.delete_item(
            TableName="ledger",
            Key=keys.access(
                COMPANY, f"{keeper.now:%Y%m}", keeper.now.isoformat(), f"erasure-{world.call_id}"
            ).attributes,
        )
        restore()
        world.moments.count, world.moments.plans = 0, {moment: die}
        with pytest.raises(Killed):
            run()
        run()
        assert world.state() == right, f"killed before request {moment}"
        (receipt,) = keeper.receipts()
        assert receipt.changes == counted, "the receipt counts what there was, not what the dead run had left"


def test_one_call_that_cannot_be_erased_does_not_keep_the_others(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = keeper.world.record()
    other = record.model_copy(update={"call_id": "call-stuck", "ended_at": START})
    keeper.world.table.put(keys.call(COMPANY, other.call_id), other, keys.call_extra(other))

    def stuck(ports: RetentionPorts, due: DueCall) -> bool:
        if due.call.call_id == "call-stuck":
            raise ConnectionError
        return erase(ports, due)

    monkeypatch.setattr(retention, "erase", stuck)
    assert run() == {"erased": 1, "failed": 1, "more": False}


def test_a_run_ends_before_its_time_is_over(keeper: Keeper) -> None:
    times = iter([keeper.now, keeper.now, keeper.now + timedelta(minutes=13)])
    keeper.ports = replace(keeper.ports, now=lambda: next(times))
    assert run() == {"erased": 0, "failed": 0, "more": True}
