"""The kinds of delay flags: what each is called, what it is about, and the one query that finds it. Both apps contribute.

A kind is a `FlagRule`, listed in a sequence that `settings.FLAG_RULES` names by dotted path. All else (the nightly job, pages, API,
admin) takes kinds from here, so that another one is a rule and its query (docs/adding-a-concept.md).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string

from cluster.domain.delays import TIMES_TOLERANCE
from cluster.models import DelayFlag, Factory, Milestone


class Measure(StrEnum):
    """How much is wrong: the days of the flag, or its `amount` in roubles or units."""

    DAYS = "days"
    ROUBLES = "roubles"
    UNITS = "units"


@dataclass(frozen=True, slots=True)
class FlagRule:
    """One kind of flag.

    `found` is a SELECT over all contracts of what is wrong on the day `%(as_of)s`, with the columns contract_id, factory_id,
    milestone_id, subject_id, since, until, amount, severity in this order, one row for each subject at most:

    - `subject_id` is the id of a row of `subject`; its `str()` names it.
    - `since` is the last day on which all was well, `until` the day to which lateness is measured (NULL: it still runs).
      A NULL `since` stands for the day on which the flag opens.
    - `amount` is how much is wrong, where that is not `measure`d in days.
    - A NULL `severity` follows from the days, by the scale of the contract.

    `unit` says of what the amount counts where it is measured in units, such as `vehicles`.
    `page` names the address of what the subject is read on; it takes `code`, the contract's, and `factory`, where it is about one.
    """

    kind: str
    label: Any
    subject: type[Model]
    found: str
    page: str
    measure: Measure = Measure.DAYS
    unit: str = ""


@cache
def flag_rules() -> dict[str, FlagRule]:
    """The rules of all kinds, by kind, in the order in which the settings name them."""
    return {rule.kind: rule for path in settings.FLAG_RULES for rule in import_string(path)}


def flag_kinds() -> list[tuple[str, Any]]:
    """Every kind with what it is called, as the choices of a form."""
    return [(rule.kind, rule.label) for rule in flag_rules().values()]


def kind_label(kind: str) -> str:
    """What a kind is called; a kind whose rule is gone, by its code."""
    rule = flag_rules().get(kind)
    return str(rule.label) if rule else kind


def subjects_of(flags: Iterable[DelayFlag]) -> dict[int, Model]:
    """What each flag is about, by the flag's id. Milestones and factories are taken from the flags (select them with these):
    one statement for each other type among them. What was deleted since is missing.
    """
    found: dict[int, Model] = {}
    others: dict[type[Model], list[DelayFlag]] = defaultdict(list)
    for flag in flags:
        rule = flag_rules().get(flag.kind)
        subject = {Milestone: flag.milestone, Factory: flag.factory}.get(rule.subject) if rule else None
        if subject is not None:
            found[flag.pk] = subject
        elif rule is not None:
            others[rule.subject].append(flag)
    for model, these in others.items():
        rows = model._default_manager.in_bulk({flag.subject_id for flag in these})
        found |= {flag.pk: rows[flag.subject_id] for flag in these if flag.subject_id in rows}
    return found


def severity_by_tolerance(excess: str, tolerance: str) -> str:
    """SQL of the severity of something `excess` beyond what is right, of which `tolerance` is allowed, by `TIMES_TOLERANCE`."""
    worst_first = list(TIMES_TOLERANCE.items())[:0:-1]
    cases = " ".join(f"WHEN {excess} >= {times} * ({tolerance}) THEN '{severity}'" for severity, times in worst_first)
    return f"CASE {cases} ELSE '{next(iter(TIMES_TOLERANCE))}' END"
