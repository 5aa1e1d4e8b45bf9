"""What is late on a day by the delay rules, over every contract: for the job that keeps the flags, and for a past day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cluster.domain.delays import Finding, Severity
from cluster.models import Milestone
from cluster.queries.milestones import with_dates


@dataclass(frozen=True, slots=True)
class Late:
    """One finding about one milestone: days late on the day asked for, and how severe that is under its contract."""

    milestone: Milestone
    finding: Finding
    days: int
    severity: Severity


def late_on(as_of: date) -> list[Late]:
    """Everything late on `as_of`, as announced by then, the longest first. Two statements; nothing is stored."""
    return sorted(_late(as_of), key=lambda late: (-late.days, late.milestone.code, late.finding.kind))


def _late(as_of: date) -> Iterator[Late]:
    for dated in with_dates(Milestone.objects.filter(scored=True), as_of=as_of):
        for finding in dated.findings:
            days = finding.days(as_of=as_of)
            yield Late(dated.milestone, finding, days, dated.milestone.contract.severity_scale.of(days))
