"""A supervised group with small stand-ins for the real programs: `python local_group.py CLONE [PORT]`."""

import sys
from pathlib import Path

from avtotor_site.local import Clone, LocalError
from avtotor_site.local.supervisor import Group, Program

WEB = """
import http.server, socket, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""
# Like a pool worker: with a child of its own that nobody asked to end.
WORKER = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"


def programs(listener: int) -> list[Program]:
    """A web server that says yes to everything, and a worker that does nothing."""
    return [
        Program("web", [sys.executable, "-c", WEB, str(listener)]),
        Program("worker", [sys.executable, "-c", WORKER]),
    ]


if __name__ == "__main__":
    preparation = sys.argv[3] if len(sys.argv) > 3 else "print('prepared')"
    group = Group(
        Clone.at(Path(sys.argv[1])),
        port=sys.argv[2] if len(sys.argv) > 2 else None,
        make_programs=programs,
        prepare=[[sys.executable, "-c", preparation]],
    )
    try:
        group.run()
    except LocalError as error:
        sys.exit(str(error))
