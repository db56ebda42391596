"""Every way for a WhatsApp caller to misbehave, against a real media process with other calls on it: the refusal is the
documented one, and nobody loses anything. How late the others' sound is gets printed: machines differ."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.bench.bad_input import Row, play, table
from tests.bench.bad_whatsapp import ATTACKS, beside, cases

pytestmark = [pytest.mark.platform, pytest.mark.crowded]

CALLS = 30
SECONDS = 0.1
MEMORY_KB = 50_000


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    with beside(CALLS) as (site, meta):
        yield play(site, SECONDS, baseline=1.0, cases=cases(meta))


def test_each_case_ends_as_documented(rows: list[Row]) -> None:
    wrong = {
        row.name: Counter(row.endings) for row in rows if row.case is not None and set(row.endings) != {row.case.ends}
    }
    assert wrong == {}
    assert {row.name for row in rows if row.case is not None} == {name for name, _, _ in ATTACKS}


def test_the_other_calls_hear_and_are_heard_without_a_gap(rows: list[Row]) -> None:
    print("\n" + table(rows, verdict=False))
    for row in rows:
        faults = {name: row.others[name] for name in ("lost", "disordered", "closed")}
        assert faults == {"lost": 0, "disordered": 0, "closed": []}, row.name


def test_what_bad_callers_leave_behind_is_bounded(rows: list[Row]) -> None:
    assert max(row.memory_kb for row in rows) - rows[0].memory_kb < MEMORY_KB
