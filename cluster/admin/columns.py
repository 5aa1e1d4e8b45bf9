"""Columns and read-only figures that several pages of the admin show: dates as known, money in both currencies, days late."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from cluster.domain.exchange import Basis
from cluster.templatetags.format import money, money_rub, rate, window_short

_BASES = {Basis.PAYMENT: _("payment basis"), Basis.CONTRACT: _("contract basis")}


def window_column(name: str, description: Any, *, order: str = "") -> Any:
    """A column for a date with its precision."""

    @admin.display(description=description, ordering=order or f"{name}_latest")
    def column(_admin: Any, record: Any) -> str:
        return window_short(getattr(record, name))

    return column


@admin.display(description=_("amount, RUB"), ordering="amount_rub")
def amount_rub(_admin: Any, record: Any) -> str:
    """Roubles in full."""
    return money_rub(record.amount_rub)


@admin.display(description=_("amount, USD"))
def amount_usd(_admin: Any, record: Any) -> str:
    """The stored conversion with the rate it stands on; empty while there is none."""
    conversion = getattr(record, "conversion", None)
    if conversion is None:
        return ""
    used = conversion.rate
    stale = _("stale rate") if conversion.stale else ""
    text = f"{money(conversion.usd, 'USD')} ({_BASES[conversion.basis]}, {rate(used.value)}, {used.date:%d.%m.%Y})"
    return f"{text} — {stale}" if stale else text
