"""Rows of a batch that a service refused, as a problem names them: each by its place in the body, counted from 0."""

from cluster.domain.errors import BatchRefused
from cluster.domain.tables import BadRows


def refused_batch(error: BadRows, field: str) -> BatchRefused:
    """The refusal of the rows under the key `field` of the body, such as `lines[4011].category`."""
    for problem in error.problems:
        problem.error.field = problem.field
    batch = BatchRefused([(problem.row, problem.error) for problem in error.problems])
    batch.field = field
    return batch
