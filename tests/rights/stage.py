"""The scene for each request: a conversation that somebody holds, and everybody who might ask."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import func, select
from stdnum.cn import uscc

from bot.attachments.models import Attachment
from bot.cases.service import open_case
from bot.conversations.ledger import Opened, append
from bot.conversations.models import Author, Conversation, Message
from bot.database import Database
from bot.delivery.models import DeliveryState, Outgoing
from bot.desk.canned import Phrase, save_canned
from bot.enterprises.models import Enterprise
from bot.staff.models import AccessRefusal, Staff
from bot.staff.service import sign_in
from tests import factories, files
from tests.connectors.serving import Served
from tests.fakes import FakeClock

# Far from what a database gives by itself: PostgreSQL goes on counting where others deleted.
ENTERPRISE = 1_000_001
USERNAMES = {
    "other_group": ("bob", "staff", ["standards"]),
    "colleague": ("carol", "staff", ["metrology"]),
    "holder": ("alice", "staff", ["metrology"]),
    "supervisor": ("supervisor", "supervisor", []),
    "admin": ("admin", "admin", []),
    "coordinator": ("coordinator", "coordinator", []),
}


@dataclass(frozen=True)
class Asked:
    """What goes into a request besides its address."""

    body: Any = None
    query: dict[str, str] | None = None
    content: bytes | None = None


class Stage:
    """One served application; each request gets a conversation of its own."""

    def __init__(self, web: Served, database: Database, clock: FakeClock) -> None:
        self.web, self.database, self.clock = web, database, clock
        with database.writing() as session:
            session.add(
                Enterprise(
                    id=ENTERPRISE,
                    name="云州启闭阀门有限公司",
                    credit_code="91350700MA2XDEM0AT",
                    created_at=clock(),
                )
            )
            for number, (username, role, skills) in enumerate(USERNAMES.values(), 10):
                # Nobody signs in by password but one, and hashing takes a tenth of a second.
                session.add(
                    Staff(
                        username=username,
                        password_hash="",
                        name=username,
                        number=str(number),
                        role=role,
                        skills=skills,
                    )
                )

    def scene(self, *, held: bool = True) -> Opened:
        """A customer of metrology whom Alice serves, or else the bot."""
        with self.database.writing() as session:
            opened = factories.xiaolin(session, self.clock)
            factories.writes(session, opened, "压力表多久检定一次", self.clock)
            conversation = opened.conversation
            conversation.category = "metrology"
            if not held:
                return opened
            handoff = self.web.app.ctx.handoff
            handoff.request_handoff(session, conversation, "customer_asked", now=self.clock())
            holder = session.scalars(select(Staff).where(Staff.username == "alice")).one()
            handoff.accept(session, conversation.id, holder, now=self.clock())
        return opened

    def caller(self, who: str, opened: Opened) -> httpx.Client:
        """Somebody with what they can show of themselves."""
        client = self.web.client()
        if who in USERNAMES:
            with self.database.writing() as session:
                done = sign_in(session, USERNAMES[who][0], "127.0.0.1", now=self.clock())
            client.cookies.set("desk_session", done.token)
            client.headers["X-CSRF-Token"] = done.csrf_token
        elif who == "stranger":
            with self.database.writing() as session:
                token = factories.xiaolin(session, self.clock).token
            client.headers["Authorization"] = f"Bearer {token}"
        elif who == "owner":
            client.headers["Authorization"] = f"Bearer {opened.token}"
        return client

    def address(self, path: str, opened: Opened) -> str:
        """A route's address in this scene."""
        for name, value in _PARAMETERS.items():
            if f"<{name}:" in path:
                head, _, tail = path.partition(f"<{name}:")
                path = head + value(self, opened, path) + tail.partition(">")[2]
        return path

    def trace(self, opened: Opened) -> tuple[object, ...]:
        """What a refused request must leave as it is."""
        with self.database.reading() as session:
            conversation = session.get_one(Conversation, opened.conversation.id)
            staff = [(s.presence, s.capacity) for s in session.scalars(select(Staff))]
            messages = session.scalar(
                select(func.count()).where(Message.conversation_id == conversation.id)
            )
            return (conversation.epoch, conversation.staff_id, messages, tuple(staff))

    def refusals(self) -> int:
        """How many refusals are recorded."""
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(AccessRefusal)) or 0


def _a_file(stage: Stage, opened: Opened, _path: str) -> str:
    with stage.web.client() as client:
        client.headers["Authorization"] = f"Bearer {opened.token}"
        answer = client.post(
            f"/api/widget/conversations/{opened.conversation.id}/attachments",
            params={"client_id": str(uuid4()), "name": "表.png"},
            content=files.png(3, 3),
        )
    assert answer.status_code == 202, answer.text
    with stage.database.reading() as session:
        query = select(Attachment.id).where(Attachment.conversation_id == opened.conversation.id)
        return session.scalars(query).one()


def _a_case(stage: Stage, opened: Opened, _path: str) -> str:
    with stage.database.writing() as session:
        return open_case(
            session,
            "校准压力表",
            now=stage.clock(),
            conversation_id=opened.conversation.id,
        ).number


def _a_phrase(stage: Stage, _opened: Opened, _path: str) -> str:
    with stage.database.writing() as session:
        alice = session.scalars(select(Staff).where(Staff.username == "alice")).one()
        word = uuid4().hex[:8]
        phrase = Phrase(shortcut=word, title=word, text="您好", for_team=False)
        return str(save_canned(session, alice, phrase, now=stage.clock()).id)


def _a_dead_letter(stage: Stage, opened: Opened, _path: str) -> str:
    """A message that its channel refused for good."""
    with stage.database.writing() as session:
        conversation = session.get_one(Conversation, opened.conversation.id)
        said = append(session, conversation, Author.STAFF, "您好", now=stage.clock())
        session.add(
            Outgoing(
                message_id=said.id,
                customer_id=conversation.customer_id,
                conversation_id=conversation.id,
                channel=conversation.channel,
                state=DeliveryState.FAILED,
                reason="user_refuses",
                created_at=stage.clock(),
            )
        )
        return said.id


def _an_asset(_stage: Stage, _opened: Opened, path: str) -> str:
    return {
        "/desk/static/<__file_uri__:path>": "desk.css",
        "/static/<__file_uri__:path>": "base.css",
        "/widget/static/<__file_uri__:path>": "assistant.css",
    }[path]


_PARAMETERS: dict[str, Callable[[Stage, Opened, str], str]] = {
    "conversation_id": lambda _stage, opened, _path: opened.conversation.id,
    "attachment_id": _a_file,
    "number": _a_case,
    "canned_id": _a_phrase,
    "message_id": _a_dead_letter,
    "username": lambda _stage, _opened, _path: "bob",
    "__file_uri__": _an_asset,
}


def _said() -> dict[str, Any]:
    return {"client_id": str(uuid4()), "text": "您好"}


def _phrase() -> dict[str, Any]:
    word = uuid4().hex[:8]
    return {"shortcut": word, "title": word, "text": "您好", "team": False}


def _upload() -> Asked:
    query = {"client_id": str(uuid4()), "name": "表.png"}
    return Asked(query=query, content=files.png(3, 3))


def _enterprise() -> Asked:
    digits = "".join(secrets.choice("0123456789") for _ in range(9))
    body = f"91350700{digits}"
    code = body + uscc.calc_check_digit(body)
    return Asked({"name": "云州某某阀门厂", "credit_code": code, "region": ""})


_C = "<conversation_id:str>"
# What a request needs so that only the right to it decides; the rest need nothing.
REQUESTS: dict[str, Callable[[], Asked]] = {
    "POST /api/widget/conversations": lambda: Asked({}),
    f"POST /api/widget/conversations/{_C}/messages": lambda: Asked(_said()),
    f"POST /api/widget/conversations/{_C}/attachments": _upload,
    f"POST /api/widget/conversations/{_C}/handoff": lambda: Asked({}),
    f"POST /api/widget/conversations/{_C}/feedback": lambda: Asked({"score": 5}),
    f"POST /api/widget/conversations/{_C}/typing": lambda: Asked({}),
    "POST /api/desk/login": lambda: Asked({"username": uuid4().hex, "password": "y"}),
    "POST /api/desk/canned": lambda: Asked(_phrase()),
    "PUT /api/desk/canned/<canned_id:int>": lambda: Asked(_phrase()),
    "POST /api/desk/canned/used": lambda: Asked({"key": "canned:1"}),
    "POST /api/desk/cases/<number:str>/advance": lambda: Asked({"status": "accepted"}),
    "POST /api/desk/enterprises": _enterprise,
    f"POST /api/desk/conversations/{_C}/binding": lambda: Asked(
        {"enterprise_id": ENTERPRISE, "way": "code"}
    ),
    "POST /api/desk/presence": lambda: Asked({"presence": "away"}),
    "GET /api/desk/search": lambda: Asked(query={"text": "压力表"}),
    "GET /api/desk/suggestions": lambda: Asked(query={"text": "压力表"}),
    f"PUT /api/desk/conversations/{_C}/draft": lambda: Asked(
        {"mode": "reply", "text": "您好", "version": 1}
    ),
    f"PUT /api/desk/conversations/{_C}/read": lambda: Asked({"seq": 1}),
    f"POST /api/desk/conversations/{_C}/messages": lambda: Asked(_said()),
    f"POST /api/desk/conversations/{_C}/messages #note": lambda: Asked(
        {**_said(), "private": True}
    ),
    f"POST /api/desk/conversations/{_C}/transfer #group": lambda: Asked({"to": "group:ip"}),
    "GET /api/desk/presence/log #of_bob": lambda: Asked(query={"username": "bob"}),
    f"POST /api/desk/conversations/{_C}/attachments": _upload,
    f"POST /api/desk/conversations/{_C}/erase_customer": lambda: Asked({"name": "?"}),
    f"POST /api/desk/conversations/{_C}/postpone": lambda: Asked({"until": "next_day"}),
    f"POST /api/desk/conversations/{_C}/resolve": lambda: Asked({"outcome": "已答复"}),
    f"POST /api/desk/conversations/{_C}/transfer": lambda: Asked({"to": "carol"}),
    "POST /api/desk/deliveries/<message_id:str>": lambda: Asked({"way": "again"}),
    "POST /api/desk/colleagues/<username:str>/capacity": lambda: Asked({"capacity": 3}),
}

# Allowed, and yet no success: the scene is not one in which it could come about.
OTHERWISE = {
    # Nothing else may happen while the conversation goes on; the right itself was checked.
    f"POST /api/widget/conversations/{_C}/feedback": 409,
    "POST /api/desk/login": 401,
    # Nobody is bound to anything; whoever may read the conversation is told so.
    f"DELETE /api/desk/conversations/{_C}/binding": 404,
    # No handshake: a WebSocket that is asked for in the ordinary way.
    "GET /api/desk/live": 426,
    f"GET /api/widget/conversations/{_C}/live": 426,
    # Whoever has the right must still name the customer.
    f"POST /api/desk/conversations/{_C}/erase_customer": 422,
    # No Rasa here.
    "GET /readyz": 503,
}
