"""The forms of accounts and roles: a person, a role, the own settings, a password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from cluster.domain.access import Role
from cluster.models import Contract, Factory, User
from cluster.models.role_names import ROLE_NAMES, ROLE_SENTENCES
from cluster.web.forms.base import ReasonForm, RecordForm, ZoneField

# What two people can both have changed, in the order of the forms.
PERSON_FIELDS = ("last_name", "first_name", "email", "language", "time_zone", "is_active")
_CHOICES: Any = User._meta.get_field("language").choices
_LANGUAGES = [(code, capfirst(name)) for code, name in _CHOICES]
_ROLES = [(role.value, format_lazy("{}: {}", ROLE_NAMES[role], ROLE_SENTENCES[role])) for role in Role]


class OwnSettingsForm(ReasonForm):
    """What a person chooses for the own account."""

    language = forms.ChoiceField(label=_("Language"), choices=_LANGUAGES, help_text=_("Of the pages and of letters."))
    time_zone = ZoneField(initial="Europe/Kaliningrad")


class PersonForm(OwnSettingsForm):
    """An account as administrators see it."""

    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False, help_text=_("Letters go there."))
    is_active = forms.BooleanField(
        label=_("May log in"), required=False, initial=True, help_text=_("Close an account instead of deleting it: what it did stays.")
    )
    field_order = ["version", *PERSON_FIELDS]


class NewPersonForm(PersonForm):
    """An account to make; the password is set by the person."""

    username = forms.CharField(
        label=_("User name"), max_length=150, help_text=_("To log in with: letters, digits and @ . + - _"), strip=True
    )
    field_order = ["version", "username", *PERSON_FIELDS]


class RoleForm(RecordForm):
    """A role over everything, over a contract, or over one factory of it."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=_ROLES,
        widget=forms.RadioSelect,
    )
    contract = forms.CharField(
        label=_("Contract"),
        required=False,
        max_length=50,
        help_text=_("Its code. Empty: over everything."),
        widget=forms.TextInput(attrs={"list": "contracts", "autocomplete": "off"}),
    )
    factory = forms.CharField(label=_("Factory"), required=False, max_length=20, help_text=_("Its code. Empty: over the whole contract."))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=300, help_text=_("Kept in the history."))

    def clean_contract(self) -> Contract | None:
        """The contract of this code."""
        code = self.cleaned_data["contract"].strip()
        found = Contract.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise ValidationError(_("There is no contract of this code."), code="choice")
        return found

    def clean_factory(self) -> Factory | None:
        """The factory of this code in the contract."""
        code, contract = self.cleaned_data["factory"].strip(), self.cleaned_data.get("contract")
        if code and "contract" in self.cleaned_data and contract is None:
            raise ValidationError(_("Name the factory's contract too."), code="required")
        found = Factory.objects.filter(contract=contract, code__iexact=code).first() if code and contract else None
        if code and contract and found is None:
            raise ValidationError(_("The contract has no factory of this code."), code="choice")
        return found


class OwnPasswordForm(RecordForm, PasswordChangeForm):
    """A new password for whoever knows the old one."""


class FirstPasswordForm(RecordForm, SetPasswordForm):
    """A password for whoever came by the link."""
