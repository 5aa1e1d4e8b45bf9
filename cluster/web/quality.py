"""The checks of a schedule in words: their names, what they count, by which limit they pass, and how a milestone fails them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cluster.domain.quality import LONG, STRETCH, Check, Rule
from cluster.queries.quality import CheckRow, Failing
from cluster.templatetags.format import days, number, percent

NAMES: dict[Rule, Any] = {
    Rule.LOGIC: gettext_lazy("Missing logic"),
    Rule.LEADS: gettext_lazy("Leads"),
    Rule.LAGS: gettext_lazy("Lags"),
    Rule.TYPES: gettext_lazy("Finish to start"),
    Rule.CONSTRAINTS: gettext_lazy("Hard constraints"),
    Rule.HIGH_FLOAT: gettext_lazy("High float"),
    Rule.NEGATIVE_FLOAT: gettext_lazy("Negative float"),
    Rule.HIGH_DURATION: gettext_lazy("High duration"),
    Rule.INVALID_DATES: gettext_lazy("Invalid dates"),
    Rule.MISSED: gettext_lazy("Missed dates"),
    Rule.PATH_TEST: gettext_lazy("Critical path test"),
    Rule.CPLI: gettext_lazy("Critical path length index (CPLI)"),
    Rule.BEI: gettext_lazy("Baseline execution index (BEI)"),
    Rule.NO_DURATION: gettext_lazy("No duration"),
}
MEANINGS: dict[Rule, Any] = {
    Rule.LOGIC: gettext_lazy("Milestones not reached that wait for nothing, or that nothing waits for."),
    Rule.LEADS: gettext_lazy("Links with a negative lag, of those whose later milestone is not reached."),
    Rule.LAGS: gettext_lazy("Links with a positive lag, of the same."),
    Rule.TYPES: gettext_lazy("Links from finish to start, of the same."),
    Rule.CONSTRAINTS: gettext_lazy("Milestones not reached that must start or finish on a day, or no later than it."),
    Rule.HIGH_FLOAT: gettext_lazy("Milestones not reached with a total float of more than {n} working days."),
    Rule.NEGATIVE_FLOAT: gettext_lazy("Milestones not reached whose constraints can no longer be kept."),
    Rule.HIGH_DURATION: gettext_lazy("Milestones not reached whose work takes more than {n} working days."),
    Rule.INVALID_DATES: gettext_lazy("Forecasts in the past of what is not reached, and actual dates in the future."),
    Rule.MISSED: gettext_lazy("Of the milestones due by this day, those reached late or not at all."),
    Rule.PATH_TEST: gettext_lazy("A work on the critical path is made {n} working days longer: the end has to move."),
    Rule.CPLI: gettext_lazy("Working days from this day to the end, and its float to its due date, for each of these days."),
    Rule.BEI: gettext_lazy("Milestones reached, for each that was due by this day."),
    Rule.NO_DURATION: gettext_lazy("Milestones not reached whose duration is not known: it counts as 0."),
}
# The results of a check, what failed first.
RESULTS = {"failed": gettext_lazy("failed"), "passed": gettext_lazy("passed"), "nothing": gettext_lazy("nothing to check")}
_NUMBERS = {Rule.HIGH_FLOAT: LONG, Rule.HIGH_DURATION: LONG, Rule.PATH_TEST: STRETCH}


@dataclass(frozen=True, slots=True)
class Shown:
    """A check as the page shows it; `result` is passed, failed or nothing (there was nothing to check)."""

    row: CheckRow
    name: str
    meaning: str
    value: str
    count: str
    limit: str
    result: str
    source: str


def shown(row: CheckRow) -> Shown:
    """A check in words."""
    check = row.check
    rule = check.rule
    source = _("DCMA, check {n}").format(n=rule.number) if rule.number else _("our own")
    return Shown(
        row=row,
        name=str(NAMES[rule]),
        meaning=str(MEANINGS[rule]).format(n=_NUMBERS.get(rule)),
        value=value_words(check),
        count=_("{count} of {all}").format(count=number(check.count), all=number(check.relevant)) if _is_counted(check) else "",
        limit=limit_words(check),
        result={True: "passed", False: "failed", None: "nothing"}[check.passed],
        source=source,
    )


def value_words(check: Check) -> str:
    """The value with its unit; empty where there was nothing to check."""
    if check.value is None:
        return ""
    if check.is_share:
        return percent(check.value, 2)
    return _working_days(int(check.value)) if check.rule is Rule.PATH_TEST else number(check.value, 3)


def limit_words(check: Check) -> str:
    """By which value the check passes."""
    if check.rule is Rule.PATH_TEST:
        return _("moves")
    least = number(check.threshold, 2) if not check.is_share else percent(check.threshold)
    return _("at least {value}").format(value=least) if check.at_least else _("at most {value}").format(value=least)


def fault_words(rule: Rule, failing: Failing) -> str:
    """In which way a milestone fails a check; empty where the check says it all."""
    fault = failing.fault
    amount = fault.days or 0
    match rule:
        case Rule.LOGIC:
            return _("waits for nothing") if fault.what == "predecessor" else _("nothing waits for it")
        case Rule.LEADS | Rule.LAGS | Rule.TYPES:
            lag = f" {Decimal(amount):+}".replace("-", "\u2212") if amount else ""
            return _("waits for {code}, {type}").format(code=failing.other.code if failing.other else "", type=fault.what + lag)
        case Rule.CONSTRAINTS:
            return failing.milestone.get_constraint_display()
        case Rule.HIGH_FLOAT | Rule.NEGATIVE_FLOAT | Rule.HIGH_DURATION:
            return _working_days(amount)
        case Rule.INVALID_DATES:
            words = _("forecast {days} in the past") if fault.what == "forecast" else _("actual date {days} in the future")
            return words.format(days=days(amount))
        case Rule.MISSED | Rule.BEI:
            return _("{days} late").format(days=days(amount))
        case Rule.PATH_TEST:
            return _("{code} does not move").format(code=failing.other.code) if failing.other else _("The end of the path does not move")
        case Rule.CPLI:
            return _("float to its due date: {days}").format(days=_working_days(amount))
        case Rule.NO_DURATION:
            return ""


def _is_counted(check: Check) -> bool:
    return check.rule not in (Rule.PATH_TEST, Rule.CPLI) and check.value is not None


def _working_days(count: int) -> str:
    return ngettext("%(n)s working day", "%(n)s working days", abs(count)) % {"n": number(count)}
