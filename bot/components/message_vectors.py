"""The vectors of a message: those the web application sent, else computed here.

The web application has already encoded each message to search the knowledge
base. While it sends its vectors along, this process never loads an encoder,
which saves some seconds at the start and a few hundred megabytes; training,
`rasa shell` and a message without vectors load them on first use.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.encoders import Embedder, load_encoders, unpack

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

    def remember_packed(self, text: str, packed: Mapping[str, str]) -> None:
        """Take the vectors of a text that will be asked for soon.

        Raises:
            ValueError: A vector cannot be read or holds something that is not a number.
        """
        with np.errstate(all="ignore"):
            vectors = unpack(packed)
        for name, vector in vectors.items():
            if not vector.size or not np.isfinite(vector).all():
                raise ValueError(f"{name} is not a vector of numbers")
        self._remembered[text] = vectors
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    def of(self, text: str, widths: Mapping[str, int]) -> list[NDArray[np.float64]]:
        """The vectors of one text, in the order of the encoders' names.

        `widths` says how many numbers the vectors of each encoder must have;
        remembered ones that are missing or different are not used.
        """
        known = self._remembered.get(text, {})
        if not self.has(text, widths):
            known = self._embedder.vectors(text)
        return [np.asarray(known[name], dtype=np.float64) for name in widths]

    def has(self, text: str, widths: Mapping[str, int]) -> bool:
        """Whether the remembered vectors of a text are enough for these encoders."""
        known = self._remembered.get(text, {})
        return all(name in known and known[name].size == size for name, size in widths.items())

    def of_all(self, texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """A row for each text, by encoder name: those encoders that could be loaded."""
        matrices = self._embedder.matrix(texts)
        return {name: np.asarray(rows, dtype=np.float64) for name, rows in matrices.items()}


def _load_embedder() -> TextEmbedder:
    return Embedder(load_encoders())


# The input channel remembers and the classifier asks: they share this one.
message_vectors = MessageVectors(_load_embedder)
