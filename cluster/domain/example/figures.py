"""The published figures of the example: what the contract and each factory are said to bring, and what they owe by year."""

from collections.abc import Iterator, Mapping
from datetime import date

from cluster.domain.example.factories import PLANTS, Plant
from cluster.domain.example.money import MLN
from cluster.domain.example.network import day_of
from cluster.domain.example.rows import ClaimRow, LineRow
from cluster.domain.example.schedule import AMENDED, SIGNED

_KOPECKS = 100
_YEARS = (2025, 2026, 2027, 2028)


def contract_claims(paid: Mapping[int, int]) -> Iterator[ClaimRow]:
    """Claims about the contract; `paid` is what was paid by the end of each year, in kopecks."""
    signed, amended = SIGNED.isoformat(), AMENDED.isoformat()
    yield ClaimRow("", "commitment", signed, signed, 69_500_000_000, "RUB")
    yield ClaimRow(
        "", "commitment", amended, amended, 71_000_000_000, "RUB",
        reason_ru="По дополнительному соглашению № 1 (пример).", reason_en="By amendment 1 (example).",
    )  # fmt: skip
    yield ClaimRow("", "commitment", amended, "2025-06", 70_000_000_000, "RUB", qualifier="about", in_use=False, from_report=True)
    yield ClaimRow("", "planned_factories", signed, signed, len(PLANTS), "plants")
    yield ClaimRow("", "term_end", signed, signed, on="2033-12-31")
    yield ClaimRow("", "signed", signed, signed, on=signed)
    yield ClaimRow(
        "", "contract_type", signed, signed, text_ru="специальный инвестиционный контракт (пример)",
        text_en="special investment contract (example)",
    )  # fmt: skip
    for year in (2024, 2025):
        rounded = (paid[year] + 5 * MLN) // (10 * MLN) * 10 * MLN // _KOPECKS
        told = f"{year + 1}-02-20"
        yield ClaimRow("", "invested_to_date", f"{year}-12-31", told, rounded, "RUB", qualifier="about", from_report=True)


def factory_claims(plant: Plant, finish: Mapping[str, int], lines: list[LineRow]) -> Iterator[ClaimRow]:
    """Claims about one factory, with a line of obligations for each year; `lines` is its budget in force."""
    signed, code = SIGNED.isoformat(), plant.code
    yield ClaimRow(code, "product", signed, signed, text_ru=plant.product_ru, text_en=plant.product_en)
    yield ClaimRow(code, "capacity", signed, signed, plant.capacity, plant.unit)
    yield ClaimRow(code, "jobs", signed, signed, plant.jobs, "jobs")
    yield ClaimRow(code, "site", signed, signed, text_ru=f"участок {plant.number} (вымышлен)", text_en=f"plot {plant.number} (invented)")
    if plant.number in (5, 9):
        yield ClaimRow(code, "jobs", signed, "2025-11-12", plant.jobs - 40, "jobs", qualifier="about", in_use=False, from_report=True)
    opening = day_of(finish[f"{code}-O01"])
    for year in _YEARS:
        invested = sum(line.kopecks for line in lines if line.month.year <= year) // (10 * MLN) * 10
        share = max(0, min(100, (date(year, 12, 31) - opening).days * 100 // 720))
        jobs = plant.jobs * (max(10, min(100, 40 + share)) if share else 10) // 1000 * 10
        output = plant.capacity * share // 100_000 * 1000
        made_ru = f"; выпуск не меньше {_spaced(output)} в год" if output else ""
        made_en = f"; output of at least {output:,} a year" if output else ""
        yield ClaimRow(
            code, "obligation", str(year), AMENDED.isoformat(),
            text_ru=f"к концу {year} года: вложено {_spaced(invested)} млн руб., рабочих мест {_spaced(jobs)}{made_ru} (пример)",
            text_en=f"by the end of {year}: RUB {invested:,} mln invested, {jobs:,} jobs{made_en} (example)",
        )  # fmt: skip


def _spaced(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")
