"""The same dialogues over the widget and over WeChat: the database holds the same after both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest

from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.faq.service import shared_faq_service
from bot.processes.engine import Engine
from bot.settings import Settings
from connectors.app import create_app
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served, served
from tests.dialogue.carried import OnTheWidget, OnWeChat, stored
from tests.dialogue.script import dialogues, play
from tests.running import Visitor
from tests.wechat_stand_in.phone import Keys, Phone
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.tencent import Tencent

pytestmark = pytest.mark.rasa

SECRET = "app-secret-of-the-dialogues"
# A working Tuesday morning: whether a person can be had must not depend on when the tests run.
MORNING = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
_customers = count(1)


@pytest.fixture(scope="module")
def clock() -> Callable[[], datetime]:
    began = monotonic()
    return lambda: MORNING + timedelta(seconds=monotonic() - began)


@pytest.fixture(scope="module")
def tencent(clock: Callable[[], datetime]) -> Iterator[Tencent]:
    made = Tencent(APP_ID, SECRET, clock)
    with serving(application(made)) as url:
        made.url = url
        yield made


@pytest.fixture(scope="module")
def database(engine: Engine) -> Iterator[Database]:
    opened = Database(engine.settings.database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def web(
    engine: Engine,
    database: Database,
    tencent: Tencent,
    clock: Callable[[], datetime],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """The web application with the trained model behind it and WeChat switched on."""
    folder: Path = tmp_path_factory.mktemp("channels")
    settings = Settings(
        wechat_app_id=APP_ID,
        wechat_app_secret=SECRET,
        wechat_token=TOKEN,
        wechat_encoding_aes_key=ENCODING_AES_KEY,
        wechat_api_base=tencent.url,
        attachment_folder=str(folder),
        # Generous: a slow machine is no failure of the dialogue.
        turn_limit_seconds=30.0,
    )
    brain = RasaBrain(engine.settings.rasa_url, settings.turn_limit_seconds)
    app = create_app(settings, database, brain, shared_faq_service(), clock, name="channels")
    app.ctx.wechat_channel._between_seconds = 0
    with served(app) as running:
        yield running


@pytest.fixture
def on_the_widget(web: Served, database: Database) -> Iterator[OnTheWidget]:
    with httpx.Client(base_url=web.url, timeout=40, trust_env=False) as client:
        yield OnTheWidget(web, database, visitor=Visitor(client))


@pytest.fixture
def on_wechat(web: Served, database: Database, tencent: Tencent) -> Iterator[OnWeChat]:
    keys = Keys(APP_ID, TOKEN, ENCODING_AES_KEY)
    openid = f"oDIALOGUE{next(_customers):019d}"
    phone = Phone(tencent, keys, f"{web.url}/wechat/callback", openid)
    with phone.client:
        yield OnWeChat(web, database, phone=phone)


@pytest.mark.parametrize("turns", dialogues())
def test_dialogue_leaves_the_same_on_both_channels(
    turns: list[dict[str, Any]],
    on_the_widget: OnTheWidget,
    on_wechat: OnWeChat,
    database: Database,
    tencent: Tencent,
) -> None:
    for customer in (on_the_widget, on_wechat):
        play(customer, turns)
        if not customer.bot_listens():
            # Nobody is left in the queue, where the next one would be told of it.
            customer.says("取消排队")
    assert stored(database, on_wechat.conversation_id) == stored(
        database, on_the_widget.conversation_id
    )
    assert tencent.refused == []
    # Whatever the ledger says was said has reached the phone.
    for reply in on_wechat.replies:
        assert _words(reply.text) in _words(on_wechat.screen)


def _words(text: str) -> str:
    return re.sub(r"\s", "", text)
