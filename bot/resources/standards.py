"""Looking up standards by a number as customers write it, or by what they are about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.resources.importing import stem_of
from bot.resources.models import Standard
from bot.resources.wanted import Relevance, wanted_in
from knowledge import official_numbers
from knowledge.standard_numbers import find, without_year

# The edition one works with comes first.
_ORDER = {"现行": 0, "即将实施": 1, "被代替": 2, "废止": 3}
# A title must hold most of the words: standards that merely resemble the topic mislead.
ENOUGH = 0.6
_BARE = re.compile(r"(?<![\d.])(\d{3,6}(?:\.\d{1,2})?)(?![\d.])")
_FAMILIES = ("GB", "GB/T", "GB/Z")


@dataclass(frozen=True)
class LookUp:
    """What was found for one number.

    ``asked`` is the number in normal form; ``standard`` the edition to tell about, or None if
    the number is unknown; ``exact`` says whether the very edition asked for is meant;
    ``others`` are the other editions; ``successor`` is in force in its place.
    """

    asked: str
    standard: Standard | None
    exact: bool
    others: list[Standard]
    successor: Standard | None


def sentence_for(found: LookUp) -> str:
    """The name of the response that tells what was found; it takes the standard's state."""
    if found.standard is None:
        is_order = official_numbers.normalize(found.asked) is not None
        return "utter_regulation_unknown" if is_order else "utter_standard_unknown"
    if not found.exact:
        return "utter_standard_other_edition"
    status = found.standard.status
    if status == "被代替" or (status == "废止" and found.successor):
        return "utter_standard_replaced" if found.successor else "utter_standard_replaced_unknown"
    return {
        "即将实施": "utter_standard_coming",
        "废止": "utter_standard_withdrawn",
    }.get(status, "utter_standard_current")


def numbers_in(text: str) -> list[str]:
    """The numbers of a text's standards, orders and notices in normal form, each once."""
    found = sorted([*find(text), *official_numbers.find(text)], key=lambda each: each.start)
    return list(dict.fromkeys(number.value for number in found))


def bare_number_in(text: str) -> str | None:
    """Digits that may be a standard's, written without its letters: ``19001``."""
    found = _BARE.search(text)
    return found[1] if found else None


def in_force(session: Session, standard: Standard, on: date) -> str:
    """A standard's state on a day: what is coming comes into force, and replaces another."""
    if standard.status == "即将实施" and standard.effective_on and standard.effective_on <= on:
        return "现行"
    if standard.status == "现行":
        for number in numbers_in(standard.replaced_by) or [standard.replaced_by]:
            later = session.get(Standard, number) if number else None
            if later is not None and later.effective_on and later.effective_on <= on:
                return "被代替"
    return standard.status


def look_up(session: Session, number: str, on: date | None = None) -> LookUp:
    """Find a standard by its number in normal form, or by its digits alone.

    With a day, states are those of that day: the tables are kept by hand, and a standard
    comes into force at night.

    GB, GB/T and GB/Z are taken for each other when the one asked for does not exist: people
    leave the letter out or put it in by habit.
    """
    stem = without_year(number)
    editions = _editions(session, stem)
    if on is not None:
        editions = sorted((_as_of(session, each, on) for each in editions), key=_newest_in_force)
    year_given = number != stem
    exact = next((each for each in editions if each.number == number), None)
    standard = exact if year_given and exact else next(iter(editions), None)
    if standard is None:
        return LookUp(number, None, exact=False, others=[], successor=None)
    others = [each for each in editions if each is not standard]
    return LookUp(
        number,
        standard,
        exact=exact is not None or not year_given,
        others=others,
        successor=_successor(session, standard, editions, on),
    )


def counterparts(session: Session, stem: str) -> list[Standard]:
    """National standards in force that adopt this international one."""
    adopting = session.scalars(select(Standard).where(Standard.iso != ""))
    # People say ISO 17025 for ISO/IEC 17025.
    asked = {stem, re.sub(r"^(?:ISO|IEC) ", "ISO/IEC ", stem)}
    return [
        each
        for each in adopting
        if stem_of(each.iso) in asked
        and each.status == "现行"
        and each.number.startswith(("GB", "DB", "JJ"))
    ]


def standards_about(session: Session, text: str, limit: int = 5) -> list[Standard]:
    """Standards in force, or coming, whose title or topic holds what is asked for."""
    wanted = wanted_in(text)
    known = [each for each in session.scalars(select(Standard)) if _ORDER[each.status] < 2]
    relevance = Relevance(_subject(each) for each in known)
    scored = [(relevance.of(wanted, _subject(each)), each) for each in known]
    fitting = [pair for pair in scored if pair[0] >= ENOUGH]
    fitting.sort(key=lambda pair: (-round(pair[0], 1), len(pair[1].title), pair[1].number))
    return [each for _, each in fitting[:limit]]


def _editions(session: Session, stem: str) -> list[Standard]:
    for candidate in _spellings(stem):
        found = list(session.scalars(select(Standard).where(Standard.stem == candidate)))
        if found:
            return sorted(found, key=_newest_in_force)
    if stem.replace(".", "").isdigit():
        ending = select(Standard).where(Standard.stem.like(f"% {stem}"))
        return sorted(session.scalars(ending), key=_newest_in_force)
    return []


def _spellings(stem: str) -> list[str]:
    family, _, digits = stem.partition(" ")
    if family in _FAMILIES:
        return [stem, *(f"{other} {digits}" for other in _FAMILIES if other != family)]
    if family.endswith("/T"):
        return [stem, f"{family.removesuffix('/T')} {digits}"]
    return [stem, f"{family}/T {digits}"]


def _newest_in_force(standard: Standard) -> tuple[int, int]:
    year = re.search(r"[-:](\d{4})$", standard.number)
    return _ORDER[standard.status], -int(year[1]) if year else 0


def _as_of(session: Session, standard: Standard, on: date) -> Standard:
    state = in_force(session, standard, on)
    if state != standard.status:
        # Taken out of the session, so that the day's state is never written to the table.
        session.expunge(standard)
        standard.status = state
    return standard


def _successor(
    session: Session, standard: Standard, editions: list[Standard], on: date | None
) -> Standard | None:
    withdrawn_for_another = standard.status == "废止" and standard.replaced_by
    if standard.status != "被代替" and not withdrawn_for_another:
        return None
    for number in numbers_in(standard.replaced_by) or [standard.replaced_by]:
        named = session.get(Standard, number) or _first_part(session, number)
        if named is not None and on is not None:
            named = _as_of(session, named, on)
        if named is not None and named.status in ("现行", "即将实施"):
            return named
    return next((each for each in editions if each.status == "现行"), None)


def _first_part(session: Session, number: str) -> Standard | None:
    """“GB/T 39560系列” names a family: its first part that we have."""
    parts = select(Standard).where(Standard.stem.like(f"{without_year(number)}.%"))
    return session.scalars(parts.order_by(Standard.number)).first()


def _subject(standard: Standard) -> str:
    return f"{standard.title} {standard.topic}"
