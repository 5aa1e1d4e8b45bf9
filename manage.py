#!/usr/bin/env python
"""Django's command line. Starts the embedded servers first where no variable names others."""

import sys


def main() -> None:
    """Run the management command named on the command line."""
    try:
        from avtotor_site.local import LocalError, attach
    except ModuleNotFoundError as error:
        sys.exit(f"The package {error.name} is not installed. Run: make setup, then use .venv/bin/python manage.py")
    try:
        attach()
    except LocalError as error:
        sys.exit(str(error))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
