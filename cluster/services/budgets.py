"""Budgets under baselines: a proposal is filled line by line or from a table, then approved under an amendment, or discarded.

What is approved never changes: the database refuses it, and the services say so before. Whoever writes into a proposal
locks its baseline, so that nothing slips in while it is being approved.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pghistory
from django.db import connection, models, transaction

from cluster.domain.access import Action
from cluster.domain.approval import refuse_unseen
from cluster.domain.baseline_dates import refuse_due, refuse_weight, refuse_weights
from cluster.domain.budgets import (
    Key,
    Known,
    Line,
    Row,
    refuse_amount,
    refuse_factory,
    refuse_month,
    refuse_reason,
    row_problems,
    same_reason,
)
from cluster.domain.dates import refuse_far
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.tables import BadRows
from cluster.models import (
    Amendment,
    Baseline,
    BaselineMilestone,
    BudgetLine,
    Contract,
    CostCategory,
    Factory,
    FundingSource,
    User,
)
from cluster.queries.approvals import approval_warnings, baseline_before
from cluster.queries.baseline_dates import weights_of
from cluster.queries.budgets import baseline_version, term_of
from cluster.queries.history import newest_event
from cluster.services.access import require
from cluster.services.follow_up import Name, after_write
from cluster.services.schedule_rules import refuse_unplaced

_BATCH = 5000
# An approval is entered when it is known; a year ahead is a budget for the next year, more is a slip of the hand.
_DAYS_AHEAD = 366


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines an import added, changed, removed, and left as they were."""

    added: int
    changed: int
    removed: int
    unchanged: int


@transaction.atomic
def propose_baseline(
    *,
    contract_id: int,
    name_ru: str,
    name_en: str = "",
    reason: str,
    amendment_id: int | None = None,
    copy_from_id: int | None = None,
    by: User,
) -> Baseline:
    """Propose a baseline, empty or with the budget lines and milestone dates of another one: a fixed number of statements.

    Raises NotFound, Forbidden, or DomainError naming the field; a name that another proposal has is refused.
    """
    contract = _locked_contract(contract_id, by)
    require(by, Action.EDIT_RECORD, contract=contract.pk)
    name_ru, reason = name_ru.strip(), reason.strip()
    if not reason:
        raise DomainError("Say why this baseline is proposed.", field="reason", code="required")
    if Baseline.objects.filter(contract=contract, kind=Baseline.Kind.DRAFT, name_ru=name_ru).exists():
        raise DomainError("There is already a proposed baseline of this name.", field="name_ru", code="duplicate")
    amendment = _amendment(contract, amendment_id)
    copied = None
    if copy_from_id is not None:
        copied = Baseline.objects.for_reader(by).filter(contract=contract, pk=copy_from_id).first()
        if copied is None:
            raise DomainError("There is no such baseline in this contract.", field="copy_from", code="choice")
    baseline = Baseline(contract=contract, amendment=amendment, name_ru=name_ru, name_en=name_en.strip(), reason=reason)
    baseline.full_clean()
    with pghistory.context(reason=reason):
        baseline.save()
        if copied is not None:
            _copy(BudgetLine, copied, baseline, reason="", recorded_by_id=by.pk)
            _copy(BaselineMilestone, copied, baseline)
    after_write(Name.CONVERT)
    return baseline


@transaction.atomic
def save_line(
    *,
    baseline_id: int,
    line_id: int | None = None,
    factory_id: int,
    category: str = "",
    funding: str = "",
    month: date | None = None,
    amount_rub: Decimal,
    reason: str = "",
    by: User,
    version: int | None = None,
) -> BudgetLine:
    """Add a line to a proposed baseline, or change line `line_id` of it as it stood at `version` (its newest event).

    The same line sent twice is one line. Raises NotFound, Forbidden, Conflict, or DomainError naming the field.
    """
    baseline = locked_draft(baseline_id, by)
    line = BudgetLine(baseline=baseline) if line_id is None else _line(baseline, line_id, by, version)
    refuse_factory(factory_id, _factories(baseline, by))
    refuse_amount(amount_rub)
    refuse_month(month, term_of(baseline.contract))
    reason = reason.strip()
    wanted: dict[str, Any] = {"factory_id": factory_id, "category": category, "funding": funding, "month": month}
    twin = BudgetLine.objects.filter(baseline=baseline, **wanted).exclude(pk=line.pk).first()
    if twin is not None:
        if line_id is None and (twin.amount_rub, twin.reason, twin.recorded_by_id) == (amount_rub, reason, by.pk):
            return twin
        raise DomainError(
            "There is already a line of this factory, category, funding source and month: change that one.", field="month", code="duplicate"
        )
    if line.amount_rub != amount_rub:
        # The published source spoke of another amount.
        line.source, line.announced = None, None
    for name, value in (wanted | {"amount_rub": amount_rub, "reason": reason, "recorded_by": by}).items():
        setattr(line, name, value)
    line.full_clean(validate_constraints=False)
    with because(reason):
        line.save()
    after_write(Name.CONVERT)
    return line


@transaction.atomic
def delete_line(*, baseline_id: int, line_id: int, by: User, version: int | None = None, reason: str = "") -> None:
    """Take a line out of a proposed baseline; the history keeps the reason, from which the comparison tells it.

    Raises NotFound, Forbidden, Conflict, or DomainError when it is frozen or the reason is no text to keep.
    """
    refuse_reason(reason)
    line = _line(locked_draft(baseline_id, by), line_id, by, version)
    with because(reason):
        line.delete()
    after_write(Name.CONVERT)


@transaction.atomic
def import_lines(
    *, baseline_id: int, rows: Sequence[Row], replace: bool, by: User, version: int | None = None, reason: str = ""
) -> Imported:
    """Put many lines into a proposed baseline at once, all or none of them: a bounded number of statements.

    `replace` removes the lines that `rows` do not name, for the `reason` that the history keeps. `version` is what the person
    saw (queries.budgets.baseline_version). Raises NotFound, Forbidden, Conflict, BadRows with every row that is wrong, or
    DomainError when the baseline is frozen.
    """
    baseline = locked_draft(baseline_id, by)
    if version is not None and baseline_version(baseline.pk) != version:
        raise Conflict("Somebody changed this baseline since you opened it: look at it again.", current=baseline)
    refuse_reason(reason)
    known = Known(_factories(baseline, by), CostCategory.values, FundingSource.values)
    if problems := row_problems(rows, known, term_of(baseline.contract)):
        raise BadRows(problems)
    stored = {_key_of(line): line for line in BudgetLine.objects.filter(baseline=baseline)}
    given = {row.line.key: row.line for row in rows}
    written = [line for key, line in given.items() if _differs(stored.get(key), line)]
    removed = [line.pk for key, line in stored.items() if key not in given] if replace else []
    with because(reason):
        _remove(removed)
    _write(baseline, written, stored, by)
    if written or removed:
        after_write(Name.CONVERT)
    added = sum(line.key not in stored for line in written)
    return Imported(added, len(written) - added, len(removed), len(given) - len(written))


@transaction.atomic
def approve_baseline(
    *,
    baseline_id: int,
    in_force_from: date,
    amendment_id: int | None = None,
    by: User,
    today: date,
    version: int | None = None,
    reason: str = "",
    seen: Collection[str] = (),
) -> Baseline:
    """Freeze a proposed baseline; it counts from `in_force_from` on. Its own amendment is taken where none is named.

    `seen` names what was found odd and is meant so (see cluster.domain.approval.Warn). Raises NotFound, Forbidden, Conflict,
    or DomainError: no budget line in it, something odd that is not in `seen`, no amendment of the contract, a day that is
    not after that of the newest approved baseline, before the signing or more than a year ahead, a date outside of the contract's
    term, weights of a factory that do not make 1.
    """
    found = Baseline.objects.for_reader(by).filter(pk=baseline_id).first()
    if found is None:
        raise NotFound("There is no such baseline.")
    require(by, Action.APPROVE_BASELINE, contract=found.contract_id)
    contract = _locked_contract(found.contract_id, by)
    baseline = _locked(found)
    if version is not None and baseline_version(baseline.pk) != version:
        raise Conflict("Somebody changed this baseline since you opened it: look at it again.", current=baseline)
    lines = BudgetLine.objects.filter(baseline=baseline)
    if not lines.exists():
        raise DomainError("There is no budget line in this baseline: add lines, then approve it.", code="empty")
    before = baseline_before(baseline)
    amendment = _amendment(contract, amendment_id) if amendment_id is not None else baseline.amendment
    if amendment is None and before is not None:
        raise DomainError("Name the amendment under which this baseline is approved.", field="amendment", code="required")
    _refuse_day(in_force_from, contract, before, today)
    _refuse_months(lines, contract)
    _refuse_dates(baseline, by, contract)
    refuse_unseen(approval_warnings(baseline, before), seen)
    baseline.kind, baseline.in_force_from = Baseline.Kind.APPROVED, in_force_from
    baseline.amendment, baseline.approved_by = amendment, by
    baseline.full_clean()
    with because(reason):
        baseline.save(update_fields=["kind", "in_force_from", "amendment", "approved_by"])
    after_write(Name.CONVERT, Name.FLAG_DELAYS)
    return baseline


@transaction.atomic
def discard_baseline(*, baseline_id: int, by: User, version: int | None = None, reason: str = "") -> None:
    """Take back a proposal with all its lines; they stay in the history. Raises NotFound, Forbidden, Conflict or DomainError."""
    baseline = locked_draft(baseline_id, by)
    if version is not None and baseline_version(baseline.pk) != version:
        raise Conflict("Somebody changed this baseline since you opened it: look at it again.", current=baseline)
    with because(reason):
        baseline.delete()
    after_write(Name.CONVERT)


def refuse_by_hand(instance: models.Model, *, deleting: bool = False) -> None:
    """The rules above for a record that is saved or deleted on its own; call it in a transaction. Raises ValidationError or DomainError."""
    if isinstance(instance, Baseline):
        stored = Baseline.objects.select_for_update().filter(pk=instance.pk).first()
        _refuse_frozen(stored)
        if not deleting and instance.kind == Baseline.Kind.APPROVED:
            raise DomainError("A baseline is approved by its own action, under an amendment.", field="kind", code="approval")
    elif isinstance(instance, BudgetLine | BaselineMilestone):
        before = type(instance)._default_manager.filter(pk=instance.pk).values_list("baseline_id", flat=True).first()
        for baseline in Baseline.objects.select_for_update().filter(pk__in={before, instance.baseline_id}).order_by("pk"):
            _refuse_frozen(baseline)
        if isinstance(instance, BudgetLine) and not deleting:
            refuse_month(instance.month, term_of(instance.factory.contract))
        if isinstance(instance, BaselineMilestone) and not deleting and instance.baseline.kind == Baseline.Kind.DRAFT:
            refuse_due(instance.due, term_of(instance.baseline.contract))
            refuse_weight(instance.weight, earns=instance.milestone.factory_id is not None)


def _refuse_frozen(baseline: Baseline | None) -> None:
    if baseline is not None and baseline.kind == Baseline.Kind.APPROVED:
        raise DomainError("“{baseline}” is approved and frozen: propose a new baseline.", code="frozen", baseline=str(baseline))


def _locked_contract(contract_id: int, by: User) -> Contract:
    contracts = Contract.objects.for_reader(by).select_for_update(of=("self",), no_key=True)
    contract = contracts.filter(pk=contract_id).first()
    if contract is None:
        raise NotFound("There is no such contract.", field="contract")
    return contract


def locked_draft(baseline_id: int, by: User) -> Baseline:
    """The proposed baseline, locked, for somebody who may edit it."""
    found = Baseline.objects.for_reader(by).filter(pk=baseline_id).first()
    if found is None:
        raise NotFound("There is no such baseline.", field="baseline")
    require(by, Action.EDIT_RECORD, contract=found.contract_id)
    return _locked(found)


def _locked(found: Baseline) -> Baseline:
    # The strongest lock: rows that name the baseline cannot be inserted past it.
    baseline = Baseline.objects.select_for_update(of=("self",)).select_related("contract", "amendment").filter(pk=found.pk).first()
    if baseline is None:
        raise NotFound("There is no such baseline.", field="baseline")
    _refuse_frozen(baseline)
    if baseline.kind != Baseline.Kind.DRAFT:
        raise DomainError("“{baseline}” was published: propose a new baseline.", code="frozen", baseline=str(baseline))
    return baseline


def _line(baseline: Baseline, line_id: int, by: User, version: int | None) -> BudgetLine:
    """A line of a proposed baseline, locked, as it stood at `version`."""
    lines = BudgetLine.objects.for_reader(by).select_for_update(of=("self",))
    line = lines.filter(pk=line_id, baseline=baseline).first()
    if line is None:
        raise NotFound("There is no such budget line.")
    if version is not None and newest_event(line) != version:
        raise Conflict("Somebody changed this line since you opened it: look at it again.", current=line)
    return line


def _factories(baseline: Baseline, by: User) -> dict[int, str]:
    """The factories that a line may be about: ids to codes, in their order."""
    factories = Factory.objects.for_reader(by).filter(contract_id=baseline.contract_id)
    return dict(factories.order_by("order", "code").values_list("pk", "code"))


def because(reason: str) -> Any:
    """History context with the reason, where there is one."""
    return pghistory.context(reason=reason.strip()) if reason.strip() else pghistory.context()


def _amendment(contract: Contract, amendment_id: int | None) -> Amendment | None:
    if amendment_id is None:
        return None
    amendment = Amendment.objects.filter(contract=contract, pk=amendment_id).first()
    if amendment is None:
        raise DomainError("There is no such amendment of this contract.", field="amendment", code="choice")
    return amendment


def _refuse_day(day: date, contract: Contract, before: Baseline | None, today: date) -> None:
    refuse_far(day, field="in_force_from")
    if contract.signed is not None and day < contract.signed.earliest:
        raise DomainError(
            "The contract was signed on {signed}: a baseline cannot be in force before.",
            field="in_force_from",
            code="before_contract",
            signed=contract.signed.earliest,
        )
    if before is not None and before.in_force_from is not None and day <= before.in_force_from:
        raise DomainError(
            "“{baseline}” is in force from {day}: choose a later day.",
            field="in_force_from",
            code="order",
            baseline=str(before),
            day=before.in_force_from,
        )
    if day > today + timedelta(days=_DAYS_AHEAD):
        raise DomainError("The day is more than a year ahead: approve the baseline when it is near.", field="in_force_from", code="future")


def _refuse_months(lines: "models.QuerySet[BudgetLine]", contract: Contract) -> None:
    """The contract may have got another end since the lines were entered."""
    term = term_of(contract)
    months = [month for month in lines.order_by("month").values_list("month", flat=True).distinct() if month is not None]
    for month in {months[0], months[-1]} if months else ():
        try:
            refuse_month(month, term)
        except DomainError as error:
            error.field = ""
            raise


def _refuse_dates(baseline: Baseline, by: User, contract: Contract) -> None:
    """The dates lie in the term that the contract has now and drive no milestone beyond 2100; the weights of each factory make 1."""
    refuse_weights({one.factory: one.total for one in weights_of(by, baseline)})
    term = term_of(contract)
    for row in BaselineMilestone.objects.filter(baseline=baseline).select_related("milestone").order_by("milestone__code"):
        try:
            refuse_due(row.due, term)
        except DomainError as error:
            raise DomainError(
                "{milestone} is due {due}, outside of the contract's term: correct it, then approve.",
                code=error.code, milestone=row.milestone.code, due=str(row.due),
            ) from error  # fmt: skip
    dues = dict(BaselineMilestone.objects.filter(baseline=baseline).order_by().values_list("milestone_id", "due_latest"))
    refuse_unplaced(contract.pk, lambda now: ([replace(work, due=dues.get(work.key, work.due)) for work in now.works], now.waits), field="")


def _copy(model: Any, source: Baseline, target: Baseline, **changed: Any) -> None:
    """The rows of `model` under another baseline: one statement."""
    values: dict[str, Any] = {"baseline_id": target.pk, **changed}
    columns = [column.column for column in model._meta.concrete_fields if not column.primary_key]
    taken = [name if name in values else f'"{name}"' for name in columns]
    chosen = ", ".join("now()" if name == '"recorded_at"' else f"%({name})s" if name in values else name for name in taken)
    names, table = ", ".join(f'"{name}"' for name in columns), model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} WHERE baseline_id = %(source)s ORDER BY id",  # noqa: S608 (our names)
            values | {"source": source.pk},
        )


def _key_of(line: BudgetLine) -> Key:
    return (line.factory_id, line.category, line.funding, line.month)


def _differs(stored: BudgetLine | None, line: Line) -> bool:
    if stored is None or stored.amount_rub != line.amount:
        return True
    return line.reason is not None and not same_reason(stored.reason, line.reason)


def _remove(keys: Sequence[int]) -> None:
    for start in range(0, len(keys), _BATCH):
        BudgetLine.objects.filter(pk__in=keys[start : start + _BATCH]).delete()


_WRITTEN = ("amount_rub", "reason", "recorded_by", "recorded_at", "source", "announced_earliest", "announced_latest", "announced_precision")


def _write(baseline: Baseline, lines: Sequence[Line], stored: dict[Key, BudgetLine], by: User) -> None:
    rows = []
    for line in lines:
        before = stored.get(line.key)
        row = BudgetLine(
            baseline=baseline, factory_id=line.factory, category=line.category, funding=line.funding, month=line.month,
            amount_rub=line.amount, reason=line.reason if line.reason is not None else (before.reason if before else ""), recorded_by=by,
        )  # fmt: skip
        if before is not None and before.amount_rub == line.amount:
            # Only the reason is new: the amount is still what its source says.
            row.source_id, row.announced = before.source_id, before.announced
        rows.append(row)
    unique = ("baseline", "factory", "category", "funding", "month")
    BudgetLine.objects.bulk_create(rows, batch_size=_BATCH, update_conflicts=True, unique_fields=unique, update_fields=_WRITTEN)
