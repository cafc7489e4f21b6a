"""``/wechat/kf/callback`` over the wire: what is taken, and the one way in which it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.database import Database
from bot.settings import Settings
from bot.wecom.models import KfMailbox
from connectors.app import create_app
from tests.bot.wechat.peer import ENCODING_AES_KEY, TOKEN
from tests.connectors.serving import Served, served
from tests.connectors.wechat.talking import count
from tests.connectors.wecom.conftest import CALLBACK, CORP_ID, OPEN_KFID, XIAOCHEN, running
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.wechat_stand_in.kf_phone import KfPhone
from tests.wechat_stand_in.phone import Delivery, Keys
from tests.wechat_stand_in.wecom import WeCom

OTHER_KEY = "0therKey00000000000000000000000000000000000"


def taken(answer: httpx.Response) -> bool:
    """Whether it was acknowledged; both answers have one form only."""
    assert answer.content == b""
    assert answer.status_code in (200, 403)
    return answer.status_code == 200


class TestVerification:
    def test_the_console_gets_its_word_back_in_plain(self, xiaochen: KfPhone) -> None:
        answer = xiaochen.verify()
        assert (answer.status_code, answer.text) == (200, "1616140317555161061")
        assert answer.headers["content-type"].startswith("text/plain")

    @pytest.mark.parametrize(
        "changes",
        [
            {"msg_signature": "0" * 40},
            {"msg_signature": ""},
            {"msg_signature": "签名"},
            {"timestamp": "1"},
            {"timestamp": "now"},
            {"nonce": "another"},
            {"echostr": "bm90IGVuY3J5cHRlZA=="},
            {"echostr": ""},
        ],
    )
    def test_anything_else_is_refused_without_a_word(
        self, xiaochen: KfPhone, changes: dict[str, str]
    ) -> None:
        answer = xiaochen.verify(**changes)
        assert (answer.status_code, answer.content) == (403, b"")

    def test_only_what_wecom_sends_is_echoed(self, xiaochen: KfPhone) -> None:
        assert xiaochen.verify("<script>").status_code == 403

    def test_another_companys_word_is_refused(self, xiaochen: KfPhone) -> None:
        xiaochen.keys = Keys("ww0000000000000000", TOKEN, ENCODING_AES_KEY)
        assert xiaochen.verify().status_code == 403


class TestNotices:
    def test_a_notice_is_noted_and_nothing_is_said(
        self, xiaochen: KfPhone, database: Database
    ) -> None:
        assert taken(xiaochen.call().answers[0])
        assert count(database, KfMailbox) == 1

    def test_many_notices_are_one_reading(
        self, web: Served, xiaochen: KfPhone, database: Database
    ) -> None:
        xiaochen.writes("你好", calls=3)
        xiaochen.writes("在吗", calls=3)
        with database.reading() as session:
            (mailbox,) = session.scalars(select(KfMailbox)).all()
        assert (mailbox.open_kfid, mailbox.wanted) == (OPEN_KFID, 6)

    def test_an_event_of_another_kind_changes_nothing(
        self, xiaochen: KfPhone, database: Database
    ) -> None:
        delivery = xiaochen.delivery(xiaochen.notice(Event="change_contact"))
        assert taken(xiaochen.deliver(delivery))
        assert count(database, KfMailbox) == 0

    @pytest.mark.parametrize("open_kfid", ["", "wk 1", "w" * 64, "wk/../1"])
    def test_an_account_that_cannot_be_is_refused(
        self, xiaochen: KfPhone, open_kfid: str, database: Database
    ) -> None:
        delivery = xiaochen.delivery(xiaochen.notice(OpenKfId=open_kfid))
        assert not taken(xiaochen.deliver(delivery))
        assert count(database, KfMailbox) == 0

    @pytest.mark.parametrize(
        "changes",
        [
            {"msg_signature": "0" * 40},
            {"msg_signature": ""},
            {"timestamp": "1764000000"},
            {"timestamp": ""},
            {"nonce": "another"},
        ],
    )
    def test_a_changed_query_is_refused(self, xiaochen: KfPhone, changes: dict[str, str]) -> None:
        delivery = xiaochen.delivery(xiaochen.notice())
        genuine = dict(delivery.query)
        delivery.query.update(changes)
        assert not taken(xiaochen.deliver(delivery))
        delivery.query = genuine
        assert taken(xiaochen.deliver(delivery))

    def test_a_changed_body_is_refused(self, xiaochen: KfPhone) -> None:
        delivery = xiaochen.delivery(xiaochen.notice())
        delivery.body = xiaochen.delivery(xiaochen.notice(OpenKfId="wkOTHER")).body
        assert not taken(xiaochen.deliver(delivery))

    def test_a_notice_for_another_company_is_refused(self, xiaochen: KfPhone) -> None:
        xiaochen.keys = Keys("ww0000000000000000", TOKEN, ENCODING_AES_KEY)
        assert not taken(xiaochen.call().answers[0])

    @pytest.mark.parametrize("seconds", [-301, 301])
    def test_a_notice_from_another_time_is_refused(
        self, xiaochen: KfPhone, clock: FakeClock, seconds: int
    ) -> None:
        delivery = xiaochen.delivery(
            xiaochen.notice(), lambda: clock() + timedelta(seconds=seconds)
        )
        assert not taken(xiaochen.deliver(delivery))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<xml>",
            b"{}",
            b"\xff\xfe<\x00x\x00m\x00l\x00/\x00>\x00",
            b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
            b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
            b"<xml>" + b"<a>" * 2000 + b"</a>" * 2000 + b"</xml>",
            b"x" * (64 * 1024 + 1),
            b"x" * 300_000,
        ],
    )
    def test_garbage_is_refused(self, xiaochen: KfPhone, body: bytes) -> None:
        delivery = Delivery(xiaochen.delivery(xiaochen.notice()).query, body)
        assert not taken(xiaochen.deliver(delivery))

    def test_both_pairs_are_taken_while_keys_are_rotated(
        self, kf_settings: Settings, wecom: WeCom, database: Database, clock: FakeClock
    ) -> None:
        rotating = replace(
            kf_settings,
            wecom_token=f"NewToken,{TOKEN}",
            wecom_encoding_aes_key=f"{OTHER_KEY},{ENCODING_AES_KEY}",
        )
        with running(rotating, database, FakeBrain(), clock) as web:
            for token, key in ((TOKEN, ENCODING_AES_KEY), ("NewToken", OTHER_KEY)):
                keys = Keys(CORP_ID, token, key)
                phone = KfPhone(wecom, keys, f"{web.url}{CALLBACK}", XIAOCHEN)
                with phone.client:
                    assert taken(phone.call().answers[0])
                    assert phone.verify().status_code == 200

    def test_nothing_is_acknowledged_that_could_not_be_noted(
        self, web: Served, xiaochen: KfPhone, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        delivery = xiaochen.delivery(xiaochen.notice())
        with monkeypatch.context() as broken:

            def fail(*_: object, **__: object) -> None:
                raise OSError("disk full")

            broken.setattr("connectors.wecom.callback.note_mail", fail)
            answer = xiaochen.deliver(delivery)
        assert (answer.status_code, answer.content) == (500, b"")
        assert taken(xiaochen.deliver(delivery))

    @pytest.mark.one_database
    @settings(
        max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200) | st.just("<xml/>"))
    def test_whatever_wecom_may_have_signed_is_no_trouble(
        self, xiaochen: KfPhone, inner: str
    ) -> None:
        taken(xiaochen.deliver(xiaochen.delivery(inner)))


def test_without_settings_the_channel_is_off(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    unfinished = Settings(wecom_corp_id=CORP_ID, wecom_token=TOKEN, wecom_kf_secret="s")
    name = f"kf-{uuid4().hex}"
    app = create_app(unfinished, database, FakeBrain(), FakeFaq(), clock, name=name)
    assert "wecom_off missing=WECOM_ENCODING_AES_KEY" in caplog.text
    with served(app) as web, web.client() as client:
        assert client.get(CALLBACK).status_code == 404
        assert client.post(CALLBACK, content=b"<xml/>").status_code == 404
