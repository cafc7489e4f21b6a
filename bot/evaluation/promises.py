"""What the figures are held to, and whether they keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROMISES = Path(__file__).parent / "promises.yml"


@dataclass(frozen=True)
class Promise:
    """A bound that a figure must keep; exactly one of the two is given."""

    title: str
    measure: str
    at_least: float | None = None
    at_most: float | None = None
    unit: str = "share"

    def __post_init__(self) -> None:
        """Refuse what would never fail.

        Raises:
            ValueError: There is no bound, or there are two.
        """
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"{self.title}：at_least 与 at_most 应写且只写一个")


@dataclass(frozen=True)
class Verdict:
    """A promise and what was measured; ``kept`` is None where nothing could be."""

    promise: Promise
    value: float | None
    kept: bool | None


def load_promises(path: Path = PROMISES) -> list[Promise]:
    """Read the bounds."""
    return [Promise(**fields) for fields in yaml.safe_load(path.read_text("utf-8"))]


def verdicts(promises: Sequence[Promise], report: Mapping[str, Any]) -> list[Verdict]:
    """Hold a report to its promises.

    Raises:
        KeyError: A promise names a figure that does not exist.
    """
    return [_verdict(promise, _figure(report, promise.measure)) for promise in promises]


def _figure(report: Mapping[str, Any], path: str) -> float | None:
    value: Any = report
    for key in path.split("."):
        value = value[key]
    return None if value is None else float(value)


def _verdict(promise: Promise, value: float | None) -> Verdict:
    if value is None:
        return Verdict(promise, None, None)
    # A share of 0.8800000001 must not depend on how it was summed up.
    rounded = round(value, 6)
    if promise.at_least is not None:
        return Verdict(promise, value, rounded >= promise.at_least)
    return Verdict(promise, value, rounded <= (promise.at_most or 0.0))
