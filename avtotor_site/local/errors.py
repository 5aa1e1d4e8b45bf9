"""The one error of this package: what went wrong, and what the person at the keyboard can do about it."""

import errno
from pathlib import Path


class LocalError(Exception):
    """A start-up failure told as a sentence and a remedy; the command line prints it without a traceback."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem} {remedy}".strip())


def no_space(folder: Path) -> LocalError:
    """The disk that holds `folder` is full."""
    return LocalError(
        f"No space is left on the disk that holds {folder}.",
        "Free at least 300 MB there, or move the clone to a larger disk, and run the command again.",
    )


def not_writable(folder: Path) -> LocalError:
    """`folder` belongs to somebody else or lies on a read-only disk."""
    return LocalError(
        f"{folder} cannot be written by this user.",
        "Run the command as the user who made the clone, or give the folder to yourself with chown.",
    )


def from_os_error(error: OSError, folder: Path) -> LocalError:
    """Put an operating-system error met while writing into `folder` into words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(folder)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return not_writable(folder)
    return LocalError(f"{folder}: {error.strerror or error}.", "Put that right and run the command again.")
