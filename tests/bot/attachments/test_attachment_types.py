"""A file is what its bytes are, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments.types import Recognised, recognise
from bot.errors import FileRefused
from tests import files


def told(tmp_path: Path, content: bytes) -> Recognised:
    path = tmp_path / "sent"
    path.write_bytes(content)
    return recognise(path)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (files.png(), "image/png"),
        (files.jpeg(), "image/jpeg"),
        (files.GIF, "image/gif"),
        (files.webp(), "image/webp"),
        (files.PDF, "application/pdf"),
        (files.docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (
            files.package("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        (
            files.package("[Content_Types].xml", "ppt/presentation.xml"),
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
    ],
)
def test_allowed_sorts_are_recognised(tmp_path: Path, content: bytes, media_type: str) -> None:
    assert told(tmp_path, content).type.media_type == media_type


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (files.HTML, "不支持这种文件"),
        (files.SVG, "不支持这种文件"),
        (b"<?xml version='1.0'?>" + files.SVG, "不支持这种文件"),
        (files.PROGRAM, "不支持这种文件"),
        (b"\x00" * 100, "不支持这种文件"),
        (b"\xef\xbb\xbf" + files.PDF, "不支持这种文件"),  # a PDF begins with its own mark
        (files.HTML + files.docx(), "不支持这种文件"),  # ZIP readers skip what stands before
        (files.OLD_OFFICE, "另存为"),
        (files.package("a.exe"), "解压"),
        (files.package("word/document.xml"), "解压"),
        (files.package("[Content_Types].xml", "word/x", "xl/x"), "解压"),
        (files.docx("word/vbaProject.bin"), "宏"),
        (files.docx()[:40], "损坏"),
        (b"\x89PNG\r\n\x1a\n" + files.HTML, "损坏"),
        (files.png()[:20], "损坏"),
        (b"GIF89a", "损坏"),
        (b"\xff\xd8\xff\xe0" + files.HTML, "损坏"),
        (b"\xff\xd8\xff", "损坏"),
        (files.webp(b"VP8 ", 0, 5), "损坏"),
        (files.png_head(60_000, 60_000), "损坏"),  # some bytes that would fill 10 GB
        (files.png_head(0, 5), "损坏"),
    ],
)
def test_others_are_refused_with_what_to_do(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        told(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (files.png(7, 5), (7, 5)),
        (files.GIF, (2, 1)),
        (files.jpeg(640, 480), (640, 480)),
        (files.webp(b"VP8X", 320, 200), (320, 200)),
        (files.webp(b"VP8L", 320, 200), (320, 200)),
        (files.webp(b"VP8 ", 320, 200), (320, 200)),
    ],
)
def test_size_of_a_picture_is_read(tmp_path: Path, content: bytes, size: tuple[int, int]) -> None:
    assert told(tmp_path, content).pixels == size


@given(
    st.sampled_from([files.png(), files.jpeg(), files.GIF, files.webp(), files.docx(), files.PDF]),
    st.integers(0, 60),
    st.binary(max_size=40),
)
def test_damaged_files_are_refused_or_recognised_but_never_crash(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, at: int, noise: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content[:at] + noise + content[at + len(noise) :])
    try:
        found = recognise(path)
    except FileRefused:
        return
    assert found.type.extensions


@pytest.mark.parametrize("head", [b"#!AMR\n", b"#!AMR-WB\n"])
def test_voice_is_taken_from_channels_and_not_from_browsers(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "sent"
    path.write_bytes(head + bytes(40))
    assert recognise(path, with_voice=True).type.media_type == "audio/amr"
    with pytest.raises(FileRefused):
        recognise(path)
