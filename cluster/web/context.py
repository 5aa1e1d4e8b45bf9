"""What every page's template knows: languages, and lazily the navigation, the contract, the day and the rights."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cluster.domain.access import Action, Role
from cluster.domain.errors import DomainError
from cluster.domain.texts import is_plain
from cluster.models import Contract, User
from cluster.models.role_names import ROLE_NAMES
from cluster.queries.accounts import sees_accounts
from cluster.queries.head import Head, head_of
from cluster.queries.my_work import Counts
from cluster.queries.rates import RateStatus, rate_status
from cluster.web.door import as_of_from

# With the link to all of them they fit on a small screen without scrolling in the menu.
CONTRACTS_SHOWN = 7


@dataclass(frozen=True, slots=True)
class NavItem:
    """One page of the navigation."""

    key: str
    label: str
    url: str

    @property
    def shortcut(self) -> str:
        """The keys that open it, by their place on the keyboard; empty where there are none."""
        return f"KeyG {_LETTERS[self.key]}" if self.key in _LETTERS else ""


# The second key of the way to a page of the navigation, after G: the first letter of its English name as far as that is free.
_LETTERS = {
    "cluster": "KeyC",
    "factories": "KeyF",
    "money": "KeyM",
    "schedule": "KeyS",
    "delays": "KeyD",
    "production": "KeyP",
    "record": "KeyR",
    "rates": "KeyX",
    "jobs": "KeyJ",
}
# Each page of the schedule and its view names: the first is linked by a tab, all mark it as current.
_SCHEDULE: dict[str, tuple[str, ...]] = {
    "gantt": ("cluster:schedule", "cluster:schedule_rows_file"),
    "trend": ("cluster:trend", "cluster:trend_file"),
    "slips": ("cluster:slips", "cluster:slips_file"),
    "risk": ("cluster:risk", "cluster:risk_file", "cluster:risk_run", "cluster:cancel_risk"),
    "earned_value": ("cluster:earned_value", "cluster:earned_value_file", "cluster:earned_months_file"),
    "quality": ("cluster:quality", "cluster:quality_file"),
    "estimates": ("cluster:estimates", "cluster:estimates_file", "cluster:paste_schedule", "cluster:schedule_file"),
    "calendar": ("cluster:calendar", "cluster:remove_exception"),
    "reporting": (
        "cluster:reporting",
        "cluster:reporting_file",
        "cluster:new_duty",
        "cluster:edit_duty",
        "cluster:submit_report",
        "cluster:take_back_report",
    ),
}
# Pages of the schedule that have no tab of their own.
_SCHEDULE_FORMS: tuple[str, ...] = (
    "cluster:milestone",
    "cluster:new_milestone",
    "cluster:edit_milestone",
    "cluster:report_progress",
    "cluster:delete_milestone",
    "cluster:add_dependency",
    "cluster:edit_dependency",
    "cluster:remove_dependency",
)
# Each page of a contract and its view names: the first is linked, all mark it as current.
_PAGES: dict[str, tuple[str, ...]] = {
    "cluster": (
        "cluster:contract",
        "cluster:about",
        "cluster:edit_contract",
        "cluster:new_party",
        "cluster:edit_party",
        "cluster:new_amendment",
        "cluster:edit_amendment",
        "cluster:board_reports",
        "cluster:board_report",
        "cluster:board_report_file",
        "cluster:kept_board_report",
        "cluster:check_board_report",
    ),
    "factories": (
        "cluster:factories",
        "cluster:factories_file",
        "cluster:factory",
        "cluster:factory_changes",
        "cluster:new_factory",
        "cluster:edit_factory",
        "cluster:revise_forecast",
        "cluster:forecast_preview",
        "cluster:confirm_forecasts",
        "cluster:record_payment",
        "cluster:payment_echo",
        # What is discussed may belong elsewhere: the pages say so.
        "cluster:discussion",
        "cluster:withdraw_comment",
        "cluster:attachment",
        "cluster:withdraw_attachment",
    ),
    "money": (
        "cluster:money",
        "cluster:money_file",
        "cluster:factory_money_file",
        "cluster:factory_money",
        "cluster:money_rows",
        "cluster:ledger",
        "cluster:ledger_file",
        "cluster:ledger_entry",
        "cluster:new_entry",
        "cluster:new_entry_echo",
        "cluster:reverse_entry",
        "cluster:baselines",
        "cluster:baseline",
        "cluster:baseline_file",
        "cluster:compare_baselines",
        "cluster:propose_baseline",
        "cluster:new_budget_line",
        "cluster:budget_line",
        "cluster:budget_line_echo",
        "cluster:paste_budget",
        "cluster:baseline_dates",
        "cluster:paste_dates",
        "cluster:baseline_dates_file",
        "cluster:approve_baseline",
        "cluster:discard_baseline",
    ),
    "schedule": (*(name for names in _SCHEDULE.values() for name in names), *_SCHEDULE_FORMS),
    "delays": ("cluster:delays", "cluster:delays_file", "cluster:delay", "cluster:acknowledge"),
    "production": (
        "production:overview",
        "production:record_output",
        "production:output",
        "production:output_file",
        "production:plans",
        "production:plans_file",
        "production:brands_file",
        "production:brand",
        "production:new_brand",
        "production:edit_brand",
        "production:new_model",
        "production:edit_model",
        "production:new_plan",
        "production:correct_plan",
        "production:new_capacity",
        "production:correct_capacity",
    ),
    "record": (
        "cluster:record",
        "cluster:record_file",
        "cluster:undecided",
        "cluster:claim_echo",
        "cluster:claims_file",
        "cluster:source",
        "cluster:new_source",
        "cluster:edit_source",
        "cluster:new_claim",
        "cluster:edit_claim",
        "cluster:choose_claim",
    ),
}
# Pages that belong to no contract.
_COMMON: dict[str, tuple[str, ...]] = {
    "contracts": ("cluster:contracts", "cluster:contracts_file", "cluster:new_contract"),
    "search": ("cluster:search",),
    "my_work": ("cluster:my_work", "cluster:confirm_my_forecasts", "cluster:acknowledge_flags"),
    "rates": ("cluster:rates", "cluster:rates_file", "cluster:rate", "cluster:new_rate", "cluster:backfill_rates", "cluster:decide_rate"),
    "jobs": (
        "cluster:jobs",
        "cluster:jobs_file",
        "cluster:job",
        "cluster:run_job",
        "cluster:outbox",
        "cluster:hold_or_release",
        "cluster:outbox_letter",
        "cluster:outbox_letter_html",
        "cluster:decide_letter",
        "cluster:lift_suspension",
    ),
    "people": (
        "cluster:people",
        "cluster:new_person",
        "cluster:person",
        "cluster:edit_person",
        "cluster:password_link",
        "cluster:give_role",
        "cluster:take_role",
    ),
    "me": ("cluster:me", "cluster:own_password"),
}
_OF_NO_CONTRACT = frozenset(name for names in _COMMON.values() for name in names)


class Frame:
    """The frame of a page, read from the request only as far as a template asks; error pages cost no statement."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def user(self) -> User | None:
        """The person, if logged in."""
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def _code(self) -> str | None:
        """The contract's code in the address."""
        match = self._request.resolver_match
        return match.kwargs.get("code") if match else None

    @cached_property
    def _near(self) -> str:
        """The code of the address, else of the contract that was looked at before, if any."""
        code = self._code or self._request.GET.get("contract", "")
        return code if is_plain(code) else ""

    @cached_property
    def _head(self) -> Head | None:
        """All of it that the database knows: one statement."""
        if self.user is None:
            return None
        return head_of(self.user, near=self._near, most=CONTRACTS_SHOWN + 1, as_of=self.as_of, today=self.today)

    @cached_property
    def contracts(self) -> list[Contract]:
        """The contracts to switch between, at most `CONTRACTS_SHOWN` and one more, the current one among them."""
        return self._head.contracts if self._head else []

    @property
    def has_more_contracts(self) -> bool:
        """Whether there are too many to show: the others are found on a page of their own."""
        return len(self.contracts) > CONTRACTS_SHOWN

    @cached_property
    def contract(self) -> Contract | None:
        """The contract of the address; on a page of no contract the one that was looked at before, else the first in sight."""
        return next((c for c in self.contracts if c.code == self._near), None if self._code else next(iter(self.contracts), None))

    @cached_property
    def is_dated(self) -> bool:
        """Whether the page is about a contract, so that it can be asked for another day."""
        match = self._request.resolver_match
        return self.contract is not None and match is not None and "code" in match.kwargs

    @cached_property
    def today(self) -> date:
        """Today in the site's time zone."""
        return timezone.localdate()

    @cached_property
    def as_of(self) -> date:
        """The day the page shows; today where the address asks for none or for nonsense."""
        try:
            return as_of_from(self._request)
        except DomainError:
            return self.today

    @cached_property
    def is_past(self) -> bool:
        """Whether the page shows a past day, and so is read-only."""
        return self.as_of < self.today

    @cached_property
    def as_of_query(self) -> str:
        """What links append to stay on the same day: `?as_of=2025-06-30`, or nothing today."""
        return f"?{urlencode({'as_of': self.as_of.isoformat()})}" if self.is_past else ""

    @property
    def kept(self) -> dict[str, str]:
        """What an address of the rates holds to stay where one is: the day, and the contract where there are several."""
        return self._contract_kept | ({"as_of": self.as_of.isoformat()} if self.is_past else {})

    @property
    def _contract_kept(self) -> dict[str, str]:
        return {"contract": self.contract.code} if self.contract and len(self.contracts) > 1 else {}

    def query_of(self, view_name: str) -> str:
        """What a link to that page appends to stay on the same day, where the page has days, and with the same contract."""
        if view_name not in _OF_NO_CONTRACT:
            return self.as_of_query
        asked = self.kept if view_name in (*_COMMON["rates"], *_COMMON["search"]) else self._contract_kept
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def has_notices(self) -> bool:
        """Whether something must be known before a figure is read: an example, a past day, an old rate."""
        return self.contract is not None and (self.contract.is_example or self.is_past or self.rate.stale)

    @cached_property
    def asked(self) -> Counts:
        """How much is asked of the reader now."""
        return self._head.asked if self._head else Counts(Counter())

    @cached_property
    def rate(self) -> RateStatus:
        """The dollar rate of the day, and whether a newer one ought to be known."""
        return self._head.rate if self._head else rate_status(self.as_of)

    @cached_property
    def nav(self) -> list[NavItem]:
        """The pages of the current contract."""
        if self.contract is None:
            return []
        labels = {
            "cluster": _("Cluster"),
            "factories": _("Factories"),
            "money": _("Money"),
            "schedule": _("Schedule"),
            "delays": _("Delays"),
            "production": _("Production"),
            "record": _("Record"),
        }
        items = [
            NavItem(key, labels[key], reverse(names[0], args=[self.contract.code]) + self.as_of_query) for key, names in _PAGES.items()
        ]
        items.append(NavItem("rates", _("Rates"), reverse("cluster:rates") + self.query_of("cluster:rates")))
        if self.sees_jobs:
            items.append(NavItem("jobs", _("Jobs"), reverse("cluster:jobs") + self.query_of("cluster:jobs")))
        return items

    @cached_property
    def schedule_tabs(self) -> list[NavItem]:
        """The pages of the schedule of the current contract."""
        if self.contract is None:
            return []
        labels = {
            "gantt": _("Gantt chart"),
            "trend": _("Milestone trend"),
            "slips": _("Slips"),
            "risk": _("Risk"),
            "earned_value": _("Earned value"),
            "quality": _("Schedule quality"),
            "estimates": _("Estimates"),
            "calendar": _("Working calendar"),
            "reporting": _("Reporting"),
        }
        scope = self.user.scope if self.user else None
        sees_whole = scope is not None and (scope.sees_everything or self.contract.pk in scope.contracts)
        return [
            NavItem(key, labels[key], reverse(names[0], args=[self.contract.code]) + self.as_of_query)
            for key, names in _SCHEDULE.items()
            # A simulation is one of the whole contract.
            if key != "risk" or sees_whole
        ]

    @property
    def schedule_tab(self) -> str:
        """The key of the page of the schedule that is shown."""
        return next((key for key, names in _SCHEDULE.items() if self._view_name in names), "")

    @property
    def _view_name(self) -> str:
        return self._request.resolver_match.view_name if self._request.resolver_match else ""

    @cached_property
    def section(self) -> str:
        """The key of the navigation that the page belongs to; a page that knows better says so as `section`."""
        here = self._view_name
        return next((key for key, names in (_PAGES | _COMMON).items() if here in names), "")

    @cached_property
    def sees_jobs(self) -> bool:
        """Whether the reader may see job runs: they concern every contract."""
        return self.user is not None and self.user.scope.sees_everything

    @property
    def sees_accounts(self) -> bool:
        """Whether the reader may look at everybody's account."""
        return self.user is not None and sees_accounts(self.user)

    @cached_property
    def runs_jobs(self) -> bool:
        """Whether the reader may run a job now; jobs belong to no contract."""
        return self.user is not None and self.user.scope.may(Action.RUN_JOB)

    @cached_property
    def adds_contracts(self) -> bool:
        """Whether the reader may add a contract: an editor of everything."""
        return self.user is not None and self.user.scope.may(Action.EDIT_RECORD)

    @cached_property
    def may(self) -> dict[str, bool]:
        """What the reader may do to the current contract today: `frame.may.run_job`. Nothing on a past day."""
        user, contract = self.user, self.contract
        if user is None or self.is_past:
            return {}
        return {action.value: user.scope.may(action, contract=contract.pk if contract else None) for action in Action}

    @cached_property
    def roles(self) -> list[str]:
        """The reader's roles in words, for the user menu."""
        if self.user is None:
            return []
        held = {grant.role for grant in self.user.scope.grants}
        if self.user.is_superuser:
            held.add(Role.ADMIN)
        return [str(name) for role, name in ROLE_NAMES.items() if role in held]


def site(request: HttpRequest) -> dict[str, Any]:
    """The languages to choose from, and the frame."""
    return {"LANGUAGES": settings.LANGUAGES, "frame": Frame(request)}
