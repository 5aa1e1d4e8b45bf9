"""The first page: where the contract stands in words and figures, the worst delays with causes, what changed since the month before."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cluster.domain.exchange import convert_rub
from cluster.domain.slips import SlipSum
from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.models import Claim, MilestoneKind
from cluster.queries.board_report import Facts
from cluster.queries.milestones import DatedMilestone
from cluster.queries.slips import total_of as slips_of
from cluster.services.board_chapters import Chapter
from cluster.templatetags.bases import basis_words, rate_words
from cluster.templatetags.format import date_short, days, money_short, rate, window_short

WORST = 5
# So many names stand in a sentence; the others are counted.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the first page; None is what was not published or cannot be known. `basis` says on which rate the dollars stand."""

    label: str
    rub: Decimal | None
    usd: Decimal | None
    basis: str
    source: str


def summary(facts: Facts) -> Chapter:
    """One page."""
    figures, headline, changes = _figures(facts), list(_headline(facts)), list(_changes(facts))
    rows: list[list[object]] = [[_("State"), sentence, None, None, ""] for sentence in headline]
    rows += [[one.label, one.source, one.rub, one.usd, one.basis] for one in figures]
    rows += [[_("Since {day}").format(day=date_short(facts.before.on)), sentence, None, None, ""] for sentence in changes]
    columns = [
        Column(_("What")),
        Column(_("In words"), width=80),
        Column(_("Roubles"), Kind.MONEY),
        Column(_("Dollars"), Kind.MONEY),
        Column(_("Basis of the dollars"), width=60),
    ]
    data = {"headline": headline, "figures": figures, "worst": facts.late[:WORST], "more": len(facts.late) - WORST, "changes": changes}
    return Chapter("summary", _("Summary"), "reports/chapters/summary.html", data, [Sheet(_("Summary"), columns, rows)])


def _headline(facts: Facts) -> Iterator[str]:
    state, total = facts.state, facts.total
    if state.planned_factories:
        yield _("{opened} of {planned} factories are open.").format(opened=state.opened_factories, planned=state.planned_factories)
    late = [one for one in facts.late if one.dated]
    if late:
        counted = ngettext("%(n)s milestone is late", "%(n)s milestones are late", len(late)) % {"n": len(late)}
        worst = max(late, key=lambda one: max(row.days for row in one.rows))
        yield _("{counted}, the longest by {days}: {code} {name}.").format(
            counted=counted, days=days(max(row.days for row in worst.rows)), code=worst.code, name=worst.name
        )
    else:
        yield _("No milestone is late.")
    if total.lines and total.outlook_rub is not None and total.real_rub is not None:
        words = (
            _("The outlook is {outlook}, {less} below the budget.")
            if total.real_rub < 0
            else _("The outlook is {outlook}, {less} above the budget.")
            if total.real_rub
            else _("The outlook is {outlook}, as budgeted.")
        )
        yield words.format(outlook=money_short(total.outlook_rub), less=money_short(abs(total.real_rub)))
    if total.lines and total.fx_usd:
        dearer, cheaper = _("Exchange rates made it {usd} dearer in dollars."), _("Exchange rates made it {usd} cheaper in dollars.")
        words = dearer if total.fx_usd > 0 else cheaper
        yield words.format(usd=money_short(abs(total.fx_usd), "USD"))


def _figures(facts: Facts) -> list[Figure]:
    total, money, claim = facts.total, facts.money, facts.state.commitment
    now = facts.rate.rate
    committed = claim.value if claim else None
    usd = convert_rub(committed, now.rate) if committed is not None and now else None
    at_now = _("reporting basis: {rate}").format(rate=rate_words(now)) if now else _("no rate is known")
    line = _("baseline “{name}”").format(name=money.baseline.name) if money.baseline else ""
    budget = total.budget_rub if total.lines else None
    paid = total.paid_rub if total.payments else None
    outlook = total.outlook_rub if total.lines else None
    return [
        Figure(_("Committed"), committed, usd, at_now, _said_by(claim)),
        Figure(_("Allocated"), budget, total.budget_usd if total.lines else None, basis_words("budget", money, money.cells), line),
        Figure(_("Paid"), paid, total.paid_usd if total.payments else None, basis_words("paid", money, money.cells), _("the ledger")),
        Figure(
            _("Outlook"),
            outlook,
            total.outlook_usd if total.lines else None,
            basis_words("outlook", money, money.cells),
            _("budget, contracts or payments, whichever is largest"),
        ),
    ]


def _said_by(claim: Claim | None) -> str:
    if claim is None or claim.source is None:
        return ""
    return ", ".join(part for part in (claim.source.publisher or str(claim.source.title), window_short(claim.source.published)) if part)


def _changes(facts: Facts) -> Iterator[str]:
    """What happened since the end of the month before, as announced by then and by now."""
    before, now = facts.before.milestones, facts.milestones
    reached = [one for one in now if one.is_reached and not before[one.milestone.pk].is_reached]
    # What was opened is named first.
    reached.sort(key=lambda one: (one.milestone.kind != MilestoneKind.OPENING, one.milestone.code))
    late = [one for one in now if one.late_days and not one.is_reached and not before[one.milestone.pk].late_days]
    well = [one for one in now if not one.late_days and not one.is_reached and before[one.milestone.pk].late_days]
    for found, words in (
        (reached, _("Reached: {names}.")),
        (late, _("Newly late: {names}.")),
        (well, _("No longer late: {names}.")),
    ):
        if found:
            yield words.format(names=_names(found))
    moved: SlipSum = slips_of(facts.slips)
    if moved.count:
        counted = ngettext("%(n)s forecast was revised", "%(n)s forecasts were revised", moved.count) % {"n": moved.count}
        yield _("{counted}: {lost} lost, {won} won.").format(counted=counted, lost=days(moved.lost), won=days(moved.won))
    yield from _money_changes(facts)


def _money_changes(facts: Facts) -> Iterator[str]:
    total, then = facts.total, facts.before.total
    if paid := total.paid_rub - then.paid_rub:
        usd = _less(total.paid_usd, then.paid_usd)
        yield _("Paid: {rub}{usd}.").format(rub=money_short(paid), usd=f" ({money_short(usd, 'USD')})" if usd is not None else "")
    moved = _less(total.outlook_rub, then.outlook_rub)
    if moved:
        words = _("The outlook rose by {rub}.") if moved > 0 else _("The outlook fell by {rub}.")
        yield words.format(rub=money_short(abs(moved)))
    old, new = facts.before.rate, facts.rate.rate
    if old and new and old.rate.value != new.rate.value:
        yield _("The dollar went from {old} to {new} roubles.").format(old=rate(old.value), new=rate(new.value))


def _less(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return one - other if one is not None and other is not None else None


def _names(found: list[DatedMilestone]) -> str:
    named = [f"{one.milestone.code} {one.milestone.name}" for one in found[:_NAMED]]
    rest = len(found) - len(named)
    others = [ngettext("%(n)s other", "%(n)s others", rest) % {"n": rest}] if rest else []
    return "; ".join([*named, *others])
