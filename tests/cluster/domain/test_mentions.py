"""People named in a text."""

import pytest

from cluster.domain.mentions import mentioned_in, pieces_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@petrov, look", ["petrov"]),
        ("Ask @Petrov and @anna.k-2, then @petrov.", ["petrov", "anna.k-2"]),
        ("(@иванов)", ["иванов"]),
        ("write to a@b.example or see https://t.example/@petrov", []),
        ("@ alone, @@, a@petrov", []),
        ("@petrov@mail.example has an address for a name", ["petrov@mail.example"]),
        ("", []),
    ],
)
def test_names_are_found_where_a_person_means_them(text: str, names: list[str]) -> None:
    assert mentioned_in(text) == names


def test_the_pieces_make_up_the_text() -> None:
    text = "Ask @petrov, not <b>@anna</b>."
    assert list(pieces_of(text)) == [("Ask ", False), ("@petrov", True), (", not <b>", False), ("@anna", True), ("</b>.", False)]
    assert "".join(piece for piece, _ in pieces_of(text)) == text
