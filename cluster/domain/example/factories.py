"""The twelve invented factories of the example, and what goes wrong at them."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Slip:
    """On `told` it became known that a work takes `days` working days longer (negative: shorter)."""

    told: date
    suffix: str
    days: int
    reason: str
    note_ru: str
    note_en: str


@dataclass(frozen=True, slots=True)
class Plant:
    """One factory: what it makes, when it starts, how long its works take (per cent of the pattern), its money in mln RUB.

    `budget` is under the plan in force, `before` under the first one, `proposed` under the proposal. `spent_percent` is
    what it costs in the end against the budget in force. `left_out` are works that it does not need.
    """

    number: int
    name_ru: str
    name_en: str
    product_ru: str
    product_en: str
    unit: str
    capacity: int
    jobs: int
    start: date
    pace: int
    budget: int
    before: int
    proposed: int
    spent_percent: int = 100
    left_out: tuple[str, ...] = ()
    slips: tuple[Slip, ...] = ()

    @property
    def code(self) -> str:
        """The factory's code."""
        return f"X{self.number:02}"


PLANTS = (
    Plant(
        1, "Пример 01. Завод сидений", "Example 01. Seat plant", "комплекты сидений", "seat sets", "sets_per_year", 120_000, 310,
        date(2023, 9, 11), 62, 3_200, 3_200, 3_200, 99, ("C07", "C10"),
    ),
    Plant(
        2, "Пример 02. Завод жгутов проводов", "Example 02. Wiring harness plant", "жгуты проводов", "wiring harnesses",
        "units_per_year", 250_000, 420, date(2023, 9, 18), 68, 2_450, 2_450, 2_450, 96, ("C08", "C11", "K05"),
        (
            Slip(date(2024, 5, 20), "E01", -24, "earlier", "Линия собрана раньше срока.", "The line was assembled ahead of time."),
            Slip(date(2024, 6, 20), "C03", -20, "earlier", "Каркас собирают в две смены.", "The frame goes up in two shifts."),
            Slip(date(2024, 11, 18), "E06", -12, "earlier", "Монтаж идёт быстрее плана.", "Installation runs ahead of plan."),
        ),
    ),
    Plant(
        3, "Пример 03. Завод пластиковых деталей", "Example 03. Plastic parts plant", "бамперы и панели", "bumpers and panels",
        "units_per_year", 900_000, 360, date(2023, 10, 2), 76, 4_100, 4_100, 4_100, 104, ("C10",),
        (
            Slip(date(2024, 5, 27), "D08", 38, "permit", "Разрешение вернули на доработку.", "The permit was sent back for changes."),
            Slip(date(2025, 3, 17), "C09", 30, "contractor", "Не хватает монтажников.", "The contractor lacks fitters."),
        ),
    ),
    Plant(
        4, "Пример 04. Завод тяговых батарей", "Example 04. Traction battery plant", "батареи", "battery packs", "units_per_year",
        50_000, 540, date(2023, 11, 13), 104, 11_800, 11_100, 12_100, 107, (),
        (
            Slip(date(2025, 2, 17), "E01", 60, "equipment_delivery", "Изготовитель сдвинул сборку линии.", "The maker moved the assembly."),
            Slip(date(2025, 9, 8), "E01", 55, "equipment_delivery", "Сборка линии сдвинута снова.", "The assembly moved again."),
            Slip(date(2026, 2, 16), "E03", 45, "equipment_delivery", "Груз идёт кружным путём.", "The cargo takes a longer route."),
            Slip(date(2026, 7, 13), "E06", 40, "equipment_delivery", "Нет части узлов линии.", "Parts of the line are missing."),
        ),
    ),
    Plant(
        5, "Пример 05. Штамповочный завод", "Example 05. Stamping plant", "кузовные детали", "body panels", "units_per_year", 1_500_000,
        610, date(2024, 1, 15), 108, 9_600, 9_000, 10_400, 112, (),
        (
            Slip(date(2025, 3, 11), "C02", 45, "contractor", "Под прессы нужны сваи глубже.", "The presses need deeper piles."),
            Slip(date(2025, 9, 1), "E01", 40, "sanctions", "Пресс заказан у другого изготовителя.", "The press was ordered elsewhere."),
            Slip(date(2026, 2, 16), "C05", 70, "contractor", "Подрядчик сменён.", "The contractor was replaced."),
            Slip(date(2026, 9, 7), "E06", 35, "contractor", "Монтажу мешают недоделки.", "Unfinished works hinder the installation."),
        ),
    ),
    Plant(
        6, "Пример 06. Завод лакокрасочных материалов", "Example 06. Paint plant", "краски и грунты", "paints and primers",
        "tonnes_per_year", 18_000, 180, date(2024, 4, 1), 98, 5_300, 5_300, 4_700, 84, ("L01",),
        (
            Slip(date(2025, 4, 7), "C02", 60, "financing", "Кредит открыт позже.", "The loan was opened later."),
            Slip(date(2025, 12, 8), "C03", 55, "financing", "Платежи подрядчику приостановлены.", "Payments were halted."),
            Slip(date(2026, 3, 10), "C05", 30, "scope", "Состав цеха пересмотрен.", "The make-up of the hall was revised."),
        ),
    ),
    Plant(
        7, "Пример 07. Завод электроники", "Example 07. Electronics plant", "экраны и блоки управления", "displays and control units",
        "units_per_year", 300_000, 450, date(2024, 6, 3), 102, 6_900, 6_900, 6_900, 98, ("C08",),
    ),
    Plant(
        8, "Пример 08. Завод электродвигателей", "Example 08. Electric motor plant", "электродвигатели", "electric motors",
        "units_per_year", 80_000, 390, date(2023, 12, 4), 96, 7_450, 7_250, 7_450, 101, (),
        (
            Slip(date(2025, 3, 3), "E01", 70, "sanctions", "Станки заменены на другие.", "The machines were replaced by others."),
            Slip(date(2026, 3, 23), "K01", 30, "partner", "Наладчики партнёра приедут позже.", "The partner's setters come later."),
        ),
    ),
    Plant(
        9, "Пример 09. Завод колёс", "Example 09. Wheel plant", "литые колёса", "cast wheels", "units_per_year", 700_000, 280,
        date(2024, 9, 2), 96, 4_800, 4_800, 4_800, 100, ("C10",),
        (Slip(date(2026, 2, 24), "E01", 26, "equipment_delivery", "Печи отгрузят позже.", "The furnaces will be shipped later."),),
    ),
    Plant(
        10, "Пример 10. Завод тормозных систем", "Example 10. Brake system plant", "тормозные механизмы", "brake assemblies",
        "units_per_year", 400_000, 330, date(2024, 12, 2), 96, 5_150, 5_150, 5_150, 97, ("C07", "K05"),
        (
            Slip(date(2026, 1, 19), "C02", -20, "earlier", "Фундаменты залиты до паводка.", "The foundations were cast before the floods."),
            Slip(date(2026, 4, 20), "E01", -22, "earlier", "Изготовитель освободил мощности.", "The maker had capacity to spare."),
        ),
    ),
    Plant(
        11, "Пример 11. Завод аккумуляторных ячеек", "Example 11. Battery cell plant", "аккумуляторные ячейки", "battery cells",
        "units_per_year", 6_000_000, 520, date(2025, 2, 3), 110, 6_350, 6_350, 6_350, 100, (),
        (
            Slip(date(2026, 1, 26), "D07", 40, "permit", "Экспертиза запросила новые расчёты.", "The review asked for new calculations."),
            Slip(date(2026, 4, 20), "D08", 30, "permit", "Санитарная зона согласуется заново.", "The protection zone is agreed anew."),
        ),
    ),
    Plant(
        12, "Пример 12. Завод переработки отходов", "Example 12. Recycling plant", "переработанное сырьё", "recycled material",
        "tonnes_per_year", 25_000, 140, date(2025, 8, 4), 92, 3_300, 3_300, 3_300, 100, ("C10", "K05", "L01"),
    ),
)  # fmt: skip

# A factory waits for another one's parts or place: the work before, the work that waits, the lag in working days.
ACROSS = (
    ("X01-S01", "X07-K02", 20),
    ("X02-S01", "X08-K02", 0),
    ("X03-S01", "X06-K03", 10),
    ("X08-K04", "X04-K03", 5),
    ("X05-K02", "X09-K03", 0),
    ("X11-K04", "X12-K02", 0),
)
