"""The local run-time: embedded PostgreSQL and Valkey, their life cycle, and the group that `make run` supervises.

`attach()` is the only door for the rest of the project: `manage.py` and the tests call it before Django reads settings.
A deployment that sets every variable itself is left untouched.
"""

import os
from collections.abc import MutableMapping

from avtotor_site.local.clone import Clone
from avtotor_site.local.errors import LocalError
from avtotor_site.local.servers import Needs, Servers

__all__ = ["Clone", "LocalError", "attach"]

DEFAULT_PORT = 8080


def attach(clone: Clone | None = None, environment: MutableMapping[str, str] | None = None) -> Servers | None:
    """Fill in what the environment leaves out, starting the embedded servers that no variable replaces.

    Variables that are set win. Returns this process's hold on the servers, None when it needs none of them.
    Raises LocalError with a sentence and a remedy.
    """
    clone = clone or Clone.here()
    env = os.environ if environment is None else environment
    env.setdefault("DJANGO_SETTINGS_MODULE", "avtotor_site.settings")
    env.setdefault("STATE_DIR", str(clone.state))
    env.setdefault("MAIL_DIR", str(clone.mail))
    needs = Needs(postgresql=not env.get("DATABASE_URL"), valkey=not env.get("REDIS_URL"))
    servers = Servers(clone) if needs.postgresql or needs.valkey else None
    if servers is not None:
        env.update(servers.join(needs))
    if not env.get("SECRET_KEY"):
        clone.prepare()
        env["SECRET_KEY"] = clone.secret_key()
    if not env.get("SITE_URL"):
        env["SITE_URL"] = f"http://localhost:{clone.read_note('run').get('port', DEFAULT_PORT)}"
    return servers
