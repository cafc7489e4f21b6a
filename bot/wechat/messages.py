"""What a callback says: Tencent's message and event types as ours, unknown ones tolerated."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.wechat.crypto import Refused
from bot.wechat.reading import Fields

_OPENID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# JSON can say what XML and PostgreSQL cannot: NUL, and half of a character.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NO_NAME = re.compile(r"[^\w.-]")
_LONGEST_MEDIA_ID = 256
# What WeChat sends as text in place of a sticker or anything else it will not forward.
_NOT_FORWARDED = "【收到不支持的消息类型，暂无法显示】"
# Prefix of the scene in the key of a "subscribe" that came from a QR code.
_SCENE_PREFIX = "qrscene_"


@dataclass(frozen=True)
class Text:
    """The customer wrote, or pressed an item of a menu message (``menu_id``)."""

    text: str
    menu_id: str | None = None


@dataclass(frozen=True)
class Media:
    """A picture, voice, video or file; ``recognition`` is what WeChat heard, mostly empty."""

    kind: str
    media_id: str
    recognition: str = ""
    title: str = ""


@dataclass(frozen=True)
class Place:
    """A position the customer chose to send."""

    latitude: float
    longitude: float
    label: str


@dataclass(frozen=True)
class Link:
    """An article or page; nobody has checked the address."""

    title: str
    description: str
    url: str


@dataclass(frozen=True)
class Unsupported:
    """Said by the customer, but nothing we can do anything with; ``kind`` is Tencent's word."""

    kind: str


@dataclass(frozen=True)
class Followed:
    """The customer follows the account; ``scene`` when a QR code led here."""

    scene: str = ""


@dataclass(frozen=True)
class Unfollowed:
    """The customer left; Tencent's rules demand that the customer's data go."""


@dataclass(frozen=True)
class Scanned:
    """A follower scanned a QR code."""

    scene: str


@dataclass(frozen=True)
class MenuClicked:
    """An item of the account's menu that has a key."""

    key: str


@dataclass(frozen=True)
class CodeScanned:
    """What an item of the account's menu made the customer scan; ``waits``: for an answer."""

    result: str
    waits: bool


@dataclass(frozen=True)
class TemplateDone:
    """What became of a template message."""

    message_id: str
    delivered: bool
    status: str


@dataclass(frozen=True)
class ConsentChanged:
    """Of which templates the customer takes one more message, and of which none any more."""

    accepted: tuple[str, ...] = ()
    withdrawn: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubscriptionSent:
    """What became of subscription messages: template, Tencent's id and its error number."""

    results: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Noted:
    """An event that asks nothing of us (a link opened, a position reported, a mass sending)."""

    event: str


@dataclass(frozen=True)
class Unknown:
    """A type nobody has told us about; the customer said it unless ``is_event``."""

    kind: str
    is_event: bool = False


Content = (
    Text
    | Media
    | Place
    | Link
    | Unsupported
    | Followed
    | Unfollowed
    | Scanned
    | MenuClicked
    | CodeScanned
    | TemplateDone
    | ConsentChanged
    | SubscriptionSent
    | Noted
    | Unknown
)


@dataclass(frozen=True)
class Callback:
    """One delivery; all deliveries of the same thing have the same ``key``.

    Attributes:
        openid: Who it is about; empty when it is about nobody.
        account: The account's own id (``gh_…``).
        key: Unique for what happened, at most 100 characters.
        content: What it says.
    """

    openid: str = field(repr=False)
    account: str
    key: str
    content: Content


def read_callback(fields: Fields, app_id: str) -> Callback:
    """What the fields of a callback say.

    Raises:
        Refused: A field that must be text is not, or the sender's id is none.
    """
    openid = _text(fields, "FromUserName")
    if openid and not _OPENID.fullmatch(openid):
        raise Refused("not an OpenID")
    kind = _text(fields, "MsgType").lower()
    event = _text(fields, "Event").lower() if kind == "event" else ""
    read = _EVENTS.get(event) if event else _MESSAGES.get(kind)
    if read is not None and openid:
        content = read(fields)
    else:
        name = event or kind or _text(fields, "InfoType")
        content = Unknown(loggable(name), is_event=kind in ("event", ""))
    return Callback(openid, _text(fields, "ToUserName")[:64], _key(fields, app_id, kind), content)


def _key(fields: Fields, app_id: str, kind: str) -> str:
    # MsgId is text to us: mini-programs send ids that are no numbers.
    message_id = _text(fields, "MsgId")
    if message_id and kind != "event":
        return _digest(app_id, "message", message_id)
    # Two events may share a second (followed, and scanned), so all that tells them apart counts.
    names = ("FromUserName", "CreateTime", "Event", "EventKey", "MsgID")
    told = [_text(fields, name) for name in names]
    # What became of two subscription messages is told in two events with the numbers inside.
    told += [_text(each, "MsgID") for each in _list(fields.get("SubscribeMsgSentEvent"))]
    return _digest(app_id, kind or "event", *told)


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(f"{name} is not text")
    return storable(value)


def storable(text: str) -> str:
    """Text without what PostgreSQL cannot keep, and without space around it."""
    return _UNSTORABLE.sub("", text).strip()


def loggable(kind: str) -> str:
    """A type as it may stand in a log, where a line break would begin a line of somebody else's."""
    return _NO_NAME.sub("?", kind)[:40]


def _said(fields: Fields) -> Content:
    text = _text(fields, "Content")
    if not text or text == _NOT_FORWARDED:
        return Unsupported("sticker")
    return Text(text, _text(fields, "bizmsgmenuid") or None)


def _media(fields: Fields) -> Content:
    # Tencent spells it "Recongnition" in one place.
    recognition = _text(fields, "Recognition") or _text(fields, "Recongnition")
    kind = {"shortvideo": "video"}.get(_text(fields, "MsgType").lower())
    return Media(
        kind or _text(fields, "MsgType").lower(),
        _text(fields, "MediaId")[:_LONGEST_MEDIA_ID],
        recognition,
        _text(fields, "Title"),
    )


def _place(fields: Fields) -> Content:
    try:
        latitude, longitude = (float(_text(fields, f"Location_{axis}")) for axis in "XY")
    except ValueError:
        return Unsupported("location")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return Unsupported("location")
    return Place(latitude, longitude, _text(fields, "Label"))


def _link(fields: Fields) -> Content:
    return Link(_text(fields, "Title"), _text(fields, "Description"), _text(fields, "Url"))


def _followed(fields: Fields) -> Content:
    return Followed(_text(fields, "EventKey").removeprefix(_SCENE_PREFIX)[:64])


def _code_scanned(fields: Fields) -> Content:
    told = fields.get("ScanCodeInfo")
    result = _text(told, "ScanResult") if isinstance(told, dict) else ""
    return CodeScanned(result, _text(fields, "Event").lower() == "scancode_waitmsg")


def _template_done(fields: Fields) -> Content:
    status = _text(fields, "Status")
    # "failed:user block", "failed: system failed": the spacing varies.
    return TemplateDone(_text(fields, "MsgID"), status.lower() == "success", status[:60])


def _consent(fields: Fields) -> Content:
    # Saying no to a question takes nothing back; switching on in the settings gives nothing.
    return ConsentChanged(
        _answered(fields.get("SubscribeMsgPopupEvent"), "accept"),
        _answered(fields.get("SubscribeMsgChangeEvent"), "reject"),
    )


def _answered(event: Any, answer: str) -> tuple[str, ...]:
    return tuple(
        _text(each, "TemplateId")
        for each in _list(event)
        if _text(each, "SubscribeStatusString").lower() == answer
    )


def _subscription_sent(fields: Fields) -> Content:
    results = _list(fields.get("SubscribeMsgSentEvent"))
    return SubscriptionSent(
        tuple(
            (_text(each, "TemplateId"), _text(each, "MsgID"), _text(each, "ErrorCode"))
            for each in results
        )
    )


def _list(value: Any) -> list[Fields]:
    """The items of a ``List``, of which a single one is not a list in JSON."""
    items = value.get("List", []) if isinstance(value, dict) else value or []
    items = items if isinstance(items, list) else [items]
    return [each for each in items if isinstance(each, dict)]


def _noted(fields: Fields) -> Content:
    return Noted(loggable(_text(fields, "Event").lower()))


_MESSAGES: dict[str, Callable[[Fields], Content]] = {
    "text": _said,
    "image": _media,
    "voice": _media,
    "video": _media,
    "shortvideo": _media,
    "file": _media,
    "location": _place,
    "link": _link,
    "miniprogrampage": lambda fields: Unsupported("miniprogrampage"),
}

# Tencent's own spelling differs in case from event to event, so they are compared in small letters.
_EVENTS: dict[str, Callable[[Fields], Content]] = {
    "subscribe": _followed,
    "unsubscribe": lambda fields: Unfollowed(),
    "scan": lambda fields: Scanned(_text(fields, "EventKey")[:64]),
    "click": lambda fields: MenuClicked(_text(fields, "EventKey")[:128]),
    "scancode_push": _code_scanned,
    "scancode_waitmsg": _code_scanned,
    "templatesendjobfinish": _template_done,
    "subscribe_msg_popup_event": _consent,
    "subscribe_msg_change_event": _consent,
    "subscribe_msg_sent_event": _subscription_sent,
    **dict.fromkeys(
        (
            "location",
            "view",
            "view_miniprogram",
            "pic_sysphoto",
            "pic_photo_or_album",
            "pic_weixin",
            "location_select",
            "masssendjobfinish",
            "kf_create_session",
            "kf_close_session",
            "kf_switch_session",
            "user_enter_tempsession",
            "debug_demo",
        ),
        _noted,
    ),
}
