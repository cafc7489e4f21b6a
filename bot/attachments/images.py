"""The size in pixels of an image, read from its head; what does not hold together has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

# Frames that hold a JPEG's size: SOF0 to SOF15, but for the tables DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# Metadata in front of the frame; more segments than any camera writes.
_MOST_SEGMENTS = 500


def pixels(kind: str, file: BinaryIO) -> tuple[int, int] | None:
    """Width and height of an image, or None if its head is not that of such an image.

    Args:
        kind: ``png``, ``gif``, ``webp`` or ``jpeg``.
        file: Opened for reading; the position is moved.
    """
    file.seek(0)
    if kind == "jpeg":
        return _jpeg(file)
    head = file.read(30)
    size = {"png": _png, "gif": _gif, "webp": _webp}[kind](head)
    return size if size and min(size) > 0 else None


def _png(head: bytes) -> tuple[int, int] | None:
    if len(head) < 24 or head[12:16] != b"IHDR":
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _gif(head: bytes) -> tuple[int, int] | None:
    if len(head) < 13:
        return None
    return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")


def _webp(head: bytes) -> tuple[int, int] | None:
    if len(head) < 30:
        return None
    form = head[12:16]
    if form == b"VP8X":
        wide, high = head[24:27], head[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if form == b"VP8L" and head[20] == 0x2F:
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        wide, high = head[26:28], head[28:30]
        return int.from_bytes(wide, "little") & 0x3FFF, int.from_bytes(high, "little") & 0x3FFF
    return None


def _jpeg(file: BinaryIO) -> tuple[int, int] | None:
    file.seek(2)
    for marker, length in _segments(file):
        if marker in _FRAMES:
            frame = file.read(5)
            high, wide = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
            return (wide, high) if wide and high else None
        file.seek(length - 2, 1)
    return None


def _segments(file: BinaryIO) -> Iterator[tuple[int, int]]:
    for _ in range(_MOST_SEGMENTS):
        byte = file.read(1)
        if byte != b"\xff":
            return
        while byte == b"\xff":  # a marker may be padded
            byte = file.read(1)
        if not byte:
            return
        if byte[0] in _ALONE:
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2:
            return
        yield byte[0], length
