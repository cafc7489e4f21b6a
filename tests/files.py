"""Small files of all sorts, real and pretended, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

HTML = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
GIF = b"GIF89a\x02\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff," + bytes(10) + b";"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PROGRAM = b"MZ\x90\x00" + bytes(200)


def png(width: int = 4, height: int = 3, colour: tuple[int, int, int] = (31, 95, 191)) -> bytes:
    """A PNG that every browser draws."""
    row = b"\x00" + bytes(colour) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(row * height)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def png_head(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of any size."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head)


def jpeg(width: int = 640, height: int = 480) -> bytes:
    """The head of a JPEG with metadata before its frame, as cameras write it."""
    metadata = b"\xff\xe1" + struct.pack(">H", 10) + b"Exif\x00\x00ab"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + metadata + frame + b"\xff\xd9"


def webp(form: bytes = b"VP8X", width: int = 320, height: int = 200) -> bytes:
    """The head of a WebP of one of its three forms."""
    wide, high = (max(each - 1, 0) for each in (width, height))
    body = {
        b"VP8X": bytes(4) + wide.to_bytes(3, "little") + high.to_bytes(3, "little"),
        b"VP8L": b"\x2f" + (high << 14 | wide).to_bytes(4, "little") + bytes(8),
        b"VP8 ": b"\x00" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", width, height) + bytes(4),
    }[form]
    inner = b"WEBP" + form + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(inner)) + inner + bytes(8)


def package(*parts: str) -> bytes:
    """A ZIP with these parts in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as written:
        for part in parts:
            written.writestr(part, "<x/>")
    return made.getvalue()


def docx(*more: str) -> bytes:
    """A Word document, as far as anybody looks."""
    return package("[Content_Types].xml", "word/document.xml", *more)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
