"""Every way to misbehave, against a real media process with 49 calls on it: the answer is the documented one, and the
others lose nothing. How late the others' sound is gets printed and is no assertion: machines differ."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.bench.bad_input import CASES, Row, play, table
from tests.bench.bad_site import running

pytestmark = [pytest.mark.platform, pytest.mark.crowded]

CALLS = 49
SECONDS = 0.3
BASELINE = 2.0
MEMORY_KB = 100_000


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    with running(CALLS) as site:
        yield play(site, SECONDS, baseline=BASELINE)


def test_each_case_ends_as_documented(rows: list[Row]) -> None:
    wrong = {
        row.name: Counter(row.endings) for row in rows if row.case is not None and set(row.endings) != {row.case.ends}
    }
    assert wrong == {}
    assert {row.case for row in rows} == {*CASES, None}


def test_the_other_calls_hear_and_are_heard_without_a_gap(rows: list[Row]) -> None:
    print("\n" + table(rows, verdict=False))
    for row in rows:
        faults = {name: row.others[name] for name in ("lost", "disordered", "closed")}
        assert faults == {"lost": 0, "disordered": 0, "closed": []}, row.name
    spoken = rows[0].others
    assert spoken["up"]["count"] > CALLS * BASELINE * 50 / 2
    assert spoken["down"]["count"] > CALLS * BASELINE * 10 / 2


def test_what_bad_neighbours_leave_behind_is_bounded(rows: list[Row]) -> None:
    assert max(row.memory_kb for row in rows) - rows[0].memory_kb < MEMORY_KB
