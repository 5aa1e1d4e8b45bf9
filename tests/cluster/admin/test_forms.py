"""Add forms of the admin refuse, at its field, what can be no number of a record: typed, or in the address."""

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.test import Client
from django.urls import reverse

from cluster.services.access import ensure_roles
from tests.factories import make_user

pytestmark = pytest.mark.django_db
MODELS = sorted({model for site in all_sites for model in site._registry}, key=lambda model: model._meta.label)
NO_NUMBERS = ["\x00", "abc", "٣", "-1", "9" * 30, "9" * 5000]


@pytest.fixture
def superuser(client: Client) -> Client:
    ensure_roles()
    client.force_login(make_user(is_staff=True, is_superuser=True, language="en"))
    client.cookies["django_language"] = "en"
    return client


def _form(response: Any) -> forms.BaseForm:
    found: forms.BaseForm = response.context["adminform"].form
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_is_no_number_of_a_record_is_an_error_of_its_field(superuser: Client, model: Any) -> None:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    opened = superuser.get(address)
    if opened.status_code == 403:  # nobody adds one here
        assert not admin.site._registry[model].has_add_permission(opened.wsgi_request)
        return
    choices = [name for name, field in _form(opened).fields.items() if isinstance(field, forms.ModelChoiceField)]
    # Each box meets two of them, the boxes of one form different ones.
    for turn in (0, 3):
        sent = {name: NO_NUMBERS[(number + turn) % len(NO_NUMBERS)] for number, name in enumerate(choices)}
        assert superuser.get(address, sent).status_code in (200, 400), sent
        refused = superuser.post(address, _management(opened) | sent)
        assert refused.status_code == 200, sent
        assert not set(choices) - set(_form(refused).errors), sent


def _management(opened: Any) -> dict[str, Any]:
    """The hidden fields of the inlines."""
    forms_of = [inline.formset.management_form for inline in opened.context["inline_admin_formsets"]]
    return {form.add_prefix(name): value for form in forms_of for name, value in form.initial.items()}
