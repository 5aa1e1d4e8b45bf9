"""Which texts fold to the same, and which entries look alike."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.duplicates import first_of_each, folded, likeness


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ПП № 17 от 27.02.2026", "пп №17  от 27.02.2026"),
        ("ПП № 17", "ПП N17"),
        ("ПП № 17", "ПП No. 17"),
        ("ПП № 17", "ПП n° 17"),
        ("ПП № 17", "ПП 17"),
        ("PO #17", "PO 17"),
        ("ООО «Счётчик»", 'ооо "счетчик"'),
        ("ООО „Ёлка“", "ООО Елка"),
        ("A\u00a0–\u202fB", "a - b"),
        ("\uff21\uff22 17", "ab 17"),
        (" Press  Works ", "PRESS WORKS"),
        ("АВЕКМНОРСТХУ авекмнорстху", "ABEKMHOPCTXY abekmhopctxy"),
        ("Nо 17", "№ 17"),
        ("PO\u200b 1\u00ad7\ufeff", "PO 17"),
    ],
)
def test_what_people_type_differently_folds_to_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ПП 17", "ПП 18"),
        ("ПП 17", "ПП 1 7"),
        ("ПП 17-1", "ПП 171"),
        ("Нора 5", "5"),
        ("plan17", "pla17"),
        ("Volvo 5", "Volv 5"),
        ("Й", "И"),
    ],
)
def test_what_is_different_stays_different(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    once = folded(text)
    assert folded(once).replace(" ", "") == folded(folded(once)).replace(" ", "")


def test_kind_amount_document_and_counterparty_must_agree() -> None:
    usual = {"kind": "payment", "amount": Decimal("5.00"), "document": "PO 1", "counterparty": "A"}
    first = likeness(**usual)  # type: ignore[arg-type]
    assert first == likeness(**usual | {"document": "po №1", "amount": Decimal(5)})  # type: ignore[arg-type]
    for change in ({"kind": "commitment"}, {"amount": Decimal("5.01")}, {"document": "PO 2"}, {"counterparty": "B"}):
        assert first != likeness(**usual | change)  # type: ignore[arg-type]


def test_each_of_several_kin_names_the_first_and_loners_are_not_named() -> None:
    a, b = ("payment", Decimal(1), "1", "a"), ("payment", Decimal(2), "1", "a")
    assert first_of_each([(9, a), (4, a), (5, b), (7, a)]) == {9: 4, 4: 4, 7: 4}
