"""The vectors of a message: those the web application sent, else computed here.

The web application has already encoded each message to search the knowledge
base. While it sends its vectors along, this process never loads an encoder,
which saves some seconds at the start and a few hundred megabytes; training,
`rasa shell` and a message without vectors load them on first use.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

# Only the message under way needs to be here; the rest is room for turns
# that run side by side.
_REMEMBERED = 256


class TextEmbedder(Protocol):
    """What is used of `knowledge.encoders.Embedder`."""

    def vectors(self, text: str) -> dict[str, NDArray[Any]]: ...

    def matrix(self, texts: Sequence[str]) -> dict[str, NDArray[Any]]: ...


class MessageVectors:
    """Unit vectors by encoder name, remembered or computed."""

    def __init__(self, load_embedder: Callable[[], TextEmbedder]) -> None:
        self._load_embedder = load_embedder
        self._remembered: OrderedDict[str, dict[str, NDArray[Any]]] = OrderedDict()

    @functools.cached_property
    def _embedder(self) -> TextEmbedder:
        return self._load_embedder()

    def remember(self, text: str, vectors: dict[str, NDArray[Any]]) -> None:
        self._remembered[text] = vectors
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    def of(self, text: str, names: Sequence[str]) -> list[NDArray[np.float64]]:
        """The vectors of one text, in the order of the encoders' names."""
        known = self._remembered.get(text, {})
        if not all(name in known for name in names):
            known = self._embedder.vectors(text)
        return [np.asarray(known[name], dtype=np.float64) for name in names]

    def of_all(self, texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """A row for each text, by encoder name: those encoders that could be loaded."""
        matrices = self._embedder.matrix(texts)
        return {name: np.asarray(rows, dtype=np.float64) for name, rows in matrices.items()}


def _load_embedder() -> TextEmbedder:
    from knowledge.encoders import Embedder, load_encoders

    return Embedder(load_encoders())


# The input channel remembers and the classifier asks: they share this one.
message_vectors = MessageVectors(_load_embedder)
