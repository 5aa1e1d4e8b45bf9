"""The address of every staff page, as it stands on the example plan."""

from typing import Any

from django.db.models import Model, QuerySet
from django.urls import get_resolver, reverse

from cluster.models import (
    Amendment,
    Baseline,
    BudgetLine,
    CalendarException,
    Claim,
    Contract,
    DelayFlag,
    Dependency,
    ExchangeRate,
    Factory,
    JobRun,
    LedgerEntry,
    Milestone,
    Party,
    RiskRun,
    Source,
    User,
)
from production.models import Brand, Capacity, PlanRevision, VehicleModel

# Pages of a baseline that is not proposed are about one that is in force.
OF_A_PROPOSAL = {
    "cluster:approve_baseline",
    "cluster:baseline_dates",
    "cluster:baseline_dates_file",
    "cluster:budget_line",
    "cluster:budget_line_echo",
    "cluster:discard_baseline",
    "cluster:new_budget_line",
    "cluster:paste_budget",
    "cluster:paste_dates",
}


def known(name: str) -> dict[str, Any]:
    """What stands in the addresses, by the names of the places. A new one belongs here."""
    contract = Contract.objects.get(code="example")
    factory = Factory.objects.filter(contract=contract).order_by("order")[1]
    baselines = Baseline.objects.filter(contract=contract).order_by("pk")
    proposal = baselines.get(kind=Baseline.Kind.DRAFT)

    def pk(rows: QuerySet[Any]) -> int:
        found: Model | None = rows.order_by("pk").first()
        return found.pk if found is not None else 0

    return {
        "code": contract.code,
        "factory": factory.code,
        "milestone": Milestone.objects.filter(factory=factory).order_by("pk")[5].code,
        "kind": "factory",
        "pk": factory.pk,
        "form": "csv",
        "person_id": pk(User.objects.all()),
        "uidb64": "MQ",
        "token": "set-password",
        "key": Source.objects.get(contract=contract, key="example-plan").key,
        "brand": Brand.objects.earliest("pk").code,
        "baseline_id": proposal.pk if name in OF_A_PROPOSAL else pk(baselines),
        "line_id": pk(BudgetLine.objects.filter(baseline=proposal)),
        "run_id": pk(JobRun.objects.all()) if name == "cluster:job" else pk(RiskRun.objects.all()),
        "rate_id": pk(ExchangeRate.objects.all()),
        "entry_id": pk(LedgerEntry.objects.filter(factory=factory)),
        "flag_id": pk(DelayFlag.objects.filter(contract=contract)),
        "dependency_id": pk(Dependency.objects.filter(successor__contract=contract)),
        "exception_id": pk(CalendarException.objects.filter(contract=contract)),
        "claim_id": pk(Claim.objects.filter(contract=contract)),
        "party_id": pk(Party.objects.filter(contract=contract)),
        "amendment_id": pk(Amendment.objects.filter(contract=contract)),
        "model_id": pk(VehicleModel.objects.all()),
        "plan_id": pk(PlanRevision.objects.filter(contract=contract)),
        "capacity_id": pk(Capacity.objects.filter(contract=contract)),
        **dict.fromkeys(
            (
                "comment_id",
                "attachment_id",
                "letter_id",
                "subscription_id",
                "view_id",
                "report_id",
                "duty_id",
                "submission_id",
                "membership_id",
            ),
            0,
        ),
    }


def pages() -> dict[str, str]:
    """The address of every page, by its name."""
    found = {}
    for space in ("cluster", "production"):
        patterns: list[Any] = get_resolver().namespace_dict[space][1].url_patterns
        for pattern in patterns:
            name = f"{space}:{pattern.name}"
            told = known(name)
            found[name] = reverse(name, kwargs={place: told[place] for place in pattern.pattern.converters})
    return found
