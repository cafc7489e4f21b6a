"""Who can do it: institutions by what they can do and where, with the reasons for their place."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.resources.importing import stem_of
from bot.resources.models import Capability, Institution, Standard
from bot.resources.regions import covers
from bot.resources.wanted import Relevance, Wanted

# Half of the wish must be found in one capability; below that lists fill with neighbours
# (tried on the demo tables: 0.4 lists water meters for “水泵”).
ENOUGH = 0.5
# A list one can compare on a phone.
MOST = 5
# How much worse than the best a match may be before it is only noise beside it.
SPREAD = 0.3


# Less than SPREAD, so that a very good fit of another service stays in the list, further down.
OTHER_SERVICE = 0.2


@dataclass(frozen=True)
class Match:
    """An institution, what of it fits, and why it stands where it stands."""

    institution: Institution
    capabilities: list[Capability]
    score: float
    in_region: bool
    # Names of reasons, most important first: standard, item, service, region.
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Matches:
    """What was found; ``elsewhere`` when nobody in the region can do it but others can."""

    found: list[Match]
    elsewhere: bool


def find_institutions(
    session: Session, wanted: Wanted, region: str | None, *, on: date, limit: int = MOST
) -> Matches:
    """Institutions that can do it, with a qualification in force, side by side.

    The order follows from fit, then place, then turnaround, then number; it recommends nobody.
    """
    institutions = [
        each
        for each in session.scalars(
            select(Institution).options(selectinload(Institution.capabilities))
        )
        if each.is_qualified(on)
    ]
    stems = _stems(session, wanted.stem)
    relevance = Relevance(
        _offer(item) for institution in institutions for item in institution.capabilities
    )
    matches = [
        match
        for institution in institutions
        if (match := _match(institution, wanted, stems, region, relevance)) is not None
    ]
    if not matches:
        return Matches([], elsewhere=False)
    best = max(match.score for match in matches)
    matches = [match for match in matches if match.score >= best - SPREAD]
    near = [match for match in matches if match.in_region]
    chosen = sorted(near or matches, key=_place)[:limit]
    return Matches(chosen, elsewhere=bool(region) and not near)


def _match(
    institution: Institution,
    wanted: Wanted,
    stems: set[str],
    region: str | None,
    relevance: Relevance,
) -> Match | None:
    scored = [(_score(item, wanted, stems, relevance), item) for item in institution.capabilities]
    # “阀门检测” is no matter for who only tells about valve standards, nor “版权登记” for who
    # registers boilers.
    other = bool(wanted.service) and wanted.service not in institution.services
    scored = [(score - OTHER_SERVICE if other else score, item) for score, item in scored]
    fitting = sorted(
        (pair for pair in scored if pair[0] >= ENOUGH), key=lambda pair: (-pair[0], pair[1].id)
    )
    in_region = region is None or covers(region, institution.district)
    if fitting:
        score, first = fitting[0]
        exact = stem_of(first.method) in stems
        reasons = ["standard" if exact else "item"]
    elif _names_only_service(wanted) and wanted.service in institution.services:
        score, reasons = ENOUGH, ["service"]
    else:
        return None
    if region is not None and in_region:
        reasons.append("region")
    # Two or three items are enough to see why it is listed.
    return Match(institution, [item for _, item in fitting[:3]], score, in_region, reasons)


def _stems(session: Session, stem: str | None) -> set[str]:
    """The number itself and, for an international one, the national standards that adopt it."""
    if stem is None:
        return set()
    adopting = session.execute(select(Standard.stem, Standard.iso).where(Standard.iso != "")).all()
    return {stem} | {own for own, iso in adopting if stem_of(iso) == stem}


def _score(item: Capability, wanted: Wanted, stems: set[str], relevance: Relevance) -> float:
    if stems:
        if stem_of(item.method) in stems and (not wanted.work or wanted.work in item.work):
            return 1.0
        if stem_of(item.method) in stems:
            return 0.9
        if not any(wanted.pieces):
            return 0.0
    fit = relevance.of(wanted, _offer(item))
    # Asked for a verification, a calibration of the same thing is second best.
    other_work = wanted.work in ("检定", "校准", "认证") and wanted.work not in item.work
    return fit - 0.1 if other_work and fit >= ENOUGH + 0.1 else fit


def _names_only_service(wanted: Wanted) -> bool:
    return not any(wanted.pieces) and wanted.stem is None and wanted.service is not None


def _offer(item: Capability) -> str:
    return f"{item.item} {item.work}"


def _place(match: Match) -> tuple[bool, float, int, str]:
    days = match.institution.turnaround_days
    return (
        not match.in_region,
        -round(match.score, 1),
        days if days is not None else 999,
        match.institution.id,
    )
