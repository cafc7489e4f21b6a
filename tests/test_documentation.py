"""What the README says is true: settings, paths, commands, folders, import rules."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.wechat.notices import load_templates
from tests.test_architecture import RULES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
# What a fresh checkout does not have yet.
MADE_LATER = ("var/", "models/", ".venv", ".env")


def rows_below(heading: str) -> list[list[str]]:
    """The cells of the first table in a section, without its head."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code_words() -> set[str]:
    """Everything between single backticks."""
    return set(re.findall(r"`([^`\n]+)`", README))


def test_settings_table_is_the_settings_object() -> None:
    written = {cells[0].strip("`"): (cells[1], cells[2]) for cells in rows_below("设置")}
    real = {
        each.name.upper(): (
            f"`{each.default}`" if str(each.default) else "（空）",
            each.metadata["meaning"],
        )
        for each in fields(Settings)
    }
    assert written == real


def section(heading: str) -> str:
    """One section of the README."""
    return README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_setting_of_wechat_is_explained_where_an_account_is_connected() -> None:
    names = {each.name for each in fields(Settings) if each.name.startswith("wechat_")}
    # Only the stand-in needs another address.
    names = names - {"wechat_api_base"} | {"public_url", "secret_key"}
    assert [name for name in names if f"`{name.upper()}" not in section("接入微信公众号")] == []


def test_the_written_notices_are_what_the_program_reads(tmp_path: Path) -> None:
    example = section("接入微信公众号").partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "notices.yml").write_text(example, "utf-8")
    assert set(load_templates("notices.yml", tmp_path)) == {"progress"}


def test_import_table_is_the_enforced_one() -> None:
    cells = {
        row[0].strip("`").rstrip("/"): row[2] for row in rows_below("代码地图") if len(row) == 3
    }
    for rule in RULES:
        assert set(re.findall(r"`([^`]+)`", cells[rule.folder])) == set(rule.never), rule.folder


@pytest.mark.parametrize(
    "path",
    sorted(
        word
        for word in code_words()
        if re.fullmatch(r"[\w.-]*/[\w./-]*|[\w-]+\.(py|yml|toml|md)", word)
        and not word.startswith(MADE_LATER)
    ),
)
def test_paths_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_make_words_are_in_the_makefile_and_the_other_way_round() -> None:
    used = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))
    offered = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
    assert used == offered


def folders() -> list[str]:
    """The folders of the project that hold something of ours, two deep where there are nouns."""
    first = [each for each in ROOT.iterdir() if each.is_dir() and is_ours(each)]
    nouns = [
        each
        for package in ("bot", "connectors")
        for each in (ROOT / package).iterdir()
        if each.is_dir() and is_ours(each)
    ]
    return sorted(f"{each.relative_to(ROOT).as_posix()}/" for each in [*first, *nouns])


def is_ours(folder: Path) -> bool:
    """Whether a folder belongs to the project rather than to a tool or to a running program."""
    name = folder.name
    if name in {"var", "models", "__pycache__"} or (name.startswith(".") and name != ".ci"):
        return False
    return any(each.is_file() for each in folder.rglob("*") if "__pycache__" not in each.parts)


def test_every_folder_is_on_the_map() -> None:
    assert [each for each in folders() if each not in code_words()] == []


def test_modules_the_readme_runs_exist() -> None:
    for module in re.findall(r"python -m ([\w.]+)", README):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_changelog_has_one_sentence_per_change() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    changes = [line for line in lines if line.startswith("- ")]
    assert changes
    assert [line for line in changes if not line.endswith("。")] == []
