"""Baselines with their dates, and budget lines."""

from cluster.api.fields import MoneyField, Reference
from cluster.api.filtering import filters
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer
from cluster.models import Baseline, BaselineMilestone, BudgetLine


class BaselineDateSerializer(RecordSerializer):
    """The due date of one milestone under a baseline."""

    class Meta:
        model = BaselineMilestone
        fields = ["id", "milestone", "due", "announced", "speaker", "note", "source", "recorded_at"]


class BaselineSerializer(RecordSerializer):
    """A frozen, approved set of dates and budgets. The newest in force counts, the first one is the original."""

    dates = BaselineDateSerializer(source="milestones", many=True, read_only=True)

    class Meta:
        model = Baseline
        fields = ["id", "contract", "amendment", "kind", "name", "in_force_from", "approved_by", "dates"]


class Baselines(Records):
    """Baselines."""

    noun = ("a baseline", "baselines")
    about = "Approved sets of milestone dates and budgets; the dates are part of the object, the money is under /budget-lines/."
    queryset = Baseline.objects.select_related("contract", "approved_by").prefetch_related("milestones__milestone", "milestones__source")
    serializer_class = BaselineSerializer
    filterset_class = filters(Baseline, contract="contract__code", kind="kind", in_force_from="in_force_from__gte")
    ordering_fields = {"in_force_from": "in_force_from"}


class BudgetLineSerializer(RecordSerializer):
    """Planned money of a factory under a baseline."""

    contract = Reference(source="factory.contract", read_only=True)
    amount = MoneyField(source="amount_rub")
    usd = InDollars(source="conversion", read_only=True, allow_null=True)

    class Meta:
        model = BudgetLine
        fields = [
            "id", "baseline", "contract", "factory", "category", "funding", "month", "amount", "usd", "announced", "source", "recorded_at",
        ]  # fmt: skip


class BudgetLines(Records):
    """Budget lines."""

    noun = ("a budget line", "budget lines")
    about = "Planned money by factory, category, funding source and month; empty where it was not published in that detail."
    queryset = BudgetLine.objects.select_related("factory__contract", "source", "conversion__rate")
    serializer_class = BudgetLineSerializer
    filterset_class = filters(
        BudgetLine,
        baseline="baseline__id",
        contract="factory__contract__code",
        factory="factory__code",
        category="category",
        funding="funding",
        month_from="month__gte",
        month_to="month__lte",
    )
    ordering_fields = {"month": "month", "amount": "amount_rub", "factory": "factory__code"}
