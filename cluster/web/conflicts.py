"""The page for two people who changed one record: rows that a template can show and a person can choose from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from cluster.domain.dates import DateWindow
from cluster.domain.merging import Merged, Touched
from cluster.templatetags.format import window


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One field in words: what stood there, theirs, mine, and whether a person has to choose."""

    name: str
    label: str
    original: str
    theirs: str
    mine: str
    touched: Touched

    @property
    def to_choose(self) -> bool:
        """Whether both sides touched it differently."""
        return self.touched is Touched.BOTH


def conflict_rows(
    merged: Iterable[Merged], labels: Mapping[str, str], told: Mapping[str, Callable[[object], str]] | None = None
) -> list[ConflictRow]:
    """The fields that somebody touched; `told` gives words to values that need more than their text."""
    rows = []
    for field in merged:
        if field.touched is Touched.NOBODY:
            continue
        tell = (told or {}).get(field.name, in_words)
        rows.append(ConflictRow(field.name, labels[field.name], tell(field.original), tell(field.theirs), tell(field.mine), field.touched))
    return rows


def in_words(value: object) -> str:
    """A value for people; a word for nothing."""
    if value is None or value == "":
        return gettext("empty")
    return window(value) if isinstance(value, DateWindow) else str(value)


def with_their_choices(sent: Any, theirs: Mapping[str, object]) -> Any:
    """What was sent (a QueryDict); where the person chose the other side's value on the conflict page, that value instead."""
    data = sent.copy()
    for name, value in theirs.items():
        if data.get(f"take_{name}") != "theirs":
            continue
        if f"{name}_date" in data:
            window = value if isinstance(value, DateWindow) else None
            data[f"{name}_date"], data[f"{name}_precision"] = (str(window), window.precision.value) if window else ("", "")
        elif isinstance(value, list):
            data.setlist(name, [str(one) for one in value])
        elif value is False:
            data.pop(name, None)
        elif value is True:
            data[name] = "on"
        else:
            data[name] = value.isoformat() if isinstance(value, date) else str("" if value is None else getattr(value, "pk", value))
    return data
