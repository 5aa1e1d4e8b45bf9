"""Scopes: what a set of memberships lets a person see and do."""

from cluster.domain.access import Action, Grant, Role, Scope


def test_nobody_sees_or_does_anything_without_a_role() -> None:
    stranger = Scope()
    assert stranger.is_empty
    assert not stranger.sees_everything
    assert not any(stranger.may(action, contract=1, factory=1) for action in Action)


def test_a_plant_manager_acts_on_the_own_factory_alone() -> None:
    manager = Scope((Grant(Role.MANAGER, contract=1, factory=7),))
    assert manager.may(Action.REVISE_FORECAST, contract=1, factory=7)
    assert not manager.may(Action.REVISE_FORECAST, contract=1, factory=8)
    assert not manager.may(Action.REVISE_FORECAST, contract=1)
    assert not manager.may(Action.RECORD_PAYMENT, contract=1, factory=7)
    assert manager.factories == {7}
    assert manager.contracts == frozenset()
    assert manager.factory_contracts == {1}


def test_an_editor_of_one_contract_has_no_say_in_another() -> None:
    editor = Scope((Grant(Role.EDITOR, contract=1),))
    assert editor.may(Action.RECORD_PAYMENT, contract=1, factory=3)
    assert not editor.may(Action.RECORD_PAYMENT, contract=2, factory=9)
    assert not editor.sees_everything


def test_an_auditor_writes_nothing_and_a_controller_comments_alone() -> None:
    allowed = {role: [action for action in Action if Scope((Grant(role),)).may(action, contract=1, factory=1)] for role in Role}
    assert allowed[Role.AUDITOR] == []
    assert allowed[Role.CONTROLLER] == [Action.COMMENT]


def test_an_admin_runs_jobs_but_records_no_payment() -> None:
    admin = Scope((Grant(Role.ADMIN),))
    assert admin.may(Action.RUN_JOB)
    assert not admin.may(Action.RECORD_PAYMENT, contract=1, factory=1)
