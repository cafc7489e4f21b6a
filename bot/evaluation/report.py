"""Writes what was measured: a page for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.components.categories import CATEGORIES
from bot.evaluation import charts
from bot.evaluation.asking import Outcome
from bot.evaluation.promises import Verdict
from bot.evaluation.results import Results
from bot.staff.hours import SHANGHAI

WORDS = yaml.safe_load((Path(__file__).parent / "words.yml").read_text("utf-8"))


def as_json(
    about: Mapping[str, Any],
    results: Results,
    verdicts: Sequence[Verdict],
    outcomes: Sequence[Outcome],
) -> dict[str, Any]:
    """Everything, down to the single question, without Chinese names."""
    return {
        "about": dict(about),
        **asdict(results),
        "promises": [asdict(verdict) for verdict in verdicts],
        "questions": [asdict(outcome) for outcome in outcomes],
    }


def write(
    folder: Path,
    about: Mapping[str, Any],
    results: Results,
    verdicts: Sequence[Verdict],
    outcomes: Sequence[Outcome],
) -> Path:
    """Write ``report.html`` and ``report.json``; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    content = as_json(about, results, verdicts, outcomes)
    (folder / "report.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    page = folder / "report.html"
    page.write_text(as_page(about, results, verdicts), encoding="utf-8")
    return page


def as_page(about: Mapping[str, Any], results: Results, verdicts: Sequence[Verdict]) -> str:
    """One file that needs nothing else: no scripts, no fonts, no network."""
    environment = Environment(
        loader=PackageLoader("bot.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent, milliseconds=milliseconds, figure=figure, bound=bound, moment=moment
    )
    return environment.get_template("report.html").render(
        about=about,
        results=results,
        verdicts=verdicts,
        words=WORDS,
        charts=charts,
        order=[name for name in CATEGORIES if name in results.categories.confusion],
        entries=about["entry_titles"],
    )


def percent(value: float | None) -> str:
    """A share, or a dash for what could not be measured."""
    return "—" if value is None else f"{value * 100:.1f}%"


def milliseconds(value: float | None) -> str:
    """A time, or a dash."""
    return "—" if value is None else f"{value * 1000:.0f} 毫秒"


def moment(written: str) -> str:
    """A moment as people here write it, by their clock."""
    at = datetime.fromisoformat(written).astimezone(SHANGHAI)
    return f"{at.year} 年 {at.month} 月 {at.day} 日（周{'一二三四五六日'[at.weekday()]}）{at:%H:%M}"


def figure(verdict: Verdict) -> str:
    """What was measured, in its unit."""
    return _in_unit(verdict.value, verdict.promise.unit)


def bound(verdict: Verdict) -> str:
    """What was promised, in its unit."""
    promise = verdict.promise
    word = "不低于" if promise.at_least is not None else "不高于"
    limit = promise.at_least if promise.at_least is not None else promise.at_most
    return f"{word} {_in_unit(limit, promise.unit)}"


def _in_unit(value: float | None, unit: str) -> str:
    if unit == "seconds":
        return milliseconds(value)
    if unit == "points":
        return "—" if value is None else f"{value:.1f} 个百分点"
    return percent(value)


def as_lines(verdicts: Sequence[Verdict]) -> list[str]:
    """The short table for a terminal."""
    signs = {True: "达到　", False: "未达到", None: "未测　"}
    return [
        f"  {signs[one.kept]}  {one.promise.title}：{figure(one)}（要求{bound(one)}）"
        for one in verdicts
    ]
