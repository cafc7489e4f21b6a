"""What the tests of notices and of consents share: a case of 小陈's, and what Tencent tells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.cases.models import CaseStatus
from bot.cases.progress import advance
from bot.cases.service import open_case
from bot.conversations.models import Conversation
from bot.database import Database
from bot.delivery.models import Outgoing
from bot.settings import Settings
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import settled
from tests.fakes import FakeClock
from tests.wechat_stand_in.phone import Phone
from tests.wechat_stand_in.tencent import Template, Tencent

FIELDS = "{character_string1: number, phrase2: status, time3: at, thing4: need}"
NAMES = ["character_string1", "phrase2", "time3", "thing4"]


@pytest.fixture
def wechat_settings(
    wechat_settings: Settings, tencent: Tencent, tmp_path: Path, kind: str
) -> Settings:
    labels = dict.fromkeys(NAMES, "")
    tencent.templates = {"P": Template("进度", labels), "D": Template("到期", labels)}
    path = tmp_path / "notices.yml"
    path.write_text(
        "\n".join(
            f"{about}: {{kind: {kind}, template_id: {name}, fields: {FIELDS}}}"
            for about, name in (("progress", "P"), ("due", "D"))
        ),
        "utf-8",
    )
    return replace(wechat_settings, wechat_notices=str(path))


@pytest.fixture
def case(web: Served, xiaochen: Phone, database: Database, clock: FakeClock) -> str:
    """A case of 小陈's."""
    xiaochen.writes("我要校准")
    settled(web)
    with database.writing() as session:
        conversation_id = session.scalars(select(Conversation.id)).one()
        need = "校准游标卡尺和外径千分尺共二十件，另有一台硬度计"
        return open_case(session, need, now=clock(), conversation_id=conversation_id).number


def moves(web: Served, database: Database, number: str, status: CaseStatus) -> None:
    context = web.app.ctx
    with database.writing() as session:
        advance(session, number, status, now=context.clock(), responses=context.responses)
    settled(web)


def told(phone: Phone) -> None:
    """Wait until Tencent has told what became of what was sent."""
    for each in phone.tencent.reports:
        each.result(10)


def last(database: Database) -> tuple[str, str]:
    """State and reason of the newest parcel."""
    with database.reading() as session:
        row = session.scalars(select(Outgoing).order_by(Outgoing.id.desc()).limit(1)).one()
        return row.state, row.reason


def event(phone: Phone, name: str, inner: str) -> None:
    """Something that Tencent tells by itself; the customer does nothing."""
    phone.push(phone.message("event", f"<Event>{name}</Event>{inner}"))
