"""A company, the member of staff who looks after it, and customers who may speak for it."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy.orm import Session

from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Opened, customer_of
from bot.conversations.models import Author, Message
from bot.conversations.reception import Admitted, admit
from bot.database import Database
from bot.enterprises.binder import Binder
from bot.enterprises.models import Enterprise, Way
from bot.enterprises.records import add_enterprise
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from tests import factories
from tests.fakes import FakeClock

KEY = b"a key of the tests"
# Invented, with check digits that are right.
VALVES, PUMPS = "91350700MA2XDEM0AT", "91350700MA2XDEM1BY"


class Office:
    """The desk's side and the customers' side of binding, over one database."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock
        responses = Responses.load()
        self.handoff = Handoff(responses, WorkingHours.parse("08:30-17:30"))
        self.binder = Binder(KEY, responses)
        with database.writing() as session:
            self.alice = factories.alice(session)
            self.valves = self.keeps(session, "云州启闭阀门有限公司", VALVES)
            self.pumps = self.keeps(session, "云州扬程泵业有限公司", PUMPS)

    def keeps(self, session: Session, name: str, code: str) -> Enterprise:
        """Alice keeps an enterprise."""
        return add_enterprise(session, self.alice, name, code, "云州市", now=self.clock())

    def visitor(self) -> Opened:
        """Somebody new at the widget."""
        with self.database.writing() as session:
            return factories.xiaolin(session, self.clock)

    def gives(self, enterprise: Enterprise | None = None, way: Way = Way.CODE) -> str:
        """Alice gives out a proof."""
        with self.database.writing() as session:
            company = session.merge(enterprise or self.valves, load=False)
            issued = self.binder.issue(session, company, self.alice, way, now=self.clock())
        return issued.secret

    def hears(self, opened: Opened, text: str, payload: str | None = None) -> Admitted:
        """A customer writes, or presses."""
        incoming = Incoming(str(uuid4()), text, payload)
        with self.database.writing() as session:
            return admit(
                session,
                opened.conversation.id,
                customer_of(session, opened.token),
                incoming,
                self.handoff,
                now=self.clock(),
                binder=self.binder,
            )

    def answer(self, opened: Opened, text: str, payload: str | None = None) -> str:
        """The same, and what the system says to it; empty if the bot is asked."""
        if self.hears(opened, text, payload).bot_answers:
            return ""
        return self.said(opened)[-1]

    def said(self, opened: Opened) -> list[str]:
        """What the system has said in a conversation."""
        with self.database.reading() as session:
            found = session.query(Message).filter_by(
                conversation_id=opened.conversation.id, author=Author.SYSTEM
            )
            return [each.text for each in found.order_by(Message.seq)]
