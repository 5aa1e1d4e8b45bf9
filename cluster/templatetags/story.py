"""Filters of the story pages: how far a forecast moved."""

from django import template
from django.utils.translation import ngettext

from cluster.domain.delays import FlagKind
from cluster.models import ForecastRevision
from cluster.models.delay import FLAG_KINDS
from cluster.templatetags.format import MINUS, NBSP, days

register = template.Library()


@register.filter
def moved_days(revision: ForecastRevision) -> int:
    """Calendar days by which the end of the window moved; negative is earlier."""
    return (revision.new.latest - revision.old.latest).days if revision.old else 0


@register.filter
def abs_days(value: int) -> str:
    """Days in words, whatever the sign."""
    return days(abs(value))


@register.filter
def kind_word(kind: str) -> str:
    """The kind of a delay in words."""
    return str(dict(FLAG_KINDS)[FlagKind(kind).value])


@register.filter
def day_word(value: int) -> str:
    """Only the word that follows a number of days: `день`, `дня`, `дней`."""
    return days(value).rpartition("\u00a0")[2].rpartition(" ")[2]


@register.filter
def web_address(url: str) -> str:
    """An address that a page may link to: of the web, or nothing."""
    return url if url.startswith(("https://", "http://")) else ""


@register.filter
def lag(working_days: int) -> str:
    """How long after what it waits for: `+20 working days`; a lead is written with a minus."""
    counted = ngettext("%(count)s working day", "%(count)s working days", abs(working_days)) % {"count": abs(working_days)}
    return f"{MINUS if working_days < 0 else '+'}{counted}".replace(" ", NBSP)
