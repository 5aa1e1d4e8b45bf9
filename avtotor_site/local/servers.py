"""The life of the embedded servers: whoever needs them starts or adopts them, the last to leave stops them.

Every user holds a shared lock on `users.lock` as long as it lives. Who leaves tries to hold it alone; if that works,
nobody else is there, and the servers are stopped. A killed process loses its lock by itself; servers it leaves behind
keep running until the next user adopts and, leaving, stops them.
"""

import atexit
import os
from dataclasses import dataclass
from functools import cached_property

from avtotor_site.local.clone import Clone
from avtotor_site.local.home import Home, find_home
from avtotor_site.local.locks import FileLock
from avtotor_site.local.postgresql import Postgresql
from avtotor_site.local.valkey import Valkey


@dataclass(frozen=True)
class Needs:
    """Which of the two embedded servers a process needs; the other is replaced by its variable."""

    postgresql: bool = True
    valkey: bool = True


class Servers:
    """One process's hold on its clone's servers."""

    def __init__(self, clone: Clone) -> None:
        clone.prepare()
        self.clone = clone
        self.users = FileLock(clone.state / "users.lock")
        self._process = os.getpid()

    @cached_property
    def home(self) -> Home:
        """Where this clone's servers live."""
        return find_home(self.clone)

    @cached_property
    def postgresql(self) -> Postgresql:
        """The database server."""
        return Postgresql(self.clone, self.home)

    @cached_property
    def valkey(self) -> Valkey:
        """The broker."""
        return Valkey(self.clone, self.home)

    def join(self, needs: Needs) -> dict[str, str]:
        """Become a user of the servers until this process ends; the variables that name them."""
        self.users.take(shared=True)
        atexit.register(self.leave)
        try:
            return self.ensure(needs)
        except BaseException:
            self.leave()
            raise

    def ensure(self, needs: Needs) -> dict[str, str]:
        """Start what is needed and does not run. Raises LocalError when that fails."""
        starting = FileLock(self.clone.state / "start.lock")
        try:
            starting.take()
            found: dict[str, str] = {}
            if needs.postgresql:
                found["DATABASE_URL"] = self.postgresql.ensure()
            if needs.valkey:
                found["REDIS_URL"] = self.valkey.ensure()
            return found
        finally:
            starting.close()

    def answer(self, needs: Needs) -> bool:
        """Whether all that is needed takes commands now."""
        return (not needs.postgresql or self.postgresql.answers()) and (not needs.valkey or self.valkey.answers())

    def leave(self) -> None:
        """Stop being a user; the last one stops the servers. Forked children do nothing here."""
        if os.getpid() != self._process:
            return
        atexit.unregister(self.leave)
        if self.users.try_exclusive():
            self.postgresql.stop()
            self.valkey.stop()
        self.users.close()
        self._process = -1
