"""Celery's doors: ids in, nothing out. Importing this package registers the tasks."""

from cluster.tasks import jobs

__all__ = ["jobs"]
