"""Filters of the story pages: how far a forecast moved, and why a milestone is late."""

from collections.abc import Callable
from html import unescape
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html, format_html_join, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from cluster.models import ForecastRevision, Milestone
from cluster.queries.causes import LateBecause
from cluster.queries.flag_kinds import kind_label
from cluster.queries.knock_on import Change, KnockOn
from cluster.templatetags.format import MINUS, NBSP, days, days_late
from cluster.templatetags.page import here

register = template.Library()

_CHANGES = {
    Change.OPENS: _("opens"),
    Change.WORSE: _("gets worse"),
    Change.BETTER: _("gets better"),
    Change.CLOSES: _("closes"),
}
# Whose days a sentence names; those of others are summed.
_NAMED = 3


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
    return kind_label(kind)


@register.filter
def day_word(value: int) -> str:
    """Only the word that follows a number of days: `день`, `дня`, `дней`."""
    return days(value).rpartition("\u00a0")[2].rpartition(" ")[2]


@register.filter
def web_address(url: str) -> str:
    """An address that a page may link to: of the web, or nothing."""
    return url if url.startswith(("https://", "http://")) else ""


@register.filter
def working_days(value: int) -> str:
    """`20 working days`; fewer than none with a minus."""
    counted = ngettext("%(count)s working day", "%(count)s working days", abs(value)) % {"count": abs(value)}
    return f"{MINUS if value < 0 else ''}{counted}".replace(" ", NBSP)


@register.filter
def lag(value: int) -> str:
    """How long after what it waits for: `+20 working days`; a lead is written with a minus."""
    return working_days(value) if value < 0 else f"+{working_days(value)}"


@register.filter
def of(values: dict[int, Any] | str | None, key: int) -> Any:
    """The value of a mapping that goes by id; None where there is none."""
    return values.get(key) if isinstance(values, dict) else None


@register.filter
def change_word(change: Change) -> str:
    """What becomes of a flag, in a word."""
    return str(_CHANGES[change])


@register.filter
def in_numbers(follows: KnockOn) -> str:
    """How many milestones move and what becomes of how many flags: `5 other milestones move. Flags: opens 2, gets worse 1.`"""
    moved = len(follows.moved) + len(follows.elsewhere)
    words = ngettext("%(n)s other milestone moves.", "%(n)s other milestones move.", moved) % {"n": moved}
    parts = [words if moved else gettext("No other milestone moves.")]
    if changes := [f"{change_word(change)} {n}" for change, n in follows.counts.items() if n]:
        parts.append(gettext("Flags: {changes}.").format(changes=", ".join(changes)))
    return " ".join(parts)


@register.simple_tag(takes_context=True)
def cause_sentence(context: Context, cause: LateBecause, named: int | str = "") -> SafeString:
    """Why a milestone is late, with links to the milestones that the reader may see, of which it names `named` at most."""
    return _sentence(cause, lambda milestone: _linked(context, milestone), int(named or _NAMED))


@register.filter("because")
def cause_text(cause: LateBecause, named: int = _NAMED) -> str:
    """The same without links, for a cell of a table, where a plus at the beginning would make a formula."""
    sentence = _sentence(cause, lambda milestone: f"{milestone.code} {milestone.name}", named)
    return unescape(strip_tags(sentence)).removeprefix("+")


def _sentence(cause: LateBecause, named: Callable[[Milestone], str], most: int = _NAMED) -> SafeString:
    """`+43 days because F08-EQ Equipment delivery +50 days, 7 days absorbed by float`."""
    why = cause.explanation
    if not cause.others:
        return format_html(gettext("{late} of its own: nothing that it waits for explains them"), late=days_late(why.late))
    parts = [
        format_html("{} {}", named(lost.milestone), days_late(lost.days))
        if lost.seen
        else format_html(gettext("{code} of another factory {days}"), code=lost.milestone.code, days=days_late(lost.days))
        for lost in cause.others[:most]
    ]
    unnamed = cause.others[most:]
    if rest := why.rest + len(unnamed):
        counted = ngettext("{n} other milestone {days}", "{n} other milestones {days}", rest)
        parts.append(format_html(counted, n=rest, days=days_late(why.rest_days + sum(lost.days for lost in unnamed))))
    if why.own:
        parts.append(format_html(gettext("{days} of its own"), days=days_late(why.own)))
    if why.absorbed:
        parts.append(format_html(gettext("{days} absorbed by float"), days=days(why.absorbed)))
    if why.added:
        parts.append(format_html(gettext("{days} lost to days of rest and tight due dates"), days=days(why.added)))
    return format_html(
        gettext("{late} because {reasons}"), late=days_late(why.late), reasons=format_html_join(", ", "{}", ((p,) for p in parts))
    )


def _linked(context: Context, milestone: Milestone) -> SafeString:
    name = format_html('<span class="num">{}</span> {}', milestone.code, milestone.name)
    if milestone.factory is None:
        return name
    url = here(context, "cluster:factory", code=milestone.contract.code, factory=milestone.factory.code)
    return format_html('<a href="{}#{}">{}</a>', url, milestone.code, name)
