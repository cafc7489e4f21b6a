"""Command line: ``python -m bot.processes run | train | demo-reset``."""

from __future__ import annotations

import argparse
import sys

from bot import settings as settings_module
from bot.errors import SettingsError, StartFailed
from bot.processes import demo, terminal
from bot.processes.children import leave_with_parent
from bot.processes.run import run
from bot.processes.training import ensure_model
from bot.resources.tables import TableRefused
from knowledge.vocabulary import VocabularyRefused


def main() -> int:
    """Do what the command line asks; 1 with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m bot.processes")
    commands = parser.add_subparsers(dest="command", required=True)
    running = commands.add_parser("run", help="start and watch everything")
    running.add_argument(
        "--leave-with-parent", action="store_true", help="stop when the starting process is gone"
    )
    training = commands.add_parser("train", help="train the Rasa model")
    training.add_argument("--if-needed", action="store_true", help="only if its sources changed")
    commands.add_parser("demo-reset", help="empty the demo database and fill it again")
    arguments = parser.parse_args()
    try:
        if arguments.command == "train":
            with terminal.Progress("训练模型") as progress:
                ensure_model(force=not arguments.if_needed, progress=progress)
        elif arguments.command == "demo-reset":
            demo.reset(settings_module.load())
        else:
            if arguments.leave_with_parent:
                leave_with_parent()
            run(settings_module.load())
    except (SettingsError, StartFailed, TableRefused, VocabularyRefused) as error:
        terminal.complain(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
