"""What people are told at once: for each kind, the one query that finds who is told of what, and how a letter tells it.

A kind is a `NoticeKind` that `settings.NOTICE_KINDS` names by dotted path; all else takes kinds from there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Action
from cluster.domain.delays import Severity
from cluster.models import Baseline, DelayFlag, ExchangeRate, User
from cluster.queries.delay_board import DelayRow
from cluster.queries.discussion import mentions_of
from cluster.queries.flag_kinds import kind_label, subjects_of


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a letter tells: its name, where it belongs, the view that shows it, and a line of what it is.

    `row` is the delay, for its size and severity, where it is one, `rate` the rate; `text` is what a person wrote.
    """

    name: str
    place: str
    view: str
    kwargs: dict[str, Any] = field(default_factory=dict)
    anchor: str = ""
    row: DelayRow | None = None
    rate: ExchangeRate | None = None
    label: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice, with its heading.

    `found` is a SELECT of all events after `%(since)s` and up to `%(now)s`, with the columns user_id, subject_id, key (unique for the
    event), at, factory_id, flag_kind: who is to be told of what. Where flag_kind is not NULL, subscriptions narrow it by factories and
    kinds.

    `told` gives, for a person, ids of subjects and the day, those that still matter and that the person sees, in the order of the letter.
    """

    kind: str
    heading: Any
    found: str
    told: Callable[[User, Iterable[int], date], dict[int, Told]]


@cache
def notice_kinds() -> dict[str, NoticeKind]:
    """All kinds by name, in the order in which a letter tells them."""
    return {kind.kind: kind for kind in map(import_string, settings.NOTICE_KINDS)}


def notice_name(kind: str) -> str:
    """What a kind is called; one that is gone, by its code."""
    known = notice_kinds().get(kind)
    return str(known.heading) if known else kind


# Flags that opened as critical or became so, for whoever is responsible for the milestone or manages the factory.
_CRITICAL = """
SELECT person.id AS user_id, flag.id AS subject_id, 'critical:' || event.id AS key, event.recorded_at AS at,
    flag.factory_id, flag.kind AS flag_kind
FROM cluster_delayevent AS event
JOIN cluster_delayflag AS flag ON flag.id = event.flag_id AND flag.closed_on IS NULL AND flag.withdrawn_on IS NULL
JOIN cluster_contract AS contract ON contract.id = flag.contract_id AND NOT contract.is_example
LEFT JOIN cluster_milestone AS milestone ON milestone.id = flag.milestone_id
LEFT JOIN cluster_factory AS factory ON factory.id = flag.factory_id
JOIN LATERAL (
    SELECT milestone.responsible_id AS id
    UNION SELECT factory.manager_id
    UNION SELECT member.user_id FROM cluster_membership AS member JOIN auth_group AS role ON role.id = member.group_id
        WHERE role.name = 'manager' AND (member.contract_id IS NULL OR member.contract_id = flag.contract_id)
            AND (member.factory_id IS NULL OR member.factory_id = flag.factory_id)
) AS person ON person.id IS NOT NULL
WHERE event.recorded_at > %(since)s AND event.severity = 'critical' AND event.kind IN ('opened', 'worse')
    AND COALESCE((SELECT before.severity FROM cluster_delayevent AS before
        WHERE before.flag_id = event.flag_id AND before.id < event.id ORDER BY before.id DESC LIMIT 1), '') <> event.severity
"""


def _critical(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    rows = DelayFlag.objects.for_reader(reader).filter(pk__in=ids, closed_on=None, withdrawn_on=None, severity=Severity.CRITICAL)
    flags = list(rows.select_related("contract", "factory", "milestone").order_by("contract__code", "since", "pk"))
    subjects = subjects_of(flags)
    return {flag.pk: _flag(flag, subjects.get(flag.pk), today) for flag in flags}


def _flag(flag: DelayFlag, subject: Model | None, today: date) -> Told:
    row = DelayRow(flag.kind, Severity(flag.severity), flag.since, flag.days_on(today), flag.closed_on, flag.amount, flag)
    name = str(getattr(subject, "name", subject) or flag.contract.name)
    return Told(
        name, flag.contract.name, "cluster:delay", {"code": flag.contract.code, "flag_id": flag.pk}, row=row, label=kind_label(flag.kind)
    )


CRITICAL_DELAY = NoticeKind("critical", _("Critical delays"), _CRITICAL, _critical)

# Rates that wait for a decision, for editors over everything; not for who entered one.
_RATES = """
SELECT person.id AS user_id, rate.id AS subject_id, 'rate:' || rate.id AS key, rate.recorded_at AS at,
    NULL::bigint AS factory_id, NULL::text AS flag_kind
FROM cluster_exchangerate AS rate JOIN cluster_user AS person ON person.id IS DISTINCT FROM rate.recorded_by_id
WHERE rate.status = 'quarantined' AND rate.recorded_at > %(since)s
    AND (person.is_superuser OR EXISTS (
        SELECT FROM cluster_membership AS member JOIN auth_group AS role ON role.id = member.group_id
        WHERE member.user_id = person.id AND role.name = 'editor' AND member.contract_id IS NULL))
"""


def _rates(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    if not reader.scope.may(Action.EDIT_RECORD):
        return {}
    rows = ExchangeRate.objects.for_reader(reader).filter(pk__in=ids, status=ExchangeRate.Status.QUARANTINED)
    return {
        rate.pk: Told(rate.currency, "", "cluster:rate", {"rate_id": rate.pk}, rate=rate)
        for rate in rows.order_by("date", "currency", "pk")
    }


QUARANTINED_RATE = NoticeKind("rate", _("Rates that wait for your decision"), _RATES, _rates)

# Comments that mention somebody else than their author.
_MENTIONS = """
SELECT mentioned.user_id, comment.id AS subject_id, 'mention:' || comment.id AS key, comment.at,
    NULL::bigint AS factory_id, NULL::text AS flag_kind
FROM cluster_comment AS comment
JOIN cluster_comment_mentioned AS mentioned ON mentioned.comment_id = comment.id AND mentioned.user_id <> comment.by_id
JOIN cluster_contract AS contract ON contract.id = comment.contract_id AND NOT contract.is_example
WHERE comment.at > %(since)s AND comment.withdrawn_at IS NULL
"""


def _mentions(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    found = {}
    for comment in mentions_of(reader).filter(pk__in=ids).order_by("at", "pk"):
        code = {"code": comment.contract.code}
        place: tuple[str, str, dict[str, Any]] = (comment.contract.name, "cluster:contract", code)
        if comment.flag:
            place = (kind_label(comment.flag.kind), "cluster:delay", code | {"flag_id": comment.flag.pk})
        elif comment.milestone:
            place = (comment.milestone.name, "cluster:milestone", code | {"milestone": comment.milestone.code})
        elif comment.factory:
            place = (comment.factory.name, "cluster:factory", code | {"factory": comment.factory.code})
        name, view, kwargs = place
        found[comment.pk] = Told(name, comment.contract.name, view, kwargs, f"comment-{comment.pk}", text=comment.text)
    return found


MENTION = NoticeKind("mention", _("You were mentioned"), _MENTIONS, _mentions)

# Baselines that wait for approval, for who approves those of the contract (superusers too); not for who proposed one.
_BASELINES = """
SELECT person.id AS user_id, baseline.id AS subject_id, 'baseline:' || baseline.id AS key, event.pgh_created_at AS at,
    NULL::bigint AS factory_id, NULL::text AS flag_kind
FROM cluster_baselineevent AS event
JOIN cluster_baseline AS baseline ON baseline.id = event.pgh_obj_id AND baseline.kind = 'draft'
JOIN cluster_contract AS contract ON contract.id = baseline.contract_id AND NOT contract.is_example
LEFT JOIN pghistory_context AS context ON context.id = event.pgh_context_id
JOIN cluster_user AS person ON person.id::text IS DISTINCT FROM context.metadata ->> 'user'
WHERE event.pgh_label = 'insert' AND event.pgh_created_at > %(since)s
    AND (person.is_superuser OR EXISTS (
        SELECT FROM cluster_membership AS member JOIN auth_group AS role ON role.id = member.group_id
        WHERE member.user_id = person.id AND role.name = 'editor' AND member.factory_id IS NULL
            AND (member.contract_id IS NULL OR member.contract_id = baseline.contract_id)))
"""


def _baselines(reader: User, ids: Iterable[int], today: date) -> dict[int, Told]:
    rows = Baseline.objects.for_reader(reader).filter(pk__in=ids, kind=Baseline.Kind.DRAFT)
    return {
        row.pk: Told(row.name, row.contract.name, "cluster:baseline", {"code": row.contract.code, "baseline_id": row.pk}, text=row.reason)
        for row in rows.select_related("contract").order_by("contract__code", "pk")
        if reader.scope.may(Action.APPROVE_BASELINE, contract=row.contract_id)
    }


PROPOSED_BASELINE = NoticeKind("baseline", _("Baselines that wait for your approval"), _BASELINES, _baselines)
