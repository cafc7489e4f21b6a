"""The web application with 微信客服 switched on, WeCom's stand-in, and 小陈 with a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

import pytest

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.bot.wechat.peer import ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.phone import Keys
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.wecom import ROUTES, WeCom

CORP_ID = "ww0123456789abcdef"
SECRET = "kf-secret-of-the-tests"
OPEN_KFID = "wkTESTaaaaaaaaaaaaaaaaaaaaaaaaa1"
XIAOCHEN = "wmXIAOCHENaaaaaaaaaaaaaaaaaaaaa1"
CALLBACK = "/wechat/kf/callback"


@pytest.fixture
def wecom(clock: FakeClock) -> Iterator[WeCom]:
    made = WeCom(CORP_ID, SECRET, OPEN_KFID, clock)
    with serving(application(made, ROUTES)) as url:
        made.url = url
        yield made


@pytest.fixture
def kf_settings(wecom: WeCom, tmp_path: Path) -> Settings:
    return Settings(
        wecom_corp_id=CORP_ID,
        wecom_kf_secret=SECRET,
        wecom_token=TOKEN,
        wecom_encoding_aes_key=ENCODING_AES_KEY,
        wecom_api_base=wecom.url,
        public_url="https://platform.example",
        attachment_folder=str(tmp_path / "attachments"),
    )


@pytest.fixture
def web(
    kf_settings: Settings, database: Database, brain: FakeBrain, clock: FakeClock
) -> Iterator[Served]:
    with running(kf_settings, database, brain, clock) as web:
        yield web


def running(
    settings: Settings, database: Database, brain: FakeBrain, clock: FakeClock
) -> AbstractContextManager[Served]:
    """One web process."""
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"kf-{uuid4().hex}")
    if app.ctx.kf_account is not None:
        app.ctx.kf_channel._between_seconds = 0
    return served(app)


@pytest.fixture
def xiaochen(web: Served, wecom: WeCom) -> Iterator[KfPhone]:
    keys = Keys(CORP_ID, TOKEN, ENCODING_AES_KEY)
    phone = KfPhone(wecom, keys, f"{web.url}{CALLBACK}", XIAOCHEN)
    with phone.client:
        yield phone


def settled(web: Served) -> None:
    """Wait until everything has been read, answered and sent that can be now."""
    asyncio.run_coroutine_threadsafe(_read(web), web._loop).result(20)
    web.settle()
    asyncio.run_coroutine_threadsafe(_sent(web), web._loop).result(20)


def read(web: Served) -> None:
    """Read what there is, and no more."""
    asyncio.run_coroutine_threadsafe(_read(web), web._loop).result(20)


async def _read(web: Served) -> None:
    await web.app.ctx.kf_puller.run_once()
    await web.app.ctx.kf_puller.settle()


async def _sent(web: Served) -> None:
    await web.app.ctx.senders.run_once("wechat_kf")
