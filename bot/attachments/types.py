"""What a file is, judged by its bytes; what the sender called it counts for nothing.

Allowed is what customers send to a quality platform and what cannot act by itself: photographs,
PDF, and the XML-based office formats without macros. The old office formats may hold macros that
cannot be told without a parser, and a ZIP may hold anything, so both are refused. Voice messages
are taken from channels only: nobody uploads them, and we do not play them ourselves.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from bot.attachments.images import pixels
from bot.errors import FileRefused

# What a browser still draws without trouble; a few kilobytes of PNG may claim gigapixels.
_MOST_PIXELS = 100_000_000
_MOST_PARTS = 20_000
_OFFICE = "application/vnd.openxmlformats-officedocument"
ALLOWED_WORDS = "JPG、PNG、GIF、WebP 图片，PDF，以及 DOCX、XLSX、PPTX 文档"


@dataclass(frozen=True)
class FileType:
    """A sort of file: its media type, and the extensions that go with it."""

    media_type: str
    extensions: tuple[str, ...]

    @property
    def is_image(self) -> bool:
        """Whether a browser may show it in place."""
        return self.media_type.startswith("image/")

    @property
    def is_voice(self) -> bool:
        """Whether it is to be listened to."""
        return self.media_type.startswith("audio/")


@dataclass(frozen=True)
class Recognised:
    """What a file turned out to be; ``pixels`` are an image's width and height."""

    type: FileType
    pixels: tuple[int, int] | None = None


_IMAGES = {
    "jpeg": FileType("image/jpeg", (".jpg", ".jpeg")),
    "png": FileType("image/png", (".png",)),
    "gif": FileType("image/gif", (".gif",)),
    "webp": FileType("image/webp", (".webp",)),
}
# What WeChat records; narrow and wide band.
_VOICE = FileType("audio/amr", (".amr",))
_VOICE_HEADS = (b"#!AMR\n", b"#!AMR-WB\n")
_PDF = FileType("application/pdf", (".pdf",))
# The folder in the package that tells the three office formats apart.
_DOCUMENTS = {
    "word/": FileType(f"{_OFFICE}.wordprocessingml.document", (".docx",)),
    "xl/": FileType(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",)),
    "ppt/": FileType(f"{_OFFICE}.presentationml.presentation", (".pptx",)),
}


def recognise(path: Path, *, with_voice: bool = False) -> Recognised:
    """What a file is; ``with_voice`` if it may be a voice message.

    Raises:
        FileRefused: None of the allowed types; the sentence says which are, or what to do.
    """
    with path.open("rb") as file:
        head = file.read(16)
        kind = _image_kind(head)
        if kind:
            size = pixels(kind, file)
            if size is None or size[0] * size[1] > _MOST_PIXELS:
                raise FileRefused("这张图片无法识别，可能已经损坏，请重新拍照或另存后再发。")
            return Recognised(_IMAGES[kind], size)
    if with_voice and head.startswith(_VOICE_HEADS):
        return Recognised(_VOICE)
    if head.startswith(b"%PDF-"):
        return Recognised(_PDF)
    if head.startswith(b"PK\x03\x04"):
        return Recognised(_document(path))
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise FileRefused("旧版 Office 文件可能带有宏，请另存为 DOCX、XLSX、PPTX 或 PDF 后再发。")
    raise FileRefused(f"不支持这种文件。可以发送 {ALLOWED_WORDS}。")


def _image_kind(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    return None


def _document(path: Path) -> FileType:
    """The office format of a ZIP package; only its directory is read, nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise FileRefused("这个文件已经损坏，打不开，请检查后重新发送。") from None
    found = [folder for folder in _DOCUMENTS if any(part.startswith(folder) for part in parts)]
    if "[Content_Types].xml" not in parts or len(found) != 1 or len(parts) > _MOST_PARTS:
        raise FileRefused(f"不支持压缩包，请解压后逐个发送。可以发送 {ALLOWED_WORDS}。")
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise FileRefused("这个文档带有宏，请另存为不带宏的文档或 PDF 后再发。")
    return _DOCUMENTS[found[0]]
