"""What waits for what: a link that would make milestones wait for one another in a circle is found with its members."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeVar

from cluster.domain.errors import DomainError

T = TypeVar("T")
# More members than these are counted, not named.
MOST_NAMED = 12


class CircularDependency(DomainError):
    """Milestones would wait for one another in a circle, of which the sentence names the first members in order."""

    def __init__(self, codes: Sequence[str]) -> None:
        template, named = "The milestones would wait for one another in a circle: {circle}.", [*codes, codes[0]]
        if len(codes) > MOST_NAMED:
            template, named = (
                "The milestones would wait for one another in a circle: {circle} → … and {more} more → {first}.",
                [*codes[:MOST_NAMED]],
            )
        super().__init__(
            template,
            field="predecessor",
            code="cycle",
            circle=" → ".join(named),
            more=len(codes) - MOST_NAMED,
            first=codes[0],
        )


def find_cycle(links: Iterable[tuple[T, T]], new: tuple[T, T]) -> list[T]:
    """The shortest circle that the link `new` would close, from its predecessor on; empty where it closes none.

    A link is a pair: what comes first, and what waits for it. The first member is not repeated at the end.
    """
    first, waiting = new
    if first == waiting:
        return [first]
    after: dict[T, list[T]] = {}
    for before, later in links:
        after.setdefault(before, []).append(later)
    came_from = {waiting: first}
    queue = deque([waiting])
    while queue and first not in after.get(queue[0], ()):
        here = queue.popleft()
        for later in after.get(here, ()):
            if later not in came_from:
                came_from[later] = here
                queue.append(later)
    if not queue:
        return []
    back = [queue[0]]
    while back[-1] != waiting:
        back.append(came_from[back[-1]])
    return [first, *reversed(back)]
