"""Joining reports: whatever their order and number, the same facts come out."""

from datetime import UTC, datetime, timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.records.carrier_call import CarrierFacts, CarrierOutcome, CarrierPhase
from shared.domain import twilio_reports
from shared.domain.carrier_progress import is_machine, join

TIMES = st.none() | st.integers(0, 100).map(lambda s: datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=s))
FACTS = st.builds(
    CarrierFacts,
    phase=st.sampled_from(CarrierPhase),
    outcome=st.none() | st.sampled_from(CarrierOutcome),
    began_at=TIMES,
    answered_at=TIMES,
    ended_at=TIMES,
    seconds=st.none() | st.integers(0, 100),
    answered_by=st.none() | st.sampled_from(["human", "machine_start", "fax", "unknown", "new_word", "other_word"]),
    error_code=st.none() | st.integers(0, 1000),
)


@given(reports=st.lists(FACTS, min_size=1, max_size=6), data=st.data())
def test_order_and_repetition_do_not_matter(reports: list[CarrierFacts], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([*reports, *data.draw(st.lists(st.sampled_from(reports), max_size=4))]))
    assert reduce(join, shuffled) == reduce(join, reports)


@given(one=FACTS, two=FACTS, three=FACTS)
def test_joining_is_associative_and_never_goes_back(one: CarrierFacts, two: CarrierFacts, three: CarrierFacts) -> None:
    assert join(join(one, two), three) == join(one, join(two, three))
    phases = list(CarrierPhase)
    assert phases.index(join(one, two).phase) == max(phases.index(one.phase), phases.index(two.phase))


@given(form=st.dictionaries(st.sampled_from(["CallStatus", "Timestamp", "CallDuration", "AnsweredBy"]), st.text()))
def test_no_form_is_too_odd_to_read(form: dict[str, str]) -> None:
    assert twilio_reports.status_facts(form).phase in CarrierPhase


def test_what_twilio_says_of_an_answered_call() -> None:
    form = {"CallStatus": "completed", "CallDuration": "42", "Timestamp": "Wed, 25 Nov 2026 10:30:00 +0100"}
    facts = twilio_reports.status_facts(form)
    assert (facts.phase, facts.outcome, facts.seconds) == (CarrierPhase.ENDED, CarrierOutcome.COMPLETED, 42)
    assert facts.ended_at == datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def test_who_counts_as_a_machine() -> None:
    words = ("machine_start", "machine_end_beep", "fax", "human", "unknown", None)
    assert [is_machine(CarrierFacts(answered_by=word)) for word in words] == [True, True, True, False, False, False]
