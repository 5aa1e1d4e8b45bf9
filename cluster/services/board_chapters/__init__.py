"""The chapters of the board report: each from the facts to what its template shows and the sheets of its tables.

`settings.BOARD_CHAPTERS` names them in their order by dotted path. A chapter is a function of `Facts` to a `Chapter`, or None where it has
nothing to tell; it knows neither a clock nor who asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cluster.gateways.workbook import Sheet
from cluster.queries.board_report import Facts


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its heading, the template that shows `data` as `chapter`, and its tables for the workbook. `key` is its anchor."""

    key: str
    title: str
    template: str
    data: dict[str, Any]
    sheets: Sequence[Sheet] = field(default_factory=tuple)


ChapterMaker: TypeAlias = Callable[[Facts], Chapter | None]
