"""`make bench-schedule`: network, simulation, flags, preview and Gantt, each against something bare in the same run.

Every part is a file `schedule_<part>.py` here that measures, prints and makes what it needs itself, a database of its own included: it
runs in a process of its own. `make bench-schedule ARGS=cpm` measures one part, as `python benchmarks/schedule_cpm.py` does.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = {file.stem.removeprefix("schedule_"): file for file in sorted(HERE.glob("schedule_*.py"))}


def main() -> int:
    """Measure the parts asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; all of them by default")
    asked = parser.parse_args().parts or list(PARTS)
    if unknown := set(asked) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
    done = [subprocess.run([sys.executable, PARTS[part]], env=environment, check=False).returncode for part in asked]
    return max(done)


if __name__ == "__main__":
    sys.exit(main())
