"""The rows of a pasted table that were refused, for a page: their cells as they were typed, and what is wrong with each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.domain.tables import Problem
from cluster.models.form_fields import message_of

# Of more problems a page shows the first, and counts the rest.
MOST_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row that was refused."""

    text: str
    bad: bool


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was refused: its cells as they were typed, and what is wrong with each bad one, in words."""

    number: int
    cells: list[Cell]
    problems: list[tuple[str, str]]


def bad_rows(
    columns: Sequence[str], problems: Sequence[Problem], cells: Mapping[int, list[str]], words: Mapping[str, Any]
) -> dict[str, Any]:
    """What partials/bad_rows.html shows; `words` names the columns, and by the empty name the row as a whole."""
    by_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems[:MOST_PROBLEMS]:
        by_row[problem.row].append(problem)
    rows = [
        BadRow(
            number,
            _cells(columns, cells.get(number), found),
            [(str(words[one.field]), message_of(one.error)) for one in found],
        )
        for number, found in by_row.items()
    ]
    heads = [str(words[name]) if name else "" for name in columns]
    return {"bad": rows, "heads": heads, "problems": len(problems), "unshown": len(problems) - MOST_PROBLEMS}


def _cells(columns: Sequence[str], texts: list[str] | None, found: list[Problem]) -> list[Cell]:
    """The cells of a row, as many as the table has columns; none for a row whose cells are right by themselves."""
    if texts is None:
        return []
    texts = [*texts, *([""] * len(columns))]
    return [Cell(text, any(one.field == name for one in found)) for name, text in zip(columns, texts, strict=False)]
