"""The quality of a contract's schedule on a day, with the milestones that fail each check, as far as a reader may see them."""

from dataclasses import dataclass
from datetime import date

from cluster.domain.quality import Check, Fault, Rule, checks
from cluster.models import Contract, Milestone
from cluster.models.scope import Reader
from cluster.queries.causes import seen
from cluster.queries.contracts import contract_for
from cluster.queries.schedule import refuse_before_baseline, schedule_of


@dataclass(frozen=True, slots=True)
class Failing:
    """A milestone that fails a check.

    `other` is the one that it waits for, of which the code alone may be told where it is not seen; or the end of the path, told only
    where it is seen.
    """

    fault: Fault
    milestone: Milestone
    other: Milestone | None


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check over the whole contract, what of its faults the reader sees, and how many are of other factories."""

    check: Check
    failing: list[Failing]
    hidden: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The checks of a contract's schedule as it was known on `as_of`."""

    contract: Contract
    as_of: date
    milestones: int
    rows: list[CheckRow]

    @property
    def failed(self) -> list[CheckRow]:
        """The checks that did not pass."""
        return [row for row in self.rows if row.check.passed is False]


def quality_for(*, reader: Reader, contract_code: str, as_of: date) -> Quality:
    """The checks for a reader: seven statements. NotFound for outsiders, else as `quality_of`."""
    return quality_of(contract_for(reader, contract_code), as_of=as_of, reader=reader)


def quality_of(contract: Contract, *, as_of: date, reader: Reader | None = None) -> Quality:
    """The checks, for whoever may run commands where no reader is named.

    Raises DomainError for a day before the first baseline, a contract without milestones, and a plan that cannot be scheduled.
    """
    refuse_before_baseline(contract, as_of)
    found = schedule_of(contract, as_of=as_of)

    def visible(key: int) -> bool:
        return reader is None or seen(reader, found.by_key[key].milestone)

    rows = []
    for check in checks(found.schedule):
        shown = []
        for fault in filter(lambda fault: visible(fault.key), check.faults):
            other = None
            if fault.other is not None and (check.rule is not Rule.PATH_TEST or visible(fault.other)):
                other = found.by_key[fault.other].milestone
            shown.append(Failing(fault, found.by_key[fault.key].milestone, other))
        rows.append(CheckRow(check, sorted(shown, key=lambda one: one.milestone.code), len(check.faults) - len(shown)))
    return Quality(contract, as_of, len(found.milestones), rows)
