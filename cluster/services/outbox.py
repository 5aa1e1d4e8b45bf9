"""The outbox: letters that wait are written once and sent once; every try and what came of it stays on record."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, NotFound
from cluster.gateways import mail
from cluster.models import Delivery, DeliveryAttempt, Subscription, User
from cluster.models.delivery import NOT_WRITTEN
from cluster.services.access import require
from cluster.services.letters import Composed
from cluster.services.locks import one_at_a_time
from cluster.services.subscriptions import letter_headers

Kind, Status, Outcome = Delivery.Kind, Delivery.Status, DeliveryAttempt.Outcome
# Writes the letter of one row as of a moment; None when there is nothing to tell (any more).
Writer: TypeAlias = Callable[[Delivery, datetime], Composed | None]
# Who writes letters that are written together, by kind.
Writers: TypeAlias = Callable[[Sequence[Delivery]], Mapping[str, Writer]]
# Tries come in rounds of so many; after a round the letter is given up, and a person may begin another.
MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(minutes=5)
# Far above what one conversation with a mail server can last; after it a silent worker counts as lost.
LEASE = timedelta(minutes=15)
# A worker stops taking letters before its task runs out of time; the next tick goes on.
LONGEST_RUN = timedelta(minutes=10)
# Where more letters wait than may be sent in a minute, a run waits so long for its turn, and else leaves the rest to the next.
PATIENCE = timedelta(seconds=5)
A_MINUTE = timedelta(minutes=1)
# So many letters are written together, and then sent.
PORTION = 200
_LONGEST_ANSWER = 1000
_log = logging.getLogger(__name__)


def send_waiting(writers: Writers, *, now: datetime) -> dict[str, int]:
    """Send all that waits at `now`: what is written first, then a portion after another is written and sent. How many ended how.

    Any number of calls at once have one effect: a row is held while it is written and sent. One whose worker was lost while
    sending is uncertain: it may have arrived, so nobody sends it again by itself.
    """
    _skip_unwanted()
    figures = dict.fromkeys((Status.UNCERTAIN.value, Status.SENT.value, Status.SKIPPED.value, Status.FAILED.value, Status.DEAD.value), 0)
    figures[Status.UNCERTAIN] += _mark_lost()
    until = time.monotonic() + LONGEST_RUN.total_seconds()
    with mail.Sender() as sender:
        for letter_id in _written(writers, now, figures):
            if time.monotonic() > until:
                break
            try:
                delivery = _take(letter_id, now)
            except _NoTurn:
                break
            if delivery is not None:
                figures[_send(sender, delivery, now)] += 1
    return figures


@transaction.atomic
def send_again(delivery_id: int, *, by: User | None) -> Delivery:
    """Let a letter out that was given up, waits for its next try, is uncertain or is held, to the address that the account has now: for
    administrators and commands (None).

    Who sends an uncertain one again accepts that it may arrive twice; it keeps its Message-ID, by which mail programs tell.
    Raises NotFound, Forbidden, or Conflict when it is in none of these states.
    """
    states = (Status.DEAD, Status.FAILED, Status.UNCERTAIN, Status.HELD)
    delivery = _decide(delivery_id, by, states, Status.WAITING, "sent again", not_before=None)
    delivery.recipient = delivery.user.email
    delivery.save(update_fields=["recipient"])
    return delivery


def note_arrival(delivery_id: int, *, by: User | None) -> Delivery:
    """Settle an uncertain or held letter as arrived, so that it is not sent and its news are not told again: for the same."""
    return _decide(delivery_id, by, (Status.UNCERTAIN, Status.HELD), Status.SENT, "it arrived", sent_at=timezone.now())


@transaction.atomic
def _decide(
    delivery_id: int, by: User | None, states: tuple[Delivery.Status, ...], status: Delivery.Status, said: str, **columns: Any
) -> Delivery:
    rows = Delivery.objects.all() if by is None else Delivery.objects.for_reader(by)
    delivery: Delivery | None = rows.select_for_update(of=("self",)).filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound("There is no letter {letter}.", field="delivery", letter=delivery_id)
    if by is not None:
        require(by, Action.HANDLE_MAIL)
    if delivery.status not in states:
        raise Conflict("This letter has moved on meanwhile: look at it again.", current=delivery)
    # The row keeps who decided, after what the server had said.
    delivery.error = f"{delivery.error}\n{by.username if by else 'operator'}: {said}".strip()[-_LONGEST_ANSWER:]
    delivery.status = status
    for name, value in columns.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=["status", "error", *columns])
    return delivery


def hold_all() -> int:
    """Hold back every letter that waits; returns how many. What a worker sends in this moment goes out. See `services.mailing.hold`."""
    return Delivery.objects.filter(status__in=(Status.WAITING, Status.FAILED)).update(status=Status.HELD, not_before=None)


def release_all(*, by: User | None) -> int:
    """Let every held letter wait for its turn again; returns how many. For administrators; a command (None) stands above roles."""
    if by is not None:
        require(by, Action.HANDLE_MAIL)
    return Delivery.objects.filter(status=Status.HELD).update(status=Status.WAITING, not_before=None)


def _mark_lost() -> int:
    """Letters whose worker was lost between taking them and noting the outcome."""
    lost = Delivery.objects.filter(status=Status.SENDING, lease_until__lt=Now())
    return lost.update(status=Status.UNCERTAIN, lease_until=None, error="the worker was lost while it sent this")


def _skip_unwanted() -> None:
    """What waits for who gets no letters now never goes: who begins anew is not told of what was to be told then."""
    waits = Delivery.objects.filter(status__in=(Status.WAITING, Status.FAILED))
    ended = ~Q(subscription__in=Subscription.objects.filter(is_active=True, suspended_at=None))
    gone = Q(user__in=User.objects.filter(Q(is_active=False) | Q(email="")))
    unwanted = waits.filter(gone | (ended & ~Q(kind=Kind.SAMPLE)))
    unwanted.update(status=Status.SKIPPED, not_before=None, error="letters were ended or suspended")


def _ready(now: datetime) -> QuerySet[Delivery]:
    """Letters that may go at `now`, to people who still want them; a digest not while another one to the same person is on its way."""
    waits = Q(status=Status.WAITING) | Q(status=Status.FAILED, not_before__lte=now)
    wanted = Q(kind=Kind.SAMPLE) | Q(subscription__is_active=True, subscription__suspended_at=None)
    # Of two that wait the newer one tells of the time after the older one.
    before = Q(status=Status.SENDING) | Q(status__in=(Status.WAITING, Status.FAILED), period__lt=OuterRef("period"))
    on_its_way = Delivery.objects.filter(before, kind=Kind.DIGEST, subscription=OuterRef("subscription"))
    told = ~(Q(kind=Kind.DIGEST) & Exists(on_its_way))
    rows: QuerySet[Delivery] = Delivery.objects.filter(waits, wanted, told, user__is_active=True).exclude(user__email="")
    return rows.order_by("created_at", "pk")


def _written(writers: Writers, now: datetime, figures: dict[str, int]) -> Iterator[int]:
    """Numbers of letters that are written and may go, the oldest first, each once; where there is none, the next portion is written.

    They are read in portions: to sort all that wait for each letter would take as long as there are letters.
    """
    seen: set[int] = set()
    ready = _ready(now).exclude(NOT_WRITTEN).values_list("pk", flat=True)
    while True:
        found = list(ready[:PORTION])
        fresh = [pk for pk in found if pk not in seen]
        seen.update(fresh)
        yield from fresh
        if not fresh or len(found) < PORTION:
            ended = _write_portion(writers, now)
            if not ended:
                return
            for status in ended:
                if status is not Status.WAITING:
                    figures[status] += 1


def _write_portion(writers: Writers, now: datetime) -> list[Delivery.Status]:
    """Write the next letters that are not written yet; what became of each: what is written waits to be sent."""
    waiting = _ready(now).filter(NOT_WRITTEN)
    if not waiting.exists():
        return []
    with transaction.atomic():
        rows = waiting.select_related("user", "subscription__user").select_for_update(skip_locked=True, of=("self",))
        letters = list(rows[:PORTION])
        by_kind = writers(letters)
        return [_write(by_kind, delivery, now) for delivery in letters]


class _NoTurn(Exception):
    """No other letter may go within this minute."""


@transaction.atomic
def _take(letter_id: int, now: datetime) -> Delivery | None:
    """The letter, held; None when another worker has it. Raises _NoTurn."""
    if not _has_turn():
        raise _NoTurn
    rows = _ready(now).select_for_update(skip_locked=True, of=("self",)).select_related("user", "subscription__user")
    delivery: Delivery | None = rows.filter(pk=letter_id).first()
    if delivery is None:
        return None
    delivery.status, delivery.attempts = Status.SENDING, delivery.attempts + 1
    delivery.lease_until = Now() + LEASE
    delivery.save(update_fields=["status", "attempts", "lease_until"])
    DeliveryAttempt.objects.create(delivery=delivery, number=delivery.attempts, began_at=Now())
    return delivery


def _has_turn() -> bool:
    """Whether another letter may go within the rate that all workers share; waits a moment for it."""
    most = settings.MAIL_PER_MINUTE
    if not most:
        return True
    # Held to the end of the transaction that notes the try: no two workers take the same place.
    one_at_a_time("outbox.rate")
    tries = DeliveryAttempt.objects.annotate(left=F("began_at") + A_MINUTE - Now()).order_by("-pk")
    left: timedelta | None = next(iter(tries.values_list("left", flat=True)[most - 1 : most]), None)
    if left is None or left <= timedelta():
        return True
    if left > PATIENCE:
        return False
    time.sleep(left.total_seconds())
    return True


def _write(writers: Mapping[str, Writer], delivery: Delivery, now: datetime) -> Delivery.Status:
    """Put the letter together, once: every try sends the same, to the address of this moment."""
    began = timezone.now()
    try:
        with transaction.atomic():
            letter = writers[delivery.kind](delivery, now)
    except Exception as error:
        # One reader's letter that cannot be written must not hold up the others'; the row says why.
        _log.exception("The letter %s cannot be written", delivery.pk)
        delivery.attempts += 1
        DeliveryAttempt.objects.create(delivery=delivery, number=delivery.attempts, began_at=began)
        return _fail(delivery, now, f"{type(error).__name__}: {error}", for_good=False)
    row = Delivery.objects.filter(pk=delivery.pk)
    if letter is None:
        row.update(status=Status.SKIPPED)
        return Status.SKIPPED
    # Not by the object: a portion of bodies would stay in memory.
    row.update(subject=letter.subject, body_text=letter.text, body_html=letter.html, chart=letter.chart, recipient=delivery.user.email)
    return Status.WAITING


def _send(sender: mail.Sender, delivery: Delivery, now: datetime) -> Delivery.Status:
    """Hand the letter over, outside of any transaction, and note what came of it."""
    try:
        answer = sender.send(_letter(delivery))
    except mail.Uncertain as error:
        return _note(delivery, Outcome.UNCERTAIN, str(error), status=Status.UNCERTAIN)
    except mail.NotSent as error:
        return _fail(delivery, now, str(error), for_good=error.for_good)
    return _note(delivery, Outcome.SENT, answer, status=Status.SENT, sent_at=Now())


def _letter(delivery: Delivery) -> mail.Letter:
    return mail.Letter(
        message_id=f"<{delivery.message_id}@{settings.SITE_HOST}>",
        recipient=delivery.recipient,
        subject=delivery.subject,
        text=delivery.body_text,
        html=delivery.body_html,
        language=delivery.subscription.in_language if delivery.subscription else delivery.user.language,
        chart=bytes(delivery.chart) if delivery.chart else None,
        headers=letter_headers(delivery.subscription) if delivery.subscription else {},
    )


def _fail(delivery: Delivery, now: datetime, reason: str, *, for_good: bool) -> Delivery.Status:
    """Try again after a pause that triples each time; give up when the server refuses for good or the tries of a round are used up."""
    in_round = (delivery.attempts - 1) % MAX_ATTEMPTS
    dead = for_good or in_round == MAX_ATTEMPTS - 1
    status, not_before = (Status.DEAD, None) if dead else (Status.FAILED, now + RETRY_AFTER * 3**in_round)
    return _note(delivery, Outcome.FAILED, reason, status=status, not_before=not_before)


@transaction.atomic
def _note(delivery: Delivery, outcome: DeliveryAttempt.Outcome, said: str, **columns: Any) -> Delivery.Status:
    """Write the outcome of this try; a try that was meanwhile taken for lost may still say how it really ended."""
    said = said.replace("\0", "")[:_LONGEST_ANSWER]
    delivery.tries.filter(number=delivery.attempts).update(ended_at=Now(), outcome=outcome, answer=said)
    # A later try has a higher number: an earlier one that comes back from the dead cannot overwrite its outcome.
    rows = Delivery.objects.filter(pk=delivery.pk, attempts__lte=delivery.attempts)
    rows.update(attempts=delivery.attempts, lease_until=None, error="" if outcome == Outcome.SENT else said, **columns)
    delivery.status = columns["status"]
    return Delivery.Status(columns["status"])
