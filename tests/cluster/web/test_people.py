"""Accounts and roles on staff pages: who reads and writes them, the last administrator, superusers, passwords, the own account."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cluster.domain.access import Role
from cluster.domain.errors import DomainError
from cluster.models import Contract, Factory, Membership, User
from cluster.services.access import ensure_roles
from cluster.services.people import give_role, take_role
from tests.cluster.web.place import title, words
from tests.cluster.web.test_forecast_form import boxes
from tests.factories import hold_role, make_contract, make_factory, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def enter(person: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(person)
    return client


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN, username="chief", first_name="Анна", last_name="Главная")


@pytest.fixture
def factory() -> Factory:
    return make_factory(make_contract(code="alpha"), code="F01")


def filled(**changes: Any) -> dict[str, Any]:
    """A new account as a browser sends it."""
    return {
        "username": "petrov", "last_name": "Петров", "first_name": "Пётр", "email": "petrov@example.org", "language": "ru",
        "time_zone": "Europe/Kaliningrad", "is_active": "on", "reason": "",
    } | changes  # fmt: skip


class TestWhoMay:
    @pytest.mark.parametrize(
        ("role", "reads", "writes"),
        [(Role.ADMIN, 200, 200), (Role.AUDITOR, 200, 403), (Role.EDITOR, 403, 403), (Role.CONTROLLER, 403, 403), (None, 404, 404)],
    )
    def test_by_a_role_over_everything(self, role: Role | None, reads: int, writes: int) -> None:
        other, client = make_user(Role.CONTROLLER), enter(make_user(role))
        for path in ("/people/", f"/people/{other.pk}/"):
            assert client.get(path).status_code == reads, path
        held = other.memberships.get()
        for path in ("new/", f"{other.pk}/edit/", f"{other.pk}/roles/give/", f"{other.pk}/roles/{held.pk}/take/"):
            assert client.get("/people/" + path).status_code == writes, path
        assert client.post("/people/new/", filled()).status_code == (302 if writes == 200 else writes)
        assert client.post(f"/people/{other.pk}/password/").status_code == writes
        assert client.post(f"/people/{other.pk}/roles/{held.pk}/take/", {}).status_code == (302 if writes == 200 else writes)
        assert User.objects.filter(username="petrov").exists() == (writes == 200) != Membership.objects.filter(pk=held.pk).exists()
        assert ('href="/people/"' in client.get("/me/").content.decode()) is (reads == 200)

    def test_an_administrator_of_one_contract_and_a_manager_are_refused_and_a_stranger_logs_in_first(self, factory: Factory) -> None:
        for person in (make_user(Role.ADMIN, contract=factory.contract), make_user(Role.MANAGER, factory=factory)):
            assert enter(person).get("/people/").status_code == 403
        for path in ("/people/", "/people/new/", "/me/", "/me/password/"):
            assert Client().get(path)["Location"].startswith("/login/")

    def test_nobody_is_found_at_an_id_that_nobody_has(self, admin: User) -> None:
        for path in ("0/", f"{10**30}/", "0/edit/", "0/roles/give/", f"{admin.pk}/roles/0/take/"):
            assert enter(admin).get("/people/" + path).status_code == 404, path


class TestList:
    def test_it_tells_names_roles_and_the_last_login_within_its_budget(
        self, admin: User, factory: Factory, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(30):
            person = make_user(Role.MANAGER, factory=factory, last_name=f"Name {number}")
            hold_role(person, Role.CONTROLLER)
        client = enter(admin)
        client.get("/me/")
        with django_assert_max_num_queries(12):
            text = words(client.get("/people/"))
        assert "Name 29" in text
        assert "plant manager, F01 · alpha" in text
        assert "never" in text

    def test_people_are_found_by_name_role_and_state(self, admin: User) -> None:
        make_user(Role.AUDITOR, username="inspector", first_name="Иван", last_name="Зоркий")
        make_user(Role.CONTROLLER, username="gone", is_active=False)
        client = enter(admin)
        for query, names in {
            "q=зоркий+иван": {"inspector"}, "role=auditor": {"inspector"}, "q=inspector@example.org": {"inspector"},
            "state=closed": {"gone"}, "state=all": {"chief", "inspector", "gone"}, "": {"chief", "inspector"},
        }.items():  # fmt: skip
            page = client.get(f"/people/?{query}").content.decode()
            assert {name for name in ("chief", "inspector", "gone") if f">{name}<" in page.partition("<table")[2]} == names, query
        assert client.get("/people/?role=god").status_code == 400
        assert client.get("/people/?page=9999999999&q=%27%25").status_code == 200


class TestAccounts:
    def test_a_person_is_made_once_without_a_password(self, admin: User) -> None:
        client = enter(admin)
        for _ in range(2):
            answer = client.post("/people/new/", filled(reason="joins the office"))
            made = User.objects.get(username="petrov")
            assert answer["Location"] == f"/people/{made.pk}/"
        assert (made.get_full_name(), made.email, made.has_usable_password(), made.is_superuser) == (
            "Пётр Петров",
            "petrov@example.org",
            False,
            False,
        )
        text = words(client.get(f"/people/{made.pk}/"))
        assert "joins the office" in text
        assert "whoever logs in under this name sees nothing" in text

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"username": ""}, "id_username", "Fill in “User name”."),
            ({"username": "a b"}, "id_username", "Enter a valid username"),
            ({"username": "CHIEF"}, "id_username", "There is somebody of this user name already."),
            ({"email": "nowhere"}, "id_email", "Enter a valid email address."),
            ({"time_zone": "Mars/Base"}, "id_time_zone", "Select a valid choice."),
            ({"language": "tlh"}, "id_language", "Select a valid choice."),
            ({"last_name": "a\u202eb"}, "id_last_name", "control characters"),
        ],
    )
    def test_what_is_refused_stands_above_and_at_the_box(self, admin: User, changes: dict[str, str], box: str, sentence: str) -> None:
        answer = enter(admin).post("/people/new/", filled(**{"first_name": "Typed with care"} | changes))
        assert (answer.status_code, title(answer).split()[0]) == (422, "Error:")
        assert f'href="#{box}"' in answer.content.decode()
        assert words(answer).count(sentence) >= 2
        assert "Typed with care" in answer.content.decode()
        assert User.objects.count() == 1
        assert title(enter(admin, "ru").post("/people/new/", filled(**changes))).startswith("Ошибка: ")

    def test_nothing_more_is_written_than_the_form_asks(self, admin: User) -> None:
        client, other = enter(admin), make_user()
        client.post("/people/new/", filled(is_superuser="on", is_staff="on", password="x", pk=other.pk))
        path = f"/people/{other.pk}/edit/"
        assert client.post(path, boxes(client.get(path)) | {"is_active": "on", "is_superuser": "on", "username": "root"}).status_code == 302
        assert not User.objects.filter(is_superuser=True).exists()
        assert not User.objects.filter(username="root").exists()

    def test_two_people_change_one_account(self, admin: User) -> None:
        other = make_user(Role.EDITOR, last_name="Old")
        path, client = f"/people/{other.pk}/edit/", enter(admin)
        mine = boxes(client.get(path)) | {"is_active": "on"}
        assert client.post(path, mine | {"last_name": "Theirs", "first_name": "Their"}).status_code == 302
        answer = client.post(path, mine | {"last_name": "Mine", "email": "mine@example.org"})
        assert (answer.status_code, title(answer).split()[0]) == (409, "Conflict:")
        assert "Last name Old Theirs Mine" in words(answer)
        merged = boxes(answer) | {"is_active": "on"}
        assert (merged["first_name"], merged["email"]) == ("Their", "mine@example.org")
        assert client.post(path, merged | {"take_last_name": "theirs"}).status_code == 302
        other.refresh_from_db()
        assert (other.last_name, other.first_name, other.email) == ("Theirs", "Their", "mine@example.org")


class TestRoles:
    @pytest.mark.parametrize("place", [{}, {"contract": "alpha"}])
    def test_a_plant_manager_is_given_one_factory_and_not_by_a_slip_all_of_them(
        self, admin: User, factory: Factory, place: dict[str, str]
    ) -> None:
        other, client = make_user(), enter(admin)
        answer = client.post(f"/people/{other.pk}/roles/give/", {"role": "manager"} | place)
        assert answer.status_code == 422
        assert "A plant manager answers for one factory" in words(answer)
        assert not other.memberships.exists()
        given = {"role": "manager", "contract": "alpha", "factory": "f01"}
        assert client.post(f"/people/{other.pk}/roles/give/", given).status_code == 302
        assert other.memberships.get().factory == factory

    def test_a_role_is_given_once_and_told_with_who_gave_it(self, admin: User, factory: Factory) -> None:
        ensure_roles()
        other, client = make_user(last_name="Заводской"), enter(admin)
        data = {"role": "manager", "contract": "alpha", "factory": "F01", "reason": "appointed"}
        for _ in range(2):
            assert client.post(f"/people/{other.pk}/roles/give/", data)["Location"] == f"/people/{other.pk}/"
        held = other.memberships.get()
        assert (held.group.name, held.contract, held.factory) == ("manager", factory.contract, factory)
        assert [group.name for group in other.groups.all()] == ["manager"]
        assert enter(other).get("/c/alpha/factories/F01/").status_code == 200
        client.post(f"/people/{other.pk}/roles/{held.pk}/take/", {"reason": "left"})
        text = words(enter(make_user(Role.AUDITOR)).get(f"/people/{other.pk}/"))
        assert re.search(r"Plant manager .{0,60}F01.{0,30} taken back .{0,40}Анна Главная · reason: left", text)
        assert re.search(r"Plant manager .{0,60}F01.{0,30} given .{0,40}Анна Главная · reason: appointed", text)
        assert not other.groups.exists()
        assert client.get(f"/people/{other.pk}/roles/{held.pk}/take/").status_code == 404

    @pytest.mark.parametrize(
        ("changes", "box", "sentence"),
        [
            ({"role": ""}, "id_role", "Fill in “Role”."),
            ({"role": "god"}, "id_role", "Select a valid choice."),
            ({"contract": "beta"}, "id_contract", "There is no contract of this code."),
            ({"contract": "", "factory": "F01"}, "id_factory", "Name the factory"),
            ({"factory": "F99"}, "id_factory", "The contract has no factory of this code."),
        ],
    )
    def test_what_is_refused_stands_above_and_at_the_box(
        self, admin: User, factory: Factory, changes: dict[str, str], box: str, sentence: str
    ) -> None:
        other = make_user()
        data = {"role": "editor", "contract": "alpha", "factory": ""} | changes
        answer = enter(admin).post(f"/people/{other.pk}/roles/give/", data)
        assert (answer.status_code, title(answer).split()[0]) == (422, "Error:")
        assert re.search(rf'href="#{box}(_0)?"', answer.content.decode())
        assert sentence in words(answer)
        assert not other.memberships.exists()

    def test_the_form_says_what_each_role_sees_and_does(self, admin: User) -> None:
        text = words(enter(admin).get(f"/people/{make_user().pk}/roles/give/"))
        assert "auditor: sees everything, with names and history; changes nothing" in text


class TestLastAdministrator:
    def test_nobody_takes_the_own_role_or_closes_the_own_account(self, admin: User) -> None:
        make_user(Role.ADMIN)
        client, held = enter(admin), admin.memberships.get()
        answer = client.post(f"/people/{admin.pk}/roles/{held.pk}/take/", {})
        assert answer.status_code == 422
        assert "You would no longer be an administrator: let another one do that." in words(answer)
        path = f"/people/{admin.pk}/edit/"
        answer = client.post(path, {name: value for name, value in boxes(client.get(path)).items() if name != "is_active"})
        assert answer.status_code == 422
        assert 'href="#id_is_active"' in answer.content.decode()
        admin.refresh_from_db()
        assert admin.is_active
        assert admin.memberships.exists()

    def test_the_last_one_stays_and_another_one_may_go(self, admin: User) -> None:
        other, superuser = make_user(Role.ADMIN), make_user(is_superuser=True)
        held, last = other.memberships.get(), admin.memberships.get()
        take_role(membership_id=held.pk, by=admin)
        User.objects.filter(pk=superuser.pk).update(is_active=False)
        with pytest.raises(DomainError, match="last administrator"):
            take_role(membership_id=last.pk, by=superuser)
        give_role(person_id=other.pk, role=Role.ADMIN, by=admin)
        take_role(membership_id=last.pk, by=other)
        assert list(Membership.objects.values_list("user", flat=True)) == [other.pk]

    def test_a_role_over_a_contract_or_an_account_without_login_keeps_nobody_an_administrator(self, admin: User) -> None:
        other = make_user(Role.ADMIN, is_active=False)
        give_role(person_id=admin.pk, role=Role.ADMIN, contract_id=Contract.objects.create(code="beta", name_ru="Бета").pk, by=admin)
        everything = admin.memberships.get(contract=None)
        superuser = make_user(is_superuser=True)
        User.objects.filter(pk=superuser.pk).update(is_active=False)
        with pytest.raises(DomainError, match="last administrator"):
            take_role(membership_id=everything.pk, by=superuser)
        assert other.memberships.exists()

    def test_the_admin_site_keeps_the_same_rule(self, admin: User) -> None:
        ensure_roles()
        hold_role(admin, Role.ADMIN)
        client, held = enter(admin), admin.memberships.get()
        change = reverse("admin:cluster_membership_change", args=[held.pk])
        editor = make_user(Role.EDITOR).memberships.get().group
        answer = client.post(change, {"user": admin.pk, "group": editor.pk, "contract": "", "factory": ""})
        assert "You would no longer be an administrator" in words(answer)
        assert client.post(reverse("admin:cluster_membership_delete", args=[held.pk]), {"post": "yes"}).status_code == 403
        account = reverse("admin:cluster_user_change", args=[admin.pk])
        sent = {"username": "chief", "language": "ru", "time_zone": "Europe/Kaliningrad"}
        sent |= {f"memberships-{part}_FORMS": "0" for part in ("TOTAL", "INITIAL")}
        assert "You would no longer be an administrator" in words(client.post(account, sent))
        held.refresh_from_db()
        admin.refresh_from_db()
        assert (held.group.name, admin.is_active) == ("admin", True)


class TestSuperusers:
    def test_only_a_superuser_changes_one(self, admin: User) -> None:
        root = make_user(Role.AUDITOR, username="root", is_superuser=True)
        held = root.memberships.get()
        paths = ("edit/", "roles/give/", f"roles/{held.pk}/take/")
        for path in paths:
            assert enter(admin).get(f"/people/{root.pk}/{path}").status_code == 403, path
        assert enter(admin).post(f"/people/{root.pk}/password/").status_code == 403
        with pytest.raises(DomainError, match="superuser"):
            give_role(person_id=root.pk, role=Role.EDITOR, by=admin)
        text = words(enter(admin).get(f"/people/{root.pk}/"))
        assert "Superuser" in text
        assert "Change the account" not in text
        for path in paths:
            assert enter(make_user(is_superuser=True)).get(f"/people/{root.pk}/{path}").status_code == 200, path


class TestPasswords:
    def test_the_link_sets_a_password_once_and_nobody_else_sees_it(self, admin: User, settings: Any) -> None:
        enter(admin).post("/people/new/", filled())
        made = User.objects.get(username="petrov")
        answer = enter(admin).post(f"/people/{made.pk}/password/")
        assert "no-store" in answer["Cache-Control"]
        found = re.search(rf"{settings.SITE_URL}(/password/[^<]+)", answer.content.decode())
        assert found
        assert "/password/" + found[1].split("/")[2] not in enter(admin).get(f"/people/{made.pk}/").content.decode()
        stranger = Client(headers={"accept-language": "en"})
        form = stranger.get(found[1])["Location"]
        short = stranger.post(form, {"new_password1": "short", "new_password2": "short"})
        assert (short.status_code, title(short).split()[0]) == (422, "Error:")
        assert 'href="#id_new_password2"' in short.content.decode()
        assert "no-store" in stranger.get(form)["Cache-Control"]
        assert stranger.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})["Location"] == "/login/"
        assert stranger.login(username="petrov", password=PASSWORD)
        assert "This link is used up" in words(Client(headers={"accept-language": "en"}).get(found[1]))

    def test_the_link_leads_to_this_site_whatever_host_was_asked(self, admin: User, settings: Any) -> None:
        settings.SITE_URL, settings.ALLOWED_HOSTS = "https://cluster.example", ["*"]
        other = make_user()
        answer = enter(admin).post(f"/people/{other.pk}/password/", headers={"host": "evil.example"}).content.decode()
        assert "https://cluster.example/password/" in answer
        assert "//evil.example/password/" not in answer

    def test_a_closed_account_gets_no_link(self, admin: User) -> None:
        other = make_user(is_active=False)
        answer = enter(admin).post(f"/people/{other.pk}/password/", follow=True)
        assert "This account is closed" in words(answer)
        assert "/password/M" not in answer.content.decode()

    def test_everybody_changes_the_own_password(self) -> None:
        person = make_user(password=PASSWORD)
        client = enter(person)
        wrong = client.post("/me/password/", {"old_password": "x", "new_password1": PASSWORD + "1", "new_password2": PASSWORD + "1"})
        assert wrong.status_code == 422
        assert 'href="#id_old_password"' in wrong.content.decode()
        sent = {"old_password": PASSWORD, "new_password1": PASSWORD + "1", "new_password2": PASSWORD + "1"}
        assert "The new password is set" in words(client.post("/me/password/", sent, follow=True))
        person.refresh_from_db()
        assert person.check_password(PASSWORD + "1")


class TestOwnAccount:
    def test_language_and_zone_are_chosen_and_the_page_speaks_the_language(self, factory: Factory) -> None:
        person = make_user(Role.MANAGER, factory=factory, first_name="Old", language="ru")
        client = enter(person)
        page = client.get("/me/")
        assert "Plant manager, F01" in words(page)
        assert "Sees the factory it is given over" in words(page)
        sent = boxes(page) | {"language": "en", "time_zone": "Asia/Omsk", "first_name": "New", "is_superuser": "on"}
        answer = client.post("/me/", sent)
        assert (answer["Location"], answer.cookies["django_language"].value) == ("/me/", "en")
        person.refresh_from_db()
        assert (person.language, person.time_zone, person.first_name, person.is_superuser) == ("en", "Asia/Omsk", "Old", False)

    def test_what_is_no_zone_is_refused_and_somebody_elses_change_is_merged(self) -> None:
        person = make_user(language="ru")
        client = enter(person)
        sent = boxes(client.get("/me/"))
        refused = client.post("/me/", sent | {"time_zone": "Nowhere"})
        assert (refused.status_code, title(refused).split()[0]) == (422, "Error:")
        assert 'href="#id_time_zone"' in refused.content.decode()
        User.objects.filter(pk=person.pk).update(language="en")
        answer = client.post("/me/", sent | {"time_zone": "Asia/Omsk"})
        assert (answer.status_code, boxes(answer)["language"]) == (409, "en")

    def test_without_a_role_the_page_says_whom_to_ask(self) -> None:
        assert "ask an administrator" in words(enter(make_user()).get("/me/"))
