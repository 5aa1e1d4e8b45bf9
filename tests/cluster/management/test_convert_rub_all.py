"""`manage.py convert_rub --all`: every stored conversion compared with what it should be."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from cluster.models import LedgerConversion, LedgerEntry
from tests.factories import make_factory, make_rate

pytestmark = pytest.mark.django_db


def test_it_repairs_dollars_that_somebody_changed_by_hand() -> None:
    make_rate("2024-04-12", "100")
    LedgerEntry.objects.create(
        factory=make_factory(), kind="payment", date=date(2024, 4, 12), amount_rub=Decimal(500), document="1", counterparty="ООО"
    )
    call_command("convert_rub", all=True, stdout=StringIO())
    LedgerConversion.objects.update(usd=7)
    out = StringIO()
    call_command("convert_rub", all=True, stdout=out)
    assert LedgerConversion.objects.get().usd == Decimal("5.00")
    assert "changed 1" in out.getvalue()


@pytest.mark.parametrize("options", [{}, {"amount": "100", "all": True}])
def test_it_wants_an_amount_or_all_of_them(options: dict[str, object]) -> None:
    with pytest.raises(SystemExit):
        call_command("convert_rub", stderr=StringIO(), **options)
