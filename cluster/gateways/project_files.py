"""The project's own data files."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """The content of a data file of the project."""
    return json.loads(path.read_text(encoding="utf-8"))
