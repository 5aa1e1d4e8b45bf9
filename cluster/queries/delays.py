"""What is late on a day by the delay rules: for the page of a past day, and over every contract for the command."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Subquery

from cluster.domain.delays import Finding, Severity, findings
from cluster.domain.errors import DomainError
from cluster.models import Contract, Milestone, RiskResult, RiskRun
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.schedule import schedule_of


@dataclass(frozen=True, slots=True)
class Late:
    """One finding about one milestone: days late on the day asked for, and how severe that is under its contract."""

    milestone: Milestone
    finding: Finding
    days: int
    severity: Severity


def late_on(as_of: date) -> list[Late]:
    """Everything late on `as_of`, as announced by then, the longest first: at most eight statements a contract; nothing is stored."""
    found = [late for contract in Contract.objects.order_by("pk") for late in _late(contract, as_of)]
    return sorted(found, key=lambda late: (-late.days, late.milestone.code, late.finding.kind))


def _late(contract: Contract, as_of: date) -> list[Late]:
    """What is late in a contract; of a plan that cannot be placed nothing is known that its links make late."""
    try:
        plan = schedule_of(contract, as_of=as_of)
        milestones, pushed = plan.milestones, plan.schedule.knock_on()
    except DomainError:
        milestones, pushed = with_dates(Milestone.objects.filter(contract=contract), as_of=as_of), {}
    return list(found_late(milestones, contract, as_of=as_of, pushed=pushed))


def found_late(milestones: Iterable[DatedMilestone], contract: Contract, *, as_of: date, pushed: Mapping[int, date]) -> Iterator[Late]:
    """What the rules find on a day among milestones of a contract: by their dates, the days to which the schedule has them `pushed`, and
    the newest simulation of a data date until then. One statement."""
    scale, p80s = contract.severity_scale, _p80(contract, as_of)
    for dated in milestones:
        if not dated.milestone.scored:
            continue
        for finding in findings(
            due=dated.due.window if dated.due else None,
            forecast=dated.forecast.window if dated.forecast else None,
            actual=dated.reached_on,
            as_of=as_of,
            knock_on=pushed.get(dated.milestone.pk),
            p80=p80s.get(dated.milestone.pk),
        ):
            days = finding.days(as_of=as_of)
            yield Late(dated.milestone, finding, days, scale.of(days))


def _p80(contract: Contract, as_of: date) -> dict[int, date]:
    """The P80 of each milestone by the newest simulation whose data date is not after `as_of`."""
    runs = RiskRun.objects.filter(contract=contract).newest_finished(as_of=as_of)
    return dict(RiskResult.objects.filter(run=Subquery(runs.values("pk")[:1])).values_list("milestone_id", "p80"))
