"""Storing the example plan: once, all or nothing. What people make of it afterwards is theirs."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import pghistory
from django.db import transaction

from cluster.domain.dates import DateWindow
from cluster.domain.example import ExamplePlan, example_plan
from cluster.domain.example.estimates import SILENT_AFTER_DAYS
from cluster.domain.example.rows import BaselineRow, ClaimRow, EntryRow
from cluster.domain.example.schedule import AMENDED, SIGNED
from cluster.gateways.project_files import read_json
from cluster.models import (
    Amendment,
    Baseline,
    BaselineMilestone,
    BudgetLine,
    CalendarException,
    Claim,
    Confidence,
    Contract,
    Dependency,
    Factory,
    ForecastRevision,
    LedgerEntry,
    Milestone,
    Party,
    Source,
)
from cluster.services.locks import one_at_a_time
from cluster.services.public_record import DATA, history_of, ids_by_key

CODE = "example"
REASON = "example plan"
PLAN_SOURCE, REPORT_SOURCE = "example-plan", "example-report"
_KOPECK = Decimal("0.01")
_MILLIONTH = Decimal("0.000001")
_AT_ONCE = 1000


@transaction.atomic
def load() -> dict[str, int]:
    """Store the contract of the example with all that belongs to it; returns how many rows of each kind were added.

    Nothing is added where the example is, or ever was: a person who changed or deleted a part of it wanted so.
    """
    one_at_a_time("example plan")
    if history_of(Contract).filter(code=CODE).exists():
        return {}
    plan = example_plan(known_rate_days())
    with pghistory.context(reason=REASON):
        contract = _contract()
        sources = _sources(contract)
        source = sources[PLAN_SOURCE]
        factories = _factories(plan, contract)
        milestones = _milestones(plan, contract, factories, source)
        return {
            "contracts": 1,
            "sources": len(sources),
            "factories": len(factories),
            "milestones": len(milestones),
            "calendar_exceptions": len(_exceptions(plan, contract, factories)),
            "dependencies": len(_dependencies(plan, milestones)),
            "baseline_dates_and_lines": sum(
                _baseline(row, contract, factories, milestones, plan.weights, source)
                for row in (plan.original, plan.in_force, plan.proposed)
            ),
            "forecast_revisions": len(_revisions(plan, milestones, source)),
            "ledger_entries": len(_entries(plan.entries, factories, source)),
            "claims": len(_claims(plan.claims, contract, factories, sources)),
        }


def contract_of_example() -> Contract | None:
    """The contract of the example, whatever its code is by now; None where it was not loaded."""
    found = ids_by_key(Contract, "code").get(CODE)
    return Contract.objects.get(pk=found) if found is not None else None


def known_rate_days() -> list[date]:
    """The dates of the rates that the public record brings: they are the same in every installation."""
    return [date.fromisoformat(row["date"]) for row in read_json(DATA / "rates.json")["rows"]]


def _contract() -> Contract:
    contract = Contract(
        code=CODE,
        name_ru="Пример: не настоящие цифры",
        name_en="Example: not real figures",
        kind_ru="Выдуманный контракт, на котором всё можно попробовать",
        kind_en="An invented contract to try everything on",
        is_example=True,
        silent_after_days=SILENT_AFTER_DAYS,
    )
    contract.signed = DateWindow.day(SIGNED)
    contract.save()
    Party.objects.bulk_create(
        [
            Party(
                contract=contract,
                role=Party.Role.INVESTOR,
                name_ru="ООО «Пример-Инвестор» (вымышлено)",
                name_en="Example Investor (invented)",
            ),
            Party(contract=contract, role=Party.Role.REGION, name_ru="Область Пример (вымышлена)", name_en="Example Region (invented)"),
        ]
    )
    return contract


def _sources(contract: Contract) -> dict[str, Source]:
    rows = [
        Source(
            key=PLAN_SOURCE,
            contract=contract,
            title_ru="Пример: выдуманный план, не настоящие цифры",
            title_en="Example: an invented plan, not real figures",
            document="Пример № 1",
            note_ru="Все числа, сроки и стороны придуманы программой.",
            note_en="All figures, dates and parties were made up by the program.",
        ),
        Source(
            key=REPORT_SOURCE,
            contract=contract,
            title_ru="Пример: выдуманный отчёт, не настоящие цифры",
            title_en="Example: an invented report, not real figures",
            document="Пример № 2",
            note_ru="Местами расходится с планом, чтобы показать, как видны расхождения.",
            note_en="Disagrees with the plan here and there, to show how disagreements look.",
        ),
    ]
    return {row.key: row for row in Source.objects.bulk_create(rows)}


def _factories(plan: ExamplePlan, contract: Contract) -> dict[str, Factory]:
    rows = [
        Factory(contract=contract, code=plant.code, name_ru=plant.name_ru, name_en=plant.name_en, order=plant.number)
        for plant in plan.plants
    ]
    return {row.code: row for row in Factory.objects.bulk_create(rows)}


def _milestones(plan: ExamplePlan, contract: Contract, factories: dict[str, Factory], source: Source) -> dict[str, Milestone]:
    rows = []
    for given in plan.milestones:
        row = Milestone(
            contract=contract,
            factory=factories.get(given.factory),
            code=given.code,
            kind=given.kind,
            name_ru=given.name_ru,
            name_en=given.name_en,
            duration_days=given.days,
            risk_cause=given.cause,
            started_on=given.started,
        )
        if given.range is not None:
            row.optimistic_days, row.pessimistic_days = given.range
        if given.bound is not None:
            row.constraint, row.constraint_on = given.bound.constraint, given.bound.on
        if given.actual is not None:
            row.actual = DateWindow.day(given.actual)
            row.actual_announced_on, row.actual_source = given.told, source
        rows.append(row)
    return {row.code: row for row in Milestone.objects.bulk_create(rows)}


def _exceptions(plan: ExamplePlan, contract: Contract, factories: dict[str, Factory]) -> list[CalendarException]:
    return CalendarException.objects.bulk_create(
        CalendarException(contract=contract, factory=factories[given.factory], day=given.day, works=given.works, reason=given.reason)
        for given in plan.exceptions
    )


def _dependencies(plan: ExamplePlan, milestones: dict[str, Milestone]) -> list[Dependency]:
    return Dependency.objects.bulk_create(
        Dependency(predecessor=milestones[link.before], successor=milestones[link.after], type=link.type, lag_days=link.lag)
        for link in plan.dependencies
    )


def _baseline(
    given: BaselineRow,
    contract: Contract,
    factories: dict[str, Factory],
    milestones: dict[str, Milestone],
    weights: Mapping[str, int],
    source: Source,
) -> int:
    """One baseline, filled as a proposal and then approved, as a person would have to do it; how many rows hang on it."""
    amendment = _amendment(contract, source) if given.amended else None
    baseline = Baseline.objects.create(
        contract=contract, amendment=amendment, name_ru=given.name_ru, name_en=given.name_en, reason=given.reason
    )
    told = DateWindow.day(given.told)
    dates = []
    for row in given.dates:
        promise = BaselineMilestone(
            baseline=baseline, milestone=milestones[row.milestone], source=source, note_ru=row.note_ru, note_en=row.note_en
        )
        if row.milestone in weights:
            promise.weight = weights[row.milestone] * _MILLIONTH
        promise.due, promise.announced = row.due, told
        dates.append(promise)
    lines = []
    for one in given.lines:
        line = BudgetLine(
            baseline=baseline,
            factory=factories[one.factory],
            category=one.category,
            funding=one.funding,
            month=one.month,
            amount_rub=_rub(one.kopecks),
            reason=one.reason,
            source=source,
        )
        line.announced = told
        lines.append(line)
    BaselineMilestone.objects.bulk_create(dates, batch_size=_AT_ONCE)
    BudgetLine.objects.bulk_create(lines, batch_size=_AT_ONCE)
    if given.in_force_from is not None:
        baseline.kind, baseline.in_force_from = Baseline.Kind.APPROVED, given.in_force_from
        baseline.save(update_fields=["kind", "in_force_from"])
    return len(dates) + len(lines)


def _amendment(contract: Contract, source: Source) -> Amendment:
    row = Amendment(
        contract=contract,
        number="1",
        approved_on=AMENDED,
        title_ru="Пример: дополнительное соглашение № 1",
        title_en="Example: amendment 1",
        note_ru="Обязательство выросло до 71 млрд руб., сроки трёх заводов перенесены.",
        note_en="The commitment rose to RUB 71 bn, the dates of three factories were moved.",
        source=source,
    )
    row.announced = DateWindow.day(AMENDED)
    row.save()
    return row


def _revisions(plan: ExamplePlan, milestones: dict[str, Milestone], source: Source) -> list[ForecastRevision]:
    rows = []
    for given in plan.revisions:
        row = ForecastRevision(
            milestone=milestones[given.milestone],
            reason=given.reason,
            note_ru=given.note_ru,
            note_en=given.note_en,
            source=source,
            speaker_ru="директор завода (вымышлен)",
            speaker_en="plant director (invented)",
        )
        row.old, row.new, row.announced = given.old, given.new, DateWindow.day(given.told)
        rows.append(row)
    return ForecastRevision.objects.bulk_create(rows)


def _entries(entries: Iterable[EntryRow], factories: dict[str, Factory], source: Source) -> list[LedgerEntry]:
    """The ledger; what is taken back is there before what takes it back."""
    entries = list(entries)
    stored: dict[int, LedgerEntry] = {}
    for reversing in (False, True):
        places = [place for place, given in enumerate(entries) if (given.reverses is not None) is reversing]
        rows = [
            LedgerEntry(
                factory=factories[given.factory],
                kind=given.kind,
                date=given.on,
                amount_rub=_rub(given.kopecks),
                category=given.category,
                funding=given.funding,
                document=given.document,
                counterparty=given.counterparty,
                note=given.note,
                source=source,
                reverses=stored[given.reverses] if given.reverses is not None else None,
            )
            for given in (entries[place] for place in places)
        ]
        stored |= dict(zip(places, LedgerEntry.objects.bulk_create(rows, batch_size=_AT_ONCE), strict=True))
    return list(stored.values())


def _claims(claims: Iterable[ClaimRow], contract: Contract, factories: dict[str, Factory], sources: dict[str, Source]) -> list[Claim]:
    rows = []
    for given in claims:
        row = Claim(
            contract=contract,
            factory=factories.get(given.factory),
            figure=given.figure,
            value=Decimal(given.value) if given.value is not None else None,
            unit=given.unit,
            text_ru=given.text_ru,
            text_en=given.text_en,
            qualifier=given.qualifier,
            confidence=Confidence.MEDIUM if given.from_report else Confidence.HIGH,
            source=sources[REPORT_SOURCE if given.from_report else PLAN_SOURCE],
            in_use=given.in_use,
            reason_ru=given.reason_ru,
            reason_en=given.reason_en,
        )
        row.valid, row.announced = DateWindow.parse(given.valid), DateWindow.parse(given.told)
        row.date = DateWindow.parse(given.on) if given.on else None
        rows.append(row)
    return Claim.objects.bulk_create(rows)


def _rub(kopecks: int) -> Decimal:
    return kopecks * _KOPECK
