"""The web application with WeChat switched on, Tencent's stand-in, and 小陈 with a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.wechat_stand_in.phone import Keys, Phone
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.tencent import Tencent

SECRET = "app-secret-of-the-tests"
XIAOCHEN = "oXIAOCHENaaaaaaaaaaaaaaaaaa1"


@pytest.fixture
def tencent(clock: FakeClock) -> Iterator[Tencent]:
    made = Tencent(APP_ID, SECRET, clock)
    with serving(application(made)) as url:
        made.url = url
        yield made


@pytest.fixture
def wechat_settings(tencent: Tencent, tmp_path: Path) -> Settings:
    return Settings(
        wechat_app_id=APP_ID,
        wechat_app_secret=SECRET,
        wechat_token=TOKEN,
        wechat_encoding_aes_key=ENCODING_AES_KEY,
        wechat_api_base=tencent.url,
        public_url="https://platform.example",
        attachment_folder=str(tmp_path / "attachments"),
    )


@pytest.fixture
def web(
    wechat_settings: Settings, database: Database, brain: FakeBrain, clock: FakeClock
) -> Iterator[Served]:
    name = f"wechat-{uuid4().hex}"
    app = create_app(wechat_settings, database, brain, FakeFaq(), clock, name=name)
    if app.ctx.wechat_account is not None:
        app.ctx.wechat_channel._between_seconds = 0
    with served(app) as running:
        yield running


@pytest.fixture
def xiaochen(web: Served, tencent: Tencent) -> Iterator[Phone]:
    keys = Keys(APP_ID, TOKEN, ENCODING_AES_KEY)
    phone = Phone(tencent, keys, f"{web.url}/wechat/callback", XIAOCHEN)
    with phone.client:
        yield phone
