"""Entering a chat by a link with a scene: of a case, of a station, or of nothing we know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.conversations.models import Author
from bot.database import Database
from bot.resources.importing import import_resources
from bot.wechat.scenes import scans_by_station
from tests.bot.wechat.peer import ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served
from tests.connectors.wechat.commands import run
from tests.connectors.wechat.talking import says
from tests.connectors.wecom.conftest import CORP_ID, OPEN_KFID, SECRET, settled
from tests.connectors.wecom.looking import consistent, said, seen_at_the_desk
from tests.fakes import FakeBrain, FakeClock
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.wecom import WeCom


def test_the_link_of_a_case_asks_for_it_and_the_code_carries_the_answer(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, database: Database
) -> None:
    code = xiaochen.enters(parameter="case_YZ-20261124-0001")
    xiaochen.call()
    settled(web)
    assert [each.text for each in brain.heard] == ["查工单 YZ-20261124-0001 的进度"]
    assert xiaochen.texts == ["听到：查工单 YZ-20261124-0001 的进度"]
    assert code not in xiaochen.wecom.codes
    assert xiaochen.wecom.calls["kf/send_msg"] == 0
    assert xiaochen.wecom.refused == []
    consistent(web, database)


def test_it_is_asked_for_without_a_code_only_while_an_answer_may_be_sent(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, clock: FakeClock
) -> None:
    xiaochen.enters(code=False, parameter="case_YZ-20261124-0001")
    settled(web)
    assert brain.heard == []
    xiaochen.writes("你好")
    settled(web)
    xiaochen.enters(code=False, parameter="case_YZ-20261124-0001")
    settled(web)
    assert xiaochen.texts[-1] == "听到：查工单 YZ-20261124-0001 的进度"
    # An entry gives no new messages, as our count knows.
    assert xiaochen.user.left == 3
    clock.advance(hours=49)
    xiaochen.enters(code=False, parameter="case_YZ-20261124-0001")
    settled(web)
    assert len(brain.heard) == 2
    assert xiaochen.wecom.refused == []


def test_a_case_is_not_asked_for_while_a_person_serves(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    says(web, database, "我来看看")
    settled(web)
    xiaochen.enters(parameter="case_YZ-20261124-0001")
    settled(web)
    assert len(brain.heard) == 1
    assert said(database, Author.CUSTOMER) == ["你好"]


@pytest.mark.parametrize("code", [True, False])
def test_the_link_of_a_station_is_counted_and_greets_from_there(
    web: Served, xiaochen: KfPhone, database: Database, code: bool
) -> None:
    with database.writing() as session:
        import_resources(session)
    xiaochen.enters(code=code, parameter="station_FW-02")
    xiaochen.call()
    settled(web)
    assert [("泵阀产业园服务站" in each) for each in xiaochen.texts] == ([True] if code else [])
    assert seen_at_the_desk(web, database)["customer"]["station"] == "泵阀产业园服务站"
    with database.reading() as session:
        counted = {row[0]: row[2:] for row in scans_by_station(session, web.app.ctx.clock())}
    assert counted["FW-02"] == (1, 1)


@pytest.mark.parametrize(
    "parameter", ["station_", "station_NONE", "case", "长" * 200, "../x", "' OR 1=1 --"]
)
def test_any_other_parameter_is_an_ordinary_entry(
    web: Served, xiaochen: KfPhone, brain: FakeBrain, parameter: str
) -> None:
    xiaochen.enters(parameter=parameter)
    settled(web)
    assert brain.heard == []
    assert "智能助手" in xiaochen.texts[0]


def command(wecom: WeCom, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """``python -m bot.wecom`` against the stand-in."""
    account = {
        "WECOM_CORP_ID": CORP_ID,
        "WECOM_KF_SECRET": SECRET,
        "WECOM_TOKEN": TOKEN,
        "WECOM_ENCODING_AES_KEY": ENCODING_AES_KEY,
    }
    return run("bot.wecom", folder, words, **account, WECOM_API_BASE=wecom.url)


@pytest.mark.one_database
def test_a_link_is_made_by_a_command(wecom: WeCom, tmp_path: Path) -> None:
    done = command(wecom, tmp_path, "link", OPEN_KFID, "station_FW-02")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("https://work.weixin.qq.com/kf/")
    assert done.stdout.endswith("?enc_scene=platform&scene_param=station_FW-02\n")
    for wrong in (("a b", "case_1"), (OPEN_KFID, ""), (OPEN_KFID, "x" * 65)):
        assert command(wecom, tmp_path, "link", *wrong).returncode != 0
    refused = command(wecom, tmp_path, "link", "wkSOMEBODYELSE", "case_1")
    assert refused.returncode != 0
    assert "95000" in refused.stderr
