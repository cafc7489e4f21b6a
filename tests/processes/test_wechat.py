"""WeChat through the real processes: two web processes over PostgreSQL, Tencent's stand-in."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import create_engine, text

from bot.processes.children import LOGS
from tests.bot.wechat.peer import APP_ID, ENCODING_AES_KEY, TOKEN
from tests.files import png
from tests.postgresql import postgresql_server
from tests.running import Platform, desk, running_platform
from tests.wechat_stand_in.phone import Keys, Phone, text_element
from tests.wechat_stand_in.server import application, serving
from tests.wechat_stand_in.tencent import Tencent

pytestmark = [pytest.mark.rasa, pytest.mark.processes, pytest.mark.postgres]

SECRET = "app-secret-of-a-whole-run"
SECRET_KEY = "secret-key-of-a-whole-run"


@dataclass
class Run:
    """A running platform with WeChat, and how long each log was before it began."""

    platform: Platform
    tencent: Tencent
    folder: Path
    began: dict[Path, int]
    connections: ExitStack

    def phone(self, openid: str) -> Phone:
        """Somebody's phone, connected until the run ends."""
        keys = Keys(APP_ID, TOKEN, ENCODING_AES_KEY)
        phone = Phone(self.tencent, keys, f"{self.platform.url}/wechat/callback", openid)
        self.connections.enter_context(phone.client)
        return phone

    def written(self) -> str:
        """Everything all processes have logged since."""
        said = [(self.folder / "supervisor.log").read_text("utf-8")]
        for path in LOGS.glob("*.log"):
            said.append(path.read_bytes()[self.began.get(path, 0) :].decode("utf-8", "replace"))
        return "\n".join(said)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """What the database says, in a transaction of its own."""
        engine = create_engine(self.platform.database_url)
        with engine.begin() as connection:
            result = connection.execute(text(statement), values)
            found = list(result) if result.returns_rows else []
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder, tencent = tmp_path_factory.mktemp("wechat"), Tencent(APP_ID, SECRET)
    began = {path: path.stat().st_size for path in LOGS.glob("*.log")}
    with (
        serving(application(tencent)) as api,
        postgresql_server() as url,
        running_platform(
            folder,
            DATABASE_URL=url,
            TRACKER_STORE_URL="",
            WEB_PROCESSES="2",
            ATTACHMENT_FOLDER=str(folder / "attachments"),
            SECRET_KEY=SECRET_KEY,
            PUBLIC_URL="https://platform.example",
            WECHAT_APP_ID=APP_ID,
            WECHAT_APP_SECRET=SECRET,
            WECHAT_TOKEN=TOKEN,
            WECHAT_ENCODING_AES_KEY=ENCODING_AES_KEY,
            WECHAT_API_BASE=api,
        ) as platform,
        ExitStack() as connections,
    ):
        yield Run(platform, tencent, folder, began, connections)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def answered(phone: Phone, *, after: int) -> str:
    """Wait for one more message than there were; its words."""
    until(lambda: len(phone.inbox) > after)
    return phone.texts[after]


def asks(phone: Phone, words: str) -> str:
    """Say something and wait for the answer."""
    before = len(phone.inbox)
    assert phone.writes(words).answers[-1].text == "success"
    return answered(phone, after=before)


def test_three_deliveries_at_once_over_two_processes_are_one_turn(run: Run) -> None:
    assert len(run.platform.pids_of("-m connectors")) == 2
    phones = [run.phone(f"oPARALLEL{number:019d}") for number in range(8)]
    for phone in phones:
        run.tencent.acted(phone.openid, wrote=True)
        xml = phone.message("text", "<Content>压力表多久检定一次</Content>")
        # Signed anew each, and over a connection each, so that both processes are met.
        deliveries = [phone.delivery(xml) for _ in range(3)]

        def send(delivery: Any, callback: str = phone.callback) -> str:
            with httpx.Client(trust_env=False, timeout=60) as client:
                return client.post(callback, params=delivery.query, content=delivery.body).text

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(send, deliveries)) == ["success"] * 3
    for phone in phones:
        assert "JJG 52-2013" in answered(phone, after=0)
    turns = """SELECT count(*) FROM turns JOIN conversations c ON c.id = conversation_id
        JOIN customers ON customers.id = c.customer_id WHERE address LIKE 'oPARALLEL%'"""
    assert run.rows(turns)[0][0] == len(phones)
    assert [len(phone.inbox) for phone in phones] == [1] * len(phones)


def test_logs_of_a_whole_run_hold_no_token_no_secret_and_no_openid(run: Run) -> None:
    openids = [f"oPERSON{secrets.token_hex(10)}" for _ in range(3)]
    one, other, third = (run.phone(each) for each in openids)
    phone_number, name = "13900001234", "欧阳某某"
    _talks(run, one, name, phone_number)
    _is_served(run, one)
    _errors(run, other, third)
    before = len(one.inbox)
    one.does("unsubscribe", "<EventKey></EventKey>")
    until(lambda: not run.rows("SELECT 1 FROM customers WHERE address = :who", who=one.openid))
    assert len(one.inbox) == before

    written = run.written()
    # The run is in there, with its errors and their tracebacks.
    for words in ("wechat_received", "delivered channel=wechat", "wechat_alarm", "Traceback"):
        assert words in written, words
    forbidden = {
        "OpenID": openids,
        "token of the callback": [TOKEN],
        "keys": [ENCODING_AES_KEY, SECRET, SECRET_KEY],
        "access token": list(run.tencent.tokens),
        "what a customer said": [phone_number, name, "压力表多久检定一次"],
        "addresses of the API": ["access_token=", "msg_signature="],
    }
    found = {kind: [each for each in words if each in written] for kind, words in forbidden.items()}
    assert found == {kind: [] for kind in forbidden}
    assert not re.search(r"\bo(?:PERSON|PARALLEL)", written)


def _talks(run: Run, phone: Phone, name: str, number: str) -> None:
    phone.does("subscribe", "<EventKey></EventKey>")
    answered(phone, after=0)
    assert "JJG 52-2013" in asks(phone, "压力表多久检定一次")
    asks(phone, "云州哪里能检定压力表")
    assert "现场" in asks(phone, "2")
    asks(phone, "送检")
    asks(phone, "3 块")
    assert "请核对" in asks(phone, f"{name} {number}")
    assert "已提交" in asks(phone, "提交")
    media_id = secrets.token_urlsafe(24)
    run.tencent.media[media_id] = png()
    before = len(phone.inbox)
    picture = text_element("PicUrl", "http://x/0") + text_element("MediaId", media_id)
    phone.sends("image", picture)
    answered(phone, after=before)
    until(lambda: run.rows("SELECT 1 FROM attachments"))
    before = len(phone.inbox)
    phone.sends("voice", "<MediaId>none</MediaId><Format>amr</Format><Recognition/>")
    answered(phone, after=before)
    place = "<Location_X>28.65</Location_X><Location_Y>121.42</Location_Y><Label>产业园</Label>"
    phone.sends("location", place)
    answered(phone, after=before + 1)


def _is_served(run: Run, phone: Phone) -> None:
    asks(phone, "转人工")
    find = """SELECT c.id FROM conversations c JOIN customers ON customers.id = c.customer_id
        WHERE address = :who"""
    (conversation_id,) = run.rows(find, who=phone.openid)[0]
    with desk(run.platform) as staff:
        path = f"/api/desk/conversations/{conversation_id}"
        assert staff.post(f"{path}/accept").status_code == 200
        before = len(phone.inbox)
        said = {"client_id": str(uuid4()), "text": "您好，收到您的需求", "private": False}
        assert staff.post(f"{path}/messages", json=said).status_code == 201
        until(lambda: any("收到您的需求" in each for each in phone.texts[before:]))
        phone.writes("好的，谢谢")
        assert staff.post(f"{path}/resolve", json={"outcome": "done"}).status_code == 200
    until(lambda: any("请为" in each for each in phone.texts))
    before = len(phone.inbox)
    phone.presses("5 很满意")
    assert "谢谢" in answered(phone, after=before)


def _errors(run: Run, other: Phone, third: Phone) -> None:
    """Forgeries, each kind of refusal, Tencent away, and a database that fails."""
    other.keys.token = "AnotherToken"
    assert other.writes("假的").answers[-1].status_code == 403
    other.keys.token = TOKEN
    switches, calls = run.tencent.switches, run.tencent.calls
    for code in (45047, 40003, 48002):
        switches.once, sent = [code], calls["message/custom/send"]
        other.writes("你好")
        until(lambda sent=sent: calls["message/custom/send"] > sent)  # type: ignore[misc]
    switches.away, sent = True, calls["message/custom/send"]
    third.writes("你好")
    until(lambda: calls["message/custom/send"] > sent)
    switches.away = False
    run.rows("ALTER TABLE wechat_windows RENAME TO hidden_windows")
    failed = third.writes("这句存不进去").answers[-1]
    run.rows("ALTER TABLE hidden_windows RENAME TO wechat_windows")
    assert (failed.status_code, failed.content) == (500, b"")
    switches.once, sent = [40164], calls["message/custom/send"]
    other.writes("再问一次")
    until(lambda: calls["message/custom/send"] > sent)
