"""What an approved baseline promises: nothing in it changes any more. A change is a new baseline."""

from typing import Any, TypeVar

import pgtrigger
from django.db import models

M = TypeVar("M", bound=models.Model)

_REFUSE = "RAISE EXCEPTION 'an approved baseline is frozen: propose a new one' USING ERRCODE = 'restrict_violation';"
# The lock makes a row wait for an approval under way, and the approval for rows under way: neither slips past the other.
_REFUSE_ROW = """
PERFORM 1 FROM cluster_baseline WHERE id = ANY ({baselines}) FOR SHARE;
IF EXISTS (SELECT 1 FROM cluster_baseline WHERE id = ANY ({baselines}) AND kind = 'approved') THEN
    {refuse}
END IF;
RETURN coalesce(NEW, OLD);
"""
_BASELINES = "ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.baseline_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.baseline_id END]"


def frozen_once_approved(model: type[M]) -> type[M]:
    """Class decorator of what hangs on a baseline: no insert, update, delete or truncate once it is approved, raw SQL included."""
    trigger: Any = pgtrigger.Trigger(
        name="frozen",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=_REFUSE_ROW.format(baselines=_BASELINES, refuse=_REFUSE),
    )
    table: Any = pgtrigger.Trigger(
        name="frozen_table",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=f"IF EXISTS (SELECT 1 FROM cluster_baseline WHERE kind = 'approved') THEN {_REFUSE} END IF; RETURN NULL;",  # noqa: S608
    )
    registered: type[M] = pgtrigger.register(trigger, table)(model)
    return registered


def approved_for_good(model: type[M]) -> type[M]:
    """Class decorator of the baseline: once approved it stays so, from its day on, under its amendment; it is not deleted."""
    stays: Any = pgtrigger.Trigger(
        name="approved_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(
            "OLD.kind = 'approved' AND (OLD.kind, OLD.in_force_from, OLD.amendment_id, OLD.approved_by_id)"
            " IS DISTINCT FROM (NEW.kind, NEW.in_force_from, NEW.amendment_id, NEW.approved_by_id)"
        ),
        func=_REFUSE,
    )
    kept: Any = pgtrigger.Trigger(
        name="approved_is_kept",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        condition=pgtrigger.Q(old__kind="approved"),
        func=_REFUSE,
    )
    registered: type[M] = pgtrigger.register(stays, kept)(model)
    return registered
