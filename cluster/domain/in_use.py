"""Which of the facts about one figure and time was in use on a day, by what had been announced by then."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol, TypeVar


class Fact(Protocol):
    """What the rule looks at: whether the fact is in use today, its weight, and the day from which it was known."""

    in_use: bool
    confidence: str
    known_on: date


F = TypeVar("F", bound=Fact)
_WEIGHT = {"high": 3, "medium": 2, "low": 1}


def in_use_on(as_of: date, facts: Sequence[F]) -> list[F]:
    """Of facts about the same figure and time, those that were in use on `as_of`.

    Those that are in use today count as soon as they were announced. Before that the best known fact does (by confidence,
    then the newest): a fact that was replaced later must not vanish from the days before. Where none is in use today,
    none ever was: the record, or a person, has decided so.
    """
    chosen = [fact for fact in facts if fact.in_use]
    known = [fact for fact in facts if fact.known_on <= as_of]
    if not chosen or not known:
        return []
    return [fact for fact in chosen if fact.known_on <= as_of] or [max(known, key=_weight)]


def _weight(fact: Fact) -> tuple[int, date]:
    return _WEIGHT.get(fact.confidence, 0), fact.known_on
