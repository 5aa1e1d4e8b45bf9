"""The stage of a factory follows from what was reached."""

import pytest

from cluster.domain.stages import Stage, stage_of


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
