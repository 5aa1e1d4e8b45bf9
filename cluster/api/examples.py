"""Examples of the reference: answers that the API really gave, in `examples.json` beside the serializers they belong to."""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer


@cache
def examples_in(folder: Path) -> dict[str, Any]:
    """The examples of one application, by the name of the serializer."""
    found: dict[str, Any] = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    return found


def attach_example(serializer_class: type[Any]) -> None:
    """Give a serializer its example, where there is one."""
    module = sys.modules[serializer_class.__module__]
    example = examples_in(Path(str(module.__file__)).parent).get(serializer_class.__name__)
    if example is not None:
        extend_schema_serializer(examples=[OpenApiExample("As the API gives it", value=example)])(serializer_class)


def problem_example(kind: str) -> dict[str, Any]:
    """The example of a kind of problem."""
    found: dict[str, Any] = examples_in(Path(__file__).parent)["Problem"][kind]
    return found
