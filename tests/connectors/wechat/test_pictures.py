"""Pictures both ways, files by link, and the page behind a link."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select

from bot.attachments.service import attachment_for, link_to, say_as_staff
from bot.conversations.brain import Answer, Reply
from bot.conversations.models import Message
from bot.database import Database
from bot.wechat import fetching
from bot.wechat.links import link_to_message
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import says, settled
from tests.fakes import FakeBrain, FakeClock
from tests.files import PDF, png
from tests.wechat_stand_in.phone import Phone


def fetched(web: Served) -> None:
    """Wait until what customers sent has been fetched."""
    settling = web.app.ctx.wechat_channel.settle()
    asyncio.run_coroutine_threadsafe(settling, web._loop).result(10)


def first_message(database: Database) -> Message:
    with database.reading() as session:
        return session.scalars(select(Message).order_by(Message.seq)).all()[0]


def test_a_picture_is_fetched_and_kept_for_staff(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.tencent.media["PICTURE"] = png()
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    message = first_message(database)
    assert message.kind == "file"
    attachment = message.data["attachment"]
    assert attachment["type"] == "image/png"
    assert web.app.ctx.attachments.path(attachment["id"]).read_bytes() == png()


def test_a_picture_goes_with_the_customer_who_sent_it(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.tencent.media["PICTURE"] = png()
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    place = web.app.ctx.attachments.path(first_message(database).data["attachment"]["id"])
    assert place.exists()
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    assert not place.exists()
    assert first_message(database).data == {}


def test_a_picture_that_arrives_after_its_customer_left_is_not_kept(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    message = first_message(database)
    xiaochen.does("unsubscribe", "<EventKey></EventKey>")
    xiaochen.tencent.media["PICTURE"] = png()
    web._loop.call_soon_threadsafe(web.app.ctx.wechat_channel.fetch, message.id, "PICTURE")
    fetched(web)
    assert xiaochen.tencent.calls["media/get"] == 2
    assert first_message(database).data == {}
    folder = web.app.ctx.attachments.folder
    assert [each for each in folder.rglob("*") if each.is_file()] == []


def test_a_token_that_is_refused_costs_no_picture(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("你好")
    settled(web)
    xiaochen.tencent.tokens.clear()
    xiaochen.tencent.media["PICTURE"] = png()
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    with database.reading() as session:
        message = session.scalars(select(Message).where(Message.kind == "file")).one()
    assert message.data["attachment"]["type"] == "image/png"
    assert xiaochen.tencent.calls["stable_token"] == 2


@pytest.mark.parametrize(("code", "calls"), [(-1, 2), (40007, 1)])
def test_a_picture_is_asked_for_again_only_while_tencent_is_busy(
    web: Served,
    xiaochen: Phone,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    calls: int,
) -> None:
    monkeypatch.setattr(fetching, "_PAUSE_SECONDS", 0)
    xiaochen.tencent.switches.downloads = [code]
    xiaochen.tencent.media["PICTURE"] = png()
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    assert xiaochen.tencent.calls["media/get"] == calls
    assert ("attachment" in first_message(database).data) is (calls == 2)


@pytest.mark.parametrize("content", [b"MZ not a picture", None])
def test_what_cannot_be_kept_stays_a_word(
    web: Served, xiaochen: Phone, database: Database, content: bytes | None
) -> None:
    if content is not None:
        xiaochen.tencent.media["PICTURE"] = content
    xiaochen.sends("image", "<PicUrl>http://x/0</PicUrl><MediaId>PICTURE</MediaId>")
    fetched(web)
    message = first_message(database)
    assert message.text == "［图片］"
    assert "attachment" not in message.data


def sends_file(web: Served, database: Database, content: bytes, name: str) -> str:
    """Alice sends a file; the id of its message."""
    staff = says(web, database, "请看附件")
    context = web.app.ctx
    upload = context.attachments.begin()
    upload.write(content)
    stored = upload.finish()
    with database.writing() as session:
        conversation_id = session.scalars(select(Message.conversation_id)).all()[0]
        said = say_as_staff(
            session,
            conversation_id,
            staff,
            str(uuid4()),
            name,
            stored,
            False,
            now=context.clock(),
        )
        message_id = said.message.id
    context.attachments.settle(stored.id)
    return message_id


def test_a_picture_of_staff_is_uploaded_and_sent(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    sends_file(web, database, png(), "铭牌.png")
    settled(web)
    assert xiaochen.inbox[-1]["msgtype"] == "image"
    assert xiaochen.tencent.media[xiaochen.inbox[-1]["image"]["media_id"]] == png()


def test_a_file_of_staff_is_sent_as_a_link_that_opens(
    web: Served, xiaochen: Phone, database: Database
) -> None:
    xiaochen.writes("转人工")
    settled(web)
    message_id = sends_file(web, database, PDF, "报价单.pdf")
    settled(web)
    link = xiaochen.texts[-1].split("查看：")[1].split("\n")[0]
    assert message_id in link
    with web.client() as client:
        page = client.get(link.removeprefix("https://platform.example"))
        assert page.status_code == 200
        assert "报价单.pdf" in page.text
        file = page.text.split('href="/api/attachments/')[1].split('"')[0].replace("&amp;", "&")
        opened = client.get(f"/api/attachments/{file}")
    assert opened.content == PDF


def test_a_long_answer_is_whole_on_its_page(
    web: Served, xiaochen: Phone, brain: FakeBrain, database: Database
) -> None:
    long = "这一条说明很长<b>。" * 700
    brain.script.append(Answer([Reply(long)]))
    xiaochen.writes("详细说说")
    settled(web)
    (text,) = xiaochen.texts
    path = text.split("全文：https://platform.example")[1]
    with web.client() as client:
        page = client.get(path)
        assert page.status_code == 200
        assert page.text.count("这一条说明很长&lt;b&gt;。") == 700


def test_details_of_an_answer_are_on_its_page(
    web: Served, xiaochen: Phone, brain: FakeBrain
) -> None:
    faq = {"title": "压力表检定周期", "detail": "先分用途。\n再定做法。", "basis": ["JJG 52-2013"]}
    brain.script.append(Answer([Reply("半年。", "text", {"faq": faq})]))
    xiaochen.writes("压力表多久检一次")
    settled(web)
    (text,) = xiaochen.texts
    assert "先分用途" not in text
    path = text.split('<a href="https://platform.example')[1].split('">详细说明')[0]
    with web.client() as client:
        page = client.get(path).text
    assert all(
        each in page for each in ("压力表检定周期", "先分用途。", "再定做法。", "JJG 52-2013")
    )


def test_a_link_that_is_not_ours_or_too_old_opens_nothing(
    web: Served, xiaochen: Phone, database: Database, clock: FakeClock
) -> None:
    xiaochen.writes("你好")
    settled(web)
    account = web.app.ctx.wechat_account
    message_id = first_message(database).id
    path = link_to_message(account, message_id, now=clock()).removeprefix(account.public_url)
    with web.client() as client:
        assert client.get(path).status_code == 200
        forged = client.get(path[:-1] + ("0" if path[-1] != "0" else "1"))
        assert forged.status_code == 404
        assert "这个链接已经失效" in forged.text
        assert client.get(path.replace(message_id, "0" * 32)).status_code == 404
        assert client.get(f"/wechat/messages/{message_id}?until=x&proof=y").status_code == 404
        clock.advance(days=31)
        assert client.get(path).status_code == 404


VOICE = b"#!AMR\n" + bytes(range(60))


def test_a_voice_that_nobody_understood_is_kept_for_staff(
    web: Served, xiaochen: Phone, database: Database, brain: FakeBrain
) -> None:
    xiaochen.tencent.media["VOICE"] = VOICE
    xiaochen.sends("voice", "<MediaId>VOICE</MediaId><Format>amr</Format><Recognition/>")
    settled(web)
    fetched(web)
    message = first_message(database)
    attachment = message.data["attachment"]
    assert (attachment["type"], attachment["name"]) == ("audio/amr", "语音.amr")
    assert web.app.ctx.attachments.path(attachment["id"]).read_bytes() == VOICE
    assert "请用文字" in xiaochen.texts[0]
    assert brain.heard == []
    with database.reading() as session:
        link = link_to(attachment_for(session, attachment["id"]), now=web.app.ctx.clock())
    with web.client() as client:
        answer = client.get(link["url"])
    assert answer.content == VOICE
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("kind", "inner"),
    [("video", "<MediaId>CLIP</MediaId>"), ("file", "<Title>合同.pdf</Title><FileKey>k</FileKey>")],
)
def test_what_tencent_does_not_hand_out_is_said_to_be_lost(
    web: Served, xiaochen: Phone, database: Database, kind: str, inner: str
) -> None:
    xiaochen.tencent.media["CLIP"] = b"\x00\x00\x00\x18ftypmp42"
    xiaochen.sends(kind, inner)
    settled(web)
    fetched(web)
    assert "工作人员看不到" in xiaochen.texts[0]
    assert "attachment" not in first_message(database).data
    assert xiaochen.tencent.calls["media/get"] == 0
