"""What the bot knows follows the content files, without a restart."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import pytest
import yaml

from bot.faq.content import LOOK_EVERY_SECONDS, Content, keep_fresh
from bot.faq.service import FaqService
from knowledge.encoders import Embedder
from knowledge.entries import OWNERS_FILE, ContentError
from knowledge.search import FaqIndex
from tests.knowledge.straw import TODAY, StrawEncoder

FIELDS = {
    "category": "metrology",
    "basis": ["《计量法》第九条"],
    "confidence": "verified",
    "owner": "计量科",
}
GAUGE = ["压力表多久检定一次", "压力表检定周期", "压力表几个月检一回", "压力表半年一检吗"]
METER = ["水表多久检定一次", "水表检定周期", "水表几年换一次", "水表用几年就要换"]


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Folder:
    """A folder of content that is edited."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._edits = 0

    def write(self, *entries: tuple[str, str, list[str]]) -> None:
        """Write the entries: id, answer and questions of each."""
        made = [
            {"id": each, "title": questions[0], "questions": questions, "answer": answer, **FIELDS}
            for each, answer, questions in entries
        ]
        self.spoil(yaml.safe_dump(made, allow_unicode=True))

    def spoil(self, text: str) -> None:
        """Write whatever it is; every edit has a time of its own."""
        file = self.path / "metrology.yml"
        file.write_text(text, encoding="utf-8")
        self._edits += 1
        os.utime(file, (self._edits, self._edits))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "faq").mkdir()
    made = Folder(tmp_path / "faq")
    made.write(("gauge", "半年。", GAUGE))
    return made


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def encoder() -> StrawEncoder:
    return StrawEncoder()


@pytest.fixture
def faq(folder: Folder, clock: Seconds, encoder: StrawEncoder, tmp_path: Path) -> FaqService:
    content = Content(folder.path, clock)
    embedder = Embedder([encoder], tmp_path)
    index = FaqIndex.build(list(content.entries.values()), embedder)
    return FaqService(index, embedder, content=content)


def look_twice(faq: FaqService, clock: Seconds) -> None:
    """What the watching thread does in two rounds."""
    for _ in range(2):
        faq.refresh()
        clock.now += LOOK_EVERY_SECONDS


def test_a_new_entry_answers_after_two_looks(
    faq: FaqService, folder: Folder, clock: Seconds
) -> None:
    assert faq.entry("meter") is None
    folder.write(("gauge", "半年。", GAUGE), ("meter", "六年。", METER))
    look_twice(faq, clock)
    assert faq.understand(METER[0], TODAY).candidates[0].id == "meter"
    # The rest of five seconds is for the index.
    assert clock.now <= 2


def test_a_changed_answer_is_said_and_a_removed_entry_is_not(
    faq: FaqService, folder: Folder, clock: Seconds
) -> None:
    found = faq.understand(GAUGE[0], TODAY).candidates
    folder.write(("gauge", "六个月。", GAUGE))
    look_twice(faq, clock)
    reply = faq.reply(found, TODAY)
    assert reply.entry is not None
    assert reply.entry.answer == "六个月。"
    folder.write(("meter", "六年。", METER))
    look_twice(faq, clock)
    assert faq.reply(found, TODAY).kind == "refuse"


def test_only_changed_texts_are_encoded(
    faq: FaqService, folder: Folder, clock: Seconds, encoder: StrawEncoder
) -> None:
    encoder.heard.clear()
    folder.write(("gauge", "半年。", [*GAUGE, "气压表要不要送检"]))
    look_twice(faq, clock)
    assert [text for text in encoder.heard if "水表" in text or "压力表" in text] == []
    assert "气压表要不要送检" in encoder.heard


@pytest.mark.parametrize("broken", ["- [", "- id: gauge\n  title: 只有题目\n", "一句话"])
def test_a_broken_file_keeps_what_was_good_and_is_complained_of_once(
    faq: FaqService,
    folder: Folder,
    clock: Seconds,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    good = faq.index
    folder.spoil(broken)
    with caplog.at_level(logging.ERROR):
        look_twice(faq, clock)
        look_twice(faq, clock)
    assert faq.index is good
    assert len(caplog.messages) == 1
    assert "metrology.yml 第" in caplog.messages[0]
    folder.write(("meter", "六年。", METER))
    look_twice(faq, clock)
    assert faq.entry("meter") is not None


def test_a_file_that_is_still_being_written_is_not_read(
    faq: FaqService, folder: Folder, clock: Seconds
) -> None:
    for number in range(3):
        folder.write(("meter", f"{number} 年。", METER))
        faq.refresh()
        clock.now += 0.1
    assert faq.entry("meter") is None
    look_twice(faq, clock)
    assert faq.entry("meter") is not None


def test_nothing_is_read_again_while_nothing_changes(faq: FaqService, clock: Seconds) -> None:
    good = faq.index
    look_twice(faq, clock)
    assert faq.index is good


def test_two_processes_see_the_same_change(folder: Folder, clock: Seconds) -> None:
    one, other = Content(folder.path, clock), Content(folder.path, clock)
    folder.write(("meter", "六年。", METER))
    for content in (one, other):
        content.refresh()
    clock.now += LOOK_EVERY_SECONDS
    for content in (one, other):
        content.refresh()
        assert list(content.entries) == ["meter"]


def test_a_department_added_to_the_list_lets_in_what_it_owns(
    faq: FaqService, folder: Folder, clock: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    owners = folder.path / OWNERS_FILE
    owners.write_text("标准化科\n", encoding="utf-8")
    with caplog.at_level(logging.ERROR):
        folder.write(("meter", "六年。", METER))
        look_twice(faq, clock)
    assert "metrology.yml 第" in caplog.messages[0]
    assert "owner 不能是 计量科" in caplog.messages[0]
    assert faq.entry("meter") is None

    owners.write_text("标准化科\n计量科\n", encoding="utf-8")
    look_twice(faq, clock)
    assert faq.entry("meter") is not None


def test_content_that_is_broken_from_the_beginning_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ip.yml").write_text("- [", encoding="utf-8")
    with pytest.raises(ContentError):
        Content(tmp_path)


def test_watching_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.faq.content.LOOK_EVERY_SECONDS", 0)
    called = threading.Semaphore(0)

    def fail() -> None:
        called.release()
        raise OSError("gone")

    stop = keep_fresh(fail, "test")
    assert called.acquire(timeout=30)
    assert called.acquire(timeout=30)
    stop.set()
