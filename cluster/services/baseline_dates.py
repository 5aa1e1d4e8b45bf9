"""Writing the dates and weights of a proposed baseline: many at once, all of them or none."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from cluster.domain.baseline_dates import DateChange, DateRow, date_problems, lay_over
from cluster.domain.budgets import Change, refuse_reason
from cluster.domain.errors import Conflict
from cluster.domain.tables import BadRows
from cluster.models import Baseline, BaselineMilestone, Milestone, User
from cluster.queries.baseline_dates import due_date
from cluster.queries.budgets import baseline_version, term_of
from cluster.services.budgets import Imported, because, locked_draft

_BATCH = 5000
_DATE = ("due_earliest", "due_latest", "due_precision")
_SAID = ("announced_earliest", "announced_latest", "announced_precision", "speaker_ru", "speaker_en", "source")


@transaction.atomic
def save_dates(
    *, baseline_id: int, rows: Sequence[DateRow], replace: bool = False, by: User, version: int | None = None, reason: str = ""
) -> Imported:
    """Put dates and weights into a proposed baseline: a bounded number of statements.

    `replace` takes out the dates that `rows` do not name, `version` is what the person saw (queries.budgets.baseline_version).
    Another date than the one announced loses the announcement. Raises NotFound, Forbidden, Conflict, BadRows with every row
    that is wrong, or DomainError when the baseline is frozen.
    """
    baseline = locked_draft(baseline_id, by)
    if version is not None and baseline_version(baseline.pk) != version:
        raise Conflict("Somebody changed this baseline since you opened it: look at it again.", current=baseline)
    refuse_reason(reason)
    known = dict(Milestone.objects.for_reader(by).filter(contract=baseline.contract_id).order_by().values_list("pk", "factory_id"))
    held = {row.milestone_id: row for row in BaselineMilestone.objects.filter(baseline=baseline)}
    stored = {key: due_date(row) for key, row in held.items()}
    if problems := date_problems(rows, known, stored, term_of(baseline.contract)):
        raise BadRows(problems)
    changes = lay_over(rows, stored, replace=replace)
    gone = [held[one.milestone].pk for one in changes if one.change is Change.REMOVED]
    written = [one for one in changes if one.change in (Change.ADDED, Change.CHANGED)]
    with because(reason):
        for start in range(0, len(gone), _BATCH):
            BaselineMilestone.objects.filter(pk__in=gone[start : start + _BATCH]).delete()
        BaselineMilestone.objects.bulk_create(
            [_row(baseline, one, held.get(one.milestone)) for one in written],
            batch_size=_BATCH,
            update_conflicts=True,
            unique_fields=("baseline", "milestone"),
            update_fields=(*_DATE, *_SAID, "weight", "note_ru", "note_en", "recorded_at"),
        )
    added = sum(one.change is Change.ADDED for one in written)
    return Imported(added, len(written) - added, len(gone), len(changes) - len(written) - len(gone))


def _row(baseline: Baseline, change: DateChange, before: BaselineMilestone | None) -> BaselineMilestone:
    new: Any = change.new
    row = BaselineMilestone(baseline=baseline, milestone_id=change.milestone, weight=new.weight, note_ru=new.note)
    row.due = new.due
    if before is not None and before.note_ru == new.note:
        row.note_en = before.note_en
    if before is not None and before.due == new.due:
        row.announced, row.speaker_ru, row.speaker_en, row.source_id = (
            before.announced,
            before.speaker_ru,
            before.speaker_en,
            before.source_id,
        )
    return row
