"""Files shown as evidence: which names and kinds are taken, what a file is by its content, and its SHA-256."""

import hashlib
import io
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass

from cluster.domain.errors import DomainError
from cluster.domain.texts import is_plain, printable, visible

MEGABYTE = 1024 * 1024
LONGEST_NAME = 200
# What a document may unpack to, and from how many parts: a bigger one is made to exhaust the machine that opens it.
LARGEST_UNPACKED = 200 * MEGABYTE
MOST_PARTS = 5_000

_TEXT = "text/plain"
# The kinds that are taken, by the ends of their names.
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "csv": "text/csv",
    "txt": _TEXT,
}
KINDS_IN_WORDS = "PDF, JPEG, PNG, WEBP, XLSX, DOCX, PPTX, ODS, ODT, CSV, TXT"
# The part that makes an Office document what it is.
_OFFICE_PARTS = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx", "ppt/presentation.xml": "pptx"}
_MACROS = ("vbaproject.bin", "basic/", "scripts/")
# Ends of names that somebody is to run or to open in a browser: `act.exe.pdf` only pretends.
_RUN = frozenset({
    "app", "apk", "bat", "cmd", "dll", "exe", "hta", "htm", "html", "jar", "js", "jse", "lnk", "mht", "mhtml", "msi", "php", "pif", "ps1",
    "py", "reg", "scr", "sh", "svg", "swf", "url", "vbe", "vbs", "wsf", "xhtml", "xml",
})  # fmt: skip
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<?php", b"<iframe")
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_LINE_ENDS_AND_TABS = frozenset(b"\t\n\r\f")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that is taken: its name, its kind by its content, its size in bytes, its SHA-256 in hexadecimal digits."""

    name: str
    media_type: str
    size: int
    sha256: str


class BadFile(DomainError):
    """A file is not taken; `name` is repeated without its odd characters."""

    def __init__(self, template: str, code: str, name: str, **params: object) -> None:
        super().__init__(template, field="file", code=code, name=printable(name), **params)


def examine(name: str, data: bytes, *, largest: int) -> Evidence:
    """What a file is. BadFile for a name or a content that is not taken, nothing at all, or more than `largest` bytes."""
    name, ending = _named(name)
    if not data:
        raise BadFile("“{name}” is empty: choose the file again, or save it anew first.", "empty", name)
    if len(data) > largest:
        raise BadFile(
            "“{name}” is larger than {limit} MB: make it smaller, or attach it in parts.", "too_large", name, limit=largest // MEGABYTE
        )
    media_type = _kind_of(name, data)
    promised = MEDIA_TYPES[ending]
    if media_type.startswith(_TEXT) and promised.startswith("text/"):
        media_type = media_type.replace(_TEXT, promised)
    elif media_type != promised:
        raise BadFile(
            "“{name}” is not what its name says: open it in the program that it was made with and save it as {kind}.",
            "other_kind",
            name,
            kind=ending.upper(),
        )
    return Evidence(name, media_type, len(data), hashlib.sha256(data).hexdigest())


def _named(name: str) -> tuple[str, str]:
    """The name as it is kept, and its ending in small letters."""
    name = unicodedata.normalize("NFC", name.strip())
    if not is_plain(name) or visible(name) != name or any(c in "\t\r\n" for c in name):
        raise BadFile("The name of the file has characters that cannot be seen: give it another name.", "name", name)
    if "/" in name or "\\" in name:
        raise BadFile("“{name}” is a path: give the name of the file alone.", "name", name)
    if len(name) > LONGEST_NAME:
        raise BadFile("The name of the file is longer than {limit} characters: shorten it.", "name", name, limit=LONGEST_NAME)
    _stem, *endings = name.lower().split(".")
    ending = endings[-1] if endings else ""
    if ending not in MEDIA_TYPES or not name.rpartition(".")[0].strip(". "):
        raise BadFile("“{name}” is of no kind that is taken here: save it as one of {kinds}.", "kind", name, kinds=KINDS_IN_WORDS)
    if any(inner.strip() in _RUN for inner in endings[:-1]):
        raise BadFile("“{name}” has the ending of a program or a page inside its name: give it another name.", "name", name)
    return name, ending


def _kind_of(name: str, data: bytes) -> str:
    """The media type that the bytes themselves tell; a text with its encoding."""
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_archive(name, data)
    found = ""
    if data.startswith(b"%PDF-"):
        found = MEDIA_TYPES["pdf"]
        whole = b"%%EOF" in data[-1024:]
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        found = MEDIA_TYPES["png"]
        whole = data.endswith(_PNG_END)
    elif data.startswith(b"\xff\xd8\xff"):
        found = MEDIA_TYPES["jpg"]
        # Telephones put films and second pictures behind the end of the first.
        whole = b"\xff\xd9" in data
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        found = MEDIA_TYPES["webp"]
        whole = len(data) - 8 == int.from_bytes(data[4:8], "little")
    if not found:
        return _kind_of_text(name, data)
    if not whole or zipfile.is_zipfile(io.BytesIO(data)):
        raise BadFile("“{name}” is damaged or has something else behind its end: save it anew.", "damaged", name)
    return found


def _kind_of_archive(name: str, data: bytes) -> str:
    """An office document by its parts. Every part is unpacked once within the limit, so that neither sizes nor sums can lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise BadFile("“{name}” unpacks to more than a document holds: save it anew, or attach it in parts.", "bomb", name)
            names = [part.filename for part in parts]
            if any(macro in each.lower() for each in names for macro in _MACROS):
                raise BadFile("“{name}” holds macros: save it without them.", "macros", name)
            if any(part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
                raise BadFile("“{name}” is locked or packed in an unusual way: save it without a password.", "locked", name)
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
            if "mimetype" in names:
                with archive.open("mimetype") as kind:
                    return kind.read(100).decode("ascii", "replace").strip()
            ending = next((ending for part, ending in _OFFICE_PARTS.items() if part in names), "")
            return MEDIA_TYPES[ending] if ending and "[Content_Types].xml" in names else "application/zip"
    except (zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, NotImplementedError, OSError) as error:
        raise BadFile("“{name}” is damaged or has something else behind its end: save it anew.", "damaged", name) from error


def _kind_of_text(name: str, data: bytes) -> str:
    """Text in UTF-8 or, as Russian spreadsheets write it, in windows-1251."""
    if any(byte < 32 and byte not in _LINE_ENDS_AND_TABS for byte in set(data)):
        raise BadFile("“{name}” is of no kind that is taken here: save it as one of {kinds}.", "kind", name, kinds=KINDS_IN_WORDS)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower().startswith(_MARKUP):
        raise BadFile("“{name}” is a page or a drawing with code in it: print it to PDF and attach that.", "markup", name)
    for encoding in ("utf-8", "windows-1251"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f"{_TEXT}; charset={encoding}"
    raise BadFile("“{name}” is a text in an unknown encoding: save it in UTF-8.", "encoding", name)
