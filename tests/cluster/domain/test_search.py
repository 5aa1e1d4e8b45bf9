"""What was typed into the search: words, layouts, slips, order."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.search import (
    LONGEST_WORD,
    MOST_WORDS,
    Explained,
    distances,
    in_other_layout,
    rank,
    reading_of,
    slips,
    slips_allowed,
    spellings,
    words_of,
)

_FEW_LETTERS = st.text(alphabet="абв", max_size=6)


def test_words_are_small_letters_each_once_without_signs_and_with_e_for_yo() -> None:
    assert words_of(" «Ёлки» F01-OPEN, ёлки & | ! ( ) :* ' \"") == ["елки", "f01", "open"]
    assert words_of("и\u0306од") == ["йод"]
    assert words_of("") == words_of(" &|!():*'\"\\ \u202e") == []


@given(st.text(max_size=300))
def test_whatever_is_typed_gives_few_short_words_of_letters_and_digits(text: str) -> None:
    words = words_of(text)
    assert len(words) <= MOST_WORDS
    assert all(0 < len(word) <= LONGEST_WORD and "'" not in word and "\\" not in word and not word.isspace() for word in words)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pfdjl", "завод"), ("pflth;rb", "задержки"), ("афсещкн", "factory"), ("З05", "P05"), ("`krf", "ёлка"), ("12", "12")],
)
def test_the_other_layout_is_what_the_same_keys_give(typed: str, meant: str) -> None:
    assert in_other_layout(typed) == meant


def test_a_code_in_letters_of_the_other_alphabet_that_look_the_same_is_that_code() -> None:
    assert spellings("х01") == ["х01", "x01"]
    assert spellings("завод") == ["завод"]
    assert spellings("в") == ["в"]


def _naive(a: str, b: str) -> int:
    @cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        least = min(between(i - 1, j) + 1, between(i, j - 1) + 1, between(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            least = min(least, between(i - 2, j - 2) + 1)
        return least

    return between(len(a), len(b))


@given(_FEW_LETTERS, _FEW_LETTERS)
def test_distances_are_those_of_the_definition_to_each_beginning(typed: str, known: str) -> None:
    assert distances(typed, known) == [_naive(typed, known[:end]) for end in range(len(known) + 1)]


@pytest.mark.parametrize(
    ("typed", "known", "count"), [("сварчный", "сварочный", 1), ("kaliningard", "kaliningrad", 1), ("заовд", "завод", 1)]
)
def test_a_slip_is_a_letter_or_two_neighbours_exchanged(typed: str, known: str, count: int) -> None:
    assert distances(typed, known)[-1] == count
    assert slips(typed, known + "ами") == count


def test_short_words_and_codes_have_no_slips() -> None:
    assert [slips_allowed(word) for word in ("цех", "x017", "завод", "сварочный")] == [0, 0, 1, 2]


def test_a_reading_explains_a_row_by_the_nearest_words_or_not_at_all() -> None:
    known = {"сварчный": [("сварчный", "сварочный"), ("сварчн", "сварочн"), ("сварчный", "варочный")], "цех": []}
    reading = reading_of(["сварчный", "цех"], known)
    assert reading is not None
    assert reading.explains(["сварочного", "цеха"]) == Explained(1, ("сварочного", "цеха"), ("сварочн", "цех"))
    assert reading.explains(["сварочный", "завод"]) is None
    assert reading_of(["сварчный"], {}) is None


def test_the_code_that_was_typed_stands_first_then_the_contract_at_hand_then_the_fullest_title() -> None:
    def place(code: str, title: str, *, near: bool = True) -> tuple[int, bool, int, int]:
        return rank(["f01"], code=code, titles=[title], near=near)

    in_order = [
        place("F01", "Завод"),
        place("F01", "Завод", near=False),
        place("F01-OPEN", "Открытие"),
        place("F02", "Завод рядом с F01"),
        place("X01", "Длинное название"),
    ]
    assert in_order == sorted(in_order)
    assert len(set(in_order)) == len(in_order)
    assert rank(["завод"], code="A", titles=["Завод"], near=True) < rank(["завод"], code="A", titles=["Заводской сад"], near=True)
