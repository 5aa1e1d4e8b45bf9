"""Celery's doors: ids in, nothing out. Importing this package registers the tasks."""

from cluster.tasks import digests, jobs

__all__ = ["digests", "jobs"]
