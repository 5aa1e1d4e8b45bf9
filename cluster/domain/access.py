"""Who may what: roles, actions, and the scope of one reader over contracts and factories."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a membership makes of a person; each is a Django group of the same name."""

    ADMIN = "admin"
    EDITOR = "editor"
    MANAGER = "manager"
    CONTROLLER = "controller"
    AUDITOR = "auditor"


class Action(StrEnum):
    """A kind of write that a service performs."""

    REVISE_FORECAST = "revise_forecast"
    RECORD_PAYMENT = "record_payment"
    RECORD_OUTPUT = "record_output"
    EDIT_RECORD = "edit_record"
    APPROVE_BASELINE = "approve_baseline"
    RUN_JOB = "run_job"
    COMMENT = "comment"
    ATTACH = "attach"
    HANDLE_MAIL = "handle_mail"


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset({Action.RUN_JOB, Action.COMMENT, Action.HANDLE_MAIL}),
    Role.EDITOR: frozenset(Action) - {Action.HANDLE_MAIL},
    Role.MANAGER: frozenset({Action.REVISE_FORECAST, Action.RECORD_OUTPUT, Action.COMMENT, Action.ATTACH}),
    Role.CONTROLLER: frozenset({Action.COMMENT}),
    Role.AUDITOR: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One membership: a role over everything (both None), over a contract, or over one factory of it."""

    role: Role
    contract: int | None = None
    factory: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything one reader may see and do. An empty scope sees nothing."""

    grants: tuple[Grant, ...] = ()
    superuser: bool = False

    @property
    def sees_everything(self) -> bool:
        """True when no contract or factory limits the reader."""
        return self.superuser or any(g.contract is None and g.factory is None for g in self.grants)

    @property
    def is_empty(self) -> bool:
        """True for a person without any role."""
        return not (self.superuser or self.grants)

    def holds_everywhere(self, *roles: Role) -> bool:
        """Whether the reader holds one of the roles over everything."""
        return self.superuser or any(g.role in roles and g.contract is None for g in self.grants)

    @property
    def contracts(self) -> frozenset[int]:
        """Contracts seen as a whole."""
        return frozenset(g.contract for g in self.grants if g.contract is not None and g.factory is None)

    @property
    def factories(self) -> frozenset[int]:
        """Single factories seen, apart from those of whole contracts."""
        return frozenset(g.factory for g in self.grants if g.factory is not None)

    @property
    def factory_contracts(self) -> frozenset[int]:
        """Contracts of which only the header is seen, through a factory of theirs."""
        return frozenset(g.contract for g in self.grants if g.factory is not None and g.contract is not None)

    def allowing(self, action: Action) -> "Scope":
        """The part of this scope in which the reader may do `action`."""
        return Scope(tuple(g for g in self.grants if action in _ALLOWED[g.role]), superuser=self.superuser)

    def held_as(self, role: Role) -> "Scope":
        """The part of this scope that one role gives."""
        return Scope(tuple(g for g in self.grants if g.role is role))

    def may(self, action: Action, *, contract: int | None = None, factory: int | None = None) -> bool:
        """Whether the reader may do `action` to something of this contract and factory (None: not tied to one)."""
        if self.superuser:
            return True
        return any(
            action in _ALLOWED[grant.role]
            and (grant.contract is None or grant.contract == contract)
            and (grant.factory is None or grant.factory == factory)
            for grant in self.grants
        )
