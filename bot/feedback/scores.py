"""What a customer's words mean as a score."""

from __future__ import annotations

import re

# At this score or below somebody gets in touch with the customer.
LOW_SCORE = 2

_DIGIT = re.compile(r"(?<!\d)([1-5])(?!\d)|([一二两三四五])\s*(?:分|星)")
_CHINESE = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
# The first that fits counts, so the strong words stand before the plain ones.
_WORDS = (
    (re.compile("很不满意|非常不满意|太差|很差"), 1),
    (re.compile("不满意|不太满意|不太好|不怎么样"), 2),
    (re.compile("一般|还行|凑合"), 3),
    (re.compile("很满意|非常满意|特别满意|很好|非常好"), 5),
    (re.compile("满意|不错|挺好"), 4),
)


def score_in(text: str) -> int | None:
    """A score from 1 to 5: ``5``, ``四分``, ``不太满意``; None if there is none."""
    digit = _DIGIT.search(text)
    if digit:
        return int(digit[1]) if digit[1] else _CHINESE[digit[2]]
    return next((score for pattern, score in _WORDS if pattern.search(text)), None)
