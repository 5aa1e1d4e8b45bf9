"""Saved views: everybody keeps own ones; who may comment shares them with all who see the contract; a page has one default for each."""

from django.db import transaction

from cluster.domain.access import Action
from cluster.domain.errors import DomainError, Forbidden, NotFound
from cluster.domain.texts import is_plain, visible
from cluster.models import Contract, SavedView, User

MOST_VIEWS = 40
_LONGEST_NAME, _LONGEST_QUERY = 80, 2000


@transaction.atomic
def save_view(*, page: str, contract_code: str, name: str, query: str, is_shared: bool, by: User) -> SavedView:
    """Keep filters and order of a page under a name; an own view of that name is overwritten.

    `page` is the name of an address that has lists, `contract_code` is empty for pages of no contract. Raises NotFound for a contract
    out of sight, Forbidden for sharing without the right to comment, DomainError for a name or a query that cannot be kept.
    """
    contract = _contract(contract_code, by)
    _one_after_another(by)
    if len(query) > _LONGEST_QUERY or not is_plain(query):
        raise DomainError("These filters are too long to be kept under a name.", field="query", code="query")
    view = SavedView.objects.filter(user=by, page=page, contract=contract, name=_named(name)).first()
    if view is None:
        if SavedView.objects.filter(user=by, page=page, contract=contract).count() >= MOST_VIEWS:
            raise DomainError("You have {most} views of this page: delete one that you no longer need.", code="too_many", most=MOST_VIEWS)
        view = SavedView(user=by, page=page, contract=contract, name=_named(name))
    if is_shared and not view.is_shared:
        _require_sharing(by, contract)
    view.query, view.is_shared = query, is_shared
    view.save()
    return view


@transaction.atomic
def change_view(*, view_id: int, name: str, is_shared: bool, by: User) -> SavedView:
    """Rename an own view, share it or keep it to oneself. NotFound for a view that is not one's own."""
    _one_after_another(by)
    view, name = _own(view_id, by), _named(name)
    if SavedView.objects.filter(user=by, page=view.page, contract=view.contract, name=name).exclude(pk=view.pk).exists():
        raise DomainError("Another view of yours has this name.", field="name", code="taken")
    if is_shared and not view.is_shared:
        _require_sharing(by, view.contract)
    view.name, view.is_shared = name, is_shared
    view.save()
    return view


@transaction.atomic
def delete_view(*, view_id: int, by: User) -> str:
    """Take an own view away, for all who use it; returns its name. NotFound for a view that is not one's own."""
    view = _own(view_id, by)
    view.delete()
    return view.name


@transaction.atomic
def set_default_view(*, view_id: int, is_default: bool, by: User) -> SavedView:
    """Open a page with this view from now on, own or shared, or no longer: nobody else's default changes."""
    _one_after_another(by)
    view = SavedView.objects.for_reader(by).filter(pk=view_id).first()
    if view is None:
        raise NotFound("There is no such view.")
    SavedView.default_for.through.objects.filter(
        user=by, savedview__in=SavedView.objects.filter(page=view.page, contract=view.contract)
    ).delete()
    if is_default:
        view.default_for.add(by)
    return view


def may_share(by: User, contract: Contract | None) -> bool:
    """Whether `by` may show a view to others: whoever may comment on anything of the contract, or everywhere for pages of none."""
    factories: list[int | None] = [None, *by.scope.factories]
    return any(by.scope.may(Action.COMMENT, contract=contract.pk if contract else None, factory=factory) for factory in factories)


def _one_after_another(by: User) -> None:
    """Two windows of one person write one after the other: names stay different, and the number of views is counted."""
    User.objects.select_for_update().get(pk=by.pk)


def _require_sharing(by: User, contract: Contract | None) -> None:
    if not may_share(by, contract):
        raise Forbidden("Your role does not allow sharing a view: keep it to yourself.")


def _contract(code: str, by: User) -> Contract | None:
    if not code:
        if by.scope.is_empty:
            raise NotFound("There is no such page here.")
        return None
    contract = Contract.objects.for_reader(by).filter(code=code).first()
    if contract is None:
        raise NotFound("There is no contract “{contract}”.", field="contract", contract=code)
    return contract


def _own(view_id: int, by: User) -> SavedView:
    view = SavedView.objects.select_related("contract").filter(pk=view_id, user=by).first()
    if view is None:
        raise NotFound("There is no such view.")
    return view


def _named(name: str) -> str:
    text = " ".join(name.split())
    if not visible(text).strip():
        raise DomainError("Give the view a name.", field="name", code="required")
    if len(text) > _LONGEST_NAME or not is_plain(text):
        raise DomainError("A name has at most {most} letters and no control characters.", field="name", code="name", most=_LONGEST_NAME)
    return text
