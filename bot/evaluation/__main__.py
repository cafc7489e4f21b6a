"""Command line of the evaluation: ``make evaluate`` or ``python -m bot.evaluation``.

Ends with 0 when every promise of ``promises.yml`` is kept, with 1 when one is broken, and with 2
when the questions cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import logs
from bot.errors import SettingsError, StartFailed
from bot.evaluation.asking import Outcome, Progress, ask_all, ask_perturbed
from bot.evaluation.assistant import assistant, engine_apart
from bot.evaluation.knowledge_base import leave_one_out, negatives
from bot.evaluation.promises import load_promises, verdicts
from bot.evaluation.questions import (
    GOLDEN,
    BadQuestions,
    Question,
    known_names,
    load_questions,
)
from bot.evaluation.report import as_json, as_lines, write
from bot.evaluation.results import Results, results
from bot.processes import terminal
from bot.settings import ROOT, VAR, Settings, load

FOLDER = VAR / "evaluation"
KEPT, BROKEN, UNUSABLE = 0, 1, 2
# A line now and then shows that it goes on.
_SPOKEN_EVERY = 500


def main() -> int:
    """Measure, write the report, say the essence."""
    options = _options()
    try:
        questions = load_questions(options.questions, known_names())
        settings = load()
        logs.configure("WARNING")
        with engine_apart(settings) as apart:
            measured, outcomes, about = asyncio.run(_measured(apart, questions, options.quick))
    except BadQuestions as error:
        terminal.complain(str(error))
        return UNUSABLE
    except (SettingsError, StartFailed) as error:
        terminal.complain(str(error))
        return BROKEN
    about |= {"file": _shown(options.questions), "platform": settings.platform_name}
    held = verdicts(load_promises(), as_json(about, measured, [], []))
    page = write(options.folder, about, measured, held, outcomes)
    terminal.say("\n".join(["", *as_lines(held), "", f"报告：{_shown(page)}"]))
    return BROKEN if any(one.kept is False for one in held) else KEPT


async def _measured(
    settings: Settings, questions: Sequence[Question], quick: bool
) -> tuple[Results, list[Outcome], dict[str, Any]]:
    begun = datetime.now(UTC)
    async with assistant(settings) as asked:
        await asked.warm_up()
        outcomes = await ask_all(asked, questions, _progress("提问"))
        perturbed = {} if quick else await ask_perturbed(asked, outcomes, _progress("换写法提问"))
        faq = asked.faq
        terminal.say("知识库自检……")
        entries = faq.index.entries
        measured = results(
            outcomes,
            perturbed,
            leave_one_out(entries, faq.embedder, asked.today),
            negatives(faq, asked.today),
        )
        about: dict[str, Any] = {
            "measured_at": begun.isoformat(timespec="seconds"),
            "today": asked.today.isoformat(),
            "minutes": round((datetime.now(UTC) - begun).total_seconds() / 60, 1),
            "questions": len(questions),
            "entries": sum(entry.in_force(asked.today) for entry in entries),
            "encoders": faq.embedder.names,
            "entry_titles": {entry.id: entry.title for entry in entries},
        }
    return measured, outcomes, about


def _progress(title: str) -> Progress:
    def show(done: int, every: int) -> None:
        if done == every or done % _SPOKEN_EVERY == 0:
            terminal.say(f"{title} {done}/{every}")

    return show


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.evaluation")
    parser.add_argument("--questions", type=Path, default=GOLDEN, help="带标注的问题，JSONL")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="报告写到哪里")
    parser.add_argument("--quick", action="store_true", help="不测换种写法，省下大部分时间")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
