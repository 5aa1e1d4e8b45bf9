"""What programs send and get when they write budgets: proposals, lines, approvals, and what differs between two baselines."""

from collections.abc import Callable
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeVar

from django.utils.translation import gettext as _
from rest_framework import serializers

from cluster.api.batches import refused_batch
from cluster.api.fields import Choice, Day, ExactRoubles, Id, Input, Money, Roubles, Window
from cluster.api.rates import InDollars
from cluster.domain.approval import Warn
from cluster.domain.baseline_dates import DateRow
from cluster.domain.budgets import LONGEST_REASON, Change, Line, Row, Sums
from cluster.domain.errors import DomainError
from cluster.domain.exchange import Basis, convert_rub
from cluster.domain.tables import BadRows
from cluster.models import Baseline, CostCategory, FundingSource
from cluster.queries.approvals import DateComparison
from cluster.queries.budgets import Comparison
from cluster.queries.rates import RateStatus

T = TypeVar("T")
_MOST_LINES = 5000
_CALLED = {"name_ru": "name.ru", "name_en": "name.en", "amount_rub": "amount"}


class BudgetRoubles(Roubles):
    """An amount of roubles that may be 0."""

    value = ExactRoubles(least=Decimal("0.00"))


class NewName(Input):
    """A name in Russian and, where there is one, in English."""

    ru = serializers.CharField(max_length=200)
    en = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class NewBaseline(Input):
    """A baseline to propose."""

    contract = Id(required=True, help_text="The id of the contract.")
    name = NewName()
    reason = serializers.CharField(max_length=LONGEST_REASON, help_text="Why it is proposed.")
    amendment = Id(help_text="The id of the amendment; it may also be named on approval.")
    copy_from = Id(help_text="The id of a baseline whose budget lines and milestone dates are copied.")


class BaselineApproval(Input):
    """The approval of a proposed baseline."""

    in_force_from = Day(help_text="After that of the newest approved baseline.")
    amendment = Id(help_text="The id of the amendment; every baseline after the first one needs one.")
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True, help_text="On what grounds.")
    seen = serializers.ListField(
        child=Choice(choices=[code.value for code in Warn]), required=False, default=list, max_length=len(Warn),
        help_text="The codes of the warnings that were seen: it is meant so.",
    )  # fmt: skip


class LineOfBudget(Input):
    """One line; an empty category, funding or month: not planned in that detail."""

    factory = Id(required=True, help_text="The id of the factory.")
    category = Choice(choices=CostCategory.choices, required=False, default="", allow_blank=True)
    funding = Choice(choices=FundingSource.choices, required=False, default="", allow_blank=True)
    month = Day(required=False, default=None, allow_null=True, help_text="The first day of the month.")
    amount = BudgetRoubles()
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False, default="", allow_blank=True, help_text="Why this amount.")


class NewBudgetLine(LineOfBudget):
    """A line to add to a proposed baseline."""

    baseline = Id(required=True, help_text="The id of the proposed baseline.")


class BudgetLineChange(Input):
    """What is to change of a line; a key that is left out stays as it is."""

    factory = Id(required=True)
    category = Choice(choices=CostCategory.choices, allow_blank=True)
    funding = Choice(choices=FundingSource.choices, allow_blank=True)
    month = Day(allow_null=True, help_text="The first day of the month.")
    amount = BudgetRoubles()
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, help_text="Why this amount.")


class NewBudgetLines(Input):
    """Many lines at once: all of them are stored, or none."""

    replace = serializers.BooleanField(required=False, default=False, help_text="Remove the lines that are not named here.")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, required=False, default="", allow_blank=True, help_text="Why those that are not named are removed."
    )
    lines = LineOfBudget(many=True, max_length=_MOST_LINES)  # type: ignore[call-arg]


class Weight(serializers.DecimalField):
    """A share between 0 and 1 with at most six decimals, as a decimal string; null where none was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=7, decimal_places=6, min_value=Decimal(0), max_value=Decimal(1), allow_null=True, **options)


class DateOfMilestone(Input):
    """The due date of one milestone; a key that is left out stays as it is, a `due` of null takes the date out of the baseline."""

    milestone = Id(required=True, help_text="The id of the milestone.")
    due = Window(required=False, allow_null=True)
    weight = Weight(required=False, help_text="The share of the factory's budget that is earned when it is reached.")
    note = serializers.CharField(max_length=LONGEST_REASON, required=False, allow_blank=True, help_text="Why this date.")


class NewDates(Input):
    """Many dates at once: all of them are stored, or none."""

    replace = serializers.BooleanField(required=False, default=False, help_text="Take out the dates that are not named here.")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, required=False, default="", allow_blank=True, help_text="Kept in the history."
    )
    dates = DateOfMilestone(many=True, max_length=_MOST_LINES)  # type: ignore[call-arg]


class ImportedLines(Input):
    """What became of the lines, or of the dates."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    removed = serializers.IntegerField()
    unchanged = serializers.IntegerField()


class MovedSum(Input):
    """Roubles before and after."""

    old = Money(allow_null=True)
    new = Money(allow_null=True)
    difference = Money()
    usd = InDollars(allow_null=True, help_text="The difference at the reporting rate of today; null: no rate is known.")


class MovedGroup(MovedSum):
    """The sums of one group: a factory's id, a category, a funding source; empty where it was not planned in that detail."""

    key = serializers.CharField(allow_blank=True)


class MovedLine(MovedSum):
    """One line that is not the same under both baselines; null: it is not there."""

    factory = serializers.IntegerField()
    category = serializers.ChoiceField(choices=CostCategory.choices, allow_blank=True)
    funding = serializers.ChoiceField(choices=FundingSource.choices, allow_blank=True)
    month = serializers.DateField(allow_null=True)
    change = serializers.ChoiceField(choices=[Change.ADDED.value, Change.REMOVED.value, Change.CHANGED.value])
    reason = serializers.CharField(allow_blank=True, help_text="Why it is new, changed or removed; empty where nobody said.")


class MovedDate(Input):
    """One milestone whose date is not the same under both baselines; null: it has none there."""

    milestone = serializers.IntegerField(help_text="The id of the milestone.")
    code = serializers.CharField()
    change = serializers.ChoiceField(choices=[Change.ADDED.value, Change.REMOVED.value, Change.CHANGED.value])
    old = Window(allow_null=True)
    new = Window(allow_null=True)
    days = serializers.IntegerField(allow_null=True, help_text="Later by so many days, or (negative) earlier.")
    old_weight = serializers.CharField(allow_null=True, help_text="As a decimal; null: none was given.")
    new_weight = serializers.CharField(allow_null=True)


class BaselineComparison(Input):
    """What differs between two baselines, line by line and in sums. Each grouping adds up to the total."""

    old = serializers.IntegerField(allow_null=True, help_text="The id of the baseline before; null: there was none.")
    new = serializers.IntegerField(help_text="The id of the baseline after.")
    total = MovedSum()
    by_factory = MovedGroup(many=True)
    by_category = MovedGroup(many=True)
    by_funding = MovedGroup(many=True)
    lines = MovedLine(many=True)
    dates = MovedDate(many=True)


def compared(found: Comparison, dates: DateComparison, rate: RateStatus) -> dict[str, Any]:
    """A comparison as the API gives it."""
    groups = {"by_factory": 0, "by_category": 1, "by_funding": 2}

    def moved(by: Callable[[Any], Any]) -> dict[Any, dict[str, Any]]:
        usd = found.usd(by, rate.rate.rate) if rate.rate else {}
        return {key: _moved(sums, _usd(usd.get(key), rate)) for key, sums in found.sums(by).items()}

    return {
        "old": found.old.pk if found.old else None,
        "new": found.new.pk,
        "total": moved(lambda key: True).get(True) or _moved(Sums(), _usd(Decimal(0), rate)),
        **{name: [{"key": str(key), **sums} for key, sums in moved(itemgetter(place)).items()] for name, place in groups.items()},
        "lines": [
            {
                "factory": one.key[0],
                "category": one.key[1],
                "funding": one.key[2],
                "month": one.key[3] and one.key[3].isoformat(),
                "change": one.change.value,
                "old": _money(one.old),
                "new": _money(one.new),
                "difference": _money(one.amount),
                "usd": _usd(convert_rub(one.amount, rate.rate.rate) if rate.rate else None, rate),
                "reason": one.reason,
            }
            for one in found.moved
        ],
        "dates": [
            {
                "milestone": one.milestone.pk,
                "code": one.milestone.code,
                "change": one.change.value,
                "old": one.old and Window(one.old).data,
                "new": one.new and Window(one.new).data,
                "days": one.days,
                "old_weight": _weight(one.old_weight),
                "new_weight": _weight(one.new_weight),
            }
            for one in dates.moved
        ],
    }


def _weight(weight: Decimal | None) -> str | None:
    return None if weight is None else f"{weight:f}"


def _moved(sums: Sums, usd: dict[str, Any] | None) -> dict[str, Any]:
    return {"old": _money(sums.old), "new": _money(sums.new), "difference": _money(sums.amount), "usd": usd}


def _usd(usd: Decimal | None, rate: RateStatus) -> dict[str, Any] | None:
    if usd is None:
        return None
    figure = {"usd": usd, "currency": "USD", "basis": Basis.REPORTING.value, "rate": rate.rate, "stale": rate.stale}
    return dict(InDollars(figure).data)


def _money(amount: Decimal | None) -> dict[str, str] | None:
    return None if amount is None else {"value": f"{amount:.2f}", "currency": "RUB"}


def written(write: Callable[[], T], *, rows: str = "lines") -> T:
    """Call a service; its refusals name the keys of the body, and rows of a batch their place in the list `rows`, counted from 0."""
    try:
        return write()
    except BadRows as error:
        raise refused_batch(error, rows) from error
    except DomainError as error:
        error.field = _CALLED.get(error.field, error.field)
        raise


def chosen_baseline(text: str | None, among: Any) -> Baseline | None:
    """The baseline that a parameter names among those of a contract; None without the parameter. ValidationError for another one."""
    if text is None:
        return None
    found = among.filter(pk=int(text)).first() if text.isdecimal() and text.isascii() and len(text) < 19 else None
    if found is None:
        raise serializers.ValidationError({"against": [_("There is no such baseline in this contract.")]}, code="choice")
    return found  # type: ignore[no-any-return]


def dates_of(dates: list[dict[str, Any]]) -> list[DateRow]:
    """The dates of a body as rows of the domain, counted from 0."""
    return [
        DateRow(number, one["milestone"], {name: value for name, value in one.items() if name != "milestone"})
        for number, one in enumerate(dates)
    ]


def rows_of(lines: list[dict[str, Any]]) -> list[Row]:
    """The lines of a body as rows of the domain, counted from 0."""
    return [
        Row(number, Line(line["factory"], line["category"], line["funding"], line["month"], line["amount"], line["reason"]))
        for number, line in enumerate(lines)
    ]
