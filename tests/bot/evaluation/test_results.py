"""From outcomes to figures, promises and the page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.evaluation import results
from bot.evaluation.__main__ import UNUSABLE, main
from bot.evaluation.asking import Outcome
from bot.evaluation.knowledge_base import LeaveOneOut, Negatives, leave_one_out, negatives
from bot.evaluation.promises import Promise, load_promises, verdicts
from bot.evaluation.questions import Question
from bot.evaluation.report import as_json, as_lines, as_page, write
from bot.faq.service import FaqService
from knowledge.encoders import Embedder
from knowledge.search import FaqIndex
from tests.knowledge.straw import ENTRIES, TODAY, StrawEncoder

ABOUT = {
    "measured_at": "2026-11-24T02:00:00+00:00",
    "today": "2026-11-24",
    "minutes": 1.5,
    "questions": 4,
    "entries": 2,
    "encoders": ["straw"],
    "entry_titles": {"ip-fees": "商标官费"},
    "file": "questions.jsonl",
    "platform": "云州市质量基础设施“一站式”服务平台",
}


def outcome(question: Question, category: str, **more: object) -> Outcome:
    plain = Outcome(question, question.intent, category, 0.8, "clarify", None, (), 0.02, 0.005)
    return replace(plain, **more)  # type: ignore[arg-type]


FEES = Question("商标 <多少钱>", "ip", ("policy",), "ask_ip", ("ip-fees",))
OUTCOMES = [
    outcome(FEES, "ip", handled="answer", entry="ip-fees", found=(("ip-fees", 0.9),)),
    outcome(FEES, "policy", handled="answer", entry="ip-time", found=(("ip-time", 0.7),)),
    outcome(FEES, "out_of_scope", handled="refuse", found=(("ip-time", 0.1), ("ip-fees", 0.05))),
    outcome(Question("天气", "out_of_scope"), "out_of_scope", handled="refuse"),
]


def measured(perturbed: dict[str, list[Outcome]] | None = None) -> results.Results:
    return results.results(
        OUTCOMES, perturbed or {}, LeaveOneOut(8, 0.9, 2, []), Negatives(0, None, [])
    )


def test_lenient_accepts_what_a_careful_reader_would() -> None:
    found = results.categories(OUTCOMES)
    assert (found.strict, found.lenient) == (0.5, 0.75)
    assert [one.said for one in found.mistakes] == ["out_of_scope"]


def test_intents_are_measured_where_they_are_known() -> None:
    assert results.intents(OUTCOMES).count == 3


def test_scope_tells_recall_from_false_alarms() -> None:
    found = results.scope(OUTCOMES)
    assert (found.outside, found.inside, found.recall, found.answered) == (1, 3, 1.0, 0.0)
    assert found.false_alarms == pytest.approx(1 / 3)
    assert found.refused == pytest.approx(1 / 3)


def test_an_answer_from_another_entry_is_wrong() -> None:
    found = results.retrieval(OUTCOMES)
    assert found.count == 3
    assert (found.answered_right, found.answered_wrong) == (pytest.approx(1 / 3),) * 2
    assert found.asked_back == 0
    assert found.otherwise == pytest.approx(1 / 3)
    assert found.recall_1 == pytest.approx(1 / 3)
    assert found.recall_3 == pytest.approx(2 / 3)
    assert found.mrr == pytest.approx((1 + 0 + 1 / 2) / 3)


def test_a_drop_is_counted_in_points_over_all_questions() -> None:
    again = [*OUTCOMES[:3], outcome(replace(OUTCOMES[3].question, text="天汽"), "ip")]
    found = results.robustness("typos", OUTCOMES, again)
    assert (found.changed, found.accuracy, found.drop) == (1, 0.25, 25.0)
    assert found.examples == [("天气", "天汽")]


def test_what_cannot_be_measured_is_not_held_to_its_promise() -> None:
    promises = [
        Promise("够高", "categories.strict", at_least=0.5),
        Promise("不够高", "categories.strict", at_least=0.51),
        Promise("没测", "worst_drop", at_most=4),
    ]
    held = verdicts(promises, as_json(ABOUT, measured(), [], []))
    assert [one.kept for one in held] == [True, False, None]


def test_a_promise_needs_exactly_one_bound() -> None:
    with pytest.raises(ValueError, match="只写一个"):
        Promise("两头", "worst_drop", at_least=1, at_most=2)


def test_every_promise_of_ours_names_a_figure() -> None:
    report = as_json(ABOUT, measured({"typos": OUTCOMES}), [], [])
    assert len(verdicts(load_promises(), report)) == len(load_promises())


def test_the_page_needs_nothing_from_elsewhere() -> None:
    held = verdicts(load_promises(), as_json(ABOUT, measured(), [], []))
    page = as_page(ABOUT, measured({"typos": OUTCOMES}), held)
    assert not re.search(r"<script|https?://|url\(|<link|@import", page)
    assert "商标 &lt;多少钱&gt;" in page
    assert "2026 年 11 月 24 日（周二）10:00" in page


def test_a_page_can_be_made_of_questions_without_intents_and_entries() -> None:
    bare = [outcome(Question("商标", "ip"), "ip")]
    found = results.results(bare, {}, LeaveOneOut(0, None, 0, []), Negatives(0, None, []))
    held = verdicts(load_promises(), as_json(ABOUT, found, [], []))
    assert "这组问题没有标注知识条目" in as_page(ABOUT, found, held)


def test_both_files_are_written(tmp_path: Path) -> None:
    held = verdicts(load_promises(), as_json(ABOUT, measured(), [], []))
    page = write(tmp_path / "new", ABOUT, measured(), held, OUTCOMES)
    assert page.is_file()
    assert page.with_suffix(".json").is_file()
    assert len(as_lines(held)) == len(held)


@pytest.fixture
def faq(tmp_path: Path) -> FaqService:
    embedder = Embedder([StrawEncoder()], tmp_path)
    return FaqService(FaqIndex.build(ENTRIES, embedder), embedder)


def test_every_question_of_the_knowledge_base_is_left_out_once(faq: FaqService) -> None:
    in_force = [entry for entry in ENTRIES if entry.in_force(TODAY)]
    found = leave_one_out(ENTRIES, faq.embedder, TODAY)
    assert found.count == sum(len(entry.questions) for entry in in_force)
    assert found.entries == len(in_force)
    assert found.rank_1 is not None


def test_an_entry_must_not_answer_its_counterexamples(faq: FaqService) -> None:
    asked_word_for_word = replace(ENTRIES[0], negatives=(ENTRIES[0].questions[0],))
    index = FaqIndex.build([asked_word_for_word, *ENTRIES[1:]], faq.embedder)
    found = negatives(FaqService(index, faq.embedder), TODAY)
    assert found.count >= 1
    assert found.false_answers is not None


def test_nothing_in_force_is_nothing_measured(faq: FaqService) -> None:
    assert leave_one_out([], faq.embedder, date(2026, 1, 1)).rank_1 is None


def test_a_bad_file_ends_the_program_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["evaluation", "--questions", str(tmp_path / "gone.jsonl")])
    assert main() == UNUSABLE
    assert "没有这个文件" in capsys.readouterr().err
