"""State: one file per concept; the database holds the invariants."""

from cluster.models.baseline import Baseline, BaselineMilestone, BudgetLine, CostCategory, FundingSource
from cluster.models.calendar import CalendarException
from cluster.models.claim import Claim, Confidence, Figure, Qualifier, Sourced
from cluster.models.contract import Amendment, Contract, Party
from cluster.models.conversion import BudgetConversion, ClaimConversion, Conversion, LedgerConversion
from cluster.models.conversion_due import ConversionDue
from cluster.models.delay import DelayEvent, DelayFlag
from cluster.models.delivery import Bounce, Delivery, DeliveryAttempt, Notice
from cluster.models.dependency import Dependency
from cluster.models.digest import Subscription
from cluster.models.discussion import Attachment, AttachmentContent, Comment
from cluster.models.duty import ReportingDuty, Submission
from cluster.models.factory import Factory
from cluster.models.job import JobRun
from cluster.models.ledger import LedgerEntry
from cluster.models.milestone import Constraint, ForecastRevision, Milestone, MilestoneKind, SlipReason
from cluster.models.rate import ExchangeRate
from cluster.models.report import BoardReport, BoardReportContent
from cluster.models.risk import RiskResult, RiskRun
from cluster.models.search import SearchWord
from cluster.models.source import Source
from cluster.models.standing import Standing
from cluster.models.token import ApiToken
from cluster.models.user import Membership, User
from cluster.models.view import SavedView
from cluster.models.visit import Visit

__all__ = [
    "Amendment",
    "ApiToken",
    "Attachment",
    "AttachmentContent",
    "Baseline",
    "BaselineMilestone",
    "BoardReport",
    "BoardReportContent",
    "Bounce",
    "BudgetConversion",
    "BudgetLine",
    "CalendarException",
    "Claim",
    "ClaimConversion",
    "Comment",
    "Confidence",
    "Constraint",
    "Contract",
    "Conversion",
    "ConversionDue",
    "CostCategory",
    "DelayEvent",
    "DelayFlag",
    "Delivery",
    "DeliveryAttempt",
    "Dependency",
    "ExchangeRate",
    "Factory",
    "Figure",
    "ForecastRevision",
    "FundingSource",
    "JobRun",
    "LedgerConversion",
    "LedgerEntry",
    "Membership",
    "Milestone",
    "MilestoneKind",
    "Notice",
    "Party",
    "Qualifier",
    "ReportingDuty",
    "RiskResult",
    "RiskRun",
    "SavedView",
    "SearchWord",
    "SlipReason",
    "Source",
    "Sourced",
    "Standing",
    "Submission",
    "Subscription",
    "User",
    "Visit",
]
