"""What an administrator does by hand: ``python -m bot.wechat`` with menu, code or stations."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime, timedelta

from bot.database import Database
from bot.wechat.account import Account, account_of
from bot.wechat.api import WeChatApi
from bot.wechat.commands import one_act, settings_or_exit
from bot.wechat.menu import menu
from bot.wechat.scenes import STATION_SCENE, scans_by_station

_COUNTED = timedelta(days=30)


def main() -> int:
    """Carry out one act and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m bot.wechat", description="公众号的一次性设置")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("menu", help="按 bot/wechat/menu.py 建立自定义菜单")
    acts.add_parser("code", help="生成带场景的永久二维码").add_argument(
        "scene", help="场景，1 到 64 个字符，例如 station_FW-01 或 case_工单号"
    )
    acts.add_parser("stations", help="各服务站海报最近 30 天被扫了多少次")
    arguments = parser.parse_args()
    settings = settings_or_exit()
    account = account_of(settings)
    if account is None:
        sys.exit("微信接入没有开通：请先设置 WECHAT_APP_ID、WECHAT_APP_SECRET 和 WECHAT_TOKEN。")
    if arguments.act == "code" and not 1 <= len(arguments.scene) <= 64:
        sys.exit("场景应为 1 到 64 个字符。")
    with one_act(settings, "微信") as database:
        if arguments.act == "stations":
            said = _scans(database)
        else:
            said = asyncio.run(_act(account, database, arguments))
    sys.stdout.write(f"{said}\n")
    return 0


async def _act(account: Account, database: Database, arguments: argparse.Namespace) -> str:
    api = WeChatApi(account, database, lambda: datetime.now(UTC))
    try:
        if arguments.act == "menu":
            await api.create_menu(menu())
            return "菜单已建立；客户重新进入公众号后几分钟内可见。"
        return await api.create_code(arguments.scene)
    finally:
        await api.close()


def _scans(database: Database) -> str:
    with database.reading() as session:
        counted = scans_by_station(session, datetime.now(UTC) - _COUNTED)
    lines = [
        f"{STATION_SCENE}{number}\t{name}\t{scans} 次\t{people} 人"
        for number, name, scans, people in counted
    ]
    return "\n".join(lines or ["服务站表是空的。"])


if __name__ == "__main__":
    sys.exit(main())
