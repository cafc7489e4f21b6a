"""Values that fit the fields of templates, against the documented rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cases.models import CaseStatus
from bot.errors import SettingsError
from bot.wechat.fields import Value, fitted
from bot.wechat.notices import Template, Way, _status_words, load_templates
from tests.wechat_stand_in.limits import FIELD_RULES

MOMENT = datetime(2026, 11, 24, 1, 5, tzinfo=UTC)
WRITTEN = """
progress:
  kind: template
  template_id: T1
  fields: {character_string1: number, phrase2: status, time3: at, thing4: need, thing5: "=点开查看"}
"""


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("thing1", "校准", "校准"),
        ("thing1", "长" * 20, "长" * 20),
        ("thing1", "长" * 21, "长" * 19 + "…"),
        ("thing1", "第一行\n第二行\x07", "第一行 第二行"),
        ("thing1", "", "-"),
        ("number1", "12.5", "12.5"),
        ("number1", "十二", None),
        ("number1", "1" * 33, None),
        ("letter1", "abc", "abc"),
        ("letter1", "ab1", None),
        ("symbol1", "***", "***"),
        ("symbol1", "******", None),
        ("character_string1", "YZ-20261124-0001", "YZ-20261124-0001"),
        ("character_string1", "ＹＺ－１", "YZ-1"),
        ("character_string1", "工单1", None),
        ("character_string1", "x" * 33, None),
        ("time1", MOMENT, "2026年11月24日 09:05"),
        ("time1", "明天", None),
        ("date1", MOMENT, "2026年11月24日"),
        ("date1", "明天", None),
        ("amount1", "100.5元", "100.5元"),
        ("amount1", "一百元", None),
        ("phone_number1", "+86-0766-66888866", "+86-0766-66888866"),
        ("phone_number1", "1" * 18, None),
        ("car_number1", "粤A8Z888", "粤A8Z888"),
        ("car_number1", "粤A8Z888888", None),
        ("name1", "张三" * 6, "张三" * 5),
        ("name1", "Li " * 10, ("Li " * 10)[:20]),
        ("name1", "张san", None),
        ("phrase1", "已受理", "已受理"),
        ("phrase1", "待您确认报价", "待您确认报"),
        ("phrase1", "已受理1", None),
        ("const1", "固定", "固定"),
        ("unknown1", "x", None),
        ("thing", "x", None),
    ],
)
def test_each_rule_is_kept(name: str, value: Value, sent: str | None) -> None:
    assert fitted(name, value) == sent


# Tencent counts years in four digits.
moments = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    st.sampled_from(sorted(FIELD_RULES)),
    st.text(max_size=60) | moments,
)
def test_what_is_sent_is_never_refused(kind: str, value: Value) -> None:
    sent = fitted(f"{kind}1", value)
    assert sent is None or re.fullmatch(FIELD_RULES[kind], sent)


@pytest.mark.parametrize("status", list(CaseStatus))
def test_every_status_fits_a_phrase_whole(status: CaseStatus) -> None:
    word = _status_words()[status]
    assert fitted("phrase1", word) == word


def test_a_template_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "notices.yml").write_text(WRITTEN, "utf-8")
    template = load_templates("notices.yml", tmp_path)["progress"]
    notice = {"number": "YZ-1", "status": "accepted", "need": "校准", "at": MOMENT.isoformat()}
    assert template.data(notice) == {
        "character_string1": {"value": "YZ-1"},
        "phrase2": {"value": "已受理"},
        "time3": {"value": "2026年11月24日 09:05"},
        "thing4": {"value": "校准"},
        "thing5": {"value": "点开查看"},
    }


def test_a_value_that_cannot_fit_sends_nothing() -> None:
    template = Template(Way.TEMPLATE, "T1", {"number1": "need"})
    assert template.data({"need": "校准"}) is None


def test_without_a_file_there_are_no_templates(tmp_path: Path) -> None:
    assert load_templates("", tmp_path) == {}


@pytest.mark.parametrize(
    "written",
    [
        "progress: [",
        "[]",
        "news: {}",
        "progress: {kind: template, template_id: T}",
        "progress: {kind: mail, template_id: T, fields: {thing1: need}}",
        "progress: {kind: template, fields: {thing1: need}}",
        "progress: {kind: template, template_id: T, fields: {text1: need}}",
        "progress: {kind: template, template_id: T, fields: {thing1: secret}}",
        "progress: {kind: template, template_id: T, fields: {thing1: due}}",
        "progress: {kind: template, template_id: T, fields: {time1: need}}",
    ],
)
def test_a_file_that_cannot_work_stops_the_program_with_a_sentence(
    tmp_path: Path, written: str
) -> None:
    (tmp_path / "notices.yml").write_text(written, "utf-8")
    with pytest.raises(SettingsError, match="WECHAT_NOTICES"):
        load_templates("notices.yml", tmp_path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_templates("nowhere.yml", tmp_path)
