"""What `make run` does to the database before anything is served, in one process: migrate, load the record and the example, first login."""

import django
from django.core.management import call_command


def main() -> None:
    """Bring the database up to date. Every step may be repeated at each start."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=1)
    call_command("load_public_record")
    call_command("load_example_plan")
    call_command("first_login")


if __name__ == "__main__":
    main()
