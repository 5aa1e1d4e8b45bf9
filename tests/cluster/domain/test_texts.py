"""Text that shows nothing, and letters that two alphabets draw alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.domain.texts import visible, without_twins


@pytest.mark.parametrize("text", ["\u200b", "\u200d\u2060\ufeff", "\u00ad", "\u3164", "\u2800", "\ufe0f"])
def test_characters_that_show_nothing_are_dropped(text: str) -> None:
    assert visible(f"A{text} B") == "A B"
    assert not visible(text)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x4FF, exclude_characters="\u00ad")))
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


def test_letters_that_look_the_same_become_one() -> None:
    assert without_twins("Х01 СНАРЯД") == "X01 CHAPЯД"
