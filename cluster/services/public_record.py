"""Loading the public record: adds what is missing, never changes what a person wrote.

A row that the record gave before and that a person then edited or deleted stays as the person left it; where the
record says something else, that becomes a claim beside the person's value.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pghistory
from django.db import models, transaction

from cluster.domain.dates import DateWindow
from cluster.gateways.project_files import read_json
from cluster.models import (
    Amendment,
    Baseline,
    BaselineMilestone,
    BudgetLine,
    Claim,
    Contract,
    ExchangeRate,
    Factory,
    Figure,
    ForecastRevision,
    Milestone,
    Party,
    SlipReason,
    Source,
)
from cluster.models.names import LANGUAGES

DATA = Path(__file__).resolve().parent.parent / "data" / "avtotor"
M = TypeVar("M", bound=models.Model)

_CLAIM_KEY = (
    "contract_id", "factory_id", "milestone_id", "figure", "source_id", "value", "value_high", "unit", "text_ru",
    "date_earliest", "date_latest", "valid_earliest", "valid_latest",
)  # fmt: skip


@transaction.atomic
def load() -> dict[str, int]:
    """Load contract, factories, milestones, claims and rates; returns how many rows of each kind were added."""
    with pghistory.context(reason="public record"):
        added = {"sources": _load_sources()}
        sources = ids_by_key(Source, "key")
        contract, is_new = _load_contract()
        added["contracts"] = int(is_new)
        added["parties"] = len(add_missing(_parties(contract, sources), ("contract_id", "name_ru")))
        added["amendments"] = len(add_missing(_amendments(contract, sources), ("contract_id", "title_ru")))
        rows = read_json(DATA / "factories.json")
        added["factories"] = len(add_missing(_factories(contract, rows), ("contract_id", "code")))
        added["milestones"] = _load_milestones(contract, sources)
        claims = _claims(contract, sources)
        added["claims"] = len(add_claims([*claims, *_names_that_differ(contract, rows, claims)]))
        added["budget_lines"] = len(add_missing(_budget_lines(contract, claims), ("baseline_id", "factory_id")))
        added["rates"] = len(add_missing(_rates(), ("currency", "date")))
    return added


def ids_by_key(model: type[models.Model], key: str, **where: Any) -> dict[str, int]:
    """The id of each row by every `key` that it has or ever had: a row that a person renamed is still found."""
    there = set(model._default_manager.filter(**where).values_list("pk", flat=True))
    ever = history_of(model).filter(pgh_obj_id__in=there).order_by("pgh_id").values_list(key, "pgh_obj_id")
    return dict(ever) | dict(model._default_manager.filter(**where).values_list(key, "pk"))


def contract_of_record() -> Contract | None:
    """The contract that the record is about, whatever its code is by now; None before it was loaded."""
    found = ids_by_key(Contract, "code").get(read_json(DATA / "contract.json")["code"])
    return Contract.objects.get(pk=found) if found is not None else None


def sourced(rows: Iterable[dict[str, Any]], sources: dict[str, int]) -> list[dict[str, Any]]:
    """The rows whose source is there; a person may have deleted it."""
    return [row for row in rows if row["source"] in sources]


def window(text: str | None) -> DateWindow | None:
    """A window in the data files' notation; None stays None."""
    return DateWindow.parse(text) if text else None


def texts(row: dict[str, Any], *names: str) -> dict[str, str]:
    """The columns of `names` in both languages."""
    return {f"{name}_{language}": row.get(f"{name}_{language}", "") for name in names for language in LANGUAGES}


def history_of(model: type[models.Model]) -> models.QuerySet[Any]:
    """Every state that rows of the model ever had."""
    events = model._meta.get_field("history").related_model
    assert isinstance(events, type)
    return events._default_manager.all()


def add_missing(rows: Iterable[M], key: tuple[str, ...]) -> list[M]:
    """Insert the rows whose `key` is neither there now nor was ever there (edited or deleted since): the ones added."""
    rows = list(rows)
    if not rows:
        return []
    model = type(rows[0])
    known = set(model._default_manager.values_list(*key))
    # The history keeps what a person has renamed or removed since.
    known |= set(history_of(model).values_list(*key))
    missing = [row for row in rows if tuple(getattr(row, name) for name in key) not in known]
    return model._default_manager.bulk_create(missing)


def add_claims(claims: list[Claim]) -> list[Claim]:
    """Insert the claims that are not there; in use only where no other claim is in use for the same figure and time.

    A claim that a person deleted stays deleted; one whose value a person changed is given back, out of use.
    """
    current = Claim.objects.all()
    known = set(current.values_list(*_CLAIM_KEY))
    deleted = set(history_of(Claim).filter(pgh_label="delete").values_list(*_CLAIM_KEY))
    place = ("contract_id", "factory_id", "milestone_id", "figure", "valid_earliest", "valid_latest")
    taken = set(current.filter(in_use=True).values_list(*place))
    missing = []
    for claim in claims:
        key = tuple(getattr(claim, name) for name in _CLAIM_KEY)
        if key in known or key in deleted:
            continue
        known.add(key)
        where = tuple(getattr(claim, name) for name in place)
        claim.in_use = claim.in_use and where not in taken
        if claim.in_use:
            taken.add(where)
        missing.append(claim)
    return Claim.objects.bulk_create(missing)


def _load_sources() -> int:
    rows = []
    for row in read_json(DATA / "sources.json"):
        source = Source(key=row["key"], url=row["url"], publisher=row["publisher"], **texts(row, "title", "note"))
        source.published = window(row["published"])
        rows.append(source)
    return len(add_missing(rows, ("key",)))


def _load_contract() -> tuple[Contract, bool]:
    row = read_json(DATA / "contract.json")
    contract = contract_of_record()
    if contract is not None:
        return contract, False
    contract = Contract(code=row["code"], **texts(row, "name", "kind"))
    contract.signed = window(row["signed"])
    contract.save()
    return contract, True


def _parties(contract: Contract, sources: dict[str, int]) -> list[Party]:
    return [
        Party(contract=contract, role=row["role"], source_id=sources[row["source"]], **texts(row, "name", "note"))
        for row in sourced(read_json(DATA / "contract.json")["parties"], sources)
    ]


def _amendments(contract: Contract, sources: dict[str, int]) -> list[Amendment]:
    rows = []
    for row in sourced(read_json(DATA / "contract.json")["amendments"], sources):
        amendment = Amendment(contract=contract, number=row["number"], source_id=sources[row["source"]], **texts(row, "title", "note"))
        amendment.announced = window(row["announced"])
        rows.append(amendment)
    return rows


def _factories(contract: Contract, rows: list[dict[str, Any]]) -> list[Factory]:
    return [
        Factory(contract=contract, code=row["code"], membership=row["membership"], order=row["order"], **texts(row, "name")) for row in rows
    ]


def _load_milestones(contract: Contract, sources: dict[str, int]) -> int:
    """Milestones with their first promises (the published baseline), later promises (revisions) and actual dates."""
    factories = ids_by_key(Factory, "code", contract=contract)
    rows = [row for row in read_json(DATA / "milestones.json") if row["factory"] is None or row["factory"] in factories]
    milestones = []
    for row in rows:
        milestone = Milestone(
            contract=contract,
            factory_id=factories[row["factory"]] if row["factory"] else None,
            code=row["code"],
            kind=row["kind"],
            scored=row["scored"],
            **texts(row, "name", "not_scored"),
        )
        _set_actual(milestone, row.get("actual"), sources)
        milestones.append(milestone)
    added = add_missing(milestones, ("contract_id", "code"))
    stored = _milestones_by_key(contract)
    _load_promises(contract, rows, stored, sources)
    _load_new_actuals(rows, stored, sources)
    return len(added)


def _milestones_by_key(contract: Contract) -> dict[str, Milestone]:
    rows = Milestone.objects.filter(contract=contract).in_bulk()
    return {code: rows[pk] for code, pk in ids_by_key(Milestone, "code", contract=contract).items()}


def _set_actual(milestone: Milestone, actual: dict[str, Any] | None, sources: dict[str, int]) -> None:
    if actual is None or actual["source"] not in sources:
        return
    milestone.actual = DateWindow.parse(actual["window"])
    milestone.actual_announced_on = DateWindow.parse(actual["announced"]).latest
    milestone.actual_source_id = sources[actual["source"]]
    milestone.actual_note_ru, milestone.actual_note_en = actual.get("note_ru", ""), actual.get("note_en", "")


def _load_promises(contract: Contract, rows: list[dict[str, Any]], stored: dict[str, Milestone], sources: dict[str, int]) -> None:
    signed = contract.signed.latest if contract.signed else date.min
    if not history_of(Baseline).filter(contract_id=contract.pk, kind=Baseline.Kind.PUBLISHED).exists():
        Baseline.objects.create(
            contract=contract,
            kind=Baseline.Kind.PUBLISHED,
            name_ru="Первые публичные обещания",
            name_en="First public promises",
            in_force_from=signed,
        )
    baseline = _published_baseline(contract)
    firsts, revisions = [], []
    for row in rows:
        milestone, original = stored.get(row["code"]), row.get("original")
        if milestone is None:
            continue
        if original is not None and baseline is not None and original["source"] in sources:
            first = BaselineMilestone(
                baseline=baseline, milestone=milestone, source_id=sources[original["source"]], **texts(original, "speaker", "note")
            )
            first.due, first.announced = DateWindow.parse(original["window"]), window(original["announced"])
            firsts.append(first)
        before = window(original["window"]) if original else None
        for given in sourced(row["revisions"], sources):
            revision = ForecastRevision(
                milestone=milestone,
                reason=SlipReason.PUBLIC_STATEMENT,
                source_id=sources[given["source"]],
                **texts(given, "speaker", "note"),
            )
            revision.old, revision.new = before, DateWindow.parse(given["window"])
            revision.announced = window(given["announced"])
            before = revision.new
            revisions.append(revision)
    add_missing(firsts, ("baseline_id", "milestone_id"))
    add_missing(revisions, ("milestone_id", "new_earliest", "new_latest", "source_id"))


def _load_new_actuals(rows: list[dict[str, Any]], stored: dict[str, Milestone], sources: dict[str, int]) -> None:
    """Actual dates that the record learned after a milestone was loaded; a person's own date stands, the record's is a claim."""
    claims = []
    for row in rows:
        milestone, actual = stored.get(row["code"]), row.get("actual")
        if milestone is None or actual is None or actual["source"] not in sources:
            continue
        given = DateWindow.parse(actual["window"])
        had_one = milestone.actual is not None or history_of(Milestone).filter(pgh_obj=milestone, actual_earliest__isnull=False).exists()
        if not had_one:
            _set_actual(milestone, actual, sources)
            milestone.save()
        elif milestone.actual != given:
            claim = Claim(
                contract_id=milestone.contract_id,
                factory_id=milestone.factory_id,
                milestone=milestone,
                figure=Figure.ACTUAL_DATE,
                source_id=sources[actual["source"]],
                **texts(actual, "note"),
            )
            claim.date, claim.announced = given, window(actual["announced"])
            claims.append(claim)
    add_claims(claims)


def _claims(contract: Contract, sources: dict[str, int]) -> list[Claim]:
    factories = ids_by_key(Factory, "code", contract=contract)
    milestones = _milestones_by_key(contract)
    published = {source.pk: source.published for source in Source.objects.all()}
    claims = []
    for row in sourced(read_json(DATA / "claims.json"), sources):
        subject = row["subject"]
        milestone = milestones.get(subject)
        if subject != "contract" and subject not in factories and milestone is None:
            continue  # a person removed it
        source_id = sources[row["source"]]
        claim = Claim(
            contract=contract,
            factory_id=milestone.factory_id if milestone else factories.get(subject),
            milestone=milestone,
            figure=row["figure"],
            value=Decimal(row["value"]).quantize(Decimal("0.0001")) if "value" in row else None,
            value_high=Decimal(row["high"]).quantize(Decimal("0.0001")) if "high" in row else None,
            unit=row.get("unit", ""),
            quoted_usd=Decimal(row["quoted_usd"]) if "quoted_usd" in row else None,
            qualifier=row.get("qualifier", "exact"),
            confidence=row["confidence"],
            source_id=source_id,
            in_use=row["in_use"],
            **texts(row, "text", "note", "reason"),
        )
        claim.date, claim.valid = window(row.get("window")), window(row["valid"])
        claim.announced = window(row.get("announced")) or published[source_id]
        claims.append(claim)
    return claims


def _names_that_differ(contract: Contract, rows: list[dict[str, Any]], claims: list[Claim]) -> list[Claim]:
    """The record's names of the factories that a person has renamed, as claims with a source that names the factory."""
    ids = ids_by_key(Factory, "code", contract=contract)
    named = {ids[row["code"]]: row for row in rows if row["code"] in ids}
    sources: dict[int | None, list[Claim]] = defaultdict(list)
    for claim in claims:
        sources[claim.factory_id].append(claim)
    found = []
    for factory in Factory.objects.filter(contract=contract):
        row = named.get(factory.pk)
        if row is None or factory.name_ru == row["name_ru"] or not sources[factory.pk]:
            continue
        witness = sources[factory.pk][0]
        claim = Claim(contract=contract, factory=factory, figure=Figure.NAME, source_id=witness.source_id)
        claim.text_ru, claim.text_en, claim.announced = row["name_ru"], row["name_en"], witness.announced
        found.append(claim)
    return found


def _budget_lines(contract: Contract, claims: list[Claim]) -> list[BudgetLine]:
    """A published budget in use is a budget line without category, funding and month: they were not published."""
    baseline = _published_baseline(contract)
    if baseline is None:
        return []
    lines = []
    for claim in claims:
        if claim.figure == Figure.BUDGET and claim.in_use and claim.factory_id and claim.value is not None:
            line = BudgetLine(baseline=baseline, factory_id=claim.factory_id, amount_rub=claim.value, source_id=claim.source_id)
            line.announced = claim.announced
            lines.append(line)
    return lines


def _published_baseline(contract: Contract) -> Baseline | None:
    """The baseline of the first promises, whatever a person has made of it; None when it was deleted."""
    found = ids_by_key(Baseline, "kind", contract=contract).get(Baseline.Kind.PUBLISHED)
    return Baseline.objects.get(pk=found) if found is not None else None


def _rates() -> list[ExchangeRate]:
    return [
        ExchangeRate(
            currency="USD",
            date=date.fromisoformat(row["date"]),
            value=Decimal(row["value"]),
            quality=row["quality"],
            **texts(row, "source"),
        )
        for row in read_json(DATA / "rates.json")["rows"]
    ]
