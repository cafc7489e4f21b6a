"""The account's menu, QR codes, and the command that sets them up."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from bot.database import Database
from bot.settings import Settings
from bot.wechat.calls import WeChatError
from bot.wechat.commands import one_act
from bot.wechat.menu import SAID_BY_MENU, menu
from bot.wechat.tokens import TokenUnavailable
from tests.bot.wechat.peer import APP_ID, TOKEN
from tests.connectors.serving import Served
from tests.connectors.wechat.commands import run
from tests.connectors.wechat.conftest import SECRET
from tests.connectors.wechat.talking import settled
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.phone import Phone, text_element
from tests.wechat_stand_in.tencent import Tencent


def command(tencent: Tencent, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``python -m bot.wechat`` against the stand-in."""
    account = {"WECHAT_APP_ID": APP_ID, "WECHAT_APP_SECRET": SECRET, "WECHAT_TOKEN": TOKEN}
    return run("bot.wechat", folder, words, **account, WECHAT_API_BASE=tencent.url)


def test_the_menu_is_set_up_by_a_command(tencent: Tencent, tmp_path: Path) -> None:
    done = command(tencent, tmp_path, "menu")
    assert done.returncode == 0, done.stderr
    assert tencent.menu == menu()


def test_a_code_is_made_by_a_command(tencent: Tencent, tmp_path: Path) -> None:
    done = command(tencent, tmp_path, "code", "station_1")
    assert "ticket=gQ/station_1%3D%3D" in done.stdout
    assert command(tencent, tmp_path, "code", "").returncode != 0


def test_what_tencent_refuses_is_said(tencent: Tencent, tmp_path: Path) -> None:
    tencent.switches.forget_tokens = True
    refused = command(tencent, tmp_path, "menu")
    assert refused.returncode != 0
    assert "40001" in refused.stderr


def test_a_token_that_another_process_is_renewing_is_said(tmp_path: Path) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/command.db")
    with pytest.raises(SystemExit, match="过一分钟再试"), one_act(settings, "微信"):
        raise TokenUnavailable


def test_the_item_about_binding_is_answered_without_the_bot(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    xiaochen.does("CLICK", "<EventKey>MENU_BINDING</EventKey>")
    settled(web)
    assert "还没有绑定企业" in xiaochen.texts[0]
    assert brain.heard == []


@pytest.mark.parametrize("key", sorted(SAID_BY_MENU.keys() - {"MENU_BINDING"}))
def test_every_item_of_the_menu_asks_something(
    web: Served, xiaochen: Phone, brain: FakeBrain, key: str
) -> None:
    xiaochen.does("CLICK", f"<EventKey>{key}</EventKey>", times=2)
    settled(web)
    assert [each.text for each in brain.heard] == [SAID_BY_MENU[key]]
    assert len(xiaochen.inbox) == 1


def test_a_case_code_asks_for_the_case(web: Served, xiaochen: Phone, brain: FakeBrain) -> None:
    xiaochen.does("SCAN", "<EventKey>case_YZ-20261124-0007</EventKey><Ticket>T</Ticket>")
    settled(web)
    assert [each.text for each in brain.heard] == ["查工单 YZ-20261124-0007 的进度"]
    xiaochen.does("subscribe", "<EventKey>qrscene_case_YZ-20261124-0008</EventKey>")
    settled(web)
    assert brain.heard[-1].text == "查工单 YZ-20261124-0008 的进度"
    assert any("智能助手" in text for text in xiaochen.texts)


def scans(phone: Phone, event: str, result: str) -> None:
    """An item of the menu has the customer scan something."""
    told = f"<ScanType>qrcode</ScanType>{text_element('ScanResult', result)}"
    phone.does(event, f"<EventKey>K</EventKey><ScanCodeInfo>{told}</ScanCodeInfo>", times=3)


def test_who_waits_for_the_answer_to_a_scan_gets_one(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    scans(xiaochen, "scancode_waitmsg", "查工单 YZ-20261124-0001 的进度")
    settled(web)
    assert xiaochen.texts == ["听到：查工单 YZ-20261124-0001 的进度"]
    scans(xiaochen, "scancode_waitmsg", "")
    scans(xiaochen, "scancode_push", "https://example.com/")
    settled(web)
    assert len(brain.heard) == 1
    assert xiaochen.tencent.refused == []


def test_a_scan_lets_what_was_held_go(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.tencent.switches.once = [45047]
    xiaochen.writes("你好")
    settled(web)
    clock.advance(hours=49)
    scans(xiaochen, "scancode_push", "https://example.com/")
    settled(web)
    assert xiaochen.texts == ["听到：你好"]


def _with(**changes: object) -> dict[str, object]:
    return {"button": [{"type": "click", "name": "查一查", "key": "K", **changes}]}


@pytest.mark.parametrize(
    ("menu", "code"),
    [
        ({"button": []}, 40016),
        ({"button": menu()["button"] + menu()["button"]}, 40016),
        (_with(type="dance"), 40017),
        (_with(name="六个字的名字"), 40018),
        (_with(key="K" * 129), 40019),
        (_with(type="view", url="https://e.cn/" + "x" * 1024), 40020),
        (_with(sub_button=[]), 40023),
        (_with(sub_button=[{"type": "click", "name": "一", "key": "K"}] * 6), 40023),
        (_with(sub_button=[{"type": "click", "name": "长" * 21, "key": "K"}]), 40025),
    ],
)
def test_the_stand_in_is_as_strict_about_menus_as_tencent(
    web: Served, xiaochen: Phone, menu: dict[str, object], code: int
) -> None:
    api = web.app.ctx.wechat_channel._api
    with pytest.raises(WeChatError, match=str(code)):
        asyncio.run_coroutine_threadsafe(api.create_menu(menu), web._loop).result(5)
    assert xiaochen.tencent.menu is None


@pytest.mark.parametrize(
    ("scene", "seconds", "code"),
    [("", 60, 40053), ("s" * 65, None, 40053), ("s", 2_592_001, 40051)],
)
def test_the_stand_in_is_as_strict_about_codes_as_tencent(
    web: Served, xiaochen: Phone, scene: str, seconds: int | None, code: int
) -> None:
    api = web.app.ctx.wechat_channel._api
    with pytest.raises(WeChatError, match=str(code)):
        asyncio.run_coroutine_threadsafe(api.create_code(scene, seconds), web._loop).result(5)
    assert xiaochen.tencent.codes == []
