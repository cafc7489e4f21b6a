"""The names the platform knows: instruments, products and regions, each with its aliases.

They come from the resource tables and from `knowledge/dictionary/*.txt`, files in
jieba's own format ("word frequency tag") in which the tag of a word may be a type
of entity. So one list serves both the cutting of words and the finding of entities.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DICTIONARY_FOLDER = Path(__file__).parent / "dictionary"
RESOURCES_FOLDER = Path(__file__).parent / "resources"

# file, column with the name, type of entity
_TABLES = (
    ("instruments.csv", "name", "instrument"),
    ("ccc.csv", "product", "product"),
    ("regions.csv", "name", "region"),
)
ENTITY_TYPES = frozenset(kind for _, _, kind in _TABLES)
_SEPARATORS = re.compile(r"[;；]")
_BRACKETS = re.compile(r"[（(][^（()）]*[)）]")
# "CT" is a scanner, a transformer and a casting tolerance; two letters name nothing for sure.
_TOO_SHORT = re.compile(r"[A-Za-z0-9]{1,2}|.")


@dataclass(frozen=True)
class Term:
    """A word that stands for something: what it is, and the name we file it under."""

    word: str
    type: str
    value: str


class VocabularyRefused(ValueError):
    """A table that cannot be read; the sentence says which, where and why."""


@lru_cache(maxsize=1)
def terms() -> tuple[Term, ...]:
    """Return every name and alias; a word that is listed twice means what came first."""
    known: dict[str, Term] = {}
    for term in (*_from_tables(RESOURCES_FOLDER), *_from_dictionary(DICTIONARY_FOLDER)):
        if not _TOO_SHORT.fullmatch(term.word):
            known.setdefault(term.word, term)
    return tuple(known.values())


def dictionary_files(folder: Path = DICTIONARY_FOLDER) -> list[Path]:
    """Return the dictionary's files in a fixed order."""
    return sorted(folder.glob("*.txt"))


def _from_tables(folder: Path) -> Iterator[Term]:
    for file, column, kind in _TABLES:
        path = folder / file
        if not path.exists():
            continue
        rows = _rows(path, column)
        # Names first: the alias of one thing may be the name of another.
        for row in rows:
            yield Term(row[column].strip(), kind, row[column].strip())
        for row in rows:
            name = row[column].strip()
            aliases = _SEPARATORS.split(row.get("aliases") or "")
            for alias in (*aliases, _BRACKETS.sub("", name)):
                if alias.strip():
                    yield Term(alias.strip(), kind, name)


def _rows(path: Path, column: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except UnicodeDecodeError:
        raise VocabularyRefused(f"{path.name}：编码不是 UTF-8（可能是 GBK）") from None
    for line, row in enumerate(rows, start=2):
        if not row.get(column):
            raise VocabularyRefused(f"{path.name} 第 {line} 行：{column} 不能为空")
    return rows


def _from_dictionary(folder: Path) -> Iterator[Term]:
    for path in dictionary_files(folder):
        for line in path.read_text(encoding="utf-8").splitlines():
            word, *rest = line.split()
            if rest and rest[-1] in ENTITY_TYPES:
                yield Term(word, rest[-1], word)
