"""The slip ledger of a contract: every revision of a forecast as days lost or won, with sums."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from cluster.api.examples import attach_example
from cluster.api.fields import ContractReference, Person, Reference, Window
from cluster.domain.slips import SlipSum, sums_by
from cluster.models import Factory, SlipReason
from cluster.queries.slips import Slip, SlipLedger, total_of

FACTORY = OpenApiParameter("factory", OpenApiTypes.STR, description="The code of a factory: its slips alone.")
ABOUT = (
    "Every revision of a forecast as calendar days between the ends of two windows: lost when positive, won when negative; the newest "
    "first, as announced by a day and as far as you may see them. The first forecast of a milestone counts against the due date under "
    "which it was made. A confirmation is no slip. Each list of sums adds up to the total."
)


class SlipSumSerializer(serializers.Serializer[Any]):
    """Days lost and won by some revisions."""

    count = serializers.IntegerField(help_text="Revisions.")
    lost = serializers.IntegerField(help_text="Calendar days.")
    won = serializers.IntegerField(help_text="Calendar days.")
    net = serializers.IntegerField(help_text="Lost less won.")


class SlipsOfReason(SlipSumSerializer):
    """The sum of one reason."""

    reason = serializers.ChoiceField(choices=SlipReason.choices)


class SlipsOfFactory(SlipSumSerializer):
    """The sum of one factory."""

    factory = Reference(allow_null=True, help_text="Null: of the contract as a whole.")


class SlipsOfMonth(SlipSumSerializer):
    """The sum of what was announced in one month."""

    month = serializers.DateField(help_text="Its first day.")


class SlipsOfPerson(SlipSumSerializer):
    """The sum of the milestones for which one person is responsible now."""

    responsible = Person(allow_null=True, help_text="Null: nobody is named.")


class SlipRow(serializers.Serializer[Any]):
    """One revision."""

    revision = serializers.IntegerField(source="revision.pk", help_text="Read it at /forecast-revisions/{id}/.")
    milestone = Reference(source="revision.milestone")
    factory = Reference(source="revision.milestone.factory", allow_null=True, help_text="Null: of the contract as a whole.")
    announced_on = serializers.DateField(source="on", help_text="The end of the window of its announcement, else the day it was recorded.")
    reason = serializers.ChoiceField(source="revision.reason", choices=SlipReason.choices)
    before = serializers.DateField(allow_null=True, help_text="The end of the forecast before, or of the due date; null: none was known.")
    counts_from_due = serializers.BooleanField(source="is_first", help_text="The milestone's first forecast.")
    after = Window(source="revision.new")
    days = serializers.IntegerField(allow_null=True, help_text="Calendar days lost; negative: won; null without `before`.")


class SlipLedgerSerializer(serializers.Serializer[Any]):
    """The slips of a contract and their sums."""

    contract = ContractReference()
    as_of = serializers.DateField()
    total = SlipSumSerializer()
    by_reason = SlipsOfReason(many=True)
    by_factory = SlipsOfFactory(many=True)
    by_month = SlipsOfMonth(many=True)
    by_responsible = SlipsOfPerson(many=True)
    slips = SlipRow(many=True)


attach_example(SlipLedgerSerializer)


def answer(ledger: SlipLedger, *, factory: Factory | None, context: Mapping[str, Any]) -> dict[str, Any]:
    """The slips, those of one factory alone where it is given."""
    rows = [slip for slip in ledger.rows if factory is None or slip.revision.milestone.factory_id == factory.pk]
    data = {
        "contract": ledger.contract,
        "as_of": ledger.as_of,
        "total": total_of(rows),
        "by_reason": _sums("reason", rows, lambda slip: slip.revision.reason),
        "by_factory": _sums("factory", rows, lambda slip: slip.revision.milestone.factory),
        "by_month": sorted(_sums("month", rows, lambda slip: slip.month), key=lambda one: one["month"]),
        "by_responsible": _sums("responsible", rows, lambda slip: slip.revision.milestone.responsible),
        "slips": rows,
    }
    return dict(SlipLedgerSerializer(data, context=dict(context)).data)


def _sums(name: str, rows: Iterable[Slip], key: Callable[[Slip], Any]) -> list[dict[str, Any]]:
    return [{name: one, **_figures(total)} for one, total in sums_by((key(slip), slip.days) for slip in rows).items()]


def _figures(total: SlipSum) -> dict[str, int]:
    return {"count": total.count, "lost": total.lost, "won": total.won, "net": total.net}
