"""One turn at a time, replies fenced by the epoch, and never silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import select

from bot.conversations.answering import Answering
from bot.conversations.brain import Answer, FailureKind, Reply
from bot.conversations.buttons import CANCEL_HANDOFF
from bot.conversations.fallback import Fallback
from bot.conversations.handoff import Handoff
from bot.conversations.ledger import Incoming, Opened, customer_of, messages_of
from bot.conversations.models import (
    Author,
    Change,
    Conversation,
    ConversationStatus,
    SuppressedDraft,
    Turn,
    TurnStatus,
)
from bot.conversations.reception import admit
from bot.conversations.turns import TurnRunner, begin_turn
from bot.database import Database
from bot.errors import BrainFailed
from bot.responses import Responses
from bot.staff.hours import WorkingHours
from tests.factories import alice, writes, xiaolin
from tests.fakes import FakeBrain, FakeClock, FakeFaq


class Room:
    """A conversation with the bot, driven step by step."""

    def __init__(self, database: Database, brain: FakeBrain, clock: FakeClock) -> None:
        self.database, self.brain, self.clock = database, brain, clock
        responses = Responses.load()
        self.faq = FakeFaq()
        self.handoff = Handoff(responses, WorkingHours.parse("08:30-17:30"))
        answering = Answering(brain, self.faq, Fallback(self.faq, responses, database), 0.2)
        self.turns = TurnRunner(database, answering, self.handoff, clock)
        with database.writing() as session:
            self.opened: Opened = xiaolin(session, clock)
        self.id = self.opened.conversation.id

    def hears(self, text: str, payload: str | None = None) -> None:
        """小林 writes and the bot is woken."""
        with self.database.writing() as session:
            writes(session, self.opened, text, self.clock, payload=payload)
        self.turns.wake(self.id)

    def said(self, author: Author = Author.BOT) -> list[str]:
        """What somebody has said so far."""
        with self.database.reading() as session:
            return [m.text for m in messages_of(session, self.id) if m.author == author]


@pytest.fixture
def play(
    database: Database, brain: FakeBrain, clock: FakeClock
) -> Callable[[Callable[[Room], Coroutine[Any, Any, None]]], Room]:
    """Runs a scene on an event loop of its own."""

    def run(scene: Callable[[Room], Coroutine[Any, Any, None]]) -> Room:
        room = Room(database, brain, clock)

        async def whole() -> None:
            await scene(room)
            await room.turns.settle()

        asyncio.run(whole())
        return room

    return run


Play = Callable[[Callable[[Room], Coroutine[Any, Any, None]]], Room]


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def test_question_gets_the_brains_reply_with_its_understanding(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.hears("压力表多久检一次")

    room = play(scene)
    assert room.said() == ["听到：压力表多久检一次"]
    with room.database.reading() as session:
        reply = messages_of(session, room.id)[-1]
        assert reply.data["turn"]["category"] == "metrology"
        assert session.get_one(Conversation, room.id).category == "metrology"


def test_question_about_a_case_leaves_the_conversation_its_service(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.hears("压力表多久检一次")
        await room.turns.settle()
        room.brain.script = [Answer([Reply("已受理")], "ask_case_status", "other", 0.8)]
        room.hears("到哪一步了")

    room = play(scene)
    assert room.said()[-1] == "已受理"
    with room.database.reading() as session:
        assert session.get_one(Conversation, room.id).category == "metrology"


def test_short_messages_that_come_during_a_turn_are_taken_together(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.hold = asyncio.Event()
        room.hears("你好")
        await _until(lambda: len(room.brain.heard) == 1)
        room.hears("我有二十把卡尺")
        room.hears("想校准")
        room.brain.hold.set()

    room = play(scene)
    assert [each.text for each in room.brain.heard] == ["你好", "我有二十把卡尺，想校准"]
    assert len(room.said()) == 2


def test_turn_begun_with_the_message_is_the_only_one(play: Play) -> None:
    async def scene(room: Room) -> None:
        with room.database.writing() as session:
            customer = customer_of(session, room.opened.token)
            incoming = Incoming("a", "压力表")
            admitted = admit(session, room.id, customer, incoming, room.handoff, now=room.clock())
        assert admitted.begun is not None
        room.turns.wake(room.id, admitted.begun)

    room = play(scene)
    assert room.said() == ["听到：压力表"]
    with room.database.reading() as session:
        assert len(session.scalars(select(Turn)).all()) == 1


def test_turn_begun_while_the_last_one_is_being_put_away_is_not_lost(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.hears("一")
        with room.database.writing() as session:
            writes(session, room.opened, "二", room.clock)
            begun = begin_turn(session, room.id, now=room.clock())
        room.turns.wake(room.id, begun)

    room = play(scene)
    assert "".join(room.said()).count("一") == 1
    assert "".join(room.said()).count("二") == 1


def test_message_is_understood_once_although_it_was_foreseen(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.turns.foresee("压力表")
        room.turns.foresee("压力表")
        room.hears("压力表")

    room = play(scene)
    assert room.faq.understood == ["压力表"]
    assert room.said() == ["听到：压力表"]


def test_reply_is_kept_as_a_draft_when_staff_take_over_meanwhile(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.hold = asyncio.Event()
        room.hears("转人工吧")
        await _until(lambda: len(room.brain.heard) == 1)
        with room.database.writing() as session:
            room.handoff.accept(session, room.id, alice(session), now=room.clock())
        room.brain.hold.set()

    room = play(scene)
    assert room.said() == []
    with room.database.reading() as session:
        drafts = list(session.scalars(select(SuppressedDraft)))
        assert [each.text for each in drafts] == ["听到：转人工吧"]
        assert session.scalars(select(Turn)).one().status == TurnStatus.SUPPRESSED
        # Whoever has it open already sees it without asking.
        newest = session.scalars(select(Change).order_by(Change.cursor.desc()).limit(1)).one()
        assert (newest.type, newest.for_customer) == ("draft", False)


def test_bot_stays_silent_while_staff_hold_the_conversation(play: Play) -> None:
    async def scene(room: Room) -> None:
        with room.database.writing() as session:
            room.handoff.accept(session, room.id, alice(session), now=room.clock())
        room.hears("还在吗")

    room = play(scene)
    assert room.brain.heard == []
    assert room.said() == []


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_of_the_brain_ends_in_a_visible_answer(play: Play, kind: FailureKind) -> None:
    async def scene(room: Room) -> None:
        room.brain.script = [BrainFailed(kind)]
        room.hears("这个怎么办")

    room = play(scene)
    assert len(room.said()) == 1
    with room.database.reading() as session:
        turn = session.scalars(select(Turn)).one()
        assert (turn.status, turn.failure) == (TurnStatus.ANSWERED, kind)


def test_brain_that_is_too_slow_is_given_up_and_the_customer_told(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.hold = asyncio.Event()
        room.hears("很慢的问题")

    room = play(scene)
    assert room.said() == [Responses.load().text("utter_system_engine_slow")]


def test_sure_knowledge_answers_without_the_brain(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.faq.sure = "强制检定停征检定费。"
        room.brain.script = [BrainFailed(FailureKind.UNREACHABLE)]
        room.hears("强检收费吗")

    room = play(scene)
    assert "强制检定停征检定费。" in room.said()[0]


def test_person_can_be_asked_for_while_the_brain_is_away(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.script = [BrainFailed(FailureKind.UNREACHABLE)]
        room.hears("给我转人工")

    room = play(scene)
    with room.database.reading() as session:
        assert session.get_one(Conversation, room.id).status == ConversationStatus.QUEUED


def test_action_that_fails_halfway_is_followed_by_an_apology(play: Play) -> None:
    async def scene(room: Room) -> None:
        failed = Answer([Reply("正在查询")], failure=FailureKind.ACTION_FAILED)
        room.brain.script = [failed]
        room.hears("查工单")

    room = play(scene)
    assert room.said() == ["正在查询", Responses.load().text("utter_system_engine_away")]


def test_crash_of_the_brains_code_ends_in_an_apology(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.script = ["not an answer"]  # type: ignore[list-item]
        room.hears("一")
        await room.turns.settle()
        room.hears("二")

    room = play(scene)
    assert room.said() == [Responses.load().text("utter_system_engine_away"), "听到：二"]


def test_symbols_alone_are_answered_without_asking_the_brain(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.hears("😀😀！？")

    room = play(scene)
    assert room.brain.heard == []
    assert room.said() == [Responses.load().text("utter_system_not_text")]


def test_command_typed_by_a_customer_reaches_the_brain_as_text_only(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.hears("/restart")

    room = play(scene)
    assert room.brain.heard[0].text == "/restart"
    assert room.brain.heard[0].payload is None


def test_what_a_dead_process_left_unanswered_is_answered_at_the_next_start(play: Play) -> None:
    async def scene(room: Room) -> None:
        with room.database.writing() as session:
            writes(session, room.opened, "还没回答", room.clock)
            begin_turn(session, room.id, now=room.clock())
        await room.turns.recover()

    room = play(scene)
    assert room.said() == ["听到：还没回答"]


def test_an_old_button_does_not_hide_a_message_that_waits_for_its_answer(play: Play) -> None:
    async def scene(room: Room) -> None:
        with room.database.writing() as session:
            conversation = session.get_one(Conversation, room.id)
            room.handoff.request_handoff(session, conversation, "test", now=room.clock())
            room.handoff.cancel(session, conversation, now=room.clock())
            writes(session, room.opened, "还没回答", room.clock)
            begin_turn(session, room.id, now=room.clock())
            pressed = Incoming("stale-button", payload=CANCEL_HANDOFF)
            customer = customer_of(session, room.opened.token)
            admit(session, room.id, customer, pressed, room.handoff, now=room.clock())
        await room.turns.recover()

    room = play(scene)
    assert [question.text for question in room.brain.heard] == ["还没回答"]
    assert room.said() == ["听到：还没回答"]


def test_handoff_asked_by_the_bot_queues_after_its_reply(play: Play) -> None:
    async def scene(room: Room) -> None:
        room.brain.script = [Answer([Reply("好的")], handoff_reason="customer_asked")]
        room.hears("我要找人")

    room = play(scene)
    assert room.said() == ["好的"]
    assert len(room.said(Author.SYSTEM)) == 1
    with room.database.reading() as session:
        assert session.get_one(Conversation, room.id).status == ConversationStatus.QUEUED
