"""Chains of causes summed up for a sentence."""

from cluster.domain.causes import Explanation, Share, explain
from cluster.domain.schedule import Cause

OPENING, EQUIPMENT, BUILDING, DESIGN = 1, 2, 3, 4


def everything(key: int) -> bool:
    return True


def test_what_is_not_late_has_no_explanation() -> None:
    assert explain([], visible=everything) is None


def test_the_example_of_the_design() -> None:
    chain = [Cause(OPENING, 43, 0, 0, 0), Cause(EQUIPMENT, 50, 43, 7, 50)]
    assert explain(chain, visible=everything) == Explanation(late=43, others=(Share(EQUIPMENT, 50),), own=0, absorbed=7, added=0)


def test_what_nothing_before_explains_is_its_own() -> None:
    assert explain([Cause(OPENING, 5, 0, 0, 5)], visible=everything) == Explanation(late=5, others=(), own=5, absorbed=0, added=0)


def test_only_those_that_lost_days_are_named_the_most_first_and_the_sum_holds() -> None:
    chain = [Cause(OPENING, 60, 0, 0, 8), Cause(EQUIPMENT, 50, 52, 0, 30), Cause(BUILDING, 25, 20, 5, 0), Cause(DESIGN, 27, 25, 2, 27)]
    why = explain(chain, visible=everything)
    assert why == Explanation(late=60, others=(Share(EQUIPMENT, 30), Share(DESIGN, 27)), own=8, absorbed=7, added=2)
    assert why.late == sum(share.days for share in why.others) + why.own - why.absorbed + why.added


def test_the_chain_ends_at_what_the_reader_may_not_see_and_tells_only_what_arrives_from_it() -> None:
    chain = [Cause(OPENING, 43, 0, 0, 3), Cause(EQUIPMENT, 45, 40, 5, 0), Cause(BUILDING, 60, 45, 15, 20), Cause(DESIGN, 40, 40, 0, 40)]
    why = explain(chain, visible=lambda key: key != BUILDING)
    assert why == Explanation(late=43, others=(Share(BUILDING, 45),), own=3, absorbed=5, added=0)
    assert why.late == sum(share.days for share in why.others) + why.own - why.absorbed + why.added
