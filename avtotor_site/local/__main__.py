"""`python -m avtotor_site.local run | stop`: the commands behind `make run` and `make stop`."""

import argparse
import os
import sys

from avtotor_site.local import Clone, LocalError
from avtotor_site.local.supervisor import Group, stop


def main() -> int:
    """Run the command named on the command line; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m avtotor_site.local", description=__doc__)
    parser.add_argument("command", choices=["run", "stop"])
    command = parser.parse_args().command
    try:
        if command == "run":
            Group(Clone.here(), port=os.environ.get("PORT")).run()
        else:
            print(stop(Clone.here()))
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
