"""What the search finds beside records: pages of the site, and what can be done; each by its name and other words in either language."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from cluster.domain.access import Action
from cluster.domain.search import LONGEST, answers, in_other_layout, words_of
from cluster.models import Contract
from cluster.queries.search import Found, Hit, Kind, search
from cluster.web.context import Frame

# Words by which a page is found beside its name, by its key in the navigation and in the tabs of the schedule.
_ALSO = {
    "cluster": gettext_noop("overview summary state home"),
    "factories": gettext_noop("factories plants"),
    "money": gettext_noop("money budget outlook payments roubles dollars"),
    "schedule": gettext_noop("schedule plan milestones dates"),
    "delays": gettext_noop("delays late overdue flags"),
    "production": gettext_noop("production output brands models vehicles capacity"),
    "record": gettext_noop("record sources claims documents publications"),
    "rates": gettext_noop("exchange rates dollar currency bank"),
    "jobs": gettext_noop("jobs runs background"),
    "gantt": gettext_noop("Gantt chart bars"),
    "trend": gettext_noop("milestone trend"),
    "slips": gettext_noop("slips shifts moved"),
    "risk": gettext_noop("risk simulation Monte Carlo P80"),
    "earned_value": gettext_noop("earned value CPI SPI"),
    "quality": gettext_noop("quality of the schedule checks DCMA"),
    "estimates": gettext_noop("estimates durations"),
    "calendar": gettext_noop("working calendar holidays days off"),
    "reporting": gettext_noop("reporting duties who owes what"),
}
# Pages that no navigation names: address, icon, name, other words; those of the current contract first.
_OF_CONTRACT = (
    ("cluster:ledger", "rouble", gettext_lazy("Ledger"), gettext_noop("ledger payments commitments entries")),
    ("cluster:baselines", "rouble", gettext_lazy("Baselines"), gettext_noop("baselines budgets plan versions")),
)
_COMMON = (
    ("cluster:my_work", "check-circle", gettext_lazy("My work"), gettext_noop("my work tasks what is asked")),
    ("cluster:contracts", "contract", gettext_lazy("Contracts"), gettext_noop("contracts all")),
    ("cluster:me", "user", gettext_lazy("My account"), gettext_noop("my account language password digest letters")),
)
# What can be done in the current contract, and to a factory or a milestone of it; who may not do it is not told of it.
_ACTIONS = (
    ("cluster:new_entry", "rouble", gettext_lazy("Record a payment"), gettext_noop("record new payment entry pay"), Action.RECORD_PAYMENT),
    ("production:record_output", "car", gettext_lazy("Record output"), gettext_noop("record new output production"), Action.RECORD_OUTPUT),
    ("cluster:new_milestone", "plus", gettext_lazy("Add a milestone"), gettext_noop("add new milestone"), Action.EDIT_RECORD),
    (
        "cluster:propose_baseline",
        "plus",
        gettext_lazy("Propose a baseline"),
        gettext_noop("propose new baseline budget"),
        Action.EDIT_RECORD,
    ),
    (
        "cluster:paste_schedule",
        "plus",
        gettext_lazy("Paste a schedule"),
        gettext_noop("paste import Excel"),
        Action.EDIT_RECORD,
    ),
)
_DONE_TO = {
    Kind.FACTORY: (
        ("cluster:record_payment", "rouble", gettext_lazy("Record a payment"), gettext_noop("record payment pay"), Action.RECORD_PAYMENT),
        ("cluster:delays", "flag", gettext_lazy("Delays"), gettext_noop("delays late overdue"), None),
        ("cluster:factory_money", "rouble", gettext_lazy("Money"), gettext_noop("money budget outlook payments"), None),
    ),
    Kind.MILESTONE: (
        (
            "cluster:revise_forecast",
            "pencil",
            gettext_lazy("Revise the forecast"),
            gettext_noop("revise forecast move date"),
            Action.REVISE_FORECAST,
        ),
        (
            "cluster:report_progress",
            "check",
            gettext_lazy("Report progress"),
            gettext_noop("report progress reached done"),
            Action.REVISE_FORECAST,
        ),
    ),
}
_GROUPS: dict[Kind, str | Promise] = {
    Kind.CONTRACT: gettext_lazy("Contracts"),
    Kind.FACTORY: gettext_lazy("Factories"),
    Kind.MILESTONE: gettext_lazy("Milestones"),
    Kind.SOURCE: gettext_lazy("Sources"),
    Kind.ATTACHMENT: gettext_lazy("Attached files"),
    Kind.PERSON: gettext_lazy("People"),
}
_ICONS = {
    Kind.CONTRACT: "contract", Kind.FACTORY: "building", Kind.MILESTONE: "calendar", Kind.SOURCE: "source", Kind.ATTACHMENT: "source",
    Kind.PERSON: "user",
}  # fmt: skip
_MOST_DONE_TO = 6


@dataclass(frozen=True, slots=True)
class Option:
    """Something to go to: its name, its code (empty: none), what it belongs to, and where it is."""

    icon: str
    label: str
    url: str
    code: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Options of one kind; `more` says that there are others that are not shown."""

    key: str
    label: str
    options: list[Option]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the search shows: the groups, best first, and by which text where that is another one than was typed."""

    text: str
    groups: list[Group]
    instead: str = ""

    @property
    def count(self) -> int:
        """How many options are shown."""
        return sum(len(group.options) for group in self.groups)


def answer(frame: Frame, text: str) -> Answer:
    """What a reader's text finds: pages, actions, records; without a text all pages and actions. At most three statements."""
    assert frame.user is not None
    words = words_of(text[:LONGEST])
    pages, actions = _pages(frame, words), _actions(frame, words)
    if not words:
        return Answer("", _without_empty([Group("actions", _("Actions"), actions), Group("pages", _("Pages"), pages)]))
    near = frame.contract.code if frame.contract else ""
    subject, done = _done_to(frame, words, near)
    if subject is None or not subject.instead:
        # What has not even a part of its words without slips has not all of them.
        found = search(frame.user, text, near=near, corrects=not (pages or actions or done or subject))
    else:
        found = Found(text, ())
    instead = found.instead or (subject.instead if subject and done else "")
    if not (pages or actions or done or found.hits):
        words = words_of(in_other_layout(text))
        pages, actions = (_pages(frame, words), _actions(frame, words)) if words else ([], [])
        instead = in_other_layout(text) if pages or actions else ""
    groups = [Group("actions", _("Actions"), done + actions), Group("pages", _("Pages"), pages)]
    return Answer(text, _without_empty([*groups, *_records(frame, found)]), instead)


def _without_empty(groups: Iterable[Group]) -> list[Group]:
    return [group for group in groups if group.options]


@cache
def _words(*texts: str | Promise) -> frozenset[str]:
    """The words of some texts in every language of the site."""
    words: set[str] = set()
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words |= {word for text in texts for word in words_of(_(str(text)))}
    return frozenset(words)


def _told(words: list[str], also: str, *names: str | Promise) -> bool:
    return all(answers(word, _words(also, *names)) for word in words)


def _pages(frame: Frame, words: list[str]) -> list[Option]:
    named = [(item.url, "arrow", item.label, _ALSO.get(item.key, "")) for item in (*frame.nav, *frame.schedule_tabs)]
    if frame.contract:
        code = frame.contract.code
        named += [(reverse(name, args=[code]) + frame.query_of(name), icon, str(label), also) for name, icon, label, also in _OF_CONTRACT]
    named += [(reverse(name) + frame.query_of(name), icon, str(label), also) for name, icon, label, also in _COMMON]
    if frame.sees_accounts:
        named.append((reverse("cluster:people"), "user", _("People"), gettext_noop("people accounts users roles")))
    if frame.user and frame.user.is_staff:
        named.append((reverse("admin:index"), "gear", _("All records (admin)"), gettext_noop("admin all records settings")))
    return [Option(icon, label, url) for url, icon, label, also in named if _told(words, also, label)]


def _actions(frame: Frame, words: list[str]) -> list[Option]:
    if frame.contract is None:
        return []
    code = frame.contract.code
    return [
        Option(icon, str(label), reverse(name, args=[code]))
        for name, icon, label, also, action in _ACTIONS
        if frame.may.get(action.value) and _told(words, also, label)
    ]


def _done_to(frame: Frame, words: list[str], near: str) -> tuple[Found | None, list[Option]]:
    """What can be done to the factories and milestones that the other words name: `payment F03`, `revise forecast of seats`."""
    counted = {
        (kind, doing): [word for word in words if len(word) > 2 and answers(word, _words(doing[3], doing[2]))]
        for kind, doings in _DONE_TO.items()
        for doing in doings
    }
    most = max(map(len, counted.values()))
    if not most or frame.contract is None:
        return None, []
    best = {key: said for key, said in counted.items() if len(said) == most}
    # Those that are named by the same words are done to the same things.
    said = next(iter(best.values()))
    rest = [word for word in words if word not in said and len(word) > 1]
    if not rest:
        return None, []
    assert frame.user is not None
    subject = search(frame.user, " ".join(rest), near=near)
    done = [
        option
        for hit in subject.hits
        for (kind, (name, icon, label, _also, action)), those in best.items()
        if kind is hit.kind and those == said and hit.contract == near and _may(frame, hit, frame.contract, action)
        for option in [Option(icon, f"{label}: {hit.title}", _address(frame, name, hit), hit.code)]
    ]
    return subject, done[:_MOST_DONE_TO]


def _may(frame: Frame, hit: Hit, contract: Contract, action: Action | None) -> bool:
    if action is None:
        return True
    return frame.user is not None and not frame.is_past and frame.user.scope.may(action, contract=contract.pk, factory=hit.factory_pk)


def _address(frame: Frame, name: str, hit: Hit) -> str:
    if name == "cluster:delays":
        kept = frame.as_of_query
        return f"{reverse(name, args=[hit.contract])}{kept}{'&' if kept else '?'}factory={hit.code}"
    return reverse(name, args=[hit.contract, hit.code]) + frame.query_of(name)


def _records(frame: Frame, found: Found) -> Iterator[Group]:
    for kind, hits in found.by_kind.items():
        options = [option for hit in hits if (option := _record(frame, hit))]
        yield Group(kind.value, str(_GROUPS[kind]), options, kind in found.more)


def _record(frame: Frame, hit: Hit) -> Option | None:
    """Where a record is shown; None where the reader has no page of it."""
    here = frame.contract.code if frame.contract else ""
    code = hit.contract or here
    elsewhere = code if code != here else ""
    names: dict[Kind, tuple[str, list[str | int]]] = {
        Kind.CONTRACT: ("cluster:contract", [code]),
        Kind.FACTORY: ("cluster:factory", [code, hit.code]),
        Kind.MILESTONE: ("cluster:milestone", [code, hit.code]),
        Kind.SOURCE: ("cluster:source", [code, hit.code]),
        Kind.ATTACHMENT: ("cluster:attachment", [code, hit.pk]),
    }
    if hit.kind is Kind.PERSON:
        full_name = f"{hit.note} {hit.title}".strip()
        return Option("user", full_name or hit.code, reverse("cluster:person", args=[hit.pk]), hit.code)
    if not code:
        return None
    name, where = names[hit.kind]
    shown = "" if hit.kind in (Kind.SOURCE, Kind.ATTACHMENT) else hit.code
    note = " · ".join(part for part in (hit.note, hit.factory_name, elsewhere if hit.kind is not Kind.CONTRACT else "") if part)
    return Option(_ICONS[hit.kind], hit.title, reverse(name, args=where) + frame.query_of(name), shown, note)
