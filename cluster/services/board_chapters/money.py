"""Money: committed and not allocated, the S-curve, why roubles and dollars moved, by factory, category and source, at three rates."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from cluster.charts.contract_money import dollar_bridge, grouped, money_curve, rouble_bridge
from cluster.domain.outlook import Grouping, Total
from cluster.gateways.workbook import Column, Kind, Sheet
from cluster.queries.board_report import Facts
from cluster.services.board_chapters import Chapter
from cluster.templatetags.bases import basis_words


@dataclass(frozen=True, slots=True)
class Table:
    """The money by one thing; `rows` are groups with their names."""

    title: str
    head: str
    rows: list[tuple[str, Total]]


def money(facts: Facts) -> Chapter | None:
    """Nothing where neither a commitment nor a budget nor a payment is known."""
    found, total = facts.money, facts.total
    if not (found.cells or found.commitment):
        return None
    by_factory = [(label, group) for _key, label, group in grouped(found, Grouping.FACTORY)]
    tables = [
        Table(_("By factory"), _("Factory"), by_factory),
        *(
            Table(title, head, [(label, group) for _key, label, group in grouped(found, by)])
            for by, title, head in (
                (Grouping.CATEGORY, _("By category"), _("Category")),
                (Grouping.FUNDING, _("By funding source"), _("Funding source")),
            )
        ),
    ]
    data = {
        "money": found,
        "total": total,
        "committed": found.commitment.value if found.commitment else None,
        "not_allocated": facts.state.not_allocated_rub,
        "undated": sum((cell.budget_rub or Decimal(0) for cell in found.cells if cell.month is None), Decimal(0)),
        "curve": money_curve(found),
        "bridges": [chart for chart in (dollar_bridge(total), rouble_bridge(total, by_factory, Grouping.FACTORY)) if chart],
        "tables": [table for table in tables if table.rows],
        "bases": [(name, basis_words(name, found, found.cells)) for name in ("budget", "paid", "outlook", "real")],
    }
    return Chapter("money", _("Money"), "reports/chapters/money.html", data, [_sheet(table) for table in tables if table.rows])


def _sheet(table: Table) -> Sheet:
    amounts = [_("Budget"), _("Contracted"), _("Paid"), _("Outlook"), _("Real effect")]
    columns = [Column(table.head, width=40)]
    for name in amounts:
        columns += [Column(f"{name}, ₽", Kind.MONEY, total=True), Column(f"{name}, $", Kind.MONEY, total=True)]
    columns.append(Column(_("FX effect, $"), Kind.MONEY, total=True))
    return Sheet(table.title, columns, [[label, *_cells(group)] for label, group in table.rows])


def _cells(of: Total) -> list[object]:
    planned = bool(of.lines)
    return [
        *((of.budget_rub, of.budget_usd) if planned else (None, None)),
        *((of.committed_rub, of.committed_usd) if of.commitments else (None, None)),
        *((of.paid_rub, of.paid_usd) if of.payments else (None, None)),
        of.outlook_rub,
        of.outlook_usd,
        of.real_rub,
        of.real_usd,
        of.fx_usd,
    ]
