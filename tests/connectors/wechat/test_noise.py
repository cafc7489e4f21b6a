"""Whatever comes to the callback: no error of ours, no hang, one kind of refusal.

Hypothesis looks for inputs nobody thought of; what people do think of is made by hand and fast,
and ``make fuzz-wechat`` sends a hundred thousand of those.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.database import Database
from bot.settings import Settings
from bot.wechat.receiving import NOTHING, Taken
from connectors.app import create_app
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN, sealed
from tests.connectors.serving import served
from tests.fakes import FakeBrain, FakeFaq
from tests.load.wechat_noise import fuzz, platform
from tests.wechat_stand_in.phone import sign

INPUTS = 400
STAMP = "1764000000"

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
tags = st.sampled_from(["MsgType", "Event", "Content", "MsgId", "FromUserName", "EventKey", "a"])
elements = st.builds(lambda tag, word: f"<{tag}><![CDATA[{word}]]></{tag}>", tags, words)
documents = st.lists(elements, max_size=8).map(lambda each: f"<xml>{''.join(each)}</xml>")
queries = st.dictionaries(
    st.sampled_from(["signature", "timestamp", "nonce", "msg_signature", "encrypt_type", "openid"]),
    words,
)


@pytest.fixture(scope="module")
def callback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A caller of a platform in secure mode."""
    folder: Path = tmp_path_factory.mktemp("noise")
    database = Database(f"sqlite:///{folder}/noise.db")
    database.create_tables()
    account = Settings(
        wechat_app_id=APP_ID,
        wechat_app_secret="secret",
        wechat_token=TOKEN,
        wechat_encoding_aes_key=ENCODING_AES_KEY,
        wechat_api_base="http://127.0.0.1:9",
        wechat_replay_window_seconds=0,
    )
    brain, faq, name = FakeBrain(), FakeFaq(), f"noise-{uuid4().hex}"
    app = create_app(account, database, brain, faq, lambda: datetime.now(UTC), name=name)
    with served(app) as web, web.client() as client:
        client.timeout = httpx.Timeout(5)
        yield client
    database.close()


def answered(answer: httpx.Response) -> None:
    """Taken, or refused in the one way."""
    assert (answer.status_code, answer.content) in [(200, b"success"), (403, b"")]


@settings(
    max_examples=INPUTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(queries, st.binary(max_size=300) | documents.map(str.encode))
def test_noise_is_refused(callback: httpx.Client, query: dict[str, str], body: bytes) -> None:
    answered(callback.post("/wechat/callback", params=query, content=body))


@settings(
    max_examples=INPUTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents | words)
def test_noise_that_tencent_signed_is_no_trouble_either(callback: httpx.Client, text: str) -> None:
    encrypted = sealed(text)
    query = {
        "signature": sign(TOKEN, STAMP, "n"),
        "msg_signature": sign(TOKEN, STAMP, "n", encrypted),
        "timestamp": STAMP,
        "nonce": "n",
        "encrypt_type": "aes",
    }
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>"
    answered(callback.post("/wechat/callback", params=query, content=body.encode()))


@settings(
    max_examples=INPUTS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(queries, words)
def test_the_consoles_check_is_no_trouble_either(
    callback: httpx.Client, query: dict[str, str], echo: str
) -> None:
    answer = callback.get("/wechat/callback", params={**query, "echostr": echo})
    assert (answer.status_code, answer.content) == (403, b"")


def test_right_inputs_are_kept_once_and_wrong_ones_leave_nothing(database: Database) -> None:
    with platform(database) as running:
        found = fuzz(running, database, 1200)
    assert found.problems == []
    # All ways of being right and wrong came up.
    assert len(found.taken) > 100
    assert found.answers["403"] > 400
    assert found.deliveries >= len(found.taken)


def test_what_was_wrong_is_found(database: Database) -> None:
    """A run that takes what is wrong, or refuses what is right, ends with problems."""
    with platform(database) as running:
        context = running.app.ctx
        receive, context.wechat_receiver.receive = context.wechat_receiver.receive, _forgets
        lost = fuzz(running, database, 100)
        context.wechat_receiver.receive = receive
    assert any(each.startswith("lost") for each in lost.problems)


def _forgets(*_: object, **__: object) -> Taken:
    return NOTHING
