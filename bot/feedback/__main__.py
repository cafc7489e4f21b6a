"""Command line of feedback: ``python -m bot.feedback`` lists entries that did not help."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from sqlalchemy.exc import SQLAlchemyError

from bot.database import Database
from bot.errors import SettingsError
from bot.feedback.improvements import Improvement, improvements
from bot.processes import terminal
from bot.settings import load


def main(arguments: Sequence[str] | None = None, environment: dict[str, str] | None = None) -> int:
    """Print what customers found unhelpful, personal data masked; 2 if it cannot be read."""
    if list(sys.argv[1:] if arguments is None else arguments):
        terminal.complain("命令写错了，正确写法：python -m bot.feedback（不带参数）。")
        return 2
    try:
        database = Database(load(environment).database_url)
        with database.reading() as session:
            found = improvements(session)
        database.close()
    except SettingsError as error:
        terminal.complain(str(error))
        return 2
    except (SQLAlchemyError, ValueError):
        terminal.complain("读不到数据库，请检查 DATABASE_URL，并先启动一次平台。")
        return 2
    terminal.say("\n".join(_lines(found)))
    return 0


def _lines(found: list[Improvement]) -> Iterator[str]:
    if not found:
        yield "还没有客户认为哪一条知识没有帮助。"
    for each in found:
        yield f"{each.entry_id}：{each.unhelpful} 位客户认为没帮助，{each.helpful} 位认为有帮助"
        yield from (f"  问：{text}" for text in each.questions)
        yield from (f"  说：{text}" for text in each.comments)


if __name__ == "__main__":
    sys.exit(main())
