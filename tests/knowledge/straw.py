"""A knowledge base of a few entries, and an encoder without weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from knowledge.entries import Entry
from knowledge.packaged import unit

TODAY = date(2026, 11, 24)


class StrawEncoder:
    """Counts pairs of characters in 256 buckets; remembers what it was asked."""

    name = "usem3"
    version = "straw"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit row for each text."""
        self.heard += texts
        rows = np.zeros((len(texts), 256), dtype=np.float32)
        for number, text in enumerate(texts):
            for pair in zip(text, text[1:] + " ", strict=True):
                rows[number, hashlib.md5("".join(pair).encode()).digest()[0]] += 1
        return unit(rows)


def entry(entry_id: str, *questions: str, **changes: object) -> Entry:
    """Make an entry; its title is its first question."""
    made = Entry(
        id=entry_id,
        category="metrology",
        title=questions[0],
        questions=questions,
        negatives=(),
        answer=f"{questions[0]}，要看具体情况。",
        detail="",
        basis=("《计量法》第九条",),
        effective_from=None,
        effective_to=None,
        confidence="verified",
        owner="计量科",
        related=(),
        next_step=None,
        authority=False,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


GAUGE = entry(
    "gauge", "压力表多久检定一次", "压力表检定周期", "压力表几个月检一回", "压力表半年一检吗"
)
METER = entry("meter", "水表多久检定一次", "水表检定周期", "水表几年换一次", "水表用几年就要换")
FEES = entry("fees", "强制检定收费吗", "强检要不要钱", "送去强检要交多少费用", "强检的费用谁出")
OPPOSITION_NOW = entry(
    "opposition-now",
    *("商标异议期多长", "商标公告后几个月内能提异议", "商标异议时间", "对公告商标提异议的期限"),
    category="ip",
    effective_to=date(2026, 12, 31),
)
OPPOSITION_NEXT = replace(
    OPPOSITION_NOW, id="opposition-next", effective_from=date(2027, 1, 1), effective_to=None
)
ENTRIES = [GAUGE, METER, FEES, OPPOSITION_NOW, OPPOSITION_NEXT]
