"""The stage of a factory follows from what was reached."""

from datetime import date

import pytest

from cluster.domain.stages import Stage, decided_by, stage_of


@pytest.mark.parametrize(
    ("reached", "stage"),
    [
        (set(), Stage.PLANNED),
        ({"design"}, Stage.PLANNED),
        ({"design", "construction_start"}, Stage.BUILDING),
        ({"construction_start", "commissioning"}, Stage.COMMISSIONING),
        ({"opening"}, Stage.OPENED),
    ],
)
def test_the_furthest_milestone_reached_decides(reached: set[str], stage: Stage) -> None:
    assert stage_of(reached) is stage


def test_a_decision_stands_above_the_stage() -> None:
    assert stage_of({"opening"}, decision="suspended") is Stage.SUSPENDED


def test_a_decision_counts_from_its_day_on() -> None:
    told = [decided_by(date(2025, 3, day), decision="suspended", on=date(2025, 3, 2)) for day in (1, 2, 3)]
    assert told == ["", "suspended", "suspended"]
