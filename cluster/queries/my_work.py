"""What is asked of one person now, across all contracts: forecasts to confirm, delays to take note of, decisions that wait."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    Exists,
    ExpressionWrapper,
    F,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from cluster.domain.access import Action, Role, Scope
from cluster.domain.delays import Severity
from cluster.models import (
    Baseline,
    Claim,
    Comment,
    Contract,
    DelayFlag,
    ExchangeRate,
    JobRun,
    Milestone,
    ReportingDuty,
    RiskRun,
    User,
    Visit,
)
from cluster.queries.delay_board import DelayRow
from cluster.queries.discussion import mentions_of
from cluster.queries.figures import NOT_EXCLUSIVE, PLACE
from cluster.queries.flag_kinds import subjects_of
from cluster.queries.milestones import DatedMilestone, with_dates
from cluster.queries.outbox import letters_asking, suspended
from cluster.queries.reporting import Report, owed_by, reports_of

# What ends within these days, and what nothing was told of for these, is asked about; a contract may say otherwise about silence.
AHEAD = timedelta(days=14)
A_WEEK = timedelta(days=7)
SILENT_AFTER = 30
# So many of a kind are counted for the mark in the head of the pages, and so many are shown at once.
MOST_COUNTED = 100
MOST_FORECASTS, MOST_FLAGS, MOST_OTHERS = 60, 30, 20
# Who was mentioned longer ago has seen it or will not.
MENTIONED_WITHIN = timedelta(days=30)


class Asked(StrEnum):
    """A kind of thing that is asked of a person."""

    FORECASTS = "forecasts"
    FLAGS = "flags"
    RATES = "rates"
    BASELINES = "baselines"
    CONTRADICTIONS = "contradictions"
    JOBS = "jobs"
    SIMULATIONS = "simulations"
    LETTERS = "letters"
    SUSPENSIONS = "suspensions"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many things of each kind are asked of a person; MOST_COUNTED stands for that many or more."""

    of: Counter[str]

    @property
    def total(self) -> int:
        """All of them, at most MOST_COUNTED."""
        return min(self.of.total(), MOST_COUNTED)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than `total`."""
        return self.of.total() >= MOST_COUNTED


@dataclass(frozen=True, slots=True)
class ForecastToTell:
    """A milestone whose forecast is to be confirmed, or, where it has passed or there is none, to be revised."""

    dated: DatedMilestone

    @property
    def can_be_confirmed(self) -> bool:
        """Whether there is a forecast that has not passed."""
        return self.dated.forecast is not None and self.dated.forecast.window.latest >= self.dated.as_of

    @property
    def ends(self) -> date:
        """The end of the forecast, else of the due window."""
        known = self.dated.forecast or self.dated.due
        return known.window.latest if known else date.max


@dataclass(frozen=True, slots=True)
class FlagToNote:
    """An open delay of which nobody takes note, and what it is about (None: that is gone)."""

    row: DelayRow
    flag: DelayFlag
    subject: Model | None

    @property
    def name(self) -> str:
        """What it is about in words."""
        return str(getattr(self.subject, "name", self.subject) or self.flag.contract.name)


@dataclass(frozen=True, slots=True)
class ContradictionsToDecide:
    """How many figures of a contract have sources that disagree, with none of them in use."""

    contract: Contract
    count: int


@dataclass(frozen=True, slots=True)
class MyWork:
    """What is asked of one person on a day, of each kind the first ones."""

    counts: Counts
    forecasts: list[ForecastToTell]
    flags: list[FlagToNote]
    baselines: list[Baseline]
    contradictions: list[ContradictionsToDecide]
    jobs: list[JobRun]
    simulations: list[RiskRun]
    reports: list[Report]
    mentions: list[Comment]


def asked_of(reader: User, *, today: date) -> Counts:
    """How much of each kind is asked of `reader`: one statement."""
    return counted(things_asked(reader, today=today))


def things_asked(reader: User, *, today: date, besides: Collection[Asked] = ()) -> QuerySet[Any, Any]:
    """The kind of each thing that is asked of `reader`, for `counted`; `besides` these kinds."""
    rows = [
        find(reader, today).order_by().annotate(asked=Value(kind.value, output_field=CharField())).values_list("asked")[:MOST_COUNTED]
        for kind, find in _FIND.items()
        if kind not in besides and _may_be_asked(reader, kind)
    ]
    nothing: QuerySet[Any, Any] = Milestone.objects.none().values_list("code")
    return rows[0].union(*rows[1:], all=True) if rows else nothing


def counted(asked: Iterable[tuple[str]]) -> Counts:
    """How much of each kind is asked."""
    return Counts(Counter(kind for (kind,) in asked))


def my_work(reader: User, *, today: date, counts: Counts) -> MyWork:
    """The things behind `counts`: two statements for forecasts, one for delays and each type of subject beside milestones and
    factories, one for each other kind of which there are any, and one for mentions, which are told of and not counted.
    """

    def found(kind: Asked, most: int) -> Any:
        return _FIND[kind](reader, today)[:most] if counts.of[kind] else []

    return MyWork(
        counts=counts,
        forecasts=forecasts_to_tell(reader, today=today) if counts.of[Asked.FORECASTS] else [],
        flags=flags_to_note(reader, today=today) if counts.of[Asked.FLAGS] else [],
        baselines=baselines_to_decide(reader, today=today) if counts.of[Asked.BASELINES] else [],
        contradictions=_by_contract(reader, today) if counts.of[Asked.CONTRADICTIONS] else [],
        jobs=list(found(Asked.JOBS, MOST_OTHERS)),
        simulations=list(found(Asked.SIMULATIONS, MOST_OTHERS)),
        reports=_owed(found(Asked.REPORTS, MOST_OTHERS), today),
        mentions=list(mentions_of(reader).filter(at__date__gt=today - MENTIONED_WITHIN)[:MOST_OTHERS]),
    )


def forecasts_to_tell(reader: User, *, today: date) -> list[ForecastToTell]:
    """The forecasts that are asked of `reader`: two statements."""
    asked = forecasts_asked([reader], reader, today)[:MOST_FORECASTS]
    dated = with_dates(Milestone.objects.filter(pk__in=asked.values("pk")), as_of=today)
    return sorted((ForecastToTell(one) for one in dated), key=by_place)


def flags_to_note(reader: User, *, today: date, most: int = MOST_FLAGS) -> list[FlagToNote]:
    """The first delays of which nobody takes note: one statement, and one for each type of subject beside milestones and factories."""
    return flags_told(flags_asked(reader, today)[:most], today=today)


def flags_told(flags: Iterable[DelayFlag], *, today: date) -> list[FlagToNote]:
    """These delays with what they are about."""
    found = list(flags)
    subjects = subjects_of(found)
    return [FlagToNote(_row(flag, today), flag, subjects.get(flag.pk)) for flag in found]


def baselines_to_decide(reader: User, *, today: date, most: int = MOST_OTHERS) -> list[Baseline]:
    """The first proposed baselines that `reader` approves: one statement."""
    return list(_baselines(reader, today)[:most])


def by_place(one: ForecastToTell) -> tuple[bool, int, int, bool, date, str]:
    """By contract, real ones first, and factory; what cannot be confirmed first, then what ends first."""
    milestone = one.dated.milestone
    order = milestone.factory.order if milestone.factory else -1
    return milestone.contract.is_example, milestone.contract_id, order, one.can_be_confirmed, one.ends, milestone.code


def _row(flag: DelayFlag, today: date) -> DelayRow:
    return DelayRow(flag.kind, Severity(flag.severity), flag.since, flag.days_on(today), flag.closed_on, flag.amount, flag)


def _may_be_asked(reader: User, kind: Asked) -> bool:
    scope = reader.scope
    if kind is Asked.REPORTS:
        # Whoever owes one may submit it.
        return not scope.is_empty
    if kind in (Asked.RATES, Asked.JOBS, Asked.LETTERS, Asked.SUSPENSIONS):
        # They belong to no contract.
        return scope.may(_ACTION[kind])
    return not scope.allowing(_ACTION[kind]).is_empty


def _within(scope: Scope, contract: str, factory: str = "") -> Q:
    """What lies in `scope`; without a path to a factory only what concerns a contract as a whole."""
    if scope.sees_everything:
        return Q()
    inside = Q(**{f"{contract}__in": scope.contracts})
    return inside | Q(**{f"{factory}__in": scope.factories}) if factory else inside


def _asked_in(reader: User, action: Action, factory: str = "factory") -> Q:
    """Where `reader` may do `action`. Nothing of an example is asked of those whose role is over everything."""
    scope = reader.scope.allowing(action)
    return _within(scope, "contract", factory) & (Q(contract__is_example=False) if scope.sees_everything else Q())


def forecasts_asked(people: Collection[User], reader: User, today: date) -> QuerySet[Milestone]:
    """Unreached milestones of these people, or of factories that they manage, of which a word is due; `reader` sees what they see.

    The forecast has passed; or it ends soon, or the due date does, and nothing was told for a week; or nothing was told for so long
    that the contract calls it silence. What has no forecast is asked for one when it is due soon.
    """
    # Each part by an index of its own: one condition with OR would read the milestones of all contracts.
    milestones = Milestone.objects.order_by().values("pk")
    mine = [milestones.filter(responsible__in=people), milestones.filter(factory__manager__in=people)]
    manages = reader.scope.held_as(Role.MANAGER)
    if not manages.is_empty:
        mine.append(milestones.filter(_within(manages, "contract", "factory")))
    silent_from = ExpressionWrapper(
        F("standing__told_on") + Coalesce(F("contract__silent_after_days"), Value(SILENT_AFTER)), output_field=DateField()
    )
    forecast, due, told = "standing__forecast_latest", "standing__due_latest", "standing__told_on"
    soon = Q(**{f"{forecast}__lte": today + AHEAD}) | Q(**{f"{due}__lte": today + AHEAD})
    asked = (
        Q(**{f"{forecast}__lt": today})
        | Q(**{f"{forecast}__isnull": True, f"{due}__lte": today + AHEAD})
        | Q(**{f"{forecast}__isnull": False, "silent_from__lte": today})
        | Q(**{f"{forecast}__isnull": False, f"{told}__lte": today - A_WEEK}) & soon
    )
    rows = Milestone.objects.for_reader(reader).alias(silent_from=silent_from)
    # What the person may see but not forecast is asked of somebody else.
    allowed = _within(reader.scope.allowing(Action.REVISE_FORECAST), "contract", "factory")
    rows = rows.filter(allowed, asked, pk__in=mine[0].union(*mine[1:]), standing__judged=True, standing__actual_latest__isnull=True)
    return rows.order_by("contract__is_example", Coalesce(F(forecast), F(due)), "pk")


def flags_asked(reader: User, today: date) -> QuerySet[DelayFlag]:
    """Open delays of which nobody takes note today, the gravest and longest first."""
    gravity = Case(*(When(severity=severity.value, then=Value(rank)) for rank, severity in enumerate(Severity)), default=Value(0))
    rows = DelayFlag.objects.for_reader(reader).filter(
        _asked_in(reader, Action.REVISE_FORECAST),
        Q(acknowledged_until__isnull=True) | Q(acknowledged_until__lt=today),
        closed_on__isnull=True,
        withdrawn_on__isnull=True,
    )
    return with_subjects(rows).order_by("contract__is_example", gravity.desc(), "since", "pk")


def with_subjects(flags: QuerySet[DelayFlag]) -> QuerySet[DelayFlag]:
    """Flags with what `flags_told` names."""
    return flags.select_related("contract", "factory", "milestone", "acknowledged_by")


def _rates(reader: User, today: date) -> QuerySet[ExchangeRate]:
    """Rates in quarantine."""
    return ExchangeRate.objects.for_reader(reader).filter(status=ExchangeRate.Status.QUARANTINED)


def _baselines(reader: User, today: date) -> QuerySet[Baseline]:
    """Proposed baselines of contracts whose baselines the person approves."""
    rows = Baseline.objects.for_reader(reader).filter(_asked_in(reader, Action.APPROVE_BASELINE, ""), kind=Baseline.Kind.DRAFT)
    return rows.select_related("contract").order_by("contract__is_example", "contract__code", "pk")


def _contradictions(reader: User, today: date) -> QuerySet[Claim, dict[str, Any]]:
    """Figures for a time for which sources give different values, none of them in use: the rule of `Figures.disputes`."""
    value = JSONObject(a="value", b="value_high", c="unit", d="text_ru", e="date_earliest", f="date_latest", g="date_precision")
    rows = Claim.objects.for_reader(reader).announced_by(today).filter(_asked_in(reader, Action.EDIT_RECORD))
    places = rows.exclude(figure__in=NOT_EXCLUSIVE).order_by().values(*PLACE).annotate(values=Count(value, distinct=True))
    undecided: QuerySet[Claim, dict[str, Any]] = (
        places.filter(values__gt=1).annotate(used=Count("pk", filter=Q(in_use=True))).filter(used=0)
    )
    return undecided


def _by_contract(reader: User, today: date) -> list[ContradictionsToDecide]:
    """The contradictions by contract: two statements."""
    counted = Counter(row["contract_id"] for row in _contradictions(reader, today))
    contracts = Contract.objects.for_reader(reader).in_bulk(counted)
    return [ContradictionsToDecide(contracts[key], n) for key, n in counted.most_common(MOST_OTHERS) if key in contracts]


def _jobs(reader: User, today: date) -> QuerySet[JobRun]:
    """Runs that were given up and have not succeeded since."""
    later = JobRun.objects.filter(name=OuterRef("name"), status=JobRun.Status.SUCCEEDED, scheduled_for__gt=OuterRef("scheduled_for"))
    return JobRun.objects.for_reader(reader).filter(~Exists(later), status=JobRun.Status.DEAD).order_by("-scheduled_for", "-pk")


def _simulations(reader: User, today: date) -> QuerySet[RiskRun]:
    """Simulations that the person asked for, finished since the person last looked at the contract."""
    seen = Visit.objects.filter(user=reader, contract=OuterRef("contract"), seen_at__gte=OuterRef("finished_at"))
    rows = RiskRun.objects.for_reader(reader).filter(~Exists(seen), requested_by=reader, finished_at__isnull=False)
    return rows.select_related("contract").order_by("-finished_at", "-pk")


def _owed(duties: Iterable[ReportingDuty], today: date) -> list[Report]:
    """The reports to submit, what is due first: two statements, none where nothing is asked."""
    owed = [report for report in reports_of(duties, as_of=today) if report.is_owed]
    return sorted(owed, key=lambda report: (report.due_on, report.duty.pk))


# What may be done about each kind: who may not is not asked.
_ACTION: dict[Asked, Action] = {
    Asked.FORECASTS: Action.REVISE_FORECAST,
    Asked.FLAGS: Action.REVISE_FORECAST,
    Asked.RATES: Action.EDIT_RECORD,
    Asked.BASELINES: Action.APPROVE_BASELINE,
    Asked.CONTRADICTIONS: Action.EDIT_RECORD,
    Asked.JOBS: Action.RUN_JOB,
    Asked.SIMULATIONS: Action.EDIT_RECORD,
    Asked.LETTERS: Action.HANDLE_MAIL,
    Asked.SUSPENSIONS: Action.HANDLE_MAIL,
}
_FIND: dict[Asked, Callable[[User, date], QuerySet[Any, Any]]] = {
    Asked.FORECASTS: lambda reader, today: forecasts_asked([reader], reader, today),
    Asked.FLAGS: flags_asked,
    Asked.RATES: _rates,
    Asked.BASELINES: _baselines,
    Asked.CONTRADICTIONS: _contradictions,
    Asked.JOBS: _jobs,
    Asked.SIMULATIONS: _simulations,
    Asked.LETTERS: lambda reader, today: letters_asking(reader),
    Asked.SUSPENSIONS: lambda reader, today: suspended(reader),
    Asked.REPORTS: lambda reader, today: owed_by([reader], reader, today=today).select_related("contract", "factory", "owed_by"),
}
