"""Questions without a subject: “那要多少钱” after an answer about something.

What is asked is one of a few aspects, and what it is asked about is the last entry. So the
neighbours of that entry are compared by their words; no encoder is needed, and the sentence
“商标注册要多久 多少钱”, which no customer would say, is not searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from bot.faq.aspects import ASPECTS, aspects_in, named_in, without_aspects
from knowledge.entries import Entry

_FILLER = re.compile(
    r"[（(].*?[）)]|[，。？！、\s]|什么|怎么|哪些|如何|要不要|能不能|是多少|多少|的|和|有|能|会|要|吗|呢|办|申请|检|一次"
)
# “那多久检一次”, “这个要钱吗”: short, and beginning with a word that points back.
_REFERS_BACK = re.compile(r"^(?:那么?|这个?|它|还有|另外|然后)(?!种|家|里|边|些)")
_LONGEST = 14
# “那个体的呢”, “要是换成水表呢”: the last question again, for somebody or something else.
_INSTEAD = re.compile(
    r"^(?:那么?|要是|如果|假如|换成|换|还有|，|,|\s)*(?P<other>[^，,？?]{2,10}?)(?:的话|的)?呢[？?]?$"
)
_SHORTEST_NAME = 2
# “超期会罚吗” says in which case, and not of what.
_CIRCUMSTANCE = re.compile(
    "超期|逾期|过期|延期|到期|晚了|不[办做检交报换]了?|没有?[办做检交报换]|丢了|网上|线上|线下|代办|提前|加急|异地|自己"
)
# The subject must be shared at least by half, or another thing's price is told.
SHARED = 0.5
# Of an entry's title so much may be about things not spoken of: “异议” after “商标官费”. What its
# editors call related may be further away, but not without a word in common.
MOST_STRANGE = 0.6
MOST_STRANGE_RELATED = 0.9
# So many of an entry's questions must ask it, if the title does not.
_FEWEST_ASKING = 2


def refers_back(text: str) -> bool:
    """Whether a message leans on what was said before, however it was classified."""
    if len(text) > _LONGEST:
        return False
    return bool(_REFERS_BACK.match(text)) or instead_in(text) is not None or lacks_subject(text)


def lacks_subject(text: str) -> bool:
    """Whether it asks about an aspect without naming of what: “需要什么材料呢”."""
    if len(text) > _LONGEST or not aspects_in(text):
        return False
    return len(named_in(_CIRCUMSTANCE.sub("", text))) < _SHORTEST_NAME


def instead_in(text: str) -> str | None:
    """“个体” of “那个体的呢”: for whom or what the last question is asked again."""
    found = _INSTEAD.match(text.strip())
    if found is None or aspects_in(text):
        return None
    other = found["other"]
    return None if re.fullmatch(r"[这那]个?|然后|其他|别的|另外.*|第.个", other) else other


def follow_up(entries: Iterable[Entry], last: Entry, text: str, on: date) -> Entry | None:
    """The neighbour of the last entry that answers what is asked now, if there is one.

    Args:
        entries: The knowledge base.
        last: What was talked about.
        text: The customer's words.
        on: The day whose rules count.
    """
    if (other := instead_in(text)) is not None:
        return _same_of_another(entries, last, other, on)
    near = [
        entry
        for entry in entries
        if entry.id != last.id and (entry.category == last.category or entry.id in last.related)
    ]
    spoken_of = " ".join((last.title, *last.questions, text))
    return _best(near, _subject(last.title), text, on, spoken_of, last.related)


def about_wish(
    entries: Iterable[Entry], wish: str, category: str | None, text: str, on: date
) -> Entry | None:
    """The entry that tells of a wish what is asked about it: “多少钱” of “ISO 9001 认证”."""
    near = [entry for entry in entries if category in (None, entry.category)]
    return _best(near, _subject(wish), text, on, f"{wish} {text}")


def is_near(entry: Entry, last: Entry, text: str) -> bool:
    """Whether what a search found for bare words may be about the last entry's subject."""
    if entry.id in last.related:
        return True
    known = " ".join((last.title, *last.questions, text))
    alike = _shared(_subject(last.title), entry) >= SHARED
    return entry.category == last.category and alike and _strangeness(entry, known) <= MOST_STRANGE


def covers(entry: Entry, text: str) -> bool:
    """Whether an entry is made for what is asked: its title or several questions ask it."""
    return any(_fits(entry, ASPECTS[name]) > 0 for name in aspects_in(text))


def tells(entry: Entry, text: str) -> bool:
    """Whether an entry's own answer or details speak of what is asked now."""
    said = f"{entry.answer} {entry.detail}"
    if (other := instead_in(text)) is not None:
        return other in said
    return any(ASPECTS[name].search(said) for name in aspects_in(text))


def _best(
    entries: Iterable[Entry],
    subject: set[str],
    text: str,
    on: date,
    known: str,
    related: tuple[str, ...] = (),
) -> Entry | None:
    aspects = [ASPECTS[name] for name in aspects_in(text)]
    best: tuple[float, Entry] | None = None
    for entry in entries:
        asked = max((_fits(entry, pattern) for pattern in aspects), default=0.0)
        if asked == 0 or not entry.in_force(on):
            continue
        shared = _shared(subject, entry)
        if entry.id in related:
            shared = max(shared, SHARED)
        if shared < SHARED:
            continue
        score = asked + shared + (0.3 if entry.id in related else 0)
        strange = _strangeness(entry, known)
        score -= strange
        most = MOST_STRANGE_RELATED if entry.id in related else MOST_STRANGE
        if strange <= most and (best is None or score > best[0]):
            best = (score, entry)
    return best[1] if best else None


def _strangeness(entry: Entry, known: str) -> float:
    """How much of an entry's title is about things not spoken of: “异议” after “商标注册”."""
    pairs = _pairs(named_in(re.sub(r"[（(].*?[）)]", "", entry.title)))
    return sum(pair not in known for pair in pairs) / len(pairs)


def _same_of_another(entries: Iterable[Entry], last: Entry, other: str, on: date) -> Entry | None:
    asked = aspects_in(last.title)
    best: tuple[float, Entry] | None = None
    for entry in entries:
        named = other in entry.title
        asking = sum(other in question for question in entry.questions)
        if entry.id == last.id or not entry.in_force(on):
            continue
        if not named and asking < _FEWEST_ASKING:
            continue
        # Another thing's answer is only meant if it is the same question about it.
        alike = bool(asked & aspects_in(entry.title)) + (entry.id in last.related)
        alike += _shared(_subject(last.title), entry) >= SHARED
        if entry.category != last.category or not alike:
            continue
        score = named + asking / len(entry.questions) + alike
        score -= _strangeness(entry, " ".join((other, last.title, *last.questions)))
        if best is None or score > best[0]:
            best = (score, entry)
    return best[1] if best else None


def _fits(entry: Entry, aspect: re.Pattern[str]) -> float:
    if aspect.search(entry.title):
        return 1.0
    asking = sum(bool(aspect.search(question)) for question in entry.questions)
    return 0.8 * asking / len(entry.questions) if asking >= _FEWEST_ASKING else 0.0


def _subject(title: str) -> set[str]:
    # What a title is about stands at its head: “专利” of “专利多久能授权”.
    head = next(iter(_FILLER.sub(" ", without_aspects(title)).split()), "")
    return set(_pairs(head)) if head else set()


def _shared(subject: set[str], entry: Entry) -> float:
    text = " ".join((entry.title, *entry.questions))
    return sum(pair in text for pair in subject) / len(subject) if subject else 0.0


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)] or [text]
