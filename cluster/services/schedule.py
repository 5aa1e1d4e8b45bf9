"""The day to which what precedes a milestone pushes it, kept in `Standing` for the delay rules."""

from collections.abc import Iterator
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef

from cluster.domain.errors import DomainError
from cluster.domain.progress import Progress
from cluster.models import Dependency, Standing
from cluster.queries.schedule import Pushed, knock_on_of, linked_contracts

# Dependencies of the contracts that are placed at once: some tens of megabytes.
_AT_ONCE = 5_000
_MOVE = """
UPDATE cluster_standing AS stored SET knock_on = moved.day
FROM unnest(%s::bigint[], %s::date[]) AS moved (milestone_id, day) WHERE stored.milestone_id = moved.milestone_id
"""


def place_all(*, as_of: date, progress: Progress) -> dict[str, int]:
    """Bring the knock-on dates of every contract into line with where its milestones stand on `as_of`, today; returns figures.

    Only rows that change are written: repeating it changes nothing. A contract whose plan cannot be placed (dates beyond 2100, a circle
    that somebody wrote past the rules) keeps its knock-on dates as they were, and is counted in `not_placed`.
    """
    contracts = linked_contracts()
    waits = Dependency.objects.filter(successor=OuterRef("milestone_id"))
    figures = {"pushed": 0, "moved": Standing.objects.filter(~Exists(waits), knock_on__isnull=False).update(knock_on=None), "not_placed": 0}
    done = 0
    for some in _shares(contracts):
        progress(done, len(contracts))
        try:
            _place(some, as_of, figures)
        except DomainError:
            for one in some:
                _place_or_leave(one, as_of, figures)
        done += len(some)
    progress(done, len(contracts))
    return figures


def _shares(contracts: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Contracts by their numbers of dependencies, in shares of about _AT_ONCE of these."""
    share: list[int] = []
    held = 0
    for contract, links in contracts:
        if share and held + links > _AT_ONCE:
            yield share
            share, held = [], 0
        share.append(contract)
        held += links
    if share:
        yield share


def _place(contracts: list[int], as_of: date, figures: dict[str, int]) -> None:
    pushed = knock_on_of(contracts, as_of=as_of)
    changed = [each for each in pushed if each.now != each.stored]
    if changed:
        _write(changed)
    figures["moved"] += len(changed)
    figures["pushed"] += sum(each.now is not None for each in pushed)


def _place_or_leave(contract: int, as_of: date, figures: dict[str, int]) -> None:
    try:
        _place([contract], as_of, figures)
    except DomainError:
        figures["not_placed"] += 1


def _write(changed: list[Pushed]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [[each.key for each in changed], [each.now for each in changed]])
