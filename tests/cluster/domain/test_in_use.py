"""Which of competing facts was in use on a past day."""

from dataclasses import dataclass
from datetime import date

import pytest

from cluster.domain.in_use import in_use_on


@dataclass
class Fact:
    name: str
    known_on: date
    in_use: bool = False
    confidence: str = "unknown"


EARLY, LATER, LAST = date(2022, 1, 31), date(2022, 6, 1), date(2023, 8, 1)


@pytest.mark.parametrize(
    ("as_of", "names"),
    [(date(2022, 1, 30), []), (EARLY, ["press"]), (LATER, ["ministry"]), (date(2023, 7, 31), ["ministry"]), (LAST, ["corrected"])],
)
def test_before_the_fact_of_today_the_best_known_one_counts(as_of: date, names: list[str]) -> None:
    facts = [
        Fact("press", EARLY, confidence="medium"),
        Fact("ministry", LATER, confidence="high"),
        Fact("rumour", date(2023, 1, 1), confidence="low"),
        Fact("corrected", LAST, in_use=True, confidence="medium"),
    ]
    assert [fact.name for fact in in_use_on(as_of, facts)] == names


def test_of_equal_weight_the_newest_announcement_counts() -> None:
    facts = [Fact("old", EARLY), Fact("new", LATER), Fact("corrected", LAST, in_use=True)]
    assert [fact.name for fact in in_use_on(date(2022, 12, 31), facts)] == ["new"]


def test_where_nothing_is_in_use_today_nothing_ever_was() -> None:
    assert in_use_on(LAST, [Fact("one", EARLY, confidence="high"), Fact("other", LATER)]) == []
