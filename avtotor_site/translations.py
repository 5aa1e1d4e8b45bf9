"""Translations without gettext's own tools: `python -m avtotor_site.translations update|check|compile`.

English is the language of the sources, so it is complete by itself. Messages of the error family are found by their
class names; templates go through Django's own templatizer.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_javascript
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.po"
APPS = ("avtotor_site", "cluster", "production", "templates")
KEYWORDS: dict[str, Any] = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "DomainError": None, "NotFound": None, "Forbidden": None, "Conflict": None, "NoRate": None,
    "NoConnection": None, "BadReply": None, "Duplicate": None, "BadFile": None,
    # Quotes the cell, its first argument.
    "bad_cell": (2,),
    # A class of the family that always says the same hands its sentence to `super().__init__`.
    "__init__": None,
}  # fmt: skip
# Sentences of Django's admin around the name of a model: its Russian leaves the name undeclined ("Добавить веха").
ADMIN_SENTENCES = (
    "Add %s", "Change %s", "View %s", "Select %s", "Select %s to change", "Select %s to view", "Add %(name)s",
    "Add another %(verbose_name)s", "The {name} “{obj}” was added successfully.", "The {name} “{obj}” was changed successfully.",
    "The {name} “{obj}” was added successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully. You may edit it again below.",
    "The %(name)s “%(obj)s” was deleted successfully.",
)  # fmt: skip
_PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+[^{}]*\}")


def extract_template(fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Messages of a Django template, for Babel."""
    source = templatize(fileobj.read().decode())
    yield from extract_javascript(BytesIO(source.encode()), keywords, comment_tags, options)


def messages() -> Catalog:
    """Every message of the sources."""
    catalog = Catalog()
    for sentence in ADMIN_SENTENCES:
        catalog.add(sentence)
    methods: Any = [("**/migrations/**.py", "ignore"), ("**.py", "python"), ("**.html", extract_template), ("**.txt", extract_template)]
    for app in APPS:
        found = extract_from_dir(ROOT / app, method_map=methods, keywords=KEYWORDS)
        for name, _line, message, comments, context in found:
            if isinstance(message, str) and not any(letter.isalpha() for letter in message):
                # `super().__init__(source="*")` is no sentence.
                continue
            # Only the file is kept as the place: line numbers would change the catalog with every edit.
            place: Any = (f"{app}/{name}", None)
            catalog.add(message, locations=[place], auto_comments=comments, context=context)
    return catalog


def translated() -> Catalog:
    """The Russian catalog as it stands."""
    with CATALOG.open("rb") as file:
        return read_po(file, locale="ru", domain="django")


def update() -> None:
    """Bring the catalog up to date: new messages empty, those that are gone removed."""
    catalog = translated() if CATALOG.exists() else Catalog(locale="ru", domain="django")
    catalog.update(messages(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    # A fixed moment: the file changes only when a message does.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    catalog.header_comment = "# Messages of the project in Russian. `make messages` brings the list up to date."
    CATALOG.parent.mkdir(parents=True, exist_ok=True)
    with CATALOG.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False, ignore_obsolete=True)


def check() -> list[str]:
    """What is wrong with the catalog, a sentence each; empty when every message is translated."""
    catalog, faults = translated(), []
    for message in messages():
        if not message.id:
            continue
        russian = catalog.get(message.id, message.context)
        name = message.id[0] if isinstance(message.id, tuple) else message.id
        if russian is None:
            faults.append(f"not in the catalog: {name!r}")
        else:
            faults += [f"{fault}: {name!r}" for fault in _faults(russian)]
    return faults


def _faults(message: Message) -> list[str]:
    ids: Any = message.id if isinstance(message.id, tuple) else (message.id,)
    strings: Any = message.string if isinstance(message.string, tuple) else (message.string,)
    if message.fuzzy or not all(strings):
        return ["not translated"]
    wanted = {place for text in ids for place in _PLACES.findall(text)}
    return ["other placeholders in the translation" for text in strings if not set(_PLACES.findall(text)) <= wanted]


def compile_catalog() -> None:
    """Write the binary catalog that Django reads."""
    with CATALOG.with_suffix(".mo").open("wb") as file:
        write_mo(file, translated())


def main(command: str) -> int:
    """Run one command; the exit status."""
    if command == "update":
        update()
    elif command == "compile":
        compile_catalog()
    elif command == "check":
        faults = check()
        sys.stdout.write("".join(f"{fault}\n" for fault in faults))
        return 1 if faults else 0
    else:
        sys.stderr.write("Usage: python -m avtotor_site.translations update|check|compile\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))
