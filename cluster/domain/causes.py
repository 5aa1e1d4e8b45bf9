"""Why a milestone is late: the chain that the schedule gives, summed up for a sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cluster.domain.schedule import Cause


@dataclass(frozen=True, slots=True)
class Share:
    """Calendar days that a milestone lost itself; of one that may not be seen, the days that arrive from it."""

    key: int
    days: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The lateness of a milestone in calendar days: `late` = days of `others` + `own` - `absorbed` + `added`.

    `others` are the milestones of the chain that lost days themselves, the most first; `own` are the days that the milestone lost
    itself. `absorbed` were taken up by float on the way; `added` were lost on it to days of rest and due dates that leave no room.
    """

    late: int
    others: tuple[Share, ...]
    own: int
    absorbed: int
    added: int


def explain(chain: Sequence[Cause], *, visible: Callable[[int], bool]) -> Explanation | None:
    """The chain behind a milestone (itself first, the root last) in one piece; None for an empty chain: it is not late.

    The chain ends at the first milestone that the reader may not see: of that one only what it passes on is told.
    """
    if not chain:
        return None
    first, *before = chain
    hidden = next((n for n, step in enumerate(before) if not visible(step.key)), None)
    known = before[:hidden]
    shares = [Share(step.key, step.own) for step in known if step.own]
    if hidden is not None:
        shares.append(Share(before[hidden].key, before[hidden].passed_on))
    return Explanation(
        late=first.late,
        others=tuple(sorted(shares, key=lambda share: -share.days)),
        own=first.own,
        absorbed=sum(step.absorbed for step in known),
        added=sum(max(0, step.passed_on - step.late) for step in known),
    )
