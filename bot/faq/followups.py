"""Questions without a subject: “那要多少钱” after an answer about something.

What is asked is one of a few aspects, and what it is asked about is the last entry. So the
neighbours of that entry are compared by their words; no encoder is needed, and the sentence
“商标注册要多久 多少钱”, which no customer would say, is not searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from knowledge.entries import Entry

_ASPECTS = {
    "cost": re.compile("多少钱|费用|收费|价格|官费|贵不贵|花多少|要钱|交钱|免费|年费|付费"),
    "time": re.compile("多久|多长时间|几天|几个月|时间|期限|周期|多少天|快不快|下来|来得及"),
    "material": re.compile("材料|文件|资料|准备什么|准备啥|带什么|交什么"),
    "process": re.compile(
        "流程|步骤|怎么办|怎么申请|如何申请|怎么弄|怎么做|手续|去哪办|在哪办|哪里办"
    ),
    "validity": re.compile("有效期|管几年|几年|续展|过期|到期"),
    "penalty": re.compile("罚|后果|处罚|违规|不办会"),
    "condition": re.compile("条件|要求|资格|谁能|能不能|可以吗|标准是"),
}
_FILLER = re.compile(
    r"[（(].*?[）)]|[，。？！、\s]|什么|怎么|哪些|如何|要不要|能不能|是多少|多少|的|和|有|能|会|要|吗|呢|办|申请|检|一次"
)
# “那多久检一次”, “这个要钱吗”: short, and beginning with a word that points back.
_REFERS_BACK = re.compile(r"^(?:那么?|这个?|它|还有|另外|然后)(?!种|家|里|边|些)")
_LONGEST = 14
# The subject must be shared at least by half, or another thing's price is told.
SHARED = 0.5


def refers_back(text: str) -> bool:
    """Whether a message leans on what was said before, however it was classified."""
    return len(text) <= _LONGEST and bool(_REFERS_BACK.match(text))


def follow_up(entries: Iterable[Entry], last: Entry, text: str, on: date) -> Entry | None:
    """The neighbour of the last entry that answers what is asked now, if there is one.

    Args:
        entries: The knowledge base.
        last: What was talked about.
        text: The customer's words.
        on: The day whose rules count.
    """
    aspects = [pattern for pattern in _ASPECTS.values() if pattern.search(text)]
    if not aspects:
        return None
    subject = _subject(last.title)
    best: tuple[float, Entry] | None = None
    for entry in entries:
        if entry.id == last.id or not entry.in_force(on):
            continue
        if entry.category != last.category and entry.id not in last.related:
            continue
        asked = max(_fits(entry, pattern) for pattern in aspects)
        shared = _shared(subject, entry)
        if entry.id in last.related:
            shared = max(shared, SHARED)
        if asked == 0 or shared < SHARED:
            continue
        score = asked + shared + (0.3 if entry.id in last.related else 0)
        if best is None or score > best[0]:
            best = (score, entry)
    return best[1] if best else None


def tells(entry: Entry, text: str) -> bool:
    """Whether an entry's own answer or details speak of what is asked now."""
    aspects = [pattern for pattern in _ASPECTS.values() if pattern.search(text)]
    return any(pattern.search(f"{entry.answer} {entry.detail}") for pattern in aspects)


def _fits(entry: Entry, aspect: re.Pattern[str]) -> float:
    if aspect.search(entry.title):
        return 1.0
    asking = sum(bool(aspect.search(question)) for question in entry.questions)
    return 0.8 * asking / len(entry.questions) if asking >= 2 else 0.0


def _subject(title: str) -> set[str]:
    plain = title
    for aspect in _ASPECTS.values():
        plain = aspect.sub(" ", plain)
    # What a title is about stands at its head: “专利” of “专利多久能授权”.
    head = next(iter(_FILLER.sub(" ", plain).split()), "")
    return set(_pairs(head)) if head else set()


def _shared(subject: set[str], entry: Entry) -> float:
    text = " ".join((entry.title, *entry.questions))
    return sum(pair in text for pair in subject) / len(subject) if subject else 0.0


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)] or [text]
