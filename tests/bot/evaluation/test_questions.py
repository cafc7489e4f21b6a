"""A file of questions is read whole or refused with file, line and reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.evaluation.questions import BadQuestions, Known, load_questions

KNOWN = Known(frozenset({"ip", "policy"}), frozenset({"ask_ip"}), frozenset({"ip-fees", "ip-time"}))
GOOD = {"text": "商标多少钱", "label": "ip"}


def written(folder: Path, *lines: dict[str, Any] | str, encoding: str = "utf-8") -> Path:
    path = folder / "questions.jsonl"
    texts = [
        each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines
    ]
    path.write_text("\n".join(texts), encoding=encoding)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(BadQuestions) as raised:
        load_questions(path, KNOWN)
    return str(raised.value)


def test_everything_a_line_may_say_is_read(tmp_path: Path) -> None:
    full = {**GOOD, "also": ["policy"], "intent": "ask_ip", "entry": "ip-fees", "style": "formal"}
    (question,) = load_questions(written(tmp_path, full), KNOWN)
    assert question.accepts("ip")
    assert question.accepts("policy")
    assert (question.intent, question.entries) == ("ask_ip", ("ip-fees",))


def test_several_entries_may_answer(tmp_path: Path) -> None:
    (question,) = load_questions(
        written(tmp_path, {**GOOD, "entry": ["ip-fees", "ip-time"]}), KNOWN
    )
    assert question.entries == ("ip-fees", "ip-time")


def test_blank_lines_and_a_windows_mark_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, "", GOOD, "", encoding="utf-8-sig")
    assert len(load_questions(path, KNOWN)) == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "不是合法的 JSON"),
        ("[]", "应是一个 JSON 对象"),
        ({"label": "ip"}, "缺少 text"),
        ({"text": " ", "label": "ip"}, "缺少 text"),
        ({"text": 5, "label": "ip"}, "缺少 text"),
        ({"text": "长" * 2001, "label": "ip"}, "最多 2000 字"),
        ({"text": "商标"}, "缺少 label"),
        ({"text": "商标", "label": "brands"}, "label 里的 'brands' 不存在，可用的有：ip、policy"),
        ({**GOOD, "also": ["law"]}, "also 里的 'law' 不存在"),
        ({**GOOD, "also": {"ip": 1}}, "also 应是文字或文字的列表"),
        ({**GOOD, "intent": "ask_law"}, "intent 里的 'ask_law' 不存在"),
        ({**GOOD, "entry": "ip-gone"}, "entry 里的 'ip-gone' 不存在"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: Any, reason: str) -> None:
    path = written(tmp_path, GOOD, line)
    sentence = refusal(path)
    assert sentence.startswith(f"{path} 第 2 行：")
    assert reason in sentence


def test_another_encoding_is_named(tmp_path: Path) -> None:
    assert "第 1 行：不是 UTF-8 编码，看起来是 GBK" in refusal(
        written(tmp_path, GOOD, encoding="gbk")
    )


def test_what_is_no_text_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.jsonl"
    path.write_bytes(b"\x89PNG\xff\xff\xff\xff")
    assert "第 1 行：不是 UTF-8 编码的文字" in refusal(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert "文件里没有问题" in refusal(written(tmp_path, ""))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.jsonl").endswith("没有这个文件。")
    assert "无法读取" in refusal(tmp_path)
