"""Scenes of QR codes: a hint which poster was scanned; anybody can make such a code."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.conversations.models import Conversation
from bot.resources.models import Station
from bot.wechat.models import StationScan

# The scene of a case's QR code: this and the case's number.
CASE_SCENE = "case_"
# The scene of a station's poster: this and the station's number.
STATION_SCENE = "station_"
# A poster that was scanned longer ago has nothing to do with what is asked now.
_FRESH = timedelta(days=1)


def note_station(
    session: Session, customer_id: int, scene: str, *, now: datetime
) -> Station | None:
    """Count the scan of a station's poster; a scene of no station we know counts nothing."""
    if not scene.startswith(STATION_SCENE):
        return None
    station = session.get(Station, scene.removeprefix(STATION_SCENE))
    if station is not None:
        session.add(StationScan(station_id=station.id, customer_id=customer_id, scanned_at=now))
    return station


def station_of(session: Session, conversation: Conversation) -> Station | None:
    """The station whose poster led to a conversation, or was scanned in it."""
    newest = (
        select(Station)
        .join(StationScan, StationScan.station_id == Station.id)
        .where(
            StationScan.customer_id == conversation.customer_id,
            StationScan.scanned_at >= conversation.created_at - _FRESH,
        )
        .order_by(StationScan.id.desc())
        .limit(1)
    )
    if conversation.resolved_at is not None:
        newest = newest.where(StationScan.scanned_at <= conversation.resolved_at)
    return session.scalar(newest)


def scans_by_station(session: Session, since: datetime) -> list[tuple[str, str, int, int]]:
    """Number and name of each station, how often its poster was scanned, by how many people."""
    recent = StationScan.scanned_at >= since
    query = (
        select(
            Station.id,
            Station.name,
            func.count(StationScan.id),
            func.count(StationScan.customer_id.distinct()),
        )
        .join(StationScan, (StationScan.station_id == Station.id) & recent, isouter=True)
        .group_by(Station.id, Station.name)
        .order_by(Station.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]
