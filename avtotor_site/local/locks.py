"""Locks between the processes of one clone. The kernel frees them when a process dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path

from avtotor_site.local.errors import LocalError, from_os_error


class FileLock:
    """An advisory lock on a file: shared by many or held by one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os_error(error, path) from error

    def try_exclusive(self) -> bool:
        """Take the lock alone, at once or not at all. A shared lock held before is lost when this fails."""
        return self._try(fcntl.LOCK_EX)

    def take(self, *, shared: bool = False, seconds: float = 90.0) -> None:
        """Wait for the lock. Raises LocalError when others hold it longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while not self._try(fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise LocalError(
                    f"Another command of this clone has held {self.path} for {seconds:.0f} seconds.",
                    "Wait for it to end, or end it, and run this one again.",
                )
            time.sleep(0.03)

    def close(self) -> None:
        """Close the file. The lock ends unless a child process holds the same descriptor."""
        os.close(self.descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
