"""Small files of every kind that is taken as evidence, and how archives are made."""

import io
import zipfile

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    + b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
WEBP = b"RIFF" + (4 + 8).to_bytes(4, "little") + b"WEBPVP8L\x00\x00\x00\x00"


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return made.getvalue()


def office(part: str, **more: bytes) -> bytes:
    """An Office document of which `part` is the main one."""
    return archive({"[Content_Types].xml": b"<Types/>", part: b"<a/>"} | more)


def open_document(kind: str) -> bytes:
    """An OpenDocument file."""
    return archive({"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(), "content.xml": b"<a/>"})


def lying_bomb() -> bytes:
    """A document with a part that says it is small and unpacks to a hundred megabytes."""
    whole = office("xl/workbook.xml", bomb=b"\0" * 100_000_000)
    size, small = (100_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")
    return whole.replace(size, small)
