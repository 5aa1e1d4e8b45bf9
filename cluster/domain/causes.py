"""Why milestones are late, and by what way one pushes another: the chains that the schedule gives, each summed up for a sentence."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from cluster.domain.schedule import Cause

# Of the milestones of a chain that lost days, this many are told one by one.
MOST_TOLD = 10
# Of the milestones on a way this many: the first ones and the last.
MOST_STEPS = 5


@dataclass(frozen=True, slots=True)
class Share:
    """Calendar days that a milestone lost itself; of one that may not be seen, the days that arrive from it."""

    key: int
    days: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The lateness of a milestone in calendar days: `late` = days of `others` + `rest_days` + `own` - `absorbed` + `added`.

    `others` are the milestones of the chain that lost most days themselves, the most first; `rest` more of them lost `rest_days`. `own`
    are the days that the milestone lost itself. `absorbed` were taken up by float on the way; `added` were lost on it to days of rest
    and due dates that leave no room.
    """

    late: int
    others: tuple[Share, ...]
    own: int
    absorbed: int
    added: int
    rest: int = 0
    rest_days: int = 0


def explanations(
    keys: Collection[int], chain: Callable[[int], Iterable[Cause]], *, visible: Callable[[int], bool]
) -> dict[int, Explanation]:
    """The chains behind milestones (each itself first, the root last), by key; what is not late is left out.

    A chain ends at the first milestone that the reader may not see: of that one only what it passes on is told. What chains share is
    walked once.
    """
    told: dict[int, Explanation] = {}
    for key in keys:
        walked: list[Cause] = []
        for step in chain(key):
            walked.append(step)
            if step.key in told or (step.key != key and not visible(step.key)):
                break
        behind: Cause | None = None
        for step in reversed(walked):
            if step.key not in told and (step.key == key or visible(step.key)):
                told[step.key] = _explained(step, behind, told)
            behind = step
    return {key: told[key] for key in keys if key in told}


def _explained(step: Cause, behind: Cause | None, told: dict[int, Explanation]) -> Explanation:
    """A step summed up from the one behind it in its chain: one that is not `told` may not be seen."""
    if behind is None:
        return Explanation(step.late, (), step.own, 0, 0)
    if (further := told.get(behind.key)) is None:
        return Explanation(step.late, (Share(behind.key, behind.passed_on),), step.own, 0, 0)
    shares = [Share(behind.key, behind.own), *further.others] if behind.own else list(further.others)
    shares.sort(key=lambda share: -share.days)
    last = shares[MOST_TOLD:]
    return Explanation(
        late=step.late,
        others=tuple(shares[:MOST_TOLD]),
        own=step.own,
        absorbed=further.absorbed + behind.absorbed,
        added=further.added + max(0, behind.passed_on - behind.late),
        rest=further.rest + len(last),
        rest_days=further.rest_days + sum(share.days for share in last),
    )


@dataclass(frozen=True, slots=True)
class Way:
    """The milestones that lead from one to another, both left out: the first ones and the last; `left_out` stand before the last."""

    steps: tuple[int, ...] = ()
    left_out: int = 0

    def over(self, step: int) -> "Way":
        """The way that goes on over one more milestone."""
        if len(self.steps) < MOST_STEPS:
            return Way((*self.steps, step))
        return Way((*self.steps[:-1], step), self.left_out + 1)


def ways(keys: Collection[int], origin: int, pushed_by: Callable[[int], int | None]) -> dict[int, Way]:
    """By key, the way from `origin` along what pushes; empty where it is pushed at once, or by something else.

    What ways share is walked once.
    """
    found: dict[int, Way | None] = {origin: None}
    for key in keys:
        walked: list[int] = []
        here: int | None = key
        while here is not None and here not in found:
            walked.append(here)
            here = pushed_by(here)
        for step in reversed(walked):
            found[step] = Way() if here == origin else _going_on(here, found)
            here = step
    return {key: found[key] or Way() for key in keys}


def _going_on(before: int | None, found: dict[int, Way | None]) -> Way | None:
    """The way over what pushes; None where it does not come from the origin."""
    way = None if before is None else found[before]
    return None if way is None or before is None else way.over(before)
