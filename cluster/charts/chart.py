"""What a chart is for a template: two drawings, a sentence, a legend, and the same figures as a table."""

from dataclasses import dataclass, field

from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table twin."""

    text: str
    numeric: bool = False
    late: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """`wide` is for screens and paper, `narrow` for phones; both say the same. `key` is unique on its page.

    `size` says when the wide drawing fits: "full" from 56rem of room, "half" from 39rem.
    """

    key: str
    title: str
    summary: str
    wide: SafeString
    narrow: SafeString
    columns: list[Cell]
    rows: list[list[Cell]]
    legend: list[tuple[SafeString, str]] = field(default_factory=list)
    size: str = "full"
