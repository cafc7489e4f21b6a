"""Command line of the comparison: ``make bench`` or ``python -m bench``."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.measure import memory_of, percentile
from bench.ours import OurBot
from bench.rounds import Times, measure
from bench.stock import StockBot
from bench.texts import questions
from bot import settings as settings_module
from bot.errors import SettingsError, StartFailed
from bot.processes import terminal
from bot.settings import VAR

RESULT = VAR / "bench" / "result.json"
# One start may meet a cold disk cache; the middle of three does not.
STARTS = 3


@dataclass(frozen=True)
class Row:
    """A line of the table; ``most`` is the share of stock Rasa's figure that is promised."""

    title: str
    unit: str
    figures: dict[str, float]
    most: float | None = None


def main() -> int:
    """Measure, print the table, write the result; 1 if a promise is not kept."""
    busy = os.getloadavg()[0]
    terminal.say(f"Load of the machine before we begin: {busy:.1f} (other work makes times noisy)")
    try:
        stock, ours = StockBot(), OurBot(settings_module.load())
        rows, times = compare(stock, ours)
    except (SettingsError, StartFailed) as error:
        terminal.complain(str(error))
        return 1
    own_ratio = percentile(times["ours"].late, 0.5) / percentile(times["ours"].fifth, 0.5)
    terminal.say(table(rows))
    terminal.say(f"Our late turns against our own fifth: {own_ratio:.2f} (promised: 1.3 at most)")
    for name, each in times.items():
        terminal.say(f"{name}: {each.unanswered} turns without an answer, left out of the times")
    kept = own_ratio <= 1.3 and all(is_kept(row) for row in rows)
    write(rows, times, own_ratio, kept, busy)
    terminal.say(f"Written to {RESULT}. Promises {'kept' if kept else 'NOT kept'}.")
    return 0 if kept else 1


def compare(stock: StockBot, ours: OurBot) -> tuple[list[Row], dict[str, Times]]:
    """Train, start and ask both, one beside the other."""
    terminal.say("Making and training the stock project …")
    stock.prepare()
    training = {"stock": stock.train()}
    terminal.say("Training ours …")
    training["ours"] = ours.train()
    starts: dict[str, list[float]] = {"stock": [], "ours": []}
    bots = (stock, ours)
    try:
        for number in range(STARTS):
            for bot in bots:
                terminal.say(f"Starting {bot.name}, {number + 1} of {STARTS} …")
                starts[bot.name].append(bot.start())
                if number < STARTS - 1:
                    bot.stop()
        terminal.say("Asking both, turn about …")
        times = measure(bots, questions(), _progress)
        memory = {bot.name: float(memory_of(_pids(bot))) / 2**20 for bot in bots}
    finally:
        for bot in bots:
            bot.stop()
    rows = [
        *_rows("Turn in a new conversation", {name: each.new for name, each in times.items()}, 0.6),
        *_rows("Fifth turn", {name: each.fifth for name, each in times.items()}),
        *_rows("Turns 1–50", {name: each.early for name, each in times.items()}),
        *_rows("Turns 150–200", {name: each.late for name, each in times.items()}, 0.15),
        Row(
            "Start-up to ready",
            "s",
            {name: statistics.median(each) for name, each in starts.items()},
            0.5,
        ),
        Row("Training", "s", training),
        Row("Memory (PSS)", "MB", memory),
    ]
    return rows, times


def _pids(bot: StockBot | OurBot) -> list[int]:
    return [child.pid for child in bot.children if child.pid]


def _rows(title: str, seconds: dict[str, list[float]], most: float | None = None) -> Sequence[Row]:
    def figures(share: float) -> dict[str, float]:
        return {name: percentile(each, share) * 1000 for name, each in seconds.items()}

    return Row(f"{title}, p50", "ms", figures(0.5), most), Row(f"{title}, p95", "ms", figures(0.95))


def is_kept(row: Row) -> bool:
    """Whether a line keeps its promise; one without a promise does."""
    return row.most is None or row.figures["ours"] <= row.most * row.figures["stock"]


def table(rows: Sequence[Row]) -> str:
    """The lines as text."""
    lines = ["", f"{'':34}{'stock':>10}{'ours':>10}{'ours/stock':>12}  promised"]
    for row in rows:
        stock, ours = row.figures["stock"], row.figures["ours"]
        promise = "" if row.most is None else f"≤ {row.most} {'✓' if is_kept(row) else '✗'}"
        title = f"{row.title} ({row.unit})"
        lines.append(f"{title:34}{stock:>10.1f}{ours:>10.1f}{ours / stock:>12.2f}  {promise}")
    return "\n".join([*lines, ""])


def write(
    rows: Sequence[Row], times: dict[str, Times], own_ratio: float, kept: bool, busy: float
) -> None:
    """Keep the result, with every single time, for whoever wants to look closer."""
    result: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "load_before": busy,
        "rows": [{**vars(row), "kept": is_kept(row)} for row in rows],
        "late_against_own_fifth": own_ratio,
        "promises_kept": kept,
        "seconds": {name: vars(each) for name, each in times.items()},
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")


def _progress(done: int, every: int) -> None:
    if done % 50 == 0:
        terminal.say(f"  {done} of {every} rounds")


if __name__ == "__main__":
    sys.exit(main())
