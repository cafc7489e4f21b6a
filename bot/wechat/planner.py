"""What to send of what must be said, when only so many messages may be sent.

A pure function: parcels and a budget in, messages out. Nothing is said in another order than it
was put, nothing is left out: what does not fit is merged, shortened to a link, or held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.wechat.choices import Choice
from bot.wechat.splitting import MOST_BYTES, shortened, size, split

# What stands above the items of a menu; WeCom documents 1,024 bytes, the other nothing.
_MOST_HEAD = 1024
_MOST_ITEMS = 8
# How much of a long answer is sent along with the link to all of it.
_BEGINNING = 900
# An answer in the callback itself may have to end with the news that there is more.
_MOST_TEXT = MOST_BYTES - 96
# What is sent where Tencent calls a message too long.
_HALF = MOST_BYTES // 2
_GAP = "\n\n"


@dataclass(frozen=True)
class Item:
    """A parcel in words.

    Attributes:
        choices: What the customer may choose with it.
        media: Something that is sent by itself instead of the words (a picture's attachment id).
        link: Where all of it can be read; empty if nowhere.
        sent: How many of its smallest parts (see ``Send.halves``) the customer has already.
        is_notice: It may wait for something that matters.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    media: str = ""
    link: str = ""
    sent: int = 0
    is_notice: bool = False


@dataclass(frozen=True)
class Send:
    """One message to Tencent.

    Attributes:
        text: The words; above the items if there are ``choices``.
        choices: The items of a menu.
        media: The attachment of a picture.
        items: Which items it carries, by index.
        ends: Which of them are whole with it.
        halves: The smaller parts it can be sent in, each with its item. They are the same
            however the items are sent, so counting them tells where a text has to go on.
    """

    text: str
    items: tuple[int, ...]
    ends: tuple[int, ...]
    choices: tuple[Choice, ...] = ()
    media: str = ""
    halves: tuple[tuple[int, str], ...] = ()

    @property
    def pieces(self) -> int:
        """How many smallest parts of its first item it carries."""
        return sum(item == self.items[0] for item, _ in self.halves) or 1


@dataclass(frozen=True)
class Plan:
    """What to send, in order; from item ``held_from`` on nothing is complete, if it is not None.

    ``is_saved``: that is because the last message is kept for something that matters.
    """

    sends: tuple[Send, ...]
    held_from: int | None = None
    is_saved: bool = False


def plan(items: Sequence[Item], left: int, *, menus: bool = True, saves_one: bool = True) -> Plan:
    """How to say all of it in at most ``left`` messages, as richly as that allows.

    The steps, each taken only if the one before needs too many messages: menus; choices as
    numbered text, so that more can be merged; the beginning of each long answer with a link;
    as much as fits, the rest later.

    Args:
        items: What must be said, in order.
        left: How many messages may be sent.
        menus: Whether the account has any.
        saves_one: Whether the last message is kept for something that matters.
    """
    sends = _sends(items, menus)
    if len(sends) > left:
        sends = _sends(items, False)
    if len(sends) > left:
        sends = _sends([_linked(item) for item in items], False)
    only_notices = saves_one and all(item.is_notice for item in items)
    if len(sends) <= left and not (left == 1 and only_notices):
        return Plan(tuple(sends))
    fitting = tuple(sends[:left]) if not only_notices else ()
    ended = {index for send in fitting for index in send.ends}
    held = next((index for index in range(len(items)) if index not in ended), None)
    return Plan(fitting, held, only_notices)


def in_halves(send: Send) -> list[Send]:
    """A message that was too long as smaller ones; none carries parts of two items."""
    last = {item: number for number, (item, _) in enumerate(send.halves)}
    return [
        Send(
            text,
            (item,),
            (item,) if item in send.ends and last[item] == number else (),
            halves=((item, text),),
        )
        for number, (item, text) in enumerate(send.halves)
    ]


def numbered(text: str, choices: Sequence[Choice]) -> str:
    """Choices as text: the customer answers with the number or the words."""
    lines = "\n".join(f"{each.number}. {each.title}" for each in choices)
    gap = _GAP if "\n" in text else "\n"
    return f"{text}{gap}回复数字选择：\n{lines}".strip()


def _sends(items: Sequence[Item], menus: bool) -> list[Send]:
    sends: list[Send] = []
    open_text: Send | None = None  # texts that the next one may still join
    for index, item in enumerate(items):
        if item.media:
            sends += [open_text] if open_text else []
            sends.append(Send("", (index,), (index,), media=item.media))
            open_text = None
            continue
        as_menu = menus and 0 < len(item.choices) <= _MOST_ITEMS and not item.sent
        text = item.text if as_menu else _plain(item)
        merged = _merged(open_text, index, text, _MOST_HEAD if as_menu else _MOST_TEXT)
        if item.sent or (merged is None and size(text) > _MOST_TEXT):
            sends += [open_text] if open_text else []
            sends += _parts(index, _plain(item), item.sent)
            open_text = None
            continue
        if merged is None:
            sends += [open_text] if open_text else []
            merged = Send(text, (index,), (index,))
        merged = replace(merged, halves=(*merged.halves, *_halves(index, item)))
        if as_menu and size(merged.text) <= _MOST_HEAD:
            sends.append(replace(merged, choices=item.choices))
            open_text = None
        elif as_menu and size(_plain(item)) > _MOST_TEXT:
            sends += _parts(index, _plain(item), 0)
            open_text = None
        else:
            open_text = replace(merged, text=_plain(item)) if as_menu else merged
    return [*sends, *([open_text] if open_text else [])]


def _merged(before: Send | None, index: int, text: str, most: int) -> Send | None:
    if before is None:
        return None
    joined = f"{before.text}{_GAP}{text}" if text else before.text
    if size(joined) > most:
        return None
    return Send(joined, (*before.items, index), (*before.ends, index), halves=before.halves)


def _parts(index: int, text: str, sent: int) -> list[Send]:
    sends: list[Send] = []
    for part in split(text, _MOST_TEXT):
        halves = tuple((index, half) for half in split(part, _HALF))
        whole = Send(part, (index,), (), halves=halves)
        if sent <= 0:
            sends.append(whole)
        else:
            # One that was begun in halves was too long, so it goes on in halves.
            sends += in_halves(whole)[sent:]
        sent -= len(halves)
    sends = sends or [whole]
    sends[-1] = replace(sends[-1], ends=(index,))
    return sends


def _halves(index: int, item: Item) -> list[tuple[int, str]]:
    return [half for part in _parts(index, _plain(item), 0) for half in part.halves]


def _plain(item: Item) -> str:
    return numbered(item.text, item.choices) if item.choices else item.text


def _linked(item: Item) -> Item:
    """A long text as its beginning and a link; what has been begun goes on as it began."""
    if not item.link or item.sent or size(_plain(item)) <= MOST_BYTES // 2:
        return item
    beginning = shortened(item.text, _BEGINNING).rstrip()
    return replace(item, text=f"{beginning}……\n全文：{item.link}")
