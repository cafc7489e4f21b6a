"""What an entry is compared by: its texts by one name, what it tells, and how a text is spelled."""

from __future__ import annotations

from dataclasses import replace

from knowledge.entries import Entry
from knowledge.plain import plain
from knowledge.same_names import one_name


def by_one_name(entry: Entry) -> Entry:
    """Return an entry as it is compared: things with several names go by one."""
    return replace(
        entry,
        title=one_name(entry.title),
        questions=tuple(dict.fromkeys(map(one_name, entry.questions))),
        negatives=tuple(map(one_name, entry.negatives)),
        answer=one_name(entry.answer),
        detail=one_name(entry.detail),
    )


def told_by(entry: Entry) -> list[str]:
    """Return what an entry tells, each line with what it is about; the answer first."""
    lines = [line.strip() for line in entry.detail.splitlines() if line.strip()]
    return [f"{entry.title}。{entry.answer}", *(f"{entry.title}：{line}" for line in lines)]


def body_of(entry: Entry) -> str:
    """Return all that the customer gets to read, for shared words."""
    return " ".join((entry.title, entry.answer, entry.detail, *entry.basis))


def spelling_of(text: str) -> str:
    """Return the letters and digits of a text in their plain form."""
    return "".join(character for character in plain(text) if character.isalnum())
