"""Where a clone keeps what it makes while it runs: one ignored folder, `.state/`, readable by its owner alone."""

import json
import os
import secrets
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avtotor_site.local.errors import LocalError, from_os_error, no_space

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LOG_LIMIT_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Clone:
    """A checkout of the project and its state folder."""

    root: Path
    state: Path

    @classmethod
    def here(cls) -> "Clone":
        """The clone this file belongs to; `STATE_DIR` moves its state elsewhere."""
        return cls.at(PROJECT_ROOT, os.environ.get("STATE_DIR"))

    @classmethod
    def at(cls, root: Path, state: str | None = None) -> "Clone":
        """The clone in `root`. A relative `state` is taken from there."""
        root = root.resolve()
        return cls(root=root, state=(root / (state or ".state")).resolve())

    @property
    def logs(self) -> Path:
        """Folder of the logs, one file per program."""
        return self.state / "logs"

    @property
    def mail(self) -> Path:
        """Folder of the captured e-mail."""
        return self.state / "mail"

    def prepare(self) -> None:
        """Make the folders. Raises LocalError where the disk is full or belongs to somebody else."""
        try:
            self.state.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.logs, self.mail):
                folder.mkdir(mode=0o700, exist_ok=True)
            if not os.access(self.state, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise from_os_error(error, self.state) from error

    def require_space(self, megabytes: int, folder: Path | None = None) -> None:
        """Refuse a job that could not end: raises LocalError when less than `megabytes` are free."""
        place = folder or self.state
        if shutil.disk_usage(place).free < megabytes * 1024 * 1024:
            raise no_space(place)

    def open_log(self, name: str) -> int:
        """A file descriptor that appends to `logs/<name>.log`. A log above 5 MB starts anew, the last one is kept."""
        path = self.logs / f"{name}.log"
        try:
            with suppress(FileNotFoundError):
                if path.stat().st_size > LOG_LIMIT_BYTES:
                    path.replace(path.with_suffix(".log.1"))
            return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os_error(error, self.logs) from error

    def log_tail(self, name: str, *, start: int = 0, lines: int = 15) -> list[str]:
        """The last lines of a log, from byte `start` on."""
        try:
            with (self.logs / f"{name}.log").open("rb") as log:
                log.seek(start)
                text = log.read().decode(errors="replace")
        except OSError:
            return []
        return [line for line in text.splitlines() if line.strip()][-lines:]

    def log_size(self, name: str) -> int:
        """Bytes in a log now, to read later only what came after."""
        try:
            return (self.logs / f"{name}.log").stat().st_size
        except OSError:
            return 0

    def read_note(self, name: str) -> dict[str, Any]:
        """What `write_note` kept under this name; empty when nothing readable is there."""
        try:
            note = json.loads((self.state / f"{name}.json").read_text())
        except (OSError, ValueError):
            return {}
        return note if isinstance(note, dict) else {}

    def write_note(self, name: str, note: dict[str, Any]) -> None:
        """Keep a small private JSON file, replaced in one step."""
        self._write_whole(self.state / f"{name}.json", json.dumps(note, indent=1) + "\n")

    def secret_key(self) -> str:
        """The clone's own SECRET_KEY, made at the first call and kept in `secret_key` (mode 0600)."""
        path = self.state / "secret_key"
        try:
            kept = path.read_text().strip()
        except FileNotFoundError:
            kept = ""
        except OSError as error:
            raise from_os_error(error, path) from error
        if len(kept) >= 50:
            return kept
        self._write_whole(path, secrets.token_urlsafe(64) + "\n", replace=bool(kept))
        return path.read_text().strip()

    def _write_whole(self, path: Path, text: str, *, replace: bool = True) -> None:
        """Write a 0600 file that is either whole or absent; without `replace` the first of two writers wins."""
        temporary: str | None = None
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(temporary, path)
            else:
                with suppress(FileExistsError):
                    os.link(temporary, path)
        except OSError as error:
            raise from_os_error(error, path.parent) from error
        finally:
            if temporary is not None:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)


def require_owner(folder: Path) -> None:
    """Raise LocalError when an ordinary user meets a folder that belongs to somebody else."""
    with suppress(FileNotFoundError):
        owner = folder.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise LocalError(
                f"{folder} belongs to another user (number {owner}).",
                "Run the command as that user, or move the folder away to start with an empty database.",
            )
