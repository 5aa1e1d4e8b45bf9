"""Saved views: own, shared, default; who changes them, and that none breaks a page."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cluster.domain.access import Role
from cluster.models import SavedView
from cluster.services import views as services
from tests.cluster.web.place import Place, hidden, make_place, words
from tests.factories import hold_role, make_contract


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def save(place: Place, who: str = "editor", query: str = "sort=-late&late=1", *, page: str = "factories/", **data: str) -> Any:
    sent = {"address": f"{place.base}{page}?{query}", "name": "Late ones"} | data
    return place.client(who).post("/views/save/", sent)


def change(place: Place, view: SavedView, do: str, who: str = "editor", **data: str) -> Any:
    return place.client(who).post(f"/views/{view.pk}/", {"address": f"{place.base}factories/", "do": do} | data)


def test_filters_and_order_are_kept_without_the_day_and_the_page(place: Place) -> None:
    answer = save(place, query="sort=-late&late=1&q=&page=3&as_of=2025-06-30&saved=none")
    view = SavedView.objects.get()
    assert (view.user, view.contract, view.page) == (place.person("editor"), place.contract, "cluster:factories")
    assert view.query == "sort=-late&late=1"
    assert answer.url == f"{place.base}factories/?sort=-late&late=1&saved={view.pk}&as_of=2025-06-30"
    said = words(place.client().get(answer.url))
    assert "Late ones" in said
    assert "This view" in said


def test_the_same_name_is_overwritten_and_another_view_keeps_its_name(place: Place) -> None:
    save(place)
    save(place, query="stage=opened")
    view = SavedView.objects.get()
    assert view.query == "stage=opened"
    save(place, name="Other")
    change(place, view, "change", name="Other")
    assert {one.name for one in SavedView.objects.all()} == {"Late ones", "Other"}
    change(place, view, "change", name="  Opened \n ones ")
    view.refresh_from_db()
    assert view.name == "Opened ones"


@pytest.mark.parametrize("name", ["", " \u200b ", "x" * 81, "a\u202eb"])
def test_a_name_that_says_nothing_is_refused_where_it_was_typed(place: Place, name: str) -> None:
    answer = save(place, name=name, shared="1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert hidden(answer, "name") == name
    assert 'id="view-name-error"' in page
    assert re.search(r'id="view-shared"[^>]*checked', page)
    assert hidden(answer, "address") == f"{place.base}factories/?sort=-late&late=1"
    assert not SavedView.objects.exists()


def test_a_query_that_is_too_long_is_refused(place: Place) -> None:
    assert save(place, query="q=" + "x" * 2100).status_code == 422
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["", "https://elsewhere.example/", "//elsewhere.example/c/alpha/", "/c/alpha/calendar/", "/c/alpha/factories/?q=%00\x00", "[::"],
)
def test_only_a_list_of_this_site_has_views(place: Place, address: str) -> None:
    assert place.client().post("/views/save/", {"address": address, "name": "X"}).status_code == 404
    assert not SavedView.objects.exists()


def test_a_shared_view_is_for_all_who_see_the_contract_and_changed_by_its_owner_only(place: Place) -> None:
    save(place, shared="1")
    view = SavedView.objects.get()
    page = f"{place.base}factories/?saved=none"
    for who in ("controller", "auditor", "own"):
        assert "Late ones" in words(place.client(who).get(page))
        for do in ("change", "delete"):
            assert change(place, view, do, who, name="Mine now").status_code == 404
    assert change(place, view, "default", "outsider").status_code == 404
    view.refresh_from_db()
    assert view.name == "Late ones"
    change(place, view, "change", name="Late ones")
    assert "Late ones" not in words(place.client("controller").get(page))
    assert "Late ones" in words(place.client().get(page))


def test_who_may_not_comment_keeps_views_private(place: Place) -> None:
    save(place, "auditor", shared="1")
    assert not SavedView.objects.exists()
    save(place, "auditor")
    assert not SavedView.objects.get().is_shared
    assert "Share it" not in words(place.client("auditor").get(f"{place.base}factories/"))
    save(place, "own", shared="1")
    assert SavedView.objects.get(user=place.person("own")).is_shared


def test_an_outsider_saves_nothing(place: Place) -> None:
    assert save(place, "outsider").status_code == 404
    assert save(place, "anonymous").status_code == 302
    assert not SavedView.objects.exists()


class TestDefault:
    @pytest.fixture
    def view(self, place: Place) -> SavedView:
        save(place, shared="1")
        found = SavedView.objects.get()
        change(place, found, "default")
        return found

    def test_the_bare_address_opens_it_for_that_person_only(self, place: Place, view: SavedView) -> None:
        page = f"{place.base}factories/"
        answer = place.client().get(page)
        assert (answer.status_code, answer["Location"]) == (302, f"{page}?sort=-late&late=1&saved={view.pk}")
        assert place.client().get(f"{page}?as_of=2025-06-30")["Location"].endswith("&as_of=2025-06-30")
        assert place.client().get(f"{page}?saved=none").status_code == 200
        assert place.client().get(f"{page}?late=1").status_code == 200
        assert place.client("controller").get(page).status_code == 200
        assert place.client().get(f"{place.base}factories.csv").status_code == 200

    def test_there_is_one_and_it_can_be_given_up(self, place: Place, view: SavedView) -> None:
        save(place, name="Other", query="stage=opened")
        other = SavedView.objects.get(name="Other")
        change(place, other, "default")
        assert f"saved={other.pk}" in place.client().get(f"{place.base}factories/")["Location"]
        change(place, other, "no_default")
        assert place.client().get(f"{place.base}factories/").status_code == 200

    def test_that_of_another_contract_stays(self, place: Place, view: SavedView) -> None:
        other, by = make_contract(code="beta"), place.person("editor")
        hold_role(by, Role.EDITOR, contract=other)
        beside = services.save_view(page=view.page, contract_code="beta", name="There", query="late=1", is_shared=False, by=by)
        services.set_default_view(view_id=beside.pk, is_default=True, by=by)
        assert set(SavedView.objects.filter(default_for=by)) == {view, beside}
        services.set_default_view(view_id=beside.pk, is_default=False, by=by)
        assert list(SavedView.objects.filter(default_for=by)) == [view]

    def test_two_windows_set_it_one_after_the_other(self, place: Place, view: SavedView) -> None:
        with CaptureQueriesContext(connection) as taken:
            services.set_default_view(view_id=view.pk, is_default=True, by=place.person("editor"))
        said = [one["sql"] for one in taken]
        (held,) = [number for number, sql in enumerate(said) if "FOR UPDATE" in sql and "cluster_user" in sql]
        assert held < next(number for number, sql in enumerate(said) if sql.startswith("DELETE"))

    def test_another_persons_default_stays_until_the_view_is_shared_no_more(self, place: Place, view: SavedView) -> None:
        change(place, view, "default", "controller")
        change(place, view, "no_default")
        assert place.client("controller").get(f"{place.base}factories/").status_code == 302
        change(place, view, "change", name="Late ones")
        assert place.client("controller").get(f"{place.base}factories/").status_code == 200

    def test_the_way_to_all_rows_avoids_it(self, place: Place, view: SavedView) -> None:
        shown = place.client().get(f"{place.base}factories/", follow=True).content.decode()
        assert f'href="{place.base}factories/?saved=none"' in shown

    @pytest.mark.parametrize(("page", "query"), [("factories/", "sort=-gone"), ("ledger/", "amount_from=1,234"), ("delays/", "kind=gone")])
    def test_one_that_no_longer_fits_shows_the_plain_page(self, place: Place, page: str, query: str) -> None:
        save(place, page=page, query=query, name="Old")
        old = SavedView.objects.get(name="Old")
        change(place, old, "default")
        answer = place.client().get(place.base + page, follow=True)
        assert answer.status_code == 200
        assert [url for url, _status in answer.redirect_chain][-1] == f"{place.base}{page}?saved=none"
        assert "no longer fits" in words(answer)
        assert place.client().get(f"{place.base}{page}?{query}").status_code == 400


def test_a_deleted_view_is_gone_for_all(place: Place) -> None:
    save(place, shared="1")
    view = SavedView.objects.get()
    change(place, view, "default", "controller")
    change(place, view, "delete")
    assert not SavedView.objects.exists()
    assert place.client("controller").get(f"{place.base}factories/").status_code == 200


def test_nobody_keeps_more_than_fit_a_page(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_VIEWS", 1)
    save(place, name="One")
    save(place, name="Two")
    save(place, name="One", query="stage=opened")
    assert [(view.name, view.query) for view in SavedView.objects.all()] == [("One", "stage=opened")]


def test_views_of_pages_of_no_contract(place: Place) -> None:
    place.client().post("/views/save/", {"address": "/contracts/?sort=-name", "name": "By name", "shared": "1"})
    assert not SavedView.objects.exists(), "sharing with everybody needs a role over everything"
    place.client().post("/views/save/", {"address": "/contracts/?sort=-name", "name": "By name"})
    assert SavedView.objects.get().contract is None


def test_a_page_pays_one_statement_for_its_views(place: Place, django_assert_max_num_queries: Any) -> None:
    def statements() -> int:
        browser: Client = place.client()
        with django_assert_max_num_queries(40) as found:
            assert browser.get(f"{place.base}factories/?saved=none").status_code == 200
        return len([one for one in found.captured_queries if "savedview" in one["sql"]])

    assert statements() == 1
    for number in range(5):
        save(place, name=f"View {number}", shared="1")
    assert statements() == 1
