"""Customers who talk to the served platform over a channel, and what the database holds of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.conversations.brain import Answer, Reply
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Episode,
    Message,
    StatusEvent,
    Turn,
)
from bot.database import Database
from bot.feedback.models import FreeFeedback
from tests.connectors.serving import Served
from tests.connectors.wechat.talking import settled
from tests.running import Visitor
from tests.wechat_stand_in.phone import Phone

# What differs between two customers who say the same: the numbers of their cases.
_NUMBERS = re.compile(r"Y[A-Z]-\d{8}-\d{4}")
_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


@dataclass
class Carried:
    """One customer over one channel; ``answer`` and ``replies`` are what the ledger holds."""

    web: Served
    database: Database
    answer: Answer | None = None
    replies: list[Reply] = field(default_factory=list)
    seen: int = 0

    @property
    def text(self) -> str:
        """All that was said to the customer since the customer last said something."""
        return "\n".join(reply.text for reply in self.replies)

    def cards(self) -> list[dict[str, Any]]:
        """The cards of the last turn."""
        found = []
        for reply in self.replies:
            found += [reply.data["card"]] if "card" in reply.data else []
            found += reply.data.get("items", [])
        return found

    def bot_listens(self) -> bool:
        """Whether the bot is to answer; while somebody waits for a person it does not."""
        with self.database.reading() as session:
            statuses = select(Conversation.status).where(Conversation.id == self.conversation_id)
            return session.scalar(statuses) in (None, ConversationStatus.BOT)

    @property
    def conversation_id(self) -> str:
        """Where it is kept."""
        raise NotImplementedError

    def _look(self) -> None:
        settled(self.web)
        with self.database.reading() as session:
            self.replies, self.answer = _last_turn(session, self.conversation_id)


@dataclass
class OnTheWidget(Carried):
    """Over the widget's API."""

    visitor: Visitor = field(kw_only=True)

    @property
    def conversation_id(self) -> str:
        """Where it is kept."""
        return self.visitor.id

    def says(self, text: str) -> None:
        """The customer types."""
        assert self.visitor.post(text=text).status_code == 202
        self._look()

    def presses(self, title: str) -> None:
        """The customer presses a button or a card's action."""
        payload = dict(self._offered())[title]
        assert self.visitor.post(text=title, payload=payload).status_code == 202
        self._look()

    def titles(self) -> list[str]:
        """What there is to press."""
        return [title for title, _ in self._offered()]

    def _offered(self) -> list[tuple[str, str]]:
        buttons = [each for reply in self.replies for each in reply.data.get("buttons", [])]
        buttons += [card["action"] for card in self.cards() if card["action"]]
        return [(each["title"], each["payload"]) for each in buttons]


@dataclass
class OnWeChat(Carried):
    """With a phone of the stand-in; what is on its screen is what counts."""

    phone: Phone = field(kw_only=True)

    @property
    def conversation_id(self) -> str:
        """Where it is kept, once the customer has said something."""
        with self.database.reading() as session:
            mine = select(Conversation.id).join(Conversation.customer)
            query = mine.where(Customer.address == self.phone.openid)
            return session.scalar(query) or ""

    def says(self, text: str) -> None:
        """The customer types."""
        self.seen = len(self.phone.inbox)
        self.phone.writes(text)
        self._look()

    def presses(self, title: str) -> None:
        """The customer presses an item, or types its number where there is none to press."""
        for number, item, words in self._offered():
            if _act(words) == title:
                self.seen = len(self.phone.inbox)
                self.phone.writes(words if item else number, **({"menu_id": item} if item else {}))
                return self._look()
        raise AssertionError(f"nothing on the screen is “{title}”: {self.titles()}")

    def titles(self) -> list[str]:
        """What there is to choose."""
        return [_act(words) for _, _, words in self._offered()]

    @property
    def screen(self) -> str:
        """Every word the customer was sent since last saying something."""
        return "\n".join(self.phone.texts[self.seen :])

    def _offered(self) -> Sequence[tuple[str, str, str]]:
        found = []
        for sent in self.phone.inbox[self.seen :]:
            if sent["msgtype"] == "msgmenu":
                found += [
                    ("", str(each["id"]), each["content"]) for each in sent["msgmenu"]["list"]
                ]
            elif sent["msgtype"] == "text":
                listed = sent["text"]["content"].partition("回复数字选择：")[2]
                found += [(number, "", words) for number, words in _NUMBERED.findall(listed)]
        return found


def stored(database: Database, conversation_id: str) -> dict[str, Any]:
    """What the database holds of a conversation, without what names this one customer."""
    with database.reading() as session:

        def rows(record: type[Any]) -> list[Any]:
            mine = select(record).where(record.conversation_id == conversation_id)
            order = record.seq if record is Message else record.id
            return list(session.scalars(mine.order_by(order)))

        conversation = session.get_one(Conversation, conversation_id)
        return {
            "status": conversation.status,
            "handoff": conversation.handoff_kind,
            "category": conversation.category,
            "messages": [_message(each) for each in rows(Message)],
            "turns": [_of(each, "status failure handled intent category") for each in rows(Turn)],
            "cases": [
                _of(each, "kind status category need details contact phone company")
                for each in rows(Case)
            ],
            "feedback": [_of(each, "score comment") for each in rows(FreeFeedback)],
            "episodes": [_of(each, "number category reason end") for each in rows(Episode)],
            "events": [_of(each, "transition to_status reason") for each in rows(StatusEvent)],
        }


def _message(message: Message) -> tuple[str, ...]:
    if message.author == Author.CUSTOMER:
        return (message.author, _plain(_act(message.text)))
    data = {key: value for key, value in message.data.items() if key != "turn"}
    return (
        message.author,
        message.kind,
        _plain(message.text),
        _plain(json.dumps(data, ensure_ascii=False)),
    )


def _of(row: Any, names: str) -> str:
    return _plain(str({name: getattr(row, name) for name in names.split()}))


def _plain(text: str) -> str:
    return _NUMBERS.sub("…", text)


def _act(words: str) -> str:
    # In a chat the act of a card names its card.
    return words.partition("：")[0]


def _last_turn(session: Session, conversation_id: str) -> tuple[list[Reply], Answer]:
    query = select(Message).where(Message.conversation_id == conversation_id)
    messages = session.scalars(query.order_by(Message.seq)).all()
    last = max(each.seq for each in messages if each.author == Author.CUSTOMER)
    said = [each for each in messages if each.seq > last]
    replies = [Reply(each.text, each.kind, each.data) for each in said]
    turns = select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.id.desc())
    turn = session.scalars(turns.limit(1)).first()
    conversation = session.get_one(Conversation, conversation_id)
    if turn is None or turn.last_seq < last:
        return replies, Answer(replies, handoff_reason=conversation.handoff_kind)
    return replies, Answer(
        replies,
        turn.intent,
        turn.category,
        turn.confidence,
        handled=turn.handled,
        failure=turn.failure,
        handoff_reason=conversation.handoff_kind,
    )
