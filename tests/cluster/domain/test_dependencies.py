"""What waits for what: a circle is found with its members in order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.dependencies import CircularDependency, find_cycle

LINKS = [("A", "B"), ("B", "C"), ("C", "D"), ("A", "D"), ("X", "C")]


@pytest.mark.parametrize("new", [("A", "C"), ("X", "A"), ("B", "D"), ("D", "Z"), ("Q", "A")])
def test_a_link_that_leads_forward_closes_no_circle(new: tuple[str, str]) -> None:
    assert find_cycle(LINKS, new) == []


@pytest.mark.parametrize(
    ("new", "members"),
    [(("D", "A"), ["D", "A"]), (("C", "A"), ["C", "A", "B"]), (("D", "X"), ["D", "X", "C"]), (("A", "A"), ["A"])],
)
def test_a_link_that_leads_back_names_the_shortest_circle_from_what_comes_first(new: tuple[str, str], members: list[str]) -> None:
    assert find_cycle(LINKS, new) == members


def test_the_sentence_names_the_members_in_order_and_ends_where_it_began() -> None:
    refusal = CircularDependency(["C", "A", "B"])
    assert str(refusal) == "The milestones would wait for one another in a circle: C → A → B → C."
    assert (refusal.field, refusal.code) == ("predecessor", "cycle")


def test_of_a_long_circle_the_sentence_names_the_first_members_and_counts_the_others() -> None:
    codes = [f"M{n}" for n in range(5000)]
    assert str(CircularDependency(codes[:12])).endswith("M10 → M11 → M0.")
    named = " → ".join(codes[:12])
    assert str(CircularDependency(codes)) == (f"The milestones would wait for one another in a circle: {named} → … and 4988 more → M0.")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_links_that_are_added_only_when_they_close_no_circle_never_make_one(wanted: list[tuple[int, int]]) -> None:
    from graphlib import TopologicalSorter

    kept: list[tuple[int, int]] = []
    for link in wanted:
        found = find_cycle(kept, link)
        if found:
            steps = [*kept, link]
            assert all(step in steps for step in zip(found, [*found[1:], found[0]], strict=True))
        else:
            kept.append(link)
    before: dict[int, list[int]] = {}
    for first, waiting in kept:
        before.setdefault(waiting, []).append(first)
    list(TopologicalSorter(before).static_order())
