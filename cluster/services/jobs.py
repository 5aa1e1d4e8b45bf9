"""The queue of record: runs are rows, held by a lease, tried a bounded number of times, woken by the broker, swept each minute."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import translation

from cluster.domain.access import Action
from cluster.domain.errors import Conflict, DomainError, NotFound
from cluster.domain.progress import Progress
from cluster.gateways import broker
from cluster.gateways.bank_of_russia import NoConnection
from cluster.gateways.rate_files import BadRates
from cluster.models import JobRun, User
from cluster.queries.jobs import due_on
from cluster.queries.rates import newest_rate
from cluster.services.access import require
from cluster.services.board_reports import archive_reports
from cluster.services.bounces import read_bounces
from cluster.services.conversions import convert_all
from cluster.services.delays import flag_delays
from cluster.services.fetching import Span, backfill_rates, fetch_rates
from cluster.services.locks import one_at_a_time
from cluster.services.simulation import repeat_oldest, simulate_run

Name, Status = JobRun.Name, JobRun.Status

# Without a connection the bank is asked again after the first of these; a failed run is tried again after the second.
ASK_AGAIN_AFTER = timedelta(hours=1)
RETRY_AFTER = timedelta(minutes=1)
_LONGEST_ERROR = 2000
_log = logging.getLogger(__name__)


class Cancelled(Exception):
    """A person has cancelled this run: it stops, leaves nothing behind, and is not tried again."""


class LeaseLost(Exception):
    """Another worker has taken the run over: this one stops and leaves no trace in it."""


@dataclass(slots=True)
class _Held:
    """A run that this process holds: the token that fences it, the day it works for, and what is told about its progress."""

    run: JobRun
    as_of: date
    now: datetime
    tell: Progress | None = None
    token: uuid.UUID = field(default_factory=uuid.uuid4)

    def progress(self, done: int, total: int) -> None:
        """Note the progress and extend the lease; raises LeaseLost when the run is no longer held, Cancelled when nobody wants it."""
        self._write(progress_done=done, progress_total=total, lease_until=_lease_end())
        if JobRun.objects.filter(pk=self.run.pk, cancelled_by__isnull=False).exists():
            raise Cancelled
        if self.tell is not None:
            self.tell(done, total)

    def finish(self, status: JobRun.Status, figures: dict[str, Any], error: str = "") -> None:
        """End the run; raises LeaseLost when it is no longer held."""
        error = error.replace("\0", "")[:_LONGEST_ERROR]
        self._write(status=status, figures=figures, error=error, finished_at=Now(), lease_until=None, lease_token=None)

    def _write(self, **columns: Any) -> None:
        if not JobRun.objects.filter(pk=self.run.pk, lease_token=self.token).update(**columns):
            raise LeaseLost


def _fetch(held: _Held) -> dict[str, Any]:
    figures, changed = fetch_rates(as_of=held.as_of, progress=held.progress)
    if changed:
        queue(Name.CONVERT, by=None, now=held.now)
    return figures


def _backfill(held: _Held) -> dict[str, Any]:
    span = Span.read(held.run.params, today=held.as_of)
    return backfill_rates(span.first, span.last, span.currency, today=held.as_of, progress=held.progress)


def _convert(held: _Held) -> dict[str, Any]:
    return convert_all(now=held.now, progress=held.progress)


def _flag(held: _Held) -> dict[str, Any]:
    return flag_delays(as_of=held.as_of, job_run=held.run, progress=held.progress)


def _archive(held: _Held) -> dict[str, Any]:
    return archive_reports(as_of=held.as_of, progress=held.progress)


def _simulate(held: _Held) -> dict[str, Any]:
    if not held.run.params:
        return repeat_oldest(now=held.now, ask=enqueue)
    return simulate_run(held.run.params["risk_run"], progress=held.progress)


def _bounces(held: _Held) -> dict[str, Any]:
    return read_bounces(progress=held.progress)


_WORK: dict[str, Callable[[_Held], dict[str, Any]]] = {
    Name.FETCH_RATES: _fetch,
    Name.BACKFILL_RATES: _backfill,
    Name.CONVERT: _convert,
    Name.FLAG_DELAYS: _flag,
    Name.SIMULATE_RISK: _simulate,
    Name.ARCHIVE_REPORTS: _archive,
    Name.READ_BOUNCES: _bounces,
}


def queue(name: str, *, by: User | None, now: datetime, params: dict[str, Any] | None = None) -> JobRun:
    """Ask for a run of a job now; a worker is woken after the commit. One that still waits for the same is given back instead.

    `by` is the person who asks; None is the machine itself. `params` is what the job is asked for: of a backfill `first`, `last`
    and `currency`. Raises Forbidden, or DomainError for a job that does not exist or cannot do what is asked for.
    """
    _check_name(name)
    if by is not None:
        require(by, Action.RUN_JOB)
    return enqueue(name, by=by, now=now, params=_checked_params(name, params, now))


def enqueue(name: str, *, by: User | None, now: datetime, params: dict[str, Any]) -> JobRun:
    """The same for a service that has seen to the right and to the parameters."""
    with transaction.atomic():
        one_at_a_time(f"queue.{name}")
        run = JobRun.objects.filter(name=name, status=Status.QUEUED, params=params).first()
        if run is None:
            # Two that ask for something else in the same instant get a run each: a job has one run for each time.
            while JobRun.objects.filter(name=name, scheduled_for=now).exclude(params=params).exists():
                now += timedelta(microseconds=1)
            run, _created = JobRun.objects.get_or_create(name=name, scheduled_for=now, defaults={"requested_by": by, "params": params})
        transaction.on_commit(partial(broker.wake, [run.pk]))
    return run


def run_here(
    name: str, *, now: datetime, as_of: date | None = None, progress: Progress | None = None, params: dict[str, Any] | None = None
) -> JobRun:
    """Run a job in this process, as an operator at a terminal does; the row tells of it like of any other run.

    Raises DomainError for a job that does not exist or cannot do what is asked for. Errors of the work end in the row.
    """
    _check_name(name)
    params = _checked_params(name, params, now)
    with transaction.atomic():
        run = JobRun.objects.create(name=name, scheduled_for=now, params=params)
        held = _take(run.pk, as_of or local_day(now), now, progress)
    assert held is not None
    return _work(held)


def cancel(run_id: int, *, by: User) -> JobRun:
    """Give up a run: one that waits at once, one that works as soon as it next tells its progress. It is not tried again.

    For who asked for it, who may run jobs, and, of a simulation, editors of its contract. Raises NotFound, Forbidden, or Conflict when it
    has ended.
    """
    with transaction.atomic():
        run = JobRun.objects.select_for_update(of=("self",)).select_related("risk_run").filter(pk=run_id).first()
        if run is None:
            raise NotFound("There is no run {run}.", field="run", run=run_id)
        if run.requested_by_id != by.pk:
            _require_cancel(run, by)
        if run.status in (Status.QUEUED, Status.FAILED):
            run.status, run.finished_at = Status.CANCELLED, Now()
        elif run.status != Status.RUNNING:
            raise Conflict("This run has ended.", current=run)
        run.cancelled_by = by
        run.save(update_fields=["status", "finished_at", "cancelled_by"])
        run.refresh_from_db()
    return run


def _require_cancel(run: JobRun, by: User) -> None:
    """Raise NotFound for those who do not see the run, Forbidden for those who may not cancel it."""
    simulation = getattr(run, "risk_run", None)
    contract = simulation.contract_id if simulation is not None else None
    if contract is not None and by.scope.may(Action.EDIT_RECORD, contract=contract):
        return
    if not (by.scope.sees_everything or contract in by.scope.contracts):
        raise NotFound("There is no run {run}.", field="run", run=run.pk)
    require(by, Action.RUN_JOB)


def _check_name(name: str) -> None:
    if name not in _WORK:
        names = ", ".join(_WORK)
        raise DomainError("There is no job “{name}”: the jobs are {names}.", field="name", code="choice", name=name, names=names)


def _checked_params(name: str, params: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """What a run is asked for, in the one form in which it is kept."""
    if name == Name.BACKFILL_RATES:
        return Span.read(params or {}, today=local_day(now)).params()
    if name == Name.SIMULATE_RISK and params:
        raise DomainError("A simulation is asked for with its assumptions, by contract.", field="params", code="unknown_key")
    if params:
        raise DomainError("The job “{name}” takes nothing else.", field="params", code="unknown_key", name=name)
    return {}


def execute(run_id: int, *, now: datetime, progress: Progress | None = None) -> JobRun | None:
    """Do the work of a run that waits, for the local day of `now`; how it ended stands in the row. Errors of the work end there too.

    None when there is nothing to do: another process holds the run, it has ended, or it was tried too often.
    """
    held = _take(run_id, local_day(now), now, progress)
    return _work(held) if held is not None else None


def local_day(now: datetime) -> date:
    """The day in Kaliningrad."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def _take(run_id: int, as_of: date, now: datetime, progress: Progress | None) -> _Held | None:
    """Hold the run with a lease; None when it cannot be had. One statement decides between two workers."""
    waits = Q(status__in=(Status.QUEUED, Status.FAILED)) | Q(status=Status.RUNNING, lease_until__lt=Now())
    token = uuid.uuid4()
    taken = JobRun.objects.filter(waits, pk=run_id, name__in=_WORK, attempts__lt=settings.JOB_MAX_ATTEMPTS).update(
        status=Status.RUNNING,
        lease_token=token,
        lease_until=_lease_end(),
        attempts=F("attempts") + 1,
        started_at=Now(),
        finished_at=None,
        progress_done=0,
        progress_total=0,
        figures={},
        error="",
    )
    return _Held(JobRun.objects.get(pk=run_id), as_of, now, progress, token) if taken else None


def _work(held: _Held) -> JobRun:
    try:
        # What a run writes into its row is English; pages translate it for each reader.
        with translation.override(None):
            _try(held)
    except Cancelled:
        held.finish(Status.CANCELLED, {})
    except LeaseLost:
        _log.warning("Run %s was taken over by another worker", held.run.pk)
    return JobRun.objects.get(pk=held.run.pk)


def _try(held: _Held) -> None:
    try:
        figures = _WORK[held.run.name](held)
    except (Cancelled, LeaseLost):
        raise
    except NoConnection as error:
        held.finish(Status.NO_CONNECTION, *_no_connection(error))
    except DomainError as error:
        # A simulation works on what it was asked for with: what is refused once is refused each time.
        status = Status.DEAD if held.run.name == Name.SIMULATE_RISK else _after_failure(held.run)
        held.finish(status, {"error": _said(error)}, str(error))
    except Exception as error:
        # Whatever it is, it must be seen in the row and tried again: the worker goes on with other work.
        _log.exception("Run %s of %s failed", held.run.pk, held.run.name)
        held.finish(_after_failure(held.run), {}, f"{type(error).__name__}: {error}")
    else:
        held.finish(Status.SUCCEEDED, figures)


def _after_failure(run: JobRun) -> JobRun.Status:
    return Status.FAILED if run.attempts < settings.JOB_MAX_ATTEMPTS else Status.DEAD


def _no_connection(error: NoConnection) -> tuple[dict[str, Any], str]:
    """The work goes on with the last good rate, and says which."""
    newest = newest_rate()
    if newest is None:
        ended = NoConnection("no connection, and no rate is known")
    else:
        ended = NoConnection("no connection, using the rate of {date}", date=newest.date)
    return {"error": _said(ended), "reason": _said(error)}, str(ended)


def _said(error: DomainError) -> dict[str, Any]:
    """An error as a row keeps it: templates and parameters, to be put into each reader's language."""
    params: dict[str, Any] = {name: str(value) for name, value in error.params.items()}
    if isinstance(error, BadRates):
        params["reason"] = {"template": error.reason, "params": {name: str(value) for name, value in error.details.items()}}
    return {"template": error.template, "params": params}


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def sweep(now: datetime) -> dict[str, Any]:
    """What beat does each minute: make the runs that are due, take back lost ones, wake workers for all that wait.

    Any number of sweeps at once have one effect: runs are unique by job and time, a lease is taken back only once.
    """
    figures = {"due": _make_due(now), "lost": _take_back_lost()}
    waiting = _waiting(now)
    figures["waiting"] = len(waiting)
    figures["woken"] = len(waiting) if waiting and broker.wake(waiting) else 0
    _note_sweep(now, figures)
    return figures


def _make_due(now: datetime) -> int:
    """Runs of today's past times that do not exist yet, missed ones included, and another try at the bank."""
    due = {(name, at) for name in settings.DAILY_JOBS if (at := due_on(name, now=now)) is not None and at <= now}
    last = JobRun.objects.filter(name=Name.FETCH_RATES).order_by("-scheduled_for").first()
    if last is not None and last.status == Status.NO_CONNECTION and last.finished_at and last.finished_at <= now - ASK_AGAIN_AFTER:
        # The time is derived from the run that failed, so that two sweeps derive the same.
        due.add((Name.FETCH_RATES, last.finished_at + ASK_AGAIN_AFTER))
    known = set(JobRun.objects.filter(scheduled_for__in={at for _name, at in due}).values_list("name", "scheduled_for"))
    missing = [JobRun(name=name, scheduled_for=at) for name, at in sorted(due) if (name, at) not in known]
    JobRun.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _take_back_lost() -> int:
    """Runs whose worker was lost: queued again, or given up after the last attempt or because a person has cancelled them."""
    lost = JobRun.objects.filter(~Q(name=Name.SWEEP), status=Status.RUNNING, lease_until__lt=Now())
    freed: dict[str, Any] = {"lease_token": None, "lease_until": None}
    given_up = lost.filter(cancelled_by__isnull=False).update(status=Status.CANCELLED, finished_at=Now(), **freed)
    lost_worker = DomainError("the worker was lost while it held this run")
    dead = lost.filter(attempts__gte=settings.JOB_MAX_ATTEMPTS).update(
        status=Status.DEAD, finished_at=Now(), error=str(lost_worker), figures={"error": _said(lost_worker)}, **freed
    )
    return given_up + dead + lost.update(status=Status.QUEUED, **freed)


def _waiting(now: datetime) -> list[int]:
    """Runs that a worker may take, the oldest first; a failed one after a pause."""
    queued = JobRun.objects.filter(status=Status.QUEUED, scheduled_for__lte=now)
    failed = JobRun.objects.filter(status=Status.FAILED, finished_at__lte=now - RETRY_AFTER)
    return list((queued | failed).order_by("scheduled_for").values_list("pk", flat=True))


def _note_sweep(now: datetime, figures: dict[str, Any]) -> None:
    """One row a day tells when the last sweep was and what it did: 1,440 rows a day would tell no more."""
    day = datetime.combine(local_day(now), datetime.min.time(), tzinfo=ZoneInfo(settings.TIME_ZONE))
    JobRun.objects.update_or_create(
        name=Name.SWEEP,
        scheduled_for=day,
        defaults={"status": Status.SUCCEEDED, "started_at": now, "finished_at": Now(), "attempts": 1, "figures": figures},
    )
