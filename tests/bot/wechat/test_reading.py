"""What a callback's body may be, and what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.wechat.crypto import Refused
from bot.wechat.messages import (
    Callback,
    CodeScanned,
    ConsentChanged,
    Content,
    Followed,
    Link,
    Media,
    MenuClicked,
    Noted,
    Place,
    Scanned,
    SubscriptionSent,
    TemplateDone,
    Text,
    Unfollowed,
    Unknown,
    Unsupported,
    read_callback,
)
from bot.wechat.reading import LARGEST_BODY, read_fields
from tests.bot.wechat.peer import APP_ID, OPENID

HEAD = f"<ToUserName>gh_1</ToUserName><FromUserName>{OPENID}</FromUserName>"


def xml(kind: str, inner: str = "", *, created: int = 1764000000, message_id: str = "71") -> str:
    number = f"<MsgId>{message_id}</MsgId>" if message_id else ""
    return (
        f"<xml>{HEAD}<CreateTime>{created}</CreateTime>"
        f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}{number}</xml>"
    )


def event(name: str, inner: str = "", *, created: int = 1764000000) -> str:
    return xml("event", f"<Event>{name}</Event>{inner}", created=created, message_id="")


def read(text: str) -> Callback:
    return read_callback(read_fields(text.encode()), APP_ID)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (xml("text", "<Content><![CDATA[3C <要> & 😀]]></Content>"), Text("3C <要> & 😀")),
        (
            xml("text", "<Content>满意</Content><bizmsgmenuid>101</bizmsgmenuid>"),
            Text("满意", "101"),
        ),
        (
            xml("text", "<Content>【收到不支持的消息类型，暂无法显示】</Content>"),
            Unsupported("sticker"),
        ),
        (xml("text", "<Content> </Content>"), Unsupported("sticker")),
        (xml("image", "<PicUrl>http://x/0</PicUrl><MediaId>M1</MediaId>"), Media("image", "M1")),
        (
            xml(
                "voice",
                "<MediaId>M2</MediaId><Format>amr</Format><Recognition>转人工</Recognition>",
            ),
            Media("voice", "M2", "转人工"),
        ),
        (
            xml("voice", "<MediaId>M2</MediaId><Recongnition>查进度</Recongnition>"),
            Media("voice", "M2", "查进度"),
        ),
        (xml("voice", "<MediaId>M2</MediaId><Recognition/>"), Media("voice", "M2")),
        (xml("video", "<MediaId>M3</MediaId><ThumbMediaId>T</ThumbMediaId>"), Media("video", "M3")),
        (xml("shortvideo", "<MediaId>M3</MediaId>"), Media("video", "M3")),
        (
            xml("file", "<Title>报告.pdf</Title><FileKey>k</FileKey>"),
            Media("file", "", "", "报告.pdf"),
        ),
        (
            xml(
                "location",
                "<Location_X>31.23</Location_X><Location_Y>121.47</Location_Y><Label>黄浦</Label>",
            ),
            Place(31.23, 121.47, "黄浦"),
        ),
        (
            xml("location", "<Location_X>nan</Location_X><Location_Y>1</Location_Y>"),
            Unsupported("location"),
        ),
        (
            xml(
                "link",
                "<Title>t</Title><Description>d</Description><Url>https://e/?a=1&amp;b=2</Url>",
            ),
            Link("t", "d", "https://e/?a=1&b=2"),
        ),
        (xml("miniprogrampage", "<Title>t</Title>"), Unsupported("miniprogrampage")),
        (xml("hologram"), Unknown("hologram")),
        (event("subscribe", "<EventKey/>"), Followed("")),
        (
            event("subscribe", "<EventKey>qrscene_station_3</EventKey><Ticket>T</Ticket>"),
            Followed("station_3"),
        ),
        (event("unsubscribe"), Unfollowed()),
        (event("SCAN", "<EventKey>case_7</EventKey>"), Scanned("case_7")),
        (event("CLICK", "<EventKey>MENU_HUMAN</EventKey>"), MenuClicked("MENU_HUMAN")),
        (
            event(
                "scancode_waitmsg",
                "<EventKey>K</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType>"
                "<ScanResult>YZ-20261124-0001</ScanResult></ScanCodeInfo>",
            ),
            CodeScanned("YZ-20261124-0001", True),
        ),
        (
            event(
                "scancode_push",
                "<ScanCodeInfo><ScanType>qrcode</ScanType>"
                "<ScanResult>https://e/</ScanResult></ScanCodeInfo>",
            ),
            CodeScanned("https://e/", False),
        ),
        (event("scancode_waitmsg", "<ScanCodeInfo>1</ScanCodeInfo>"), CodeScanned("", True)),
        (event("VIEW", "<EventKey>https://e/</EventKey><MenuId>4</MenuId>"), Noted("view")),
        (event("LOCATION", "<Latitude>1</Latitude>"), Noted("location")),
        (
            event(
                "pic_weixin",
                "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item>"
                "<item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>",
            ),
            Noted("pic_weixin"),
        ),
        (
            event("TEMPLATESENDJOBFINISH", "<MsgID>9</MsgID><Status>success</Status>"),
            TemplateDone("9", True, "success"),
        ),
        (
            event(
                "TEMPLATESENDJOBFINISH", "<MsgID>9</MsgID><Status>failed: system failed</Status>"
            ),
            TemplateDone("9", False, "failed: system failed"),
        ),
        (
            event(
                "subscribe_msg_popup_event",
                "<SubscribeMsgPopupEvent><List><TemplateId>a</TemplateId>"
                "<SubscribeStatusString>accept</SubscribeStatusString></List>"
                "<List><TemplateId>b</TemplateId>"
                "<SubscribeStatusString>reject</SubscribeStatusString></List>"
                "</SubscribeMsgPopupEvent>",
            ),
            ConsentChanged(("a",)),
        ),
        (
            event(
                "subscribe_msg_sent_event",
                "<SubscribeMsgSentEvent><List><TemplateId>a</TemplateId><ErrorCode>0</ErrorCode>"
                "</List></SubscribeMsgSentEvent>",
            ),
            SubscriptionSent((("a", "", "0"),)),
        ),
        (event("something_new"), Unknown("something_new", True)),
    ],
)
def test_every_type_is_read(body: str, content: Content) -> None:
    callback = read(body)
    assert callback.content == content
    assert callback.openid == OPENID


def test_json_says_the_same_as_xml() -> None:
    body = (
        f'{{"ToUserName":"gh_1","FromUserName":"{OPENID}","CreateTime":1764000000,'
        '"MsgType":"text","Content":"你好","MsgId":71}'
    )
    assert read(body) == read(xml("text", "<Content>你好</Content>"))


def test_deliveries_of_one_message_have_one_key_and_other_messages_another() -> None:
    first = read(xml("text", "<Content>a</Content>")).key
    assert first == read(xml("text", "<Content>a</Content>", created=1764000005)).key
    assert first != read(xml("text", "<Content>a</Content>", message_id="72")).key
    assert read(xml("text", "<Content>a</Content>", message_id="49d7_1555684067")).key != first
    assert read(xml("text", "<Content>a</Content>", message_id="9" * 60)).key != first


def test_events_of_one_second_are_told_apart() -> None:
    keys = [
        read(event("subscribe", "<EventKey>qrscene_a</EventKey>")).key,
        read(event("SCAN", "<EventKey>a</EventKey>")).key,
        read(event("SCAN", "<EventKey>b</EventKey>")).key,
        read(event("subscribe", "<EventKey>qrscene_a</EventKey>", created=1764000001)).key,
    ]
    assert len(set(keys)) == 4
    assert read(event("subscribe", "<EventKey>qrscene_a</EventKey>")).key == keys[0]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("empty", b""),
        ("words", "你好".encode()),
        ("another root", b"<html/>"),
        ("two roots", b"<xml/><xml/>"),
        ("entity", b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><A>&a;</A></xml>'),
        ("outside file", b'<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>'),
        ("unknown entity", b"<xml>&a;</xml>"),
        ("NUL", b"<xml><A>\0</A></xml>"),
        ("not UTF-8", b"<xml><A>\xff</A></xml>"),
        ("UTF-16", "<xml><A>b</A></xml>".encode("utf-16")),
        ("too deep", b"<xml>" + b"<a>" * 6 + b"</a>" * 6 + b"</xml>"),
        ("very deep", b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>"),
        ("too many", b"<xml>" + b"".join(b"<a%d/>" % n for n in range(64)) + b"</xml>"),
        ("an element twice", b"<xml><Content>a</Content><Content>b</Content></xml>"),
        ("an object twice", b"<xml><A><B/></A><A><B/></A></xml>"),
        ("too large", b"<xml><A>" + b"x" * LARGEST_BODY + b"</A></xml>"),
        ("JSON list", b"[1]"),
        ("JSON key twice", b'{"Content":"a","Content":"b"}'),
        ("JSON very deep", b'{"a":' + b"[" * 60_000),
        ("JSON too deep", b'{"a":' * 6 + b"{}" + b"}" * 6),
        ("JSON too many", b'{"a":[' + b"{}," * 64 + b"{}]}"),
    ],
)
def test_what_we_do_not_read_is_refused(name: str, body: bytes) -> None:
    assert read_fields(b"<xml><A>b</A></xml>") == {"A": "b"}
    with pytest.raises(Refused):
        read_fields(body)


def test_an_xml_declaration_is_no_obstacle() -> None:
    body = '\ufeff<?xml version="1.0" encoding="gbk"?>\n<xml><A>价</A></xml>'
    assert read_fields(body.encode()) == {"A": "价"}


@pytest.mark.parametrize("openid", ["a b", "<script>", "x" * 65, "张三"])
def test_a_sender_that_is_no_openid_is_refused(openid: str) -> None:
    with pytest.raises(Refused):
        read_callback({"FromUserName": openid, "MsgType": "text", "Content": "a"}, APP_ID)


def test_a_field_that_is_an_object_is_refused() -> None:
    with pytest.raises(Refused):
        read(xml("text", "<Content><b>a</b></Content>"))


def test_what_no_database_stores_is_left_out() -> None:
    fields = {"FromUserName": OPENID, "MsgType": "text", "Content": "a\0b\ud800c\nd"}
    assert read_callback(fields, APP_ID).content == Text("abc\nd")
    scene = {"FromUserName": OPENID, "MsgType": "event", "Event": "SCAN", "EventKey": "\0x"}
    assert read_callback(scene, APP_ID).content == Scanned("x")


def test_a_field_without_a_value_is_like_none_at_all() -> None:
    fields = {"FromUserName": OPENID, "MsgType": "text", "Content": "a", "bizmsgmenuid": None}
    assert read_callback(fields, APP_ID).content == Text("a")


def test_a_strange_type_cannot_begin_a_line_in_the_log() -> None:
    fields = {"FromUserName": OPENID, "MsgType": "x\nlevel=error"}
    assert read_callback(fields, APP_ID).content == Unknown("x?level?error")


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    try:
        read_callback(read_fields(body), APP_ID)
    except Refused:
        pass


@given(
    st.dictionaries(
        st.sampled_from(["MsgType", "Event", "Content", "MsgId", "EventKey", "Location_X", "List"]),
        st.text(max_size=20)
        | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    )
)
def test_no_fields_break_the_reader(fields: dict[str, object]) -> None:
    try:
        read_callback({"FromUserName": OPENID, **fields}, APP_ID)
    except Refused:
        pass
