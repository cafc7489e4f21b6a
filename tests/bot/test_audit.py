"""The audit finds a true ledger clean and names whatever is wrong in a false one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from bot import ledger
from bot.conversations.audit import Report
from bot.conversations.ledger import Incoming, customer_of
from bot.conversations.outcomes import Outcome
from bot.conversations.reception import admit
from bot.conversations.turn_owners import interrupt
from bot.database import Database
from bot.settings import load
from tests.bot.false_ledgers import FALSE_LEDGERS
from tests.bot.story import GRACE, TO_A_PERSON, Story, tell
from tests.fakes import FakeClock
from tests.postgresql import postgresql_server


@dataclass(frozen=True)
class Told:
    """A file with the ledger of ``tell``: when it ended, and its two conversations of note."""

    path: Path
    ended_at: datetime
    talked: str
    drafted: str


@dataclass(frozen=True)
class Ledger:
    """A copy of it that a test may spoil."""

    story: Story
    path: Path
    talked: str
    drafted: str

    def tampered(self, *statements: str) -> Report:
        """Change rows past the product and past the database's own rules, and audit."""
        names = {"talked": self.talked, "drafted": self.drafted}
        connection = sqlite3.connect(self.path)
        for statement in statements:
            connection.execute(statement, names if ":" in statement else {})
        connection.commit()
        connection.close()
        return self.story.audited()


@pytest.fixture
def story(database: Database, clock: FakeClock) -> Story:
    """Nothing has happened yet."""
    return Story(database, clock)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Everything that may happen has happened, once for all tests."""
    path = tmp_path_factory.mktemp("ledger") / "told.db"
    clock, database = FakeClock(), Database(f"sqlite:///{path}")
    database.create_tables()
    talked, drafted = tell(Story(database, clock))
    database.close()
    return Told(path, clock(), talked.conversation.id, drafted.conversation.id)


@pytest.fixture
def whole(told: Told, clock: FakeClock, tmp_path: Path) -> Iterator[Ledger]:
    """A copy of the ledger in which everything has happened."""
    path = tmp_path / "copy.db"
    shutil.copy(told.path, path)
    clock.now = told.ended_at
    database = Database(f"sqlite:///{path}")
    yield Ledger(Story(database, clock), path, told.talked, told.drafted)
    database.close()


def assert_whole(report: Report) -> None:
    """What the audit must say about what ``tell`` tells."""
    assert report.problems == []
    assert report.outcomes == {
        Outcome.BOT: 6,
        Outcome.STAFF: 1,
        Outcome.PLATFORM: 2,
        Outcome.EXPLAINED: 4,
        Outcome.WAITING_BOT: 1,
        Outcome.WAITING_STAFF: 1,
    }
    assert report.accepted == 15
    assert report.explanations == {
        "工作人员交回机器人前未再回复": 1,
        "答复迟到，已留作草稿": 1,
        "已留言建单，由工单答复": 1,
        "客户自己取消了转人工": 1,
    }


def test_ledger_made_by_the_services_is_clean_and_every_message_has_its_outcome(
    whole: Ledger,
) -> None:
    assert_whole(whole.story.audited())


def test_empty_ledger_is_clean(story: Story) -> None:
    report = story.audited()
    assert (report.problems, report.accepted) == ([], 0)


@pytest.mark.parametrize(
    ("statements", "rule", "seq", "reason"), FALSE_LEDGERS.values(), ids=FALSE_LEDGERS.keys()
)
def test_whatever_is_wrong_is_named(
    whole: Ledger, statements: tuple[str, ...], rule: str, seq: int | None, reason: str
) -> None:
    problems = whole.tampered(*statements).problems
    named = [each for each in problems if each.rule == rule and reason in each.reason]
    assert named, problems
    assert seq in [each.seq for each in named]
    if rule != "counters":
        assert {each.conversation_id for each in named} <= {whole.talked, whole.drafted}


def test_message_that_nobody_answers_is_excused_for_the_grace_only(story: Story) -> None:
    opened = story.opens()
    story.asks(opened, "压力表多久检一次", None)
    story.begins(opened)
    with story.database.writing() as session:
        interrupt(session, opened.conversation.id, now=story.clock())
    assert story.audited().outcomes == {Outcome.WAITING_BOT: 1}
    story.clock.advance(seconds=GRACE.total_seconds() + 1)
    report = story.audited()
    assert report.outcomes == {Outcome.LOST: 1}
    assert [(each.rule, each.seq) for each in report.problems] == [("unanswered", 1)]


def test_message_left_by_the_bot_counts_for_the_person_who_answers_it(story: Story) -> None:
    opened = story.opens()
    story.asks(opened, "压力表多久检一次", None)
    story.clock.advance(minutes=5)
    story.accepts(opened)
    story.replies(opened, "半年一次")
    assert story.audited().outcomes == {Outcome.STAFF: 1}


def test_service_that_the_customer_ends_explains_what_was_left_open(story: Story) -> None:
    opened = story.opens()
    story.asks(opened, "找人工", TO_A_PERSON)
    story.accepts(opened)
    story.asks(opened, "在吗", None)
    with story.database.writing() as session:
        customer, over = customer_of(session, opened.token), Incoming("over", "结束")
        admit(session, opened.conversation.id, customer, over, story.handoff, now=story.clock())
    report = story.audited()
    assert report.problems == []
    assert report.explanations == {"客户自己结束了人工服务": 2}


def test_message_left_by_the_bot_and_then_by_the_person_is_named(story: Story) -> None:
    opened = story.opens()
    story.asks(opened, "压力表多久检一次", None)
    story.clock.advance(minutes=5)
    story.accepts(opened)
    story.returns(opened)
    problems = story.audited().problems
    assert [each.reason for each in problems] == ["机器人没有在时限内答复，转人工后也无人答复"]


def test_suppressed_handoff_has_nothing_to_keep(story: Story) -> None:
    opened = story.opens()
    story.asks(opened, "找人工", None)
    turn = story.begins(opened)
    story.accepts(opened)
    story.finishes(turn, TO_A_PERSON)
    report = story.audited()
    assert (report.problems, report.outcomes) == ([], {Outcome.WAITING_STAFF: 1})


def queries_of(story: Story) -> int:
    """How many queries an audit asks."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(story.database.engine, "before_cursor_execute", note)
    story.audited()
    event.remove(story.database.engine, "before_cursor_execute", note)
    return len([each for each in asked if each.lstrip().upper().startswith("SELECT")])


def test_number_of_queries_does_not_grow_with_the_ledger(story: Story) -> None:
    before = queries_of(story)
    for _ in range(3):
        tell(story)
    assert queries_of(story) == before <= 12


@pytest.fixture
def environment(whole: Ledger) -> dict[str, str]:
    """The settings that name this ledger."""
    return {"DATABASE_URL": f"sqlite:///{whole.path}"}


def test_command_says_the_numbers_and_each_exception_on_a_line(
    whole: Ledger,
    environment: dict[str, str],
    clock: FakeClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole.tampered("DELETE FROM suppressed_drafts")
    assert ledger.main(["audit"], environment, clock) == ledger.EXCEPTIONS
    said = capsys.readouterr()
    assert "已接收的客户消息" in said.out
    assert f"  会话 {whole.drafted} 第 1 号：迟到的答复没有留作草稿" in said.out.splitlines()
    assert said.err == ""


@pytest.mark.one_database
def test_command_ends_with_zero_on_a_clean_ledger_and_leaves_the_file_alone(
    story: Story, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = story.opens()
    story.asks(opened, "压力表多久检一次")
    before = (tmp_path / "test.db").read_bytes()
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/test.db"}
    assert ledger.main(["audit"], environment, clock) == ledger.CLEAN
    assert "没有例外" in capsys.readouterr().out
    assert (tmp_path / "test.db").read_bytes() == before


def test_json_holds_the_same(
    whole: Ledger,
    environment: dict[str, str],
    clock: FakeClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole.tampered("DELETE FROM suppressed_drafts")
    assert (
        ledger.main(["audit", "--json", "--grace", "86400"], environment, clock)
        == ledger.EXCEPTIONS
    )
    told = json.loads(capsys.readouterr().out)
    assert (told["clean"], told["accepted"], told["grace_seconds"]) == (False, 15, 86400)
    assert sum(told["outcomes"].values()) == told["accepted"]
    assert told["exceptions"] == [
        {
            "conversation_id": whole.drafted,
            "seq": 1,
            "rule": "turns",
            "reason": "迟到的答复没有留作草稿",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "正确写法"),
        (["check"], "正确写法"),
        (["audit", "--jso"], "正确写法"),
        (["audit", "--grace"], "正确写法"),
        (["audit", "--grace", "很久"], "--grace 很久 应为"),
        (["audit", "--grace", "nan"], "--grace nan 应为"),
        (["audit", "--grace=-1"], "--grace -1 应为"),
        (["audit", "--grace", "1e9"], "--grace 1e9 应为"),
    ],
)
def test_wrong_arguments_get_one_sentence(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/none.db"}
    assert ledger.main(arguments, environment) == ledger.UNREADABLE
    assert_one_sentence(capsys, told)


def assert_one_sentence(capsys: pytest.CaptureFixture[str], told: str) -> None:
    """One Chinese sentence where errors go, and nothing else."""
    said = capsys.readouterr()
    assert said.out == ""
    assert told in said.err
    assert said.err.endswith("。\n")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:////nowhere/none.db", "没有数据库文件 /nowhere/none.db"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/db", "连不上数据库"),
        ("postgresql+psycopg://me@host:port/db", "不是有效的数据库地址"),
        ("mysql://me@host/db", "DATABASE_URL 应以"),
    ],
)
def test_database_out_of_reach_gets_one_sentence_without_the_password(
    url: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger.main(["audit"], {"DATABASE_URL": url}) == ledger.UNREADABLE
    sentence = capsys.readouterr()
    assert told in sentence.err
    assert len(sentence.err.splitlines()) == 1
    assert "secret" not in sentence.err


@pytest.mark.parametrize("content", [b"", b"this is no database" * 100])
def test_file_that_holds_no_ledger_gets_one_sentence(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.db").write_bytes(content)
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/other.db"}
    assert ledger.main(["audit"], environment) == ledger.UNREADABLE
    assert_one_sentence(capsys, "没有完整的账本")
    assert (tmp_path / "other.db").read_bytes() == content


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables on a PostgreSQL server."""
    with postgresql_server() as url:
        opened = Database(url)
        opened.create_tables()
        yield opened
        opened.close()


@pytest.mark.postgres
def test_postgresql_ledger_is_audited_alike(
    server: Database, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Story(server, clock)
    _, drafted = tell(story)
    environment = {"DATABASE_URL": server.url}
    grace = timedelta(days=1)
    assert_whole(ledger.audited(load(environment).database_url, grace=grace, now=clock()))
    with server.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM suppressed_drafts")
    assert ledger.main(["audit", "--grace", "86400"], environment, clock) == ledger.EXCEPTIONS
    assert f"会话 {drafted.conversation.id} 第 1 号：迟到的答复" in capsys.readouterr().out
