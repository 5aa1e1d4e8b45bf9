"""Baselines with their dates, and budget lines: read, proposed, filled, approved, discarded, compared."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cluster.api.budgets import (
    BaselineApproval,
    BaselineComparison,
    BudgetLineChange,
    ImportedLines,
    NewBaseline,
    NewBudgetLine,
    NewBudgetLines,
    NewDates,
    chosen_baseline,
    compared,
    dates_of,
    rows_of,
    written,
)
from cluster.api.fields import ContractReference, MoneyField
from cluster.api.filtering import filters
from cluster.api.preconditions import etag_of, seen_version
from cluster.api.rates import InDollars
from cluster.api.records import Records, RecordSerializer, version_of
from cluster.api.schema import IF_MATCH
from cluster.api.writes import answer, body_of, precondition, writer
from cluster.domain.access import Action
from cluster.domain.budgets import LONGEST_REASON
from cluster.domain.errors import Conflict
from cluster.models import Baseline, BaselineMilestone, BudgetLine
from cluster.queries.approvals import compare_dates
from cluster.queries.budgets import comparison, with_version
from cluster.queries.contracts import baseline_in_force, is_partial
from cluster.queries.history import with_newest_event
from cluster.queries.rates import rate_status
from cluster.services.access import require
from cluster.services.baseline_dates import save_dates
from cluster.services.budgets import Imported, approve_baseline, delete_line, discard_baseline, import_lines, propose_baseline, save_line

_AGAINST = OpenApiParameter(
    "against", OpenApiTypes.INT, description="The id of the baseline before; without it the one in force, or nothing."
)
_REASON = OpenApiParameter("reason", OpenApiTypes.STR, description=f"Why the line is deleted; {LONGEST_REASON} characters at most.")


class BaselineDateSerializer(RecordSerializer):
    """The due date of one milestone under a baseline."""

    class Meta:
        model = BaselineMilestone
        fields = ["id", "milestone", "due", "weight", "announced", "speaker", "note", "source", "recorded_at"]


class BaselineSerializer(RecordSerializer):
    """A set of dates and budgets. Approved, it is frozen; the newest in force counts, the first one is the original."""

    dates = BaselineDateSerializer(source="milestones", many=True, read_only=True, help_text="Of the factories that the reader sees.")
    reason = serializers.SerializerMethodField(help_text="Why it was proposed; empty for readers who see single factories.")

    class Meta:
        model = Baseline
        fields = ["id", "contract", "amendment", "kind", "name", "reason", "in_force_from", "approved_by", "dates"]

    def get_reason(self, baseline: Baseline) -> str:
        """It may speak of factories that the reader does not see."""
        request = self.context.get("request")
        return baseline.reason if request and not is_partial(request.user, baseline.contract) else ""


class Baselines(Records):
    """Baselines."""

    noun = ("a baseline", "baselines")
    about = (
        "Sets of milestone dates and budgets: proposed ones (drafts), and those that were approved or published. The dates are part of the "
        "object, the money is under /budget-lines/. The ETag of a single one changes with its lines and dates."
    )
    queryset = Baseline.objects.select_related("contract", "approved_by")
    serializer_class = BaselineSerializer
    route = "api:baseline-detail"
    filterset_class = filters(Baseline, contract="contract__code", kind="kind", in_force_from="in_force_from__gte")
    ordering_fields = {"in_force_from": "in_force_from"}

    def get_queryset(self) -> QuerySet[Any]:
        # Whoever sees single factories sees that there is a baseline, and of its dates only those of the own factories.
        dates = BaselineMilestone.objects.for_reader(self.request.user).select_related("milestone", "source")
        rows = super().get_queryset().prefetch_related(Prefetch("milestones", dates.order_by("due_latest", "milestone_id")))
        return rows if self.action == "list" else with_version(rows)

    def parameters(self) -> set[str]:
        return super().parameters() | ({"against"} if self.action == "comparison" else set())

    @extend_schema(
        summary="Propose a baseline",
        description="For PMO editors. It is a draft, empty or a copy of another one: fill its lines, then approve it.",
        request=NewBaseline,
        responses={201: BaselineSerializer},
    )
    def create(self, request: Request) -> Response:
        """Propose a baseline through the service."""
        given = body_of(request, NewBaseline)
        made = written(
            lambda: propose_baseline(
                contract_id=given["contract"],
                name_ru=given["name"]["ru"],
                name_en=given["name"]["en"],
                reason=given["reason"],
                amendment_id=given["amendment"],
                copy_from_id=given["copy_from"],
                by=writer(request),
            )
        )
        return answer(self, self.get_queryset().get(pk=made.pk), status.HTTP_201_CREATED)

    @extend_schema(
        summary="Discard a proposed baseline",
        description="For PMO editors. It goes with its lines and dates; the history keeps them.",
        responses={204: None},
        parameters=[IF_MATCH],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Discard a proposal through the service."""
        baseline, version = self._seen()
        self._guarded(lambda: discard_baseline(baseline_id=baseline.pk, by=writer(request), version=version))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Approve a proposed baseline",
        description=(
            "For PMO editors. From its day on its budget and its dates count, and nothing in it changes any more. Every baseline after the "
            "first one needs an amendment. If-Match is the ETag of the baseline: lines that changed in between make it stale. "
            "One without a budget line is refused; so is one that is odd "
            "beside the baseline before (no dates, less than half or more than double of "
            "its roubles, factories left without lines), unless `seen` names the code of the refusal."
        ),
        request=BaselineApproval,
        responses={201: BaselineSerializer},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def approval(self, request: Request, pk: str) -> Response:
        """Approve a proposal through the service."""
        baseline, version = self._seen()
        given = body_of(request, BaselineApproval)
        self._guarded(
            lambda: approve_baseline(
                baseline_id=baseline.pk,
                in_force_from=given["in_force_from"],
                amendment_id=given["amendment"],
                reason=given["reason"],
                seen=given["seen"],
                by=writer(request),
                today=timezone.localdate(),
                version=version,
            )
        )
        return answer(self, self.get_object(), status.HTTP_201_CREATED)

    @extend_schema(
        summary="Put many budget lines into a proposed baseline",
        description=(
            "For PMO editors. At most 5,000 lines, all or none of them: a line with a factory, category, funding source and month that is "
            "there already is changed. Refused lines are named by their place, counted from 0: `lines[4011].category`."
        ),
        request=NewBudgetLines,
        responses={201: ImportedLines},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], url_path="budget-lines", filterset_class=None)
    def budget_lines(self, request: Request, pk: str) -> Response:
        """Import lines through the service."""
        baseline, version = self._seen()
        given = body_of(request, NewBudgetLines)
        rows = rows_of(given["lines"])
        done = self._guarded(
            lambda: import_lines(
                baseline_id=baseline.pk, rows=rows, replace=given["replace"], by=writer(request), version=version, reason=given["reason"]
            )
        )
        return self._imported(done)

    @extend_schema(
        summary="Put many dates into a proposed baseline",
        description=(
            "For PMO editors. At most 5,000 dates with their weights, all or none of them; refused ones are named by their place, counted "
            "from 0: `dates[12].due`. On approval the weights of a factory, if any is given, must make 1."
        ),
        request=NewDates,
        responses={201: ImportedLines},
        parameters=[IF_MATCH],
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def dates(self, request: Request, pk: str) -> Response:
        """Import dates through the service."""
        baseline, version = self._seen()
        given = body_of(request, NewDates)
        rows = dates_of(given["dates"])
        done = self._guarded(
            lambda: save_dates(
                baseline_id=baseline.pk, rows=rows, replace=given["replace"], by=writer(request), version=version, reason=given["reason"]
            ),
            rows="dates",
        )
        return self._imported(done)

    @extend_schema(
        summary="Compare a baseline with another one",
        description=(
            "Line by line: what was added, changed and removed, with reasons; sums by factory, category and funding source; and the "
            "milestone dates that differ. Dollars are at the reporting rate of today, each line rounded to cents and then added up."
        ),
        responses={200: BaselineComparison},
        parameters=[_AGAINST],
    )
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def comparison(self, request: Request, pk: str) -> Response:
        """What differs between two baselines of one contract."""
        new = self.get_object()
        among = Baseline.objects.for_reader(writer(request)).filter(contract_id=new.contract_id)
        old = chosen_baseline(request.query_params.get("against"), among)
        if "against" not in request.query_params:
            in_force = baseline_in_force(new.contract_id, as_of=timezone.localdate())
            old = in_force if in_force != new else None
        reader, today = writer(request), timezone.localdate()
        return Response(compared(comparison(reader, old, new), compare_dates(reader, old, new), rate_status(today)))

    def _seen(self) -> tuple[Any, int]:
        """The baseline and the version that If-Match names; a stale or a missing one is a problem."""
        baseline = self.get_object()
        version = seen_version(self.request, baseline.version)
        if version is None:
            raise precondition(self, baseline)
        return baseline, version

    def _imported(self, done: Imported) -> Response:
        figures = {name: getattr(done, name) for name in ("added", "changed", "removed", "unchanged")}
        now = self.get_object()
        etag = etag_of(self.represent(now), version_of(now))
        return Response(figures, status=status.HTTP_201_CREATED, headers={"ETag": etag})

    def _guarded(self, write: Any, *, rows: str = "lines") -> Any:
        try:
            return written(write, rows=rows)
        except Conflict as error:
            raise precondition(self, self.get_object()) from error


class BudgetLineSerializer(RecordSerializer):
    """Planned money of a factory under a baseline."""

    contract = ContractReference(source="factory.contract", read_only=True)
    amount = MoneyField(source="amount_rub")
    usd = InDollars(source="conversion", read_only=True, allow_null=True)

    class Meta:
        model = BudgetLine
        fields = [
            "id", "baseline", "contract", "factory", "category", "funding", "month", "amount", "usd", "reason", "announced", "source",
            "recorded_at", "recorded_by",
        ]  # fmt: skip


class BudgetLines(Records):
    """Budget lines."""

    noun = ("a budget line", "budget lines")
    about = "Planned money by factory, category, funding source and month; empty where it was not published in that detail."
    queryset = BudgetLine.objects.select_related("factory__contract", "source", "recorded_by", "conversion__rate")
    serializer_class = BudgetLineSerializer
    route = "api:budget-line-detail"
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

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "list" else with_newest_event(rows)

    def parameters(self) -> set[str]:
        return super().parameters() | ({"reason"} if self.action == "destroy" else set())

    @extend_schema(
        summary="Add a budget line",
        description="For PMO editors, to a proposed baseline. The same line sent twice is one line.",
        request=NewBudgetLine,
        responses={201: BudgetLineSerializer},
    )
    def create(self, request: Request) -> Response:
        """Add a line through the service."""
        given = body_of(request, NewBudgetLine)
        line = written(lambda: self._save(given["baseline"], given))
        return answer(self, self.get_queryset().get(pk=line.pk), status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a budget line",
        description="For PMO editors, in a proposed baseline. A key that is left out stays as it is.",
        request=BudgetLineChange,
        responses={200: BudgetLineSerializer},
        parameters=[IF_MATCH],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a line through the service."""
        line, version = self._seen()
        changes = BudgetLineChange(data=request.data, partial=True)
        changes.is_valid(raise_exception=True)
        stands = {name: getattr(line, name) for name in ("category", "funding", "month", "reason")}
        given = stands | {"factory": line.factory_id, "amount": line.amount_rub} | changes.validated_data
        self._guarded(lambda: self._save(line.baseline_id, given, line_id=line.pk, version=version))
        return answer(self, self.get_object(), status.HTTP_200_OK)

    @extend_schema(
        summary="Delete a budget line",
        description="For PMO editors, from a proposed baseline; the history keeps it, and a comparison tells the reason.",
        responses={204: None},
        parameters=[IF_MATCH, _REASON],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a line through the service."""
        line, version = self._seen()
        reason = request.query_params.get("reason", "")
        self._guarded(
            lambda: delete_line(baseline_id=line.baseline_id, line_id=line.pk, by=writer(request), version=version, reason=reason)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _save(self, baseline_id: int, given: dict[str, Any], **which: Any) -> BudgetLine:
        return save_line(
            baseline_id=baseline_id,
            factory_id=given["factory"],
            category=given["category"],
            funding=given["funding"],
            month=given["month"],
            amount_rub=given["amount"],
            reason=given["reason"],
            by=writer(self.request),
            **which,
        )

    def _seen(self) -> tuple[Any, int]:
        line = self.get_object()
        # Who sees the line of one factory alone does not see the baseline: that is no reason to say that the line is not there.
        require(writer(self.request), Action.EDIT_RECORD, contract=line.factory.contract_id, factory=line.factory_id)
        version = seen_version(self.request, line.version)
        if version is None:
            raise precondition(self, line)
        return line, version

    def _guarded(self, write: Any) -> Any:
        try:
            return written(write)
        except Conflict as error:
            raise precondition(self, self.get_object()) from error
