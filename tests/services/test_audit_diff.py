"""What changed, field by field, and never a secret."""

import pytest
from pydantic import BaseModel

from shared.contracts.records.audit import Change
from shared.contracts.settings.agent import Agent, Variable
from shared.contracts.settings.ai_model import Voice
from shared.domain.audit_diff import HIDDEN, changes
from shared.domain.phone_numbers import masked
from shared.domain.variables import checked, filled
from tests.services.world import settings


class Holder(BaseModel):
    """A record with things in it that must stay secret."""

    auth_token: str = ""
    apiKey: str = ""
    nested: dict[str, str] = {}  # a field of a model
    max_tokens: int = 1


def test_only_what_differs_is_told() -> None:
    before = settings(max_duration_minutes=10)
    after = settings(max_duration_minutes=15, recording={"enabled": False, "announce": False})
    assert changes(before, after) == (
        Change(field="max_duration_minutes", before="10", after="15"),
        Change(field="recording.enabled", before="true", after="false"),
        Change(field="recording.announce", before="true", after="false"),
    )
    assert changes(before, before) == ()


def test_a_new_record_is_told_whole_and_a_list_of_records_by_number() -> None:
    agent = Agent(agent_id="a", name="Robin")
    told = {change.field: change.after for change in changes(None, agent)}
    assert told["name"] == '"Robin"' and told["knowledge_categories"] == "[]"
    assert all(change.before is None for change in changes(None, agent))
    voice = Voice(id="x", name="X", tones=("calm",))
    assert Change(field="tones", before='["calm"]', after='["calm", "warm"]') in changes(
        voice, voice.model_copy(update={"tones": ("calm", "warm")})
    )


@pytest.mark.parametrize(
    "record",
    [
        Holder(auth_token="s3cret"),
        Holder(apiKey="s3cret"),
        Holder(nested={"app_secret": "s3cret"}),
        Holder(nested={"Password": "s3cret"}),
    ],
    ids=str,
)
def test_secrets_are_hidden_but_that_they_changed_is_told(record: Holder) -> None:
    found = changes(Holder(), record)
    assert [change.after for change in found] == [HIDDEN]
    assert "s3cret" not in str(found)
    assert changes(Holder(), Holder(max_tokens=2))[0].after == "2"


def test_long_values_are_shortened() -> None:
    (change,) = changes(settings(), settings(instructions="x" * 5000))
    assert change.after is not None and len(change.after) <= 400 and change.after.endswith("…")


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+15551234567", "+1555XXX4567"), ("+4930123456", "+4930XX3456"), ("+1234567", "XXXXXXXX"), (None, None)],
)
def test_numbers_are_masked(number: str | None, shown: str | None) -> None:
    assert masked(number) == shown


def test_variables_are_checked_and_filled() -> None:
    variables = (
        Variable(name="hours", required=True),
        Variable(name="seats", kind="number", default="4"),
        Variable(name="phone", kind="phone"),
        Variable(name="desk", kind="select", options=("Sales", "Help")),
    )
    good = {"hours": " 9 to 5 ", "phone": "+1 (555) 123-4567", "desk": "Help"}
    values, wrong = checked(variables, good)
    assert wrong == {}
    assert values == {"hours": "9 to 5", "seats": "4", "phone": "+1 (555) 123-4567", "desk": "Help"}
    _, wrong = checked(variables, {"seats": "many", "phone": "555", "desk": "Yard", "other": "x"})
    assert set(wrong) == {"hours", "seats", "phone", "desk", "other"}
    assert filled("Open {{hours}}, {{ seats }} seats, {{unknown}}.", values) == "Open 9 to 5, 4 seats, {{unknown}}."
