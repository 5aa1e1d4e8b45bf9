"""What the database refuses is told in words that say what to do; and what a record cannot say of itself."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from cluster.domain.dates import DateWindow
from cluster.models import Amendment, Claim, Contract, Factory, Source
from tests.factories import make_contract, make_factory, make_milestone, make_source

# Nobody is told of these: programs alone write what they guard.
OF_PROGRAMS = {
    "conversion_due_order", "delay_flag_one_open", "delay_flag_until_after_since", "delay_flag_acknowledged_by_whom",
    "subscription_hour_and_weekday", "subscription_suspended_for_a_reason", "delivery_once", "attachment_not_empty",
    "job_run_running_is_held", "exchange_rate_one_accepted", "board_report_monthly_once", "board_report_not_empty",
}  # fmt: skip
TOMORROW = timezone.localdate() + timedelta(days=1)


def told(record: models.Model) -> dict[str, list[str]]:
    """What is said against a record, by field."""
    with pytest.raises(ValidationError) as refused:
        record.full_clean()
    return refused.value.message_dict


def test_no_constraint_is_told_by_its_name() -> None:
    constraints = [
        one for app in ("cluster", "production") for model in apps.get_app_config(app).get_models() for one in model._meta.constraints
    ]
    # Django words the uniqueness of plain columns itself.
    worded = [one for one in constraints if not (isinstance(one, models.UniqueConstraint) and one.fields and one.condition is None)]
    nameless = {one.name for one in worded if one.name in str(one.get_violation_error_message())}
    assert nameless == OF_PROGRAMS


@pytest.mark.django_db
@pytest.mark.usefixtures("in_english")
def test_codes_that_differ_by_their_capitals_alone_are_the_same() -> None:
    contract = make_contract(code="alpha")
    factory = make_factory(contract, code="F01")
    milestone = make_milestone(factory, code="M-1")
    twins = [Contract(code="Alpha", name_ru="А"), Factory(contract=contract, code="f01", name_ru="Ф")]
    milestone.pk, milestone.code = None, "m-1"
    for twin in (*twins, milestone):
        assert told(twin)["__all__"] == ["This code is taken, in capital or small letters: choose another."]


@pytest.mark.django_db
@pytest.mark.usefixtures("in_english")
def test_a_figure_is_told_in_a_unit_that_means_it() -> None:
    def claim(figure: str, value: str, unit: str) -> Claim:
        return Claim(contract=contract, source=source, figure=figure, value=Decimal(value), unit=unit)

    contract, source = make_contract(), make_source()
    assert told(claim("commitment", "1000", "vehicles")) == {"unit": ["This figure is a sum of money: choose a currency."]}
    assert told(claim("opened_factories", "7", "RUB")) == {"unit": ["This figure counts factories: choose them as the unit."]}
    assert told(claim("term_end", "2033", "year")) == {"value": ["This figure is a day: give a date, or say it in words."]}
    assert told(claim("budget", "1000.505", "RUB")) == {"value": ["A sum of money has two decimals at most."]}
    for right in (claim("budget", "1000.50", "EUR"), claim("opened_factories", "7", "plants"), claim("floor_area", "1.2345", "m2")):
        right.full_clean()


@pytest.mark.django_db
def test_what_is_said_to_have_happened_is_not_still_to_come() -> None:
    contract, source, day = make_contract(), make_source(), DateWindow.day(TOMORROW)
    amendment, published = Amendment(contract=contract, title_ru="Д", approved_on=TOMORROW), Source(key="s", title_ru="И")
    claim = Claim(contract=contract, source=source, figure="other", text_ru="т")
    claim.announced = published.published = day
    assert list(told(claim)) == ["announced"]
    assert list(told(published)) == ["published"]
    assert list(told(amendment)) == ["approved_on"]
    amendment.approved_on, amendment.announced = None, day
    assert list(told(amendment)) == ["announced"]
    amendment.announced = claim.announced = DateWindow.day(timezone.localdate())
    amendment.full_clean()
    claim.full_clean()
