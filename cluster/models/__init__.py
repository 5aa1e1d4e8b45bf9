"""State: one file per concept; the database holds the invariants."""

from cluster.models.baseline import Baseline, BaselineMilestone, BudgetLine, CostCategory, FundingSource
from cluster.models.claim import Claim, Confidence, Figure, Qualifier, Sourced
from cluster.models.contract import Amendment, Contract, Party
from cluster.models.delay import DelayEvent, DelayFlag
from cluster.models.digest import Delivery, Subscription
from cluster.models.factory import Factory
from cluster.models.job import JobRun
from cluster.models.ledger import LedgerEntry
from cluster.models.milestone import ForecastRevision, Milestone, MilestoneKind, SlipReason
from cluster.models.rate import Conversion, ExchangeRate
from cluster.models.source import Source
from cluster.models.token import ApiToken
from cluster.models.user import Membership, User

__all__ = [
    "Amendment",
    "ApiToken",
    "Baseline",
    "BaselineMilestone",
    "BudgetLine",
    "Claim",
    "Confidence",
    "Contract",
    "Conversion",
    "CostCategory",
    "DelayEvent",
    "DelayFlag",
    "Delivery",
    "ExchangeRate",
    "Factory",
    "Figure",
    "ForecastRevision",
    "FundingSource",
    "JobRun",
    "LedgerEntry",
    "Membership",
    "Milestone",
    "MilestoneKind",
    "Party",
    "Qualifier",
    "SlipReason",
    "Source",
    "Sourced",
    "Subscription",
    "User",
]
