"""`make bench-schedule`: network, simulation, flags, preview and Gantt, each against something bare in the same run.

Every part is a file `schedule_<part>.py` here with a function `<part>()` that measures, prints and makes what it needs itself, so that
a part can be measured alone: `make bench-schedule ARGS=cpm`, or `python benchmarks/schedule_cpm.py`.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
PARTS = sorted(file.stem.removeprefix("schedule_") for file in HERE.glob("schedule_*.py"))


def main() -> int:
    """Measure the parts asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=PARTS, help="all of them by default")
    for part in parser.parse_args().parts:
        getattr(import_module(f"schedule_{part}"), part)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
