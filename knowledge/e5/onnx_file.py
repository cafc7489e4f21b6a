"""Writes an ONNX model as bytes: the few message types of `onnx.proto3` that one model needs.

The package `onnx` would do it, too; but the one that fits Rasa's protobuf is years old, and 30 MB
are a lot for what is written here in a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# TensorProto.DataType
_TYPES = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2, np.dtype(np.int64): 7}
# AttributeProto.AttributeType
_FLOAT, _INT = 1, 2
_OPERATORS, _EXTENSIONS = "", "com.microsoft"
_VERSIONS = {_OPERATORS: 18, _EXTENSIONS: 1}
_FORMAT_VERSION = 9


@dataclass
class Graph:
    """A model under construction: `call` adds a step, `keep` a constant."""

    _steps: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)

    def keep(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a constant and return its name."""
        self._constants.append(
            b"".join(_number(1, size) for size in values.shape)
            + _number(2, _TYPES[values.dtype])
            + _text(8, name)
            + _bytes(9, np.ascontiguousarray(values).tobytes())
        )
        return name

    def call(
        self,
        operator: str,
        given: Sequence[str],
        made: str | Sequence[str],
        *,
        extension: bool = False,
        **settings: float,
    ) -> str:
        """Add a step that makes something of what is given; return the name of the first made."""
        results = [made] if isinstance(made, str) else list(made)
        self._steps.append(
            b"".join(_text(1, name) for name in given)
            + b"".join(_text(2, name) for name in results)
            + _text(4, operator)
            + b"".join(_bytes(5, _setting(name, value)) for name, value in settings.items())
            + _text(7, _EXTENSIONS if extension else _OPERATORS)
        )
        return results[0]

    def model(
        self, given: Mapping[str, Sequence[int | str]], made: Mapping[str, Sequence[int | str]]
    ) -> bytes:
        """Return the whole model.

        Args:
            given: The shapes of what goes in, by name; a size that varies has a name itself.
            made: The shapes of what comes out.
        """
        graph = (
            _all(1, self._steps)
            + _text(2, "model")
            + _all(5, self._constants)
            + _all(11, [_declared(name, shape) for name, shape in given.items()])
            + _all(12, [_declared(name, shape) for name, shape in made.items()])
        )
        versions = [_text(1, name) + _number(2, version) for name, version in _VERSIONS.items()]
        return _number(1, _FORMAT_VERSION) + _bytes(7, graph) + _all(8, versions)


def _setting(name: str, value: float) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    fixed = bytes([2 << 3 | 5]) + np.float32(value).tobytes()
    return _text(1, name) + fixed + _number(20, _FLOAT)


def _declared(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = [_text(2, size) if isinstance(size, str) else _number(1, size) for size in shape]
    tensor = _number(1, _TYPES[np.dtype(np.float32)]) + _bytes(2, _all(1, sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _all(place: int, messages: Iterable[bytes]) -> bytes:
    return b"".join(_bytes(place, message) for message in messages)


def _text(place: int, text: str) -> bytes:
    return _bytes(place, text.encode())


def _bytes(place: int, content: bytes) -> bytes:
    return _varint(place << 3 | 2) + _varint(len(content)) + content


def _number(place: int, number: int) -> bytes:
    return _varint(place << 3) + _varint(number)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
