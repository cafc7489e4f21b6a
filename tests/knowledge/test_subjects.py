"""What a question is about, by all its names."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.subjects import KINDS, SUBJECTS_FILE, named_in, read_subjects


def test_all_names_of_a_thing_are_the_same_thing() -> None:
    assert named_in("3C 多少钱") == named_in("强制性产品认证多少钱") == {("subject", "3C")}
    assert named_in("iso 9001") == named_in("质量管理体系") == {("subject", "ISO9001")}


def test_the_longest_name_counts() -> None:
    assert named_in("驰名商标怎么认定") == {("subject", "驰名商标")}
    assert named_in("商标被撤三了") == {("subject", "商标"), ("action", "撤三")}


def test_letters_and_numbers_inside_others_name_nothing() -> None:
    assert named_in("PCTX 和 190019") == set()


def test_every_name_of_the_list_is_found() -> None:
    known = read_subjects(SUBJECTS_FILE)
    assert {kind for kind, _ in known.values()} == set(KINDS)
    assert [name for name, thing in known.items() if named_in(name) != {thing}] == []


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("[thing]\n商标", "第 1 行：没有“thing”这一类"),
        ("商标", "第 1 行：“商标”之前没有类别"),
        ("[subject]\n商标 TM\n专利 TM", "第 3 行：“TM”已经代表别的"),
    ],
)
def test_a_broken_list_is_refused_with_file_and_line(
    tmp_path: Path, lines: str, reason: str
) -> None:
    file = tmp_path / "subjects.txt"
    file.write_text(lines, encoding="utf-8")
    with pytest.raises(ValueError, match=r"subjects\.txt " + reason):
        read_subjects(file)
