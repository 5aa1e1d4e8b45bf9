"""The outbox as administrators see it: letters by state, one letter with its tries and what came back, who is suspended."""

from collections import Counter
from enum import StrEnum

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from cluster.domain.access import Action
from cluster.domain.errors import NotFound
from cluster.models import Bounce, Delivery, Subscription
from cluster.models.scope import Reader, scope_of

Status = Delivery.Status


class State(StrEnum):
    """What an administrator tells letters apart by."""

    ASKS = "asks"
    HELD = "held"
    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"


STATES: dict[State, tuple[Status, ...]] = {
    State.ASKS: (Status.UNCERTAIN, Status.DEAD),
    State.HELD: (Status.HELD,),
    State.WAITING: (Status.WAITING, Status.SENDING, Status.FAILED),
    State.SENT: (Status.SENT,),
    State.SKIPPED: (Status.SKIPPED,),
}


def handles_mail(reader: Reader) -> bool:
    """Whether the reader answers for the mail of all."""
    return scope_of(reader).may(Action.HANDLE_MAIL)


def letters(reader: Reader, *, kind: str = "", text: str = "") -> QuerySet[Delivery]:
    """Letters by kind and by what their recipient, person or subject contains, the newest first, without their bodies."""
    rows: QuerySet[Delivery] = Delivery.objects.for_reader(reader).filter(Q(kind=kind) if kind else Q())
    if text:
        rows = rows.filter(Q(recipient__icontains=text) | Q(user__username__icontains=text) | Q(subject__icontains=text))
    rows = rows.annotate(at=Coalesce("sent_at", "created_at"))
    return rows.select_related("user").defer("body_text", "body_html", "chart").order_by("-at", "-pk")


def in_state(rows: QuerySet[Delivery], state: str) -> QuerySet[Delivery]:
    """Those of one state, or all of them; each with how often it came back."""
    return (rows.filter(status__in=STATES[State(state)]) if state else rows).annotate(returned=Count("bounces"))


def counts(rows: QuerySet[Delivery]) -> Counter[str]:
    """How many there are in each state, and under "" in all: one statement."""
    of = dict(rows.order_by().values_list("status").annotate(n=Count("pk")))
    found = Counter({state.value: sum(of.get(status.value, 0) for status in STATES[state]) for state in State})
    found[""] = sum(of.values())
    return found


def letter_for(reader: Reader, letter_id: int) -> Delivery:
    """One letter, or NotFound."""
    found: Delivery | None = Delivery.objects.for_reader(reader).select_related("user", "subscription").filter(pk=letter_id).first()
    if found is None:
        raise NotFound("There is no letter {letter}.", field="delivery", letter=letter_id)
    return found


def letters_asking(reader: Reader) -> QuerySet[Delivery]:
    """Letters that only a person can decide on: given up, or uncertain."""
    rows: QuerySet[Delivery] = Delivery.objects.for_reader(reader).filter(status__in=STATES[State.ASKS])
    return rows


def suspended(reader: Reader) -> QuerySet[Subscription]:
    """Subscriptions whose letters kept coming back."""
    rows: QuerySet[Subscription] = Subscription.objects.for_reader(reader).filter(suspended_at__isnull=False, user__is_active=True)
    return rows.select_related("user").order_by("-suspended_at", "pk")


def strays(reader: Reader) -> QuerySet[Bounce]:
    """Returned letters that name none of ours: they count against nobody."""
    rows: QuerySet[Bounce] = Bounce.objects.for_reader(reader).filter(delivery=None)
    return rows.order_by("-read_at", "-pk")
