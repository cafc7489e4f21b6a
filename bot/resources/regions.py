"""Regions: which district lies in which city, and where the platform is at home."""

from __future__ import annotations

import csv
from functools import cache

from bot.settings import ROOT

_TABLE = ROOT / "knowledge" / "resources" / "regions.csv"


@cache
def _parents() -> dict[str, str]:
    with _TABLE.open(encoding="utf-8-sig", newline="") as file:
        return {row["name"]: row["parent"] or "" for row in csv.DictReader(file)}


def covers(region: str, place: str) -> bool:
    """Whether a place is the region or lies in it."""
    while place:
        if place == region:
            return True
        place = _parents().get(place, "")
    return False


def home_region(platform_name: str) -> str | None:
    """The region a platform's name is headed by (guideline 4.3); None if it is not a known one."""
    return next((region for region in _parents() if platform_name.startswith(region)), None)


def is_region(name: str) -> bool:
    """Whether the table knows a place by this name."""
    return name in _parents()
