"""Addresses of the API under /api/v1/. `production` adds its nouns before these: the last address here catches the rest."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from cluster.api.baselines import Baselines, BudgetLines
from cluster.api.board_reports import BoardReports
from cluster.api.calendar import CalendarExceptions
from cluster.api.contracts import Amendments, Contracts, Parties
from cluster.api.delays import DelayEvents, DelayFlags
from cluster.api.dependencies import Dependencies
from cluster.api.digests import Deliveries
from cluster.api.discussion import Attachments, Comments
from cluster.api.factories import Factories
from cluster.api.jobs import JobRuns
from cluster.api.ledger import LedgerEntries
from cluster.api.milestones import ForecastRevisions, Milestones
from cluster.api.my_work import MyWork
from cluster.api.rates import ExchangeRates
from cluster.api.reference import Description, Nowhere, Page, ProblemKind, Problems, Start
from cluster.api.reporting import Submissions
from cluster.api.risk import RiskRuns
from cluster.api.search import Search
from cluster.api.sources import Claims, Sources
from cluster.api.subscriptions import Subscriptions

app_name = "api"

router = SimpleRouter()
router.register("contracts", Contracts, basename="contract")
router.register("parties", Parties, basename="party")
router.register("amendments", Amendments, basename="amendment")
router.register("factories", Factories, basename="factory")
router.register("sources", Sources, basename="source")
router.register("claims", Claims, basename="claim")
router.register("baselines", Baselines, basename="baseline")
router.register("budget-lines", BudgetLines, basename="budget-line")
router.register("ledger-entries", LedgerEntries, basename="ledger-entry")
router.register("milestones", Milestones, basename="milestone")
router.register("dependencies", Dependencies, basename="dependency")
router.register("calendar-exceptions", CalendarExceptions, basename="calendar-exception")
router.register("forecast-revisions", ForecastRevisions, basename="forecast-revision")
router.register("exchange-rates", ExchangeRates, basename="exchange-rate")
router.register("delay-flags", DelayFlags, basename="delay-flag")
router.register("delay-events", DelayEvents, basename="delay-event")
router.register("board-reports", BoardReports, basename="board-report")
router.register("comments", Comments, basename="comment")
router.register("attachments", Attachments, basename="attachment")
router.register("submissions", Submissions, basename="submission")
router.register("risk-runs", RiskRuns, basename="risk-run")
router.register("job-runs", JobRuns, basename="job-run")
router.register("subscriptions", Subscriptions, basename="subscription")
router.register("deliveries", Deliveries, basename="delivery")

urlpatterns = [
    path("", Start.as_view(), name="start"),
    path("schema/", Description.as_view(), name="schema"),
    path("docs/", Page.as_view(), name="docs"),
    path("problems/", Problems.as_view(), name="problems"),
    path("problems/<slug:kind>/", ProblemKind.as_view(), name="problem"),
    path("search/", Search.as_view(), name="search"),
    path("my-work/", MyWork.as_view(), name="my_work"),
    path("", include(router.urls)),
    re_path(r"^.*$", Nowhere.as_view(), name="nowhere"),
]
