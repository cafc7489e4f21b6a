"""What the command lines of both WeChat channels have in common."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot import logs
from bot.database import Database
from bot.errors import SettingsError
from bot.migrations.run import migrate
from bot.settings import Settings, load
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.tokens import TokenUnavailable


def settings_or_exit() -> Settings:
    """The settings; a wrong one ends the program in a sentence."""
    try:
        settings = load()
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure("WARNING")
    return settings


@contextmanager
def one_act(settings: Settings, tencent: str) -> Iterator[Database]:
    """The platform's database, for one act; a refusal ends the program in a sentence.

    Args:
        settings: Where the database is.
        tencent: Who may refuse, as administrators call it.
    """
    database = Database(settings.database_url)
    try:
        migrate(database)
        yield database
    except (WeChatError, WeChatAway) as error:
        sys.exit(f"{tencent}没有接受：{error}。")
    except TokenUnavailable:
        sys.exit(f"另一个进程正在换{tencent}的接口凭据，请过一分钟再试。")
    finally:
        database.close()
