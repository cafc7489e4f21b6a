"""Measures the desk's lists, search and similar answers on 10,000 conversations and cases.

``make bench-desk`` fills a new SQLite database with 100,000 messages, put together from
the questions and answers of the knowledge base; ``--postgresql`` starts a PostgreSQL of its own
instead. Times are of the service with its database, without HTTP.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import event, func, insert, select
from sqlalchemy.orm import Session

from bench.measure import percentile
from bot.cases.models import Case
from bot.conversations.models import (
    Author,
    Conversation,
    ConversationStatus,
    Customer,
    Message,
    StatusEvent,
)
from bot.database import Database
from bot.desk.cases import Scope, cases_calling, cases_in
from bot.desk.cases import Wanted as WantedCases
from bot.desk.detail import conversation_detail
from bot.desk.lists import Wanted, conversations_in
from bot.desk.search import Query, search
from bot.desk.similar import Similar
from bot.faq.service import load_faq_service
from bot.migrations.run import migrate
from bot.processes import terminal
from bot.staff.hours import WorkingHours
from bot.staff.models import Staff
from bot.staff.service import add_staff
from knowledge.entries import load_entries
from tests.postgresql import postgresql_server

CONVERSATIONS, MESSAGES_EACH = 10_000, 10
# The promise for the list, in milliseconds.
MOST = 500.0
_QUEUED, _HELD, _WITH_BOT = 200, 300, 2_500
_ROUNDS = 15
_NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
_HOURS = WorkingHours.parse("08:30-17:30")
_BATCH = 1_000


def main() -> int:
    """Fill a database, ask it as desks do, and print what it took; 1 if a list takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    if parser.parse_args().postgresql:
        with postgresql_server() as url:
            return _ask(url)
    with tempfile.TemporaryDirectory() as folder:
        return _ask(f"sqlite:///{folder}/desk.db")


def _ask(url: str) -> int:
    database = Database(url)
    migrate(database)
    staff = _fill(database)
    terminal.say(f"{database.engine.dialect.name}: {_counted(database)}")
    kept = [_measure(database, name, work) for name, work in _questions(staff)]
    _measure_similar(database)
    database.close()
    return 0 if all(kept) else 1


def _fill(database: Database) -> Staff:
    words = [text for entry in load_entries() for text in (*entry.questions, entry.answer)]
    with database.writing() as session:
        more: dict[str, Any] = {"role": "staff", "skills": []}
        staff = add_staff(session, "alice", "bench", name="爱丽丝", number="11", **more)
        session.execute(insert(Customer), list(_customers()))
        session.execute(insert(Conversation), list(_conversations(staff.id)))
        chosen = random.Random(1)
        batch: list[dict[str, Any]] = []
        for number in range(CONVERSATIONS):
            batch += _said(number, staff.id, words, chosen)
            if len(batch) >= _BATCH:
                session.execute(insert(Message), batch)
                batch = []
        if batch:
            session.execute(insert(Message), batch)
        session.execute(insert(StatusEvent), list(_moves(staff.id)))
        session.execute(insert(Case), list(_cases()))
    return staff


def _began(number: int) -> datetime:
    return _NOW - timedelta(minutes=3 * number)


def _customers() -> Iterator[dict[str, Any]]:
    for number in range(CONVERSATIONS):
        yield {
            "id": number + 1,
            "channel": "widget",
            "token_hash": f"{number:064d}",
            "created_at": _began(number),
        }


def _status(number: int) -> ConversationStatus:
    if number < _QUEUED:
        return ConversationStatus.QUEUED
    if number < _QUEUED + _HELD:
        return ConversationStatus.STAFF
    over = number >= _QUEUED + _HELD + _WITH_BOT
    return ConversationStatus.RESOLVED if over else ConversationStatus.BOT


def _conversations(staff_id: int) -> Iterator[dict[str, Any]]:
    for number in range(CONVERSATIONS):
        began, status = _began(number), _status(number)
        with_people = status in (ConversationStatus.QUEUED, ConversationStatus.STAFF)
        yield {
            "id": f"{number:032d}",
            "customer_id": number + 1,
            "channel": "widget",
            "status": status,
            "epoch": 2,
            "staff_id": staff_id if status == ConversationStatus.STAFF else None,
            "last_seq": MESSAGES_EACH,
            "category": "metrology",
            "created_at": began,
            "last_message_at": began + timedelta(minutes=MESSAGES_EACH),
            "queued_at": began if with_people else None,
            "resolved_at": began + timedelta(hours=1)
            if status == ConversationStatus.RESOLVED
            else None,
        }


def _said(
    number: int, staff_id: int, words: list[str], chosen: random.Random
) -> Iterator[dict[str, Any]]:
    human = _status(number) in (ConversationStatus.STAFF, ConversationStatus.RESOLVED)
    for seq in range(1, MESSAGES_EACH + 1):
        author = Author.CUSTOMER if seq % 2 else (Author.STAFF if human else Author.BOT)
        yield {
            "id": f"{number:024d}{seq:08d}",
            "conversation_id": f"{number:032d}",
            "seq": seq,
            "author": author,
            "kind": "text",
            "text": chosen.choice(words),
            "data": {"turn": {"intent": "ask_metrology", "category": "metrology"}},
            "private": False,
            "channel": "widget",
            "staff_id": staff_id if author == Author.STAFF else None,
            "created_at": _began(number) + timedelta(minutes=seq),
        }


def _moves(staff_id: int) -> Iterator[dict[str, Any]]:
    for number in range(_QUEUED + _HELD):
        yield {
            "conversation_id": f"{number:032d}",
            "transition": "request_handoff",
            "from_status": "bot",
            "to_status": "queued",
            "epoch": 1,
            "staff_id": None,
            "happened_at": _began(number),
        }


def _cases() -> Iterator[dict[str, Any]]:
    """A case for each conversation; most have been worked through, a few are late."""
    for number in range(CONVERSATIONS):
        is_open = number < _QUEUED + _HELD + _WITH_BOT
        yield {
            "number": f"YZ-{number:08d}",
            "kind": ("service", "service", "message", "complaint", "follow_up")[number % 5],
            "status": ("submitted", "accepted", "in_progress")[number % 3] if is_open else "done",
            "category": "metrology",
            "need": "校准 20 把游标卡尺",
            "details": {},
            "company": f"云州第 {number} 泵业有限公司",
            "contact": "陈工",
            "phone": f"139{number:08d}",
            "customer_id": number + 1,
            "conversation_id": f"{number:032d}",
            "wrong_tails": 0,
            "created_at": _began(number),
            "due_at": _began(number) + timedelta(days=1),
            "closed_at": None if is_open else _began(number) + timedelta(days=2),
        }


def _questions(staff: Staff) -> Iterator[tuple[str, Callable[[Session], int]]]:
    def listed(status: ConversationStatus) -> Callable[[Session], int]:
        def work(session: Session) -> int:
            wanted = Wanted(status)
            return len(conversations_in(session, wanted, _HOURS, now=_NOW, staff=staff).rows)

        return work

    def cases(wanted: WantedCases) -> Callable[[Session], int]:
        return lambda session: len(cases_in(session, staff, wanted, now=_NOW).rows)

    def found(query: Query) -> Callable[[Session], int]:
        return lambda session: len(search(session, query, staff, _HOURS, now=_NOW)[0])

    def whole(session: Session) -> int:
        detail = conversation_detail(session, f"{300:032d}", _HOURS, now=_NOW, staff=staff)
        return len(detail["messages"])

    for status in ConversationStatus:
        yield f"list {status}", listed(status)
    for name, wanted in (
        ("list cases, urgent", WantedCases()),
        ("list cases, mine", WantedCases(scope=Scope.MINE)),
        ("list cases, a word", WantedCases(text="第 4711 泵业")),
    ):
        yield name, cases(wanted)
    yield "list cases, how many", lambda session: cases_calling(session, staff, now=_NOW)["calling"]
    yield "conversation", whole
    month = _NOW - timedelta(days=7)
    for name, query in (
        ("search, common word", Query("检定")),
        ("search, two words", Query("压力表 证书")),
        ("search, nowhere", Query("没有人说过这个")),
        ("search, a week", Query("没有人说过这个", since=month)),
        ("search, company", Query("恒泰泵业")),
    ):
        yield name, found(query)


def _measure(database: Database, name: str, work: Callable[[Session], int]) -> bool:
    """Print what it takes; whether it is no list, or one that keeps the promise."""
    times, queries, rows = [], 0, 0

    def count(*_details: Any) -> None:
        nonlocal queries
        queries += 1

    event.listen(database.engine, "before_cursor_execute", count)
    for _ in range(_ROUNDS):
        queries = 0
        began = time.perf_counter()
        with database.reading() as session:
            rows = work(session)
        times.append(1000 * (time.perf_counter() - began))
    event.remove(database.engine, "before_cursor_execute", count)
    middle, worst = percentile(times, 0.5), percentile(times, 0.95)
    kept = not name.startswith("list") or worst <= MOST
    mark = "" if kept else "  TOO SLOW"
    shown = f"{name:22} {rows:4} rows {queries:3} queries"
    terminal.say(f"{shown}  p50 {middle:6.1f} ms  p95 {worst:6.1f} ms{mark}")
    return kept


def _measure_similar(database: Database) -> None:
    faq = load_faq_service()
    similar = Similar(faq.encode_quickly)
    began = time.perf_counter()
    with database.reading() as session:
        similar.refresh(session, now=_NOW)
    terminal.say(f"similar, read 2,000 resolved  {time.perf_counter() - began:5.2f} s")
    times = []
    for entry in load_entries()[:60]:
        began = time.perf_counter()
        similar.find(entry.questions[0])
        times.append(1000 * (time.perf_counter() - began))
    middle, worst = percentile(times, 0.5), percentile(times, 0.95)
    terminal.say(f"similar, one question         p50 {middle:6.1f} ms  p95 {worst:6.1f} ms")


def _counted(database: Database) -> str:
    with database.reading() as session:
        conversations = session.scalar(select(func.count()).select_from(Conversation))
        messages = session.scalar(select(func.count()).select_from(Message))
    return f"{conversations} conversations, {messages} messages"


if __name__ == "__main__":
    sys.exit(main())
