"""The web application with a script for the bot, the staff behind it, and the box to write in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from bot.conversations.bell import WORD
from bot.conversations.brain import Answer, Reply
from bot.conversations.desk import record_staff_message
from bot.conversations.models import Author, Conversation, Message
from bot.conversations.typing import heard_by_customer
from bot.database import Database
from bot.staff.models import Staff
from tests.connectors.serving import Served
from tests.factories import alice
from tests.fakes import FakeBrain

FAQ = {
    "id": "metrology-gauge",
    "title": "压力表",
    "basis": ["JJG 52-2013", "《计量法》第九条"],
    "detail": "第一行说明\n第二行说明",
    "score": 0.9,
}
OFFER = {"title": "找机构", "payload": '/find_institution{"product": "压力表"}'}


def card(number: int) -> dict[str, Any]:
    """An institution of the demo city."""
    return {
        "type": "institution",
        "title": f"演示机构 {number}",
        "facts": [["能力", "压力表"], ["资质", "CMA"], ["距离", "3 公里"], ["周期", "5 天"]],
        "action": {"title": "选这家", "payload": f"/choose_{number}"},
        "demo": True,
    }


@dataclass
class Office:
    """The web application and the staff behind it."""

    web: Served
    database: Database
    brain: FakeBrain

    def answers(self, *replies: Reply) -> None:
        """What the bot says next."""
        self.brain.script.append(Answer(list(replies), "ask_metrology", "metrology", 0.9))

    def staff(self, verb: str, text: str = "") -> None:
        """Alice accepts, says something, or resolves."""
        handoff, now = self.web.app.ctx.handoff, self.web.app.ctx.clock()
        with self.database.writing() as session:
            person = session.scalar(select(Staff)) or alice(session)
            newest = select(Conversation.id).order_by(Conversation.last_message_at.desc())
            conversation_id = session.scalars(newest).first()
            assert conversation_id
            if verb == "accept":
                handoff.accept(session, conversation_id, person, now=now)
            elif verb == "resolve":
                handoff.resolve(session, conversation_id, person, "done", now=now)
            else:
                record_staff_message(
                    session, conversation_id, person, str(uuid4()), text, False, now=now
                )

    def staff_types(self) -> None:
        """Whoever serves the newest conversation types a reply."""
        with self.database.reading() as session:
            newest = select(Conversation).order_by(Conversation.last_message_at.desc()).limit(1)
            conversation = session.scalars(newest).one()
            name = heard_by_customer(conversation.customer_id)
        # Word of it is kept for nobody.
        self.web.somebody_hears(name)
        self.web.app.ctx.bell.ring_from_any_thread({f"{name}{WORD}{conversation.id}"})

    def heard(self) -> list[str]:
        """What customers have said, as it is stored."""
        with self.database.reading() as session:
            said = select(Message.text).where(Message.author == Author.CUSTOMER)
            return list(session.scalars(said.order_by(Message.created_at, Message.seq)))


def box(page: Page) -> Locator:
    return page.get_by_label("输入您的问题")


def ask(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def said(page: Page, text: str) -> Locator:
    """A message on the page."""
    return page.get_by_role("log").get_by_text(text, exact=True)


def stop_the_clock(page: Page) -> None:
    """Nothing more happens by itself until the clock of the page is moved on."""
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=5))


def is_sent(page: Page) -> None:
    """Everything the customer wrote is stored: their words are on the page before that."""
    expect(page.locator(".message-pending")).to_have_count(0)
