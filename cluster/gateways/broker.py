"""Waking a worker: a message that says a run is waiting. The run itself is a row, so a lost message only delays it."""

import logging
import threading
from collections.abc import Iterable

from celery import current_app

_TASK = "cluster.tasks.jobs.run_job"
# Nobody who asks for work waits longer than this for a broker that is down or frozen; the sweep wakes again.
_PATIENCE_SECONDS = 2.0
# A message that nobody took in this time has been followed by the sweep's next one.
_EXPIRES_SECONDS = 120
_log = logging.getLogger(__name__)


def wake(run_ids: Iterable[int]) -> bool:
    """Ask workers to take the runs; returns whether the broker has taken all the messages. Never raises, never waits long."""
    message = _Message(list(run_ids))
    message.start()
    message.join(_PATIENCE_SECONDS)
    if not message.taken:
        _log.warning("The broker takes no messages: runs %s wait for the sweep", message.run_ids)
    return message.taken


def wake_soon(run_ids: Iterable[int]) -> None:
    """The same without waiting at all: the answer to a form does not hang on the broker. The sweep wakes for what is lost."""
    _Message(list(run_ids)).start()


class _Message(threading.Thread):
    """Sends in a thread of its own: a frozen broker holds that thread, not the caller."""

    def __init__(self, run_ids: list[int]) -> None:
        super().__init__(daemon=True, name="wake-worker")
        self.run_ids = run_ids
        self.taken = False

    def run(self) -> None:
        try:
            for run_id in self.run_ids:
                current_app.send_task(_TASK, args=[run_id], expires=_EXPIRES_SECONDS)
            self.taken = True
        except Exception as error:  # whatever ails the broker, the run is safe in its row
            _log.warning("A worker could not be woken: %s", error)
