"""How long work tells how far it is."""

from collections.abc import Callable

# Called with the steps done and the steps in all.
Progress = Callable[[int, int], None]
