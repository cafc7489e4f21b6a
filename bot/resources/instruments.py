"""Instruments: the dictionary of measuring instruments, and those one can share; experts."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.resources.models import Expert, InstrumentKind, SharedInstrument
from bot.resources.regions import covers
from bot.resources.wanted import Relevance, Wanted
from knowledge import entities
from knowledge.standard_numbers import without_year

# A name of four characters with one wrong still scores 75; below that it is another thing.
CLOSE_NAME = 75
ENOUGH = 0.5


def instrument_kind(session: Session, text: str) -> InstrumentKind | None:
    """The instrument a text names: by name or alias, the longest first, else by likeness."""
    for entity in entities.find(text):
        found = session.get(InstrumentKind, entity.value) if entity.type == "instrument" else None
        if found is not None:
            return found
    names: dict[str, InstrumentKind] = {}
    for kind in session.scalars(select(InstrumentKind).order_by(InstrumentKind.name)):
        for name in (*kind.aliases, kind.name):
            names[name] = kind
    said = [name for name in names if name in text]
    if said:
        return names[max(said, key=len)]
    if len(text) > 12:
        return None
    like = process.extractOne(text, list(names), scorer=fuzz.ratio, score_cutoff=CLOSE_NAME)
    return names[like[0]] if like else None


@dataclass(frozen=True)
class InstrumentRequirement:
    """Whether an instrument must be verified, by which rules and how often.

    ``forced`` is 是, 否, 条件 or 待核; ``is_sure`` is False where the table itself has doubts.
    """

    kind: InstrumentKind
    forced: str
    condition: str
    regulations: list[str]
    interval: str
    interval_months: int | None
    is_sure: bool


def instrument_requirement(session: Session, text: str) -> InstrumentRequirement | None:
    """Find what the dictionary says about the instrument a text names."""
    kind = instrument_kind(session, text)
    if kind is None:
        return None
    return InstrumentRequirement(
        kind,
        kind.forced,
        kind.forced_condition,
        [each for each in kind.regulation.split(";") if each],
        kind.interval,
        kind.interval_months,
        is_sure=is_sure(kind),
    )


def is_sure(kind: InstrumentKind) -> bool:
    """Whether nothing of what the dictionary says about an instrument is still to be checked."""
    doubts = f"{kind.forced_condition}{kind.regulation}{kind.interval}{kind.note}"
    return kind.confidence != "check" and kind.forced != "待核" and "待核" not in doubts


def kind_by_regulation(session: Session, number: str) -> InstrumentKind | None:
    """The instrument that a verification regulation is for, whatever its year."""
    stem = without_year(number)
    for kind in session.scalars(select(InstrumentKind).order_by(InstrumentKind.name)):
        if any(without_year(each) == stem for each in kind.regulation.split(";")):
            return kind
    return None


def shared_instruments(
    session: Session, wanted: Wanted, region: str | None, limit: int = 5
) -> list[SharedInstrument]:
    """Instruments that others may use, best fit first, those in the region before others."""
    known = list(
        session.scalars(
            select(SharedInstrument).options(selectinload(SharedInstrument.institution))
        )
    )
    relevance = Relevance(_abilities(each) for each in known)
    scored = [(relevance.of(wanted, _abilities(each)), each) for each in known]
    fitting = [pair for pair in scored if pair[0] >= ENOUGH]
    fitting.sort(
        key=lambda pair: (
            region is not None and not covers(region, pair[1].district),
            -round(pair[0], 1),
            pair[1].id,
        )
    )
    return [each for _, each in fitting[:limit]]


def experts(session: Session, wanted: Wanted, limit: int = 4) -> list[Expert]:
    """Experts whose fields fit the words, or, where only a service is named, that service."""
    known = list(session.scalars(select(Expert).options(selectinload(Expert.institution))))
    relevance = Relevance(_fields(each) for each in known)
    scored = [(relevance.of(wanted, _fields(each)), each) for each in known]
    fitting = [pair for pair in scored if pair[0] >= ENOUGH]
    if not fitting and wanted.service:
        fitting = [(ENOUGH, each) for each in known if wanted.service in each.services]
    fitting.sort(key=lambda pair: (-round(pair[0], 1), -(pair[1].years or 0), pair[1].id))
    return [each for _, each in fitting[:limit]]


def _abilities(instrument: SharedInstrument) -> str:
    return " ".join([instrument.name, *instrument.measures])


def _fields(expert: Expert) -> str:
    return " ".join([expert.title, *expert.fields])
