"""What an administrator does by hand: ``python -m bot.wecom link <account> <scene>``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot.database import Database
from bot.wechat.commands import one_act, settings_or_exit
from bot.wecom.account import KfAccount, is_id, kf_account_of
from bot.wecom.api import KfApi
from bot.wecom.messages import LONGEST_PARAMETER


def main() -> int:
    """Ask WeCom for a link and print it."""
    parser = argparse.ArgumentParser(prog="python -m bot.wecom", description="微信客服的链接")
    acts = parser.add_subparsers(dest="act", required=True)
    link = acts.add_parser("link", help="生成带场景的客服链接，可以做成二维码")
    link.add_argument("account", help="客服账号的 OpenKfId，以 wk 开头")
    link.add_argument("scene", help="场景，例如 station_FW-01 或 case_工单号")
    arguments = parser.parse_args()
    settings = settings_or_exit()
    account = kf_account_of(settings)
    if account is None:
        sys.exit("微信客服没有开通：请先设置 WECOM_ 开头的四项。")
    if not is_id(arguments.account) or not 1 <= len(arguments.scene) <= LONGEST_PARAMETER:
        sys.exit(f"OpenKfId 由字母和数字组成，场景为 1 到 {LONGEST_PARAMETER} 个字符。")
    with one_act(settings, "企业微信") as database:
        said = asyncio.run(_link(account, database, arguments))
    sys.stdout.write(f"{said}\n")
    return 0


async def _link(account: KfAccount, database: Database, arguments: argparse.Namespace) -> str:
    api = KfApi(account, database, lambda: datetime.now(UTC))
    try:
        return await api.link(arguments.account, arguments.scene)
    finally:
        await api.close()


if __name__ == "__main__":
    sys.exit(main())
