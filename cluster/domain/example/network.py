"""The network of works that every factory of the example goes through, and the forward pass that dates it."""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from cluster.domain.calendars import is_working_day

_FIRST, _LAST = date(2023, 1, 1), date(2031, 12, 31)


@dataclass(frozen=True, slots=True)
class Work:
    """One milestone of the pattern: its kind, its names and the working days of the work before it."""

    suffix: str
    kind: str
    name_ru: str
    name_en: str
    days: int


@dataclass(frozen=True, slots=True)
class Link:
    """`after` waits for `before`; `type` is FS, SS, FF or SF, the lag is in working days."""

    before: str
    after: str
    type: str = "FS"
    lag: int = 0


WORKS = (
    Work("D01", "design", "Замысел завода утверждён", "Plant concept approved", 30),
    Work("D02", "investment", "Участок оформлен", "Site secured", 40),
    Work("D03", "design", "Инженерные изыскания выполнены", "Site surveys done", 45),
    Work("D04", "design", "Технологическое задание готово", "Process specification ready", 40),
    Work("D05", "design", "Проектная документация готова", "Design documents ready", 90),
    Work("D06", "investment", "Финансирование согласовано", "Financing agreed", 60),
    Work("D07", "design", "Экспертиза проекта пройдена", "Design review passed", 45),
    Work("D08", "design", "Разрешение на строительство получено", "Building permit received", 20),
    Work("D09", "design", "Рабочая документация выдана", "Working drawings issued", 80),
    Work("P01", "investment", "Договор генподряда заключён", "General contractor under contract", 40),
    Work("P02", "investment", "Основная линия заказана", "Main line ordered", 30),
    Work("P03", "investment", "Вспомогательное оборудование заказано", "Auxiliary equipment ordered", 40),
    Work("P04", "investment", "Оснастка заказана", "Tooling ordered", 25),
    Work("C01", "construction_start", "Площадка подготовлена, стройка начата", "Site prepared, construction started", 25),
    Work("C02", "construction_end", "Фундаменты готовы", "Foundations finished", 60),
    Work("C03", "construction_end", "Каркас корпуса собран", "Frame of the hall erected", 60),
    Work("C04", "construction_end", "Кровля и стены закрыты", "Roof and walls closed", 50),
    Work("C05", "construction_end", "Полы цеха залиты", "Shop floors laid", 35),
    Work("C06", "construction_end", "Электроснабжение подключено", "Power supply connected", 110),
    Work("C07", "construction_end", "Газ и тепло подключены", "Gas and heat connected", 90),
    Work("C08", "construction_end", "Вода и очистные сооружения подключены", "Water and waste water connected", 80),
    Work("C09", "construction_end", "Вентиляция смонтирована", "Ventilation installed", 60),
    Work("C10", "construction_end", "Бытовой корпус готов", "Staff building finished", 80),
    Work("C11", "construction_end", "Дороги и площадки готовы", "Roads and yards finished", 50),
    Work("C12", "construction_end", "Цех готов под монтаж", "Hall ready for installation", 0),
    Work("C13", "construction_end", "Здание принято в эксплуатацию", "Building accepted for use", 30),
    Work("E01", "equipment", "Основная линия изготовлена", "Main line built by its maker", 260),
    Work("E02", "equipment", "Основная линия принята у изготовителя", "Main line accepted at its maker", 15),
    Work("E03", "equipment", "Основная линия доставлена", "Main line delivered", 45),
    Work("E04", "equipment", "Вспомогательное оборудование доставлено", "Auxiliary equipment delivered", 120),
    Work("E05", "equipment", "Оснастка доставлена", "Tooling delivered", 140),
    Work("E06", "equipment", "Основная линия смонтирована", "Main line installed", 60),
    Work("E07", "equipment", "Вспомогательное оборудование смонтировано", "Auxiliary equipment installed", 45),
    Work("E08", "equipment", "Оснастка отлажена", "Tooling tried out", 30),
    Work("L01", "investment", "Мастера и наладчики наняты", "Foremen and setters hired", 60),
    Work("L02", "equipment", "Рабочие обучены на линии", "Workers trained on the line", 50),
    Work("K01", "commissioning", "Пусконаладка завершена", "Commissioning runs finished", 40),
    Work("K02", "commissioning", "Пробная партия выпущена", "Trial batch made", 20),
    Work("K03", "commissioning", "Испытания деталей пройдены", "Parts tested", 30),
    Work("K04", "commissioning", "Одобрение заказчика получено", "Customer approval received", 25),
    Work("K05", "commissioning", "Сертификаты получены", "Certificates received", 20),
    Work("O01", "opening", "Завод открыт", "Plant opened", 5),
    Work("S01", "series", "Серийный выпуск начат", "Series production started", 20),
    Work("S02", "series", "Проектная мощность достигнута", "Full capacity reached", 110),
)

LINKS = (
    Link("D01", "D02", "SS", 10),
    Link("D02", "D03"),
    Link("D01", "D04"),
    Link("D03", "D05"),
    Link("D04", "D05"),
    Link("D01", "D06", "FS", 20),
    Link("D05", "D07"),
    Link("D07", "D08"),
    Link("D07", "D09", "SS", 20),
    Link("D08", "D09", "FF", 10),
    Link("D05", "P01"),
    Link("D04", "P02"),
    Link("D06", "P02"),
    Link("D05", "P03"),
    Link("P02", "P04"),
    Link("D08", "C01"),
    Link("P01", "C01"),
    Link("C01", "C02"),
    Link("C02", "C03"),
    Link("C03", "C04", "SS", 30),
    Link("C04", "C05"),
    Link("C01", "C06", "SS", 20),
    Link("C02", "C07", "SS", 10),
    Link("C02", "C08"),
    Link("C04", "C09", "FS", -10),
    Link("C03", "C10"),
    Link("C04", "C11", "FS", 10),
    Link("C05", "C12"),
    Link("C06", "C12"),
    Link("C07", "C13"),
    Link("C08", "C13"),
    Link("C09", "C13"),
    Link("C10", "C13"),
    Link("C11", "C13"),
    Link("P02", "E01"),
    Link("E01", "E02"),
    Link("E02", "E03"),
    Link("P03", "E04"),
    Link("P04", "E05"),
    Link("E03", "E06"),
    Link("C12", "E06"),
    Link("E04", "E07"),
    Link("C12", "E07"),
    Link("E05", "E08"),
    Link("E06", "E08"),
    Link("C03", "L01", "SS", 20),
    Link("L01", "L02"),
    Link("E06", "L02", "FS", -20),
    Link("E06", "K01"),
    Link("E07", "K01"),
    Link("K01", "K02"),
    Link("E08", "K02"),
    Link("L02", "K02"),
    Link("K02", "K03"),
    Link("K03", "K04"),
    Link("K02", "K05", "FS", 10),
    Link("C13", "O01"),
    Link("K04", "O01"),
    Link("K05", "O01"),
    Link("O01", "S01"),
    Link("S01", "S02"),
)


@cache
def _working_days() -> list[date]:
    days = (_FIRST + timedelta(days=n) for n in range((_LAST - _FIRST).days + 1))
    return [on for on in days if is_working_day(on)]


def number_of(on: date) -> int:
    """The number of the first working day on or after `on`."""
    return bisect_left(_working_days(), on)


def day_of(number: int) -> date:
    """The working day of that number."""
    return _working_days()[number]


def finishes(
    order: Sequence[str],
    links: Mapping[str, Sequence[Link]],
    days: Callable[[str], int],
    starts: Mapping[str, int],
) -> dict[str, int]:
    """The working day on which each work is done, as early as the links allow.

    `order` has each work after those that it waits for; `links` are keyed by the work that waits; `starts` holds the day
    before which a work does not begin.
    """
    done: dict[str, int] = {}
    for code in order:
        length = days(code)
        start = starts.get(code, 0)
        for link in links.get(code, ()):
            finish = done[link.before]
            begin = finish - days(link.before)
            start = max(
                start,
                {"FS": finish, "SS": begin, "FF": finish - length, "SF": begin - length}[link.type] + link.lag,
            )
        done[code] = start + length
    return done
