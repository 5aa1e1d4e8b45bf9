"""People: their accounts and roles, which administrators of everything write and auditors read, and everybody's own page."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from cluster.domain.access import Role
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.models import Contract, Membership, User
from cluster.models.form_fields import message_of
from cluster.models.role_names import ROLE_NAMES, role_name
from cluster.queries.accounts import account, accounts, memberships, role_events, writes_accounts
from cluster.queries.history import record_history
from cluster.services.people import OWN, add_person, change_own_settings, change_person, give_role, password_path, take_role
from cluster.web.door import page, reader_of
from cluster.web.editing import Editing, adding, attempt, changing
from cluster.web.filters import chosen, paged, typed
from cluster.web.forms.people import PERSON_FIELDS, FirstPasswordForm, NewPersonForm, OwnPasswordForm, OwnSettingsForm, PersonForm, RoleForm
from cluster.web.lists import Column, Filter, Kind, Listed, Listing, opens_saved
from cluster.web.pages.milestone_forms import removing

ROWS_ON_A_PAGE = 50
CHANGES = 20
# So many contracts are offered while their code is typed; others are found by it all the same.
CONTRACTS_OFFERED = 50
_ACTIVE = {"open": True, "closed": False, "all": None}
_STATES = [("open", gettext_lazy("may log in")), ("closed", gettext_lazy("closed")), ("all", gettext_lazy("all"))]


def _roles(person: User) -> str:
    """The roles held, each with the codes of what it is over; a superuser's too."""
    places = [(one, [part.code for part in (one.factory, one.contract) if part]) for one in person.memberships.all()]
    held = [" ".join([role_name(one.group.name), *codes]) for one, codes in places]
    return ", ".join([*([gettext("superuser")] if person.is_superuser else []), *held])


PEOPLE = Listing(
    page="cluster:people",
    title=gettext_lazy("People"),
    order="name",
    columns=(
        Column(
            "name",
            pgettext_lazy("of a person", "Name"),
            value=lambda one: one.get_full_name() or None,
            by=("last_name", "first_name", "username"),
        ),
        Column("username", gettext_lazy("User name"), value=lambda person: person.username, on_page=False),
        Column("email", gettext_lazy("E-mail"), value=lambda person: person.email or None, by=("email",)),
        Column("roles", gettext_lazy("Roles"), value=lambda person: _roles(person) or None),
        Column("login", gettext_lazy("Last login"), Kind.MOMENT, lambda person: person.last_login, by=("last_login",)),
        Column("state", gettext_lazy("Account"), value=lambda one: dict(_STATES)["open" if one.is_active else "closed"], on_page=False),
    ),
    filters=(
        Filter("q", gettext_lazy("Name or e-mail")),
        Filter("role", gettext_lazy("Role"), lambda: [(each.value, name) for each, name in ROLE_NAMES.items()]),
        Filter("state", gettext_lazy("Account"), lambda: _STATES),
    ),
)


@page
@require_safe
@opens_saved(PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with an account: name, e-mail, roles, the last login; found by name, role and state."""
    listed, rows = _listed(request)
    context = {
        "found": paged(request, rows, ROWS_ON_A_PAGE),
        "listed": listed,
        "text": typed(request),
        "role": request.GET.get("role", ""),
        "roles": [(each.value, name) for each, name in ROLE_NAMES.items()],
        "state": request.GET.get("state", "").strip() or "open",
        "states": _STATES,
        "may_write": writes_accounts(reader_of(request)),
    }
    return render(request, "cluster/people.html", context)


@page
@require_safe
def people_file(request: HttpRequest, form: str) -> HttpResponse:
    """The same as a file."""
    listed, rows = _listed(request)
    return listed.file(form, rows, name="people")


def _listed(request: HttpRequest) -> "tuple[Listed, QuerySet[User]]":
    role = chosen(request, "role", [each.value for each in Role])
    state = chosen(request, "state", list(_ACTIVE), "open")
    rows = accounts(reader_of(request), text=typed(request), role=role, active=_ACTIVE[state])
    listed = PEOPLE.asked(request)
    return listed, rows.order_by(*listed.order_by())


@page
@require_safe
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One account: its roles and what they mean, who gave them, and what was changed."""
    reader = reader_of(request)
    return render(request, "cluster/person.html", _about(reader, account(reader, person_id)))


@page
def new_person(request: HttpRequest) -> HttpResponse:
    """An account to make."""
    reader = _administrator(request)

    def save(values: dict[str, Any], version: int, reason: str) -> User:
        return add_person(values, by=reader, reason=reason)

    context = {
        "title": gettext("New person"),
        "lede": gettext("Afterwards give a role, and pass on the link with which the person sets a password."),
        "submit": gettext("Make the account"),
        **_up(),
    }
    return adding(request, Editing(NewPersonForm, ("username", *PERSON_FIELDS), context), save, lambda made: _saved(request, made))


@page
def edit_person(request: HttpRequest, person_id: int) -> HttpResponse:
    """What is known of a person: change it."""
    reader = _administrator(request)
    found = account(reader, person_id)
    _refuse_superuser(reader, found)

    def save(values: dict[str, Any], version: int, reason: str) -> User:
        return change_person(values, person_id=found.pk, by=reader, version=version, reason=reason)

    context = {"title": gettext("Change the account"), "lede": _name(found), "submit": gettext("Save the changes"), **_up(found)}
    return changing(request, found, Editing(PersonForm, PERSON_FIELDS, context), save, lambda saved: _saved(request, saved))


@page
def give(request: HttpRequest, person_id: int) -> HttpResponse:
    """A role to give: which, over what, and why."""
    reader = _administrator(request)
    found = account(reader, person_id)
    _refuse_superuser(reader, found)
    form = RoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        place = {"contract_id": getattr(given["contract"], "pk", None), "factory_id": getattr(given["factory"], "pk", None)}
        held = attempt(form, lambda: give_role(person_id=found.pk, role=Role(given["role"]), by=reader, reason=given["reason"], **place))
        if held is not None:
            said = gettext("%(person)s now holds the role %(role)s.") % {"person": _name(found), "role": role_name(held.group.name)}
            messages.success(request, said)
            return redirect("cluster:person", found.pk)
    contracts = Contract.objects.for_reader(reader).order_by("is_example", "code")[:CONTRACTS_OFFERED]
    context = {"form": form, "person": found, "title": gettext("Give a role"), "contracts": contracts, **_up(found)}
    return render(request, "cluster/give_role.html", context, status=422 if form.errors else 200)


@page
def take(request: HttpRequest, person_id: int, membership_id: int) -> HttpResponse:
    """A role to take back, once the administrator has said so."""
    reader = _administrator(request)
    found = account(reader, person_id)
    _refuse_superuser(reader, found)
    held = next((one for one in found.memberships.all() if one.pk == membership_id), None)
    if held is None:
        raise NotFound("This role was taken back already.")

    def remove(version: int, reason: str) -> None:
        take_role(membership_id=held.pk, by=reader, reason=reason)

    said = {"person": _name(found), "role": role_name(held.group.name), "place": _place(held)}
    context = {
        "title": gettext("Take the role back"),
        "question": gettext("%(person)s will no longer hold the role %(role)s (%(place)s). The history keeps that it was held.") % said,
        **_up(found),
    }
    done = gettext("%(person)s no longer holds the role %(role)s (%(place)s).") % said
    return removing(request, 0, remove, context, done=done, after=reverse("cluster:person", args=[found.pk]))


@page
@require_POST
@never_cache
def password_link(request: HttpRequest, person_id: int) -> HttpResponse:
    """The address at which the person sets a password, shown to the administrator this once."""
    reader = _administrator(request)
    found = account(reader, person_id)
    context = _about(reader, found)
    try:
        parts = password_path(person_id=found.pk, by=reader)
    except Forbidden:
        raise
    except DomainError as error:
        messages.error(request, message_of(error))
        return redirect("cluster:person", found.pk)
    context["link"] = settings.SITE_URL + reverse("cluster:set_password", args=parts)
    return render(request, "cluster/person.html", context)


@page
def me(request: HttpRequest) -> HttpResponse:
    """The own account: language and time zone to choose, the roles held and what they mean, ways to the password and to letters."""
    reader = reader_of(request)
    now = User.objects.get(pk=reader.pk)

    def save(values: dict[str, Any], version: int, reason: str) -> User:
        return change_own_settings(values, by=reader, version=version)

    def done(saved: User) -> str:
        with translation.override(saved.language):
            messages.success(request, gettext("Your settings are saved."))
        return reverse("cluster:me")

    context = {"memberships": memberships().filter(user=reader), "title": gettext("My account"), "back": reverse("cluster:me")}
    answer = changing(request, now, Editing(OwnSettingsForm, OWN, context, template="cluster/me.html"), save, done)
    if answer.status_code == 302:
        now.refresh_from_db()
        cookie: dict[str, Any] = {
            "max_age": settings.LANGUAGE_COOKIE_AGE,
            "path": settings.LANGUAGE_COOKIE_PATH,
            "domain": settings.LANGUAGE_COOKIE_DOMAIN,
            "secure": settings.LANGUAGE_COOKIE_SECURE,
            "httponly": settings.LANGUAGE_COOKIE_HTTPONLY,
            "samesite": settings.LANGUAGE_COOKIE_SAMESITE,
        }
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, now.language, **cookie)
    return answer


class _PasswordPage:
    """Mixed into Django's pages of passwords: what is refused is a 422, and what follows says so."""

    said: Any = ""

    def form_invalid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)  # type: ignore[misc]
        answer.status_code = 422
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        messages.success(self.request, self.said)  # type: ignore[attr-defined]
        return answer


class OwnPassword(_PasswordPage, PasswordChangeView):
    """A new password for whoever knows the old one."""

    form_class = OwnPasswordForm
    template_name = "cluster/own_password.html"
    success_url = reverse_lazy("cluster:me")
    said = gettext_lazy("The new password is set; other browsers are logged out.")


class SetPassword(_PasswordPage, PasswordResetConfirmView):
    """A password by the link that an administrator passed on."""

    form_class = FirstPasswordForm
    template_name = "cluster/set_password.html"
    success_url = reverse_lazy("login")
    said = gettext_lazy("The password is set: log in with it.")


def _administrator(request: HttpRequest) -> User:
    """The reader, who may write accounts. Raises NotFound for those without a role, Forbidden for others."""
    reader = reader_of(request)
    accounts(reader)
    if not writes_accounts(reader):
        raise Forbidden("Your role does not allow this.")
    return reader


def _refuse_superuser(reader: User, found: User) -> None:
    if found.is_superuser and not reader.is_superuser:
        raise Forbidden("Only a superuser may change a superuser.")


def _about(reader: User, found: User) -> dict[str, Any]:
    return {
        "person": found,
        "name": _name(found),
        "events": role_events(found),
        "changes": record_history(record=found, limit=CHANGES),
        "may_write": writes_accounts(reader) and (reader.is_superuser or not found.is_superuser),
    }


def _up(found: User | None = None) -> dict[str, str]:
    """The way back: to a person, else to all of them."""
    address = reverse("cluster:person", args=[found.pk]) if found else reverse("cluster:people")
    return {"up": _name(found) if found else gettext("People"), "up_url": address, "back": address}


def _name(found: User) -> str:
    return found.get_full_name() or found.username


def _place(held: Membership) -> str:
    return str(held.factory or held.contract or gettext("everything"))


def _saved(request: HttpRequest, saved: User) -> str:
    messages.success(request, gettext("Saved: %(record)s.") % {"record": _name(saved)})
    return reverse("cluster:person", args=[saved.pk])
