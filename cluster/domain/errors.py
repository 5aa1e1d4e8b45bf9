"""The one error family. Each door maps it once: a form error, an RFC 9457 problem, an exit status."""

from collections.abc import Sequence


class DomainError(Exception):
    """A rule refused an input or an action.

    `template` is the English sentence with named places for `params`; a door translates it before it fills them in.
    `code` names the rule for programs, `field` the input concerned (empty when none is), `current` carries the state
    that a stale write collided with.
    """

    code = "invalid"

    def __init__(self, template: str, *, field: str = "", code: str = "", current: object = None, **params: object) -> None:
        super().__init__(template)
        self.template = template
        self.params = params
        self.field = field
        self.code = code or self.code
        self.current = current

    def __str__(self) -> str:
        return self.template.format(**self.params)


class NotFound(DomainError):
    """The thing does not exist, or not for this reader: outsiders cannot tell the two apart."""

    code = "not_found"


class Forbidden(DomainError):
    """The reader may see the thing but not do this to it."""

    code = "forbidden"


class Conflict(DomainError):
    """Somebody else changed the record since it was read; `current` is what stands there now."""

    code = "conflict"


class Duplicate(DomainError):
    """The record looks like one that is there already, which `current` holds: it is written only when the person insists."""

    code = "duplicate"


class BatchRefused(DomainError):
    """Some rows of a batch were refused, and nothing of it was stored. `rows` says which, counted from 0, and why."""

    code = "batch"

    def __init__(self, rows: Sequence[tuple[int, Exception]]) -> None:
        super().__init__("Nothing was stored: correct the rows that are named.", field="rows", code="batch")
        self.rows = rows


class NoRate(DomainError):
    """No official rate is known on or before the date asked for."""

    code = "no_rate"
