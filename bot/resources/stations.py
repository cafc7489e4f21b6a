"""Service stations: the nearest to a position, those of a region, and how one is shown."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.resources.models import Station
from bot.resources.regions import covers

NEAREST = 3
# Nobody calls a place beyond an hour's drive near.
NEAR_METRES = 50_000
_EARTH_METRES = 6_371_000
_STATION = re.compile(
    r"(?<!售后)服务站|服务点|服务网点|服务窗口|(?:你们|你家|平台|线下)(?:的|有|有没有)?(?:办事|办公)?(?:窗口|网点|大厅)"
    r"|^(?:请问)?(?:办事|人工)?窗口(?=在|的?地址|的?电话|几点|怎么|离)"
)
_WHERE = re.compile(
    r"哪|附近|最近|就近|周边|怎么走|怎么去|地址|位置|电话|几点|开门|上班|有没有|有.*吗|多远|名单"
)


@dataclass(frozen=True)
class Away:
    """A station, and how far it is in a straight line."""

    station: Station
    metres: float

    @property
    def is_near(self) -> bool:
        """Whether one would go there."""
        return self.metres <= NEAR_METRES


def asks_for_stations(text: str) -> bool:
    """Whether the words ask where the platform is to be found in person.

    “商标受理窗口在哪” asks for an office of somebody else, “服务站能办什么” for no place.
    """
    return bool(_STATION.search(text) and _WHERE.search(text))


def stations_near(session: Session, latitude: float, longitude: float) -> list[Away]:
    """The nearest stations, nearest first."""
    here = latitude, longitude
    every = [
        Away(each, _metres(here, (each.latitude, each.longitude)))
        for each in session.scalars(select(Station))
    ]
    return sorted(every, key=lambda each: (each.metres, each.station.id))[:NEAREST]


def stations_in(session: Session, region: str | None) -> list[Station]:
    """The stations of a region, or all of them."""
    every = session.scalars(select(Station).order_by(Station.id))
    return [each for each in every if region is None or covers(region, each.district)]


def station_card(station: Station, metres: float | None = None) -> dict[str, Any]:
    """A station as the channels draw it."""
    words = _words()
    address = station.address
    if metres is not None:
        address = words["away"].format(address=address, distance=spoken_distance(metres))
    values = {
        "name": station.name,
        "address": address,
        "hours": station.hours,
        "phone": station.phone,
        "services": "、".join(station.services),
    }
    facts = [[name, text.format(**values)] for name, text in words["facts"]]
    return {
        "type": "station",
        "title": words["title"].format(**values),
        "facts": [fact for fact in facts if fact[1]],
        "action": None,
        "demo": station.demo,
    }


def spoken_distance(metres: float) -> str:
    """``350 米``, ``2.4 公里``, ``120 公里``."""
    words = _words()
    if metres < 950:
        return str(words["metres"].format(count=max(50, round(metres / 50) * 50)))
    kilometres = metres / 1000
    shown = f"{kilometres:.1f}" if kilometres < 10 else f"{kilometres:.0f}"
    return str(words["kilometres"].format(count=shown))


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """By the haversine formula."""
    (a, b), (c, d) = ((math.radians(x), math.radians(y)) for x, y in (one, other))
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * _EARTH_METRES * math.asin(math.sqrt(min(1.0, half)))


@cache
def _words() -> dict[str, Any]:
    path = Path(__file__).with_name("stations.yml")
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded
