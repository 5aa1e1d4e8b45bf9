"""PDF by WeasyPrint, which is optional: requirements-pdf.txt, and Pango of the system (docs/reports.md)."""

import logging
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from cluster.domain.errors import DomainError

# It tells of each page of each document, and of each property of a style sheet that only browsers know.
logging.getLogger("weasyprint").setLevel(logging.ERROR)


def print_pdf(html: str, *, identifier: bytes) -> bytes:
    """The sheets of a document that stands alone. The same document and identifier give the same bytes. Raises DomainError."""
    printer = _printer()
    if isinstance(printer, DomainError):
        raise printer
    document: bytes = printer.HTML(string=html, url_fetcher=_refused).write_pdf(pdf_identifier=identifier)
    return document


def why_no_pdf() -> DomainError | None:
    """What is missing; None where PDF can be made."""
    printer = _printer()
    return printer if isinstance(printer, DomainError) else None


@cache
def _printer() -> Any:
    """WeasyPrint, or what is missing: it needs libraries of the system besides itself."""
    try:
        return import_module("weasyprint")
    except ImportError:
        return DomainError("PDF needs WeasyPrint: pip install -r requirements-pdf.txt. HTML and XLSX work without it.", code="no_pdf")
    except OSError:
        return DomainError(
            "PDF needs the system library Pango: apt-get install libpango-1.0-0 libpangoft2-1.0-0. HTML and XLSX work without it.",
            code="no_pdf",
        )


def _refused(url: str, *_args: Any, **_kwargs: Any) -> NoReturn:
    """A report holds all that it shows: nothing is fetched, from nowhere."""
    raise ValueError(url)
