"""Files as messages: dealt with at once while the bot speaks, and provably so."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from bot.attachments import service
from bot.attachments.models import Attachment
from bot.attachments.service import Said, say_as_customer, say_as_staff
from bot.attachments.storage import Storage, Stored
from bot.conversations.ledger import Opened, customer_of, messages_of
from bot.conversations.outcomes import Outcome
from bot.database import Database
from bot.errors import AttachmentNotFound, BadInput, FileRefused, NotYours, StorageFull, TooLarge
from bot.responses import Responses
from bot.staff.models import Staff
from tests import files
from tests.bot.story import Story
from tests.factories import xiaolin
from tests.fakes import FakeClock

LIMIT = 100_000


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "attachments", LIMIT)


@pytest.fixture
def story(database: Database, clock: FakeClock) -> Story:
    return Story(database, clock)


def stored(storage: Storage, content: bytes = files.png()) -> Stored:
    upload = storage.begin()
    upload.write(content)
    return upload.finish()


def sends(
    story: Story, opened: Opened, storage: Storage, name: str = "表.png", client_id: str = ""
) -> Said:
    file = stored(storage)
    with story.database.writing() as session:
        return say_as_customer(
            session,
            opened.conversation.id,
            customer_of(session, opened.token),
            client_id or str(uuid4()),
            name,
            file,
            Responses.load(),
            now=story.clock(),
        )


def everything(storage: Storage) -> list[Path]:
    return [path for path in storage.folder.rglob("*") if path.is_file()]


def said(story: Story, opened: Opened) -> list[tuple[str, str, str]]:
    with story.database.reading() as session:
        found = messages_of(session, opened.conversation.id)
        return [(each.author, each.kind, each.text) for each in found]


def test_bot_says_what_it_received_and_offers_a_person(story: Story, storage: Storage) -> None:
    opened = story.opens()
    sends(story, opened, storage)
    file, line = said(story, opened)
    assert file == ("customer", "file", "图片：表.png")
    assert line[:2] == ("system", "buttons")
    assert "图片：表.png" in line[2]
    assert "转人工" in line[2]


def test_several_files_in_a_row_are_explained_once(story: Story, storage: Storage) -> None:
    opened = story.opens()
    for name in ("一.png", "二.png", "三.png"):
        sends(story, opened, storage, name)
    lines = [text for author, _, text in said(story, opened) if author == "system"]
    assert "我只能看懂文字" in lines[0]
    assert lines[1:] == ["图片：二.png，也收到了。", "图片：三.png，也收到了。"]


def test_file_counts_as_dealt_with_alone_between_words_and_while_a_turn_runs(
    story: Story, storage: Storage
) -> None:
    alone, between, meanwhile = story.opens(), story.opens(), story.opens()
    sends(story, alone, storage)
    story.asks(between, "压力表多久检定")
    sends(story, between, storage)
    story.asks(between, "那要多少钱")
    story.asks(meanwhile, "第一句", answer=None)
    turn = story.begins(meanwhile)
    sends(story, meanwhile, storage)
    story.asks(meanwhile, "第二句", answer=None)
    story.finishes(turn)
    story.finishes(story.begins(meanwhile))
    story.clock.advance(hours=1)
    report = story.audited()
    assert report.problems == []
    assert report.outcomes == {Outcome.PLATFORM: 3, Outcome.BOT: 4}


def test_file_without_the_line_that_deals_with_it_is_named_by_the_audit(
    story: Story, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_acknowledge", lambda *_: None)
    sends(story, story.opens(), storage)
    story.clock.advance(hours=1)
    assert [problem.rule for problem in story.audited().problems] == ["unanswered"]


def test_file_sent_again_after_a_lost_answer_is_one_message(story: Story, storage: Storage) -> None:
    opened = story.opens()
    first = sends(story, opened, storage, client_id="x")
    second = sends(story, opened, storage, client_id="x")
    assert (first.is_new, second.is_new) == (True, False)
    assert second.message.id == first.message.id
    with story.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 1


def test_conversation_takes_so_many_files_and_no_more(
    story: Story, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_FILES", 2)
    opened = story.opens()
    sends(story, opened, storage)
    sends(story, opened, storage, client_id="second")
    with pytest.raises(FileRefused, match="不能再发"):
        sends(story, opened, storage)
    sends(story, opened, storage, client_id="second")  # what is there already may be repeated
    monkeypatch.setattr(service, "MOST_FILES", 9)
    monkeypatch.setattr(service, "MOST_BYTES", 3 * len(files.png()) - 1)
    with pytest.raises(FileRefused):
        sends(story, opened, storage)
    assert len([each for each in said(story, opened) if each[1] == "file"]) == 2


def test_staff_file_goes_to_the_customer_only_from_who_holds_the_conversation(
    story: Story, storage: Storage, database: Database
) -> None:
    opened = story.opens()
    with database.writing() as session:
        alice = session.scalars(select(Staff).where(Staff.username == "alice")).one()
        bob = session.scalars(select(Staff).where(Staff.username == "bob")).one()
        story.handoff.accept(session, opened.conversation.id, alice, now=story.clock())

    def say(staff: Staff, private: bool) -> Said:
        file = stored(storage, files.PDF)
        with database.writing() as session:
            who = session.get_one(Staff, staff.id)
            return say_as_staff(
                session,
                opened.conversation.id,
                who,
                str(uuid4()),
                "报价",
                file,
                private,
                now=story.clock(),
            )

    with pytest.raises(NotYours):
        say(bob, False)
    note, reply = say(bob, True).message, say(alice, False).message
    assert reply.data["attachment"]["name"] == "报价.pdf"
    with database.reading() as session:
        customer = customer_of(session, opened.token)
        assert service.attachment_for(session, reply.data["attachment"]["id"], customer)
        with pytest.raises(AttachmentNotFound):
            service.attachment_for(session, note.data["attachment"]["id"], customer)


def test_link_opens_one_file_for_ten_minutes(story: Story, storage: Storage) -> None:
    opened = story.opens()
    one, other = sends(story, opened, storage).message, sends(story, opened, storage).message
    now = story.clock()
    with story.database.reading() as session:
        found = service.attachment_for(session, one.data["attachment"]["id"])
        query = service.link_to(found, now=now)["url"].partition("?")[2]
        until, signature = (each.partition("=")[2] for each in query.split("&"))

        def opens(attachment: str, until: str, signature: str, later: timedelta) -> bool:
            try:
                service.linked(session, attachment, until, signature, now=now + later)
            except AttachmentNotFound:
                return False
            return True

        soon, late = timedelta(minutes=9), timedelta(minutes=11)
        assert opens(found.id, until, signature, soon)
        assert not opens(found.id, until, signature, late)
        assert not opens(found.id, str(int(until) + 9999), signature, soon)
        assert not opens(other.data["attachment"]["id"], until, signature, soon)
        assert not opens(found.id, until, "", soon)
        assert not opens(found.id, "not a number", "符号", soon)


def test_refused_bytes_leave_nothing(storage: Storage) -> None:
    for content, error in (
        (b"", BadInput),
        (files.HTML, FileRefused),
        (files.png() + bytes(LIMIT), TooLarge),
    ):
        upload = storage.begin()
        try:
            upload.write(content)
            upload.finish()
        except error:
            upload.discard()
        upload.discard()
    assert everything(storage) == []


def test_full_disk_is_a_refusal_before_anything_is_written(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.attachments.storage._ROOM_KEPT_FREE", 10**18)
    with pytest.raises(StorageFull):
        storage.begin()
    assert everything(storage) == []


def test_what_a_killed_process_left_is_swept_and_nothing_else(
    story: Story, storage: Storage, database: Database
) -> None:
    opened = story.opens()
    kept = sends(story, opened, storage).message.data["attachment"]["id"]  # died before settling
    nameless = stored(storage).id  # died before the message was stored
    storage.arriving("ab" * 16).write_bytes(files.png()[:20])  # died while it came
    with database.writing() as session:
        assert not storage.is_untidy(session, story.clock.now)
    old = (story.clock() - timedelta(hours=2)).timestamp()
    for path in everything(storage):
        os.utime(path, (old, old))
    fresh = storage.begin()
    now = (story.clock() - timedelta(hours=2)) + timedelta(hours=1, seconds=1)
    with database.writing() as session:
        assert storage.is_untidy(session, now)
        assert storage.tidy(session, now) == 3
        assert storage.tidy(session, now) == 0
    left = {path.name for path in everything(storage)}
    assert left == {kept, fresh.id}
    assert nameless not in left
    fresh.discard()


def test_path_of_a_file_never_leaves_the_folder(storage: Storage) -> None:
    for name in ("../x", "", "a" * 31, "A" * 32, f"{'a' * 32}/..", "incoming"):
        with pytest.raises(ValueError, match="id"):
            storage.path(name)


def test_customer_without_the_conversation_cannot_put_a_file_into_it(
    story: Story, storage: Storage
) -> None:
    mine = story.opens()
    with story.database.writing() as session:
        other = xiaolin(session, story.clock)
    crossed = Opened(mine.conversation, other.token)
    with pytest.raises(Exception, match="没有找到这个会话"):
        sends(story, crossed, storage)
    assert said(story, mine) == []
