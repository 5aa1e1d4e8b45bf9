"""Forms of the admin: columns of a window as one field, strict amounts, the reason of a change, writes through services."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from cluster.domain.errors import Conflict, DomainError
from cluster.models import User
from cluster.models.form_fields import NearDatesForm, PlainTextForm, StrictAmountField, WindowField, message_of
from cluster.queries.history import newest_event
from cluster.services.records import refuse_by_rule, refuse_stale

_PARTS = ("earliest", "latest", "precision")


def columns_of(name: str) -> list[str]:
    """The three columns behind a window's name."""
    return [f"{name}_{part}" for part in _PARTS]


def capitalise(form: forms.BaseForm) -> None:
    """Labels of the fields that are declared here begin like those that Django makes."""
    for field in form.fields.values():
        field.label = capfirst(field.label)


class SeenVersionField(forms.IntegerField):
    """The newest event that the history of a record had when its form was shown; never itself a change of the record."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SeenForm(NearDatesForm, forms.ModelForm):
    """A form that remembers the state of the record that the person saw, and refuses to write over a newer one."""

    seen_version = SeenVersionField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and not self.is_bound:
            self.initial.setdefault("seen_version", newest_event(self.instance))

    def clean(self) -> dict[str, Any]:
        """The record is looked at under a lock, so that the save that follows in this transaction cannot collide."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        seen = cleaned.get("seen_version")
        if self.instance.pk and seen is not None:
            try:
                refuse_stale(self.instance, seen)
            except Conflict as error:
                raise ValidationError(message_of(error), code=error.code) from error
        return cleaned


class RecordForm(SeenForm):
    """A record edited by hand: its windows as WindowFields of the same name, the reason, the version that was seen."""

    change_reason = forms.CharField(
        label=_("reason of the change"), required=False, max_length=300, help_text=_("Kept in the history beside what changed.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        capitalise(self)
        for name in self.windows:
            self.initial.setdefault(name, getattr(self.instance, name))

    @property
    def windows(self) -> list[str]:
        """The names of the windows among the fields."""
        return [name for name, field in self.fields.items() if isinstance(field, WindowField)]

    def changed_columns(self) -> list[str]:
        """The columns that the person changed."""
        own = {field.name for field in self.instance._meta.concrete_fields}
        windows = [column for name in self.windows if name in self.changed_data for column in columns_of(name)]
        return [name for name in self.changed_data if name in own] + windows

    def _post_clean(self) -> None:
        for name in self.windows:
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                refuse_by_rule(self.instance)
            except ValidationError as error:
                for name, errors in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
                    self.add_error(name if name in self.fields else None, errors)

    def _get_validation_exclusions(self) -> set[str]:
        """A valid window's columns take part in the constraints, although the form has other fields for them."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {column for name in self.windows if name in self.cleaned_data for column in columns_of(name)}


class ServiceForm(PlainTextForm, forms.ModelForm):
    """A form whose record is written by a service when it is valid; a refusal becomes an error of the field it names.

    The admin runs the whole request in one transaction, so a refusal leaves nothing behind.
    """

    by: User
    # Made when the form is shown: the same form sent twice records once.
    form_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    # The names that the service gives to fields which are called otherwise here.
    called: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        capitalise(self)

    def write(self, cleaned: dict[str, Any]) -> models.Model:
        """Call the service with what was typed."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        """The service validates the record; Django's half-filled instance is not looked at."""
        if self.errors:
            return
        try:
            self.instance = self.write(self.cleaned_data)
        except DomainError as error:
            self._refuse(error.field, ValidationError(message_of(error), code=error.code))
        except ValidationError as error:
            for name, errors in getattr(error, "error_dict", {NON_FIELD_ERRORS: [error]}).items():
                self._refuse(name, errors)

    def _refuse(self, name: str, error: Any) -> None:
        name = self.called.get(name, name)
        self.add_error(name if name in self.fields else None, error)

    def save(self, commit: bool = True) -> Any:
        """The service has saved it."""
        return self.instance

    def save_m2m(self) -> None:
        """Nothing hangs on these records by many-to-many."""


class ReasonActionForm(ActionForm):
    """The form above a list, for actions that ask why."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


def amount_field(column: models.DecimalField) -> StrictAmountField:
    """The form field of a column that holds roubles or dollars."""
    return StrictAmountField(label=capfirst(column.verbose_name), required=not column.blank, help_text=column.help_text)
