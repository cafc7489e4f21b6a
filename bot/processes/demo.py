"""The database made ready: migrated, with demo accounts and demo data in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StartFailed
from bot.processes import terminal
from bot.processes.children import can_listen
from bot.processes.engine import tracker_store_url
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.demo import DemoAccount


def prepare(settings: Settings) -> list[DemoAccount]:
    """Migrate the database and put the demo data in; data that is there is left alone.

    Returns:
        The demo accounts, with the passwords made up just now; nobody can read them later.
    """
    # Imported late: the engine starts meanwhile, and `train` needs none of it.
    from bot.database import Database
    from bot.demo import seed
    from bot.migrations.run import migrate

    database = Database(settings.database_url)
    migrate(database)
    accounts = seed(database, settings)
    database.close()
    return accounts


def reset(settings: Settings) -> None:
    """Delete the embedded demo database with its trackers, and fill a new one.

    Raises:
        StartFailed: The program is running, or the database is not the embedded one.
    """
    if not settings.database_url.startswith("sqlite:///"):
        raise StartFailed(
            "demo-reset 只重置内置的 SQLite 演示库；DATABASE_URL 指向的数据库请自行清空。"
        )
    if not can_listen(settings.host, settings.port):
        raise StartFailed(f"端口 {settings.port} 上有程序在运行，请先停止 make run 再重置。")
    for url in (settings.database_url, tracker_store_url(settings)):
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)
    accounts = prepare(settings)
    terminal.say("演示数据已恢复到初始状态。")
    terminal.say(terminal.account_list(settings, accounts))
