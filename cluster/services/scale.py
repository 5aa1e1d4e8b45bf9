"""Contracts for measuring how the tracker stands many of them: examples, each the same on every machine, told by their number."""

from collections.abc import Sequence
from datetime import date, datetime

import pgtrigger
from django.db import connection, transaction

from cluster.domain.errors import DomainError
from cluster.domain.progress import Progress
from cluster.models import Baseline, Contract, Factory

MOST_CONTRACTS = 9_999
FACTORIES, LINES, MONTHS, ENTRIES = 12, 40, 60, 1_000
SIGNED, APPROVED = date(2020, 12, 1), date(2020, 12, 15)
# Contracts in one transaction: a second or two of work, far from the time that a statement may take.
_BATCH = 10
_HISTORY = ("cluster.BudgetLine:insert_insert", "cluster.LedgerEntry:insert_insert")

_PLANS = """
WITH plan AS (
    SELECT given.number, given.baseline_id, %s::timestamptz AS now, array_agg(factory.id ORDER BY factory.code) AS factories
    FROM unnest(%s::bigint[], %s::bigint[]) AS given (number, baseline_id)
    JOIN cluster_baseline AS baseline ON baseline.id = given.baseline_id
    JOIN cluster_factory AS factory ON factory.contract_id = baseline.contract_id
    GROUP BY given.number, given.baseline_id
)
"""
_WHAT = """
    (ARRAY['design', 'construction', 'equipment', 'networks', 'rnd', 'working_capital', 'other'])[1 + mod(n, 7)],
    (ARRAY['own', 'bank', 'state_fund', 'subsidy'])[1 + mod(n, 4)]
"""
# A line is a factory, a category and a source of funds; 12 and 7 have no common factor, so no two of 40 are the same.
_BUDGET = """
INSERT INTO cluster_budgetline (baseline_id, factory_id, category, funding, month, amount_rub, reason, announced_precision, recorded_at)
SELECT plan.baseline_id, plan.factories[1 + mod(n, 12)], {what}, (date '2021-01-01' + month * interval '1 month')::date,
       1000000 + mod(plan.number * 104729 + n * 99991 + month * 7919, 9000000) + n / 100.0, '', '', plan.now
FROM plan CROSS JOIN generate_series(0, {lines} - 1) AS n CROSS JOIN generate_series(0, {months} - 1) AS month
ORDER BY plan.number, n, month
"""
_ENTRIES = """
INSERT INTO cluster_ledgerentry (factory_id, kind, date, amount_rub, category, funding, document, counterparty, note, recorded_at)
SELECT plan.factories[1 + mod(n, 12)], CASE WHEN mod(n, 4) = 0 THEN 'commitment' ELSE 'payment' END,
       date '2021-01-01' + mod(plan.number * 31 + n * 7, 1826)::integer,
       10000 + mod(plan.number * 104729 + n * 99991, 90000000) + mod(n, 100) / 100.0, {what},
       'М-' || plan.number || '/' || n, 'Контрагент ' || 1 + mod(n, 25), '', plan.now
FROM plan CROSS JOIN generate_series(1, {entries}) AS n WHERE mod(n, 100) <> 0
ORDER BY plan.number, n
"""
# Of each hundred entries the ninetieth is taken back, in the place of the hundredth.
_REVERSALS = """
INSERT INTO cluster_ledgerentry
    (factory_id, kind, date, amount_rub, category, funding, document, counterparty, note, recorded_at, reverses_id)
SELECT entry.factory_id, entry.kind, entry.date + 10, -entry.amount_rub, entry.category, entry.funding, entry.document,
       entry.counterparty, '', plan.now, entry.id
FROM plan JOIN cluster_ledgerentry AS entry ON entry.factory_id = ANY (plan.factories)
WHERE mod(substring(entry.document FROM '^М-[0-9]+/([0-9]{{1,4}})$')::integer, 100) = 90
"""


def load_scale(contracts: int, *, now: datetime, progress: Progress) -> int:
    """Add what is missing of the first `contracts` example contracts; returns how many were added.

    Each has 12 factories, 40 budget lines by 60 months under an approved baseline, and 1,000 ledger entries, ten of them reversals.
    The rows are inserted by a few statements for ten contracts at a time, each ten in a transaction. The lines and entries get no
    history rows: nobody changed them, and they would double the load. No rate comes with them: official rates are not invented.
    Raises DomainError for a number out of range, or when a contract that is no example bears one of the codes.
    """
    if not 1 <= contracts <= MOST_CONTRACTS:
        said = "From 1 to {most} contracts can be loaded, not {number}."
        raise DomainError(said, field="contracts", code="range", most=MOST_CONTRACTS, number=contracts)
    known = dict(Contract.objects.filter(code__startswith="scale-").values_list("code", "is_example"))
    codes = {number: f"scale-{number:04}" for number in range(1, contracts + 1)}
    real = next((code for code in codes.values() if known.get(code) is False), None)
    if real is not None:
        raise DomainError("The contract {name} is no example: it stays as it is.", field="contracts", code="taken", name=real)
    missing = [number for number, code in codes.items() if code not in known]
    for done in range(0, len(missing), _BATCH):
        progress(done, len(missing))
        _load(missing[done : done + _BATCH], now)
    progress(len(missing), len(missing))
    return len(missing)


@transaction.atomic
def _load(numbers: Sequence[int], now: datetime) -> None:
    contracts = Contract.objects.bulk_create(_contract(number) for number in numbers)
    Factory.objects.bulk_create(
        Factory(contract=contract, code=f"F{n:02}", name_ru=f"Завод {n:02}", name_en=f"Plant {n:02}", order=n)
        for contract in contracts
        for n in range(1, FACTORIES + 1)
    )
    baselines = Baseline.objects.bulk_create(Baseline(contract=contract, name_ru="Масштаб", name_en="Scale") for contract in contracts)
    keys = [baseline.pk for baseline in baselines]
    with pgtrigger.ignore(*_HISTORY), connection.cursor() as cursor:
        for insert in (_BUDGET, _ENTRIES, _REVERSALS):
            sql = _PLANS + insert.format(what=_WHAT, lines=LINES, months=MONTHS, entries=ENTRIES)
            cursor.execute(sql, [now, list(numbers), keys])
    # What is approved is frozen: the lines come first.
    Baseline.objects.filter(pk__in=keys).update(kind=Baseline.Kind.APPROVED, in_force_from=APPROVED)


def _contract(number: int) -> Contract:
    contract = Contract(code=f"scale-{number:04}", name_ru=f"Масштаб {number:04}", name_en=f"Scale {number:04}", is_example=True)
    contract.signed_earliest = contract.signed_latest = SIGNED
    contract.signed_precision = "day"
    return contract
