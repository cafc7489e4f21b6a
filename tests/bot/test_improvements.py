"""What judgements of answers suggest for the knowledge base."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.conversations.ledger import Opened, append
from bot.conversations.models import Author, Conversation, Turn, TurnStatus
from bot.database import Database
from bot.errors import BadInput
from bot.feedback.__main__ import main
from bot.feedback.improvements import improvements
from bot.feedback.models import MessageFeedback
from bot.feedback.service import rate_message
from tests.factories import writes, xiaolin
from tests.fakes import FakeClock


class Counter:
    """Customers who ask, are answered from an entry, and judge."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock

    def comes(self) -> Opened:
        """A new customer."""
        with self.database.writing() as session:
            return xiaolin(session, self.clock)

    def judges(
        self, opened: Opened, entry: str, helpful: bool, comment: str = "", asks: str = "多久一次"
    ) -> str:
        """A question, an answer from an entry, a judgement; the answer's id."""
        now = self.clock()
        with self.database.writing() as session:
            seq = writes(session, opened, asks, self.clock).message.seq
            turn = Turn(
                conversation_id=opened.conversation.id,
                epoch=0,
                first_seq=seq,
                last_seq=seq,
                status=TurnStatus.ANSWERED,
                started_at=now,
            )
            session.add(turn)
            session.flush()
            conversation = session.get_one(Conversation, opened.conversation.id)
            said = append(
                session,
                conversation,
                Author.BOT,
                "每半年一次",
                now=now,
                data={"faq": {"id": entry}},
                turn_id=turn.id,
            )
            rate_message(session, conversation.id, said.id, helpful, now=now, comment=comment)
            return said.id


@pytest.fixture
def counter(database: Database, clock: FakeClock) -> Counter:
    return Counter(database, clock)


def test_personal_data_is_masked_in_questions_and_comments(
    counter: Counter, database: Database
) -> None:
    asks = "我是王芳，13812345678，压力表多久检一次"
    comment = "打 13912345678 找李经理也没人接，邮箱 a@b.cn"
    counter.judges(counter.comes(), "metrology-gauge", False, comment, asks)
    with database.reading() as session:
        (found,) = improvements(session)
    shown = " ".join([*found.questions, *found.comments])
    for private in ("王芳", "13812345678", "13912345678", "李经理", "a@b.cn"):
        assert private not in shown
    assert "压力表多久检一次" in found.questions[0]
    assert "没人接" in found.comments[0]


def test_customer_who_presses_often_counts_once(counter: Counter, database: Database) -> None:
    noisy, other = counter.comes(), counter.comes()
    for _ in range(5):
        counter.judges(noisy, "metrology-gauge", False)
    counter.judges(noisy, "standards-search", False)
    counter.judges(other, "standards-search", False)
    counter.judges(other, "metrology-gauge", True)
    with database.reading() as session:
        found = [(each.entry_id, each.unhelpful, each.helpful) for each in improvements(session)]
    assert found == [("standards-search", 2, 0), ("metrology-gauge", 1, 1)]


def test_entry_that_only_helped_needs_no_improvement(counter: Counter, database: Database) -> None:
    counter.judges(counter.comes(), "metrology-gauge", True)
    with database.reading() as session:
        assert improvements(session) == []


def test_older_judgements_can_be_left_out(
    counter: Counter, database: Database, clock: FakeClock
) -> None:
    counter.judges(counter.comes(), "metrology-gauge", False)
    clock.advance(days=1)
    with database.reading() as session:
        assert improvements(session, since=clock()) == []


def test_comment_stays_until_the_judgement_changes(counter: Counter, database: Database) -> None:
    opened = counter.comes()
    answer = counter.judges(opened, "metrology-gauge", False, "没说费用")
    said = []
    for helpful, comment in ((False, ""), (False, "还是没说"), (True, ""), (False, "")):
        with database.writing() as session:
            conversation = opened.conversation.id
            rate_message(
                session, conversation, answer, helpful, now=counter.clock(), comment=comment
            )
        with database.reading() as session:
            said.append(session.get_one(MessageFeedback, answer).comment)
    assert said == ["没说费用", "还是没说", "", ""]


def test_comment_that_is_too_long_is_refused(counter: Counter) -> None:
    with pytest.raises(BadInput):
        counter.judges(counter.comes(), "metrology-gauge", False, "长" * 1001)


@pytest.mark.one_database
def test_command_lists_what_did_not_help(
    counter: Counter, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/test.db"}
    assert main([], environment) == 0
    assert "还没有客户" in capsys.readouterr().out
    counter.judges(counter.comes(), "metrology-gauge", False, "电话 13912345678 没人接")
    assert main([], environment) == 0
    assert "metrology-gauge：1 位客户认为没帮助" in (said := capsys.readouterr().out)
    assert "［电话］ 没人接" in said
    assert main(["--all"], environment) == 2
    assert main([], {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}) == 2
