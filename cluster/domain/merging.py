"""Two people, one record: what only one side touched is merged, what both touched differently is left to a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Touched(StrEnum):
    """Who changed a field since both sides opened the record."""

    NOBODY = "nobody"
    MINE = "mine"
    THEIRS = "theirs"
    ALIKE = "alike"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Merged:
    """One field: the three values, who touched it, and the value to go on with (mine, where both touched it)."""

    name: str
    original: object
    theirs: object
    mine: object
    touched: Touched

    @property
    def value(self) -> object:
        """What stands after the merge."""
        return self.theirs if self.touched is Touched.THEIRS else self.mine


def merge(
    names: Iterable[str], *, original: Mapping[str, object], theirs: Mapping[str, object], mine: Mapping[str, object]
) -> list[Merged]:
    """Merge field by field; a name that a side does not give counts as empty there."""
    return [
        Merged(name, original.get(name), theirs.get(name), mine.get(name), _touched(original.get(name), theirs.get(name), mine.get(name)))
        for name in names
    ]


def _touched(original: object, theirs: object, mine: object) -> Touched:
    if mine == theirs:
        return Touched.NOBODY if mine == original else Touched.ALIKE
    if mine == original:
        return Touched.THEIRS
    return Touched.MINE if theirs == original else Touched.BOTH
