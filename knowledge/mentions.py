"""What questions speak about, so that one about pressure gauges is not taken for water meters.

To an encoder “压力表多久检定一次” and “水表多久检定一次” are nearly the same sentence.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge import entities, standard_numbers, subjects
from knowledge.vocabulary import RESOURCES_FOLDER

# How far apart two texts are that name different things of a kind. Another standard is another
# question; another product often falls under the same rule.
_DISTANCES = {
    "standard_number": 3.0,
    "instrument": 1.0,
    "product": 1.0,
    "subject": 1.0,
    "action": 1.0,
}

Mention = tuple[str, str]


def mentions(text: str) -> set[Mention]:
    """Return the things a text names, each as its type and its value.

    A standard stands without its year, and together with the international
    standard it adopts: who asks about ISO 9001 means GB/T 19001 too.
    """
    found: set[Mention] = subjects.named_in(text)
    for entity in entities.find(text):
        if entity.type == "standard_number":
            trunk = standard_numbers.trunk(entity.value)
            whole = trunk.partition(".")[0]  # “gb4943” means all its parts
            found |= {(entity.type, same) for same in (trunk, whole, *_adoptions().get(trunk, ()))}
        elif entity.type in _DISTANCES:
            found.add((entity.type, entity.value))
    return found


@lru_cache(maxsize=1)
def _adoptions() -> dict[str, tuple[str, ...]]:
    path = RESOURCES_FOLDER / "standards.csv"
    if not path.exists():
        return {}
    pairs: dict[str, set[str]] = {}
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            ours = standard_numbers.trunk(row["number"])
            for found in standard_numbers.find(row.get("iso") or ""):
                theirs = standard_numbers.trunk(found.value)
                pairs.setdefault(ours, set()).add(theirs)
                pairs.setdefault(theirs, set()).add(ours)
    return {number: tuple(sorted(same)) for number, same in pairs.items()}


# An index is made anew whenever one entry changes; all its other texts were read before.
_known_mentions = lru_cache(maxsize=30_000)(mentions)


class MentionTable:
    """Which groups of texts name which things."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._of_type = {kind: np.zeros(len(groups), dtype=bool) for kind in _DISTANCES}
        holders: dict[Mention, list[int]] = {}
        for number, texts in enumerate(groups):
            for mention in set().union(*(_known_mentions(text) for text in texts)):
                self._of_type[mention[0]][number] = True
                holders.setdefault(mention, []).append(number)
        self._holders = {mention: np.array(numbers) for mention, numbers in holders.items()}

    def holders(self, named: Iterable[Mention]) -> NDArray[np.int_]:
        """Return the groups that name one of some things."""
        found = [self._holders[mention] for mention in named if mention in self._holders]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int_)

    def distances(
        self, named: Collection[Mention], groups: NDArray[np.int_]
    ) -> NDArray[np.float32]:
        """Say how far each of some groups is that names things of a kind, but others."""
        distances = np.zeros(len(groups), dtype=np.float32)
        for kind in {mention[0] for mention in named}:
            same = self.holders(mention for mention in named if mention[0] == kind)
            other = self._of_type[kind][groups] & ~np.isin(groups, same)
            distances[other] += _DISTANCES[kind]
        return distances
