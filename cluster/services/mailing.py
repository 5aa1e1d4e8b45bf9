"""All mail: what is due of every kind goes into the outbox, and the outbox is sent."""

from collections.abc import Sequence
from datetime import datetime

from cluster.domain.access import Action
from cluster.models import Delivery, User
from cluster.services import digests, notices, outbox
from cluster.services.access import require


def deliver_due(*, now: datetime) -> dict[str, int]:
    """Put what is due at `now` into the outbox and send all that waits; returns how many ended how.

    Any number of calls at once have one effect.
    """
    return {"due": _make_due(now)} | outbox.send_waiting(writers, now=now)


def writers(letters: Sequence[Delivery]) -> dict[str, outbox.Writer]:
    """Who writes these letters, by kind."""
    return {
        Delivery.Kind.DIGEST: digests.writer([one for one in letters if one.kind == Delivery.Kind.DIGEST]),
        Delivery.Kind.SAMPLE: digests.write_sample,
        Delivery.Kind.NOTICE: notices.write,
    }


def hold(*, now: datetime, by: User | None) -> int:
    """Hold back all that waits or is due at `now`; returns how many. What becomes due later goes out as always.

    For administrators; a command (None) stands above roles. A restored database does not know what was sent after its backup:
    so what is due is put into the outbox first, and held with the rest.
    """
    if by is not None:
        require(by, Action.HANDLE_MAIL)
    _make_due(now)
    return outbox.hold_all()


def _make_due(now: datetime) -> int:
    return digests.make_due(now) + notices.make_due(now)
