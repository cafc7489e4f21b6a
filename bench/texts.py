"""What both bots are asked: many different, realistic questions, so that no cache flatters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

from knowledge.entries import Entry, load_entries

# People rarely type a question bare.
_OPENINGS = ("", "请问", "你好，", "想问一下，", "我们公司想了解：", "老师您好，请教一下，")
_ENDINGS = ("", "？", "，谢谢", "，急", "，我们是做阀门的小企业")
_STOCK_EXAMPLES = 150


def questions(seed: int = 20) -> Iterator[str]:
    """Questions in a fixed shuffled order, none of them twice."""
    wordings = [question for entry in _entries() for question in entry.questions]
    wraps = list(product(_OPENINGS, _ENDINGS))[1:]
    texts = [
        f"{opening}{wording.rstrip('？?。')}{ending}"
        for wording in dict.fromkeys(wordings)
        for opening, ending in wraps
    ]
    Random(seed).shuffle(texts)
    return iter(texts)


def training_examples() -> list[str]:
    """Questions the stock bot learns its one intent from."""
    wordings = [question for entry in _entries() for question in entry.questions[:2]]
    return wordings[:_STOCK_EXAMPLES]


def _entries() -> list[Entry]:
    """The entries on the ten services; those on the platform itself lead to people and cases."""
    return [entry for entry in load_entries() if not entry.id.startswith("platform-")]
