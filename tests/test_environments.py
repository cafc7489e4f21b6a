"""environments.py: it finds Pythons that run, builds once, and says what is missing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import environments
from environments import Environment, Trouble


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment in an empty folder, with one list and a Python that runs."""
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "LOGS", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "app.txt").write_text("one==1\n", encoding="utf-8")
    made = Environment(".venv", ["3.11"], "测试", ["app.txt"])
    script(made.python, "exit 0")
    return made


def script(path: Path, body: str) -> Path:
    """A shell script that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def installed(environment: Environment) -> None:
    """Leave the stamps a finished installation leaves."""
    for file in environment.files:
        environment.stamp(file).write_text(environment.seal(file), encoding="utf-8")


def test_it_can_be_read_by_an_old_python() -> None:
    source = Path(environments.__file__).read_text("utf-8")
    ast.parse(source, feature_version=(3, 8))


def test_environment_without_a_stamp_is_built_anew(environment: Environment) -> None:
    assert not environment.is_whole()
    assert environment.missing_files() == environment.files


def test_finished_environment_needs_nothing(environment: Environment) -> None:
    installed(environment)
    assert environment.missing_files() == []


def test_changed_requirements_are_installed_over_the_old(environment: Environment) -> None:
    installed(environment)
    environment.files[0].write_text("one==2\n", encoding="utf-8")
    assert environment.is_whole()
    assert environment.missing_files() == environment.files


def test_environment_whose_python_is_gone_is_built_anew(environment: Environment) -> None:
    installed(environment)
    environment.python.unlink()
    assert not environment.is_whole()


def test_environment_that_was_moved_is_built_anew(environment: Environment) -> None:
    installed(environment)
    moved = environment.folder.rename(environment.folder.with_name(".moved"))
    environment.folder = moved
    assert not environment.is_whole()


def test_clearing_a_linked_environment_leaves_the_other_one_alone(
    environment: Environment, tmp_path: Path
) -> None:
    elsewhere = environment.folder.rename(tmp_path / "elsewhere")
    environment.folder.symlink_to(elsewhere)
    environment.clear()
    assert not environment.folder.exists()
    assert (elsewhere / "bin" / "python").exists()


def test_interrupted_installation_leaves_no_stamp(environment: Environment) -> None:
    installed(environment)
    script(environment.python, 'case "$*" in *pip*) exit 1;; esac')
    environment.files[0].write_text("one==2\n", encoding="utf-8")
    environment.build(environment.missing_files())
    assert environment.error is not None
    assert not environment.is_whole()


def test_pips_complaints_about_locations_are_not_shown(environment: Environment) -> None:
    installed(environment)
    noise = "WARNING: Location 'x' is ignored: it is neither a file nor a directory."
    script(environment.python, f'case "$*" in *pip*) echo "{noise}"; echo broken; exit 1;; esac')
    environment.files[0].write_text("one==2\n", encoding="utf-8")
    environment.build(environment.missing_files())
    assert environment.error is not None
    assert "broken" in environment.error
    assert "is ignored" not in environment.error


def test_python_that_exists_but_fails_is_passed_over(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = script(tmp_path / "shims" / "python3.11", "exit 127")
    working = script(tmp_path / "working" / "python3.11", "echo 3.11")
    monkeypatch.setattr(environments, "candidates", lambda version: [str(broken), str(working)])
    assert environments.find_python(environment) == str(working)


def test_another_version_under_the_right_name_is_passed_over(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = script(tmp_path / "python3.11", "echo 3.9")
    monkeypatch.setattr(environments, "candidates", lambda version: [str(other)])
    with pytest.raises(Trouble):
        environments.find_python(environment)


def test_pythons_of_pyenv_are_found_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("3.10.9", "3.10.13", "3.11.7"):
        script(tmp_path / "versions" / version / "bin" / f"python{version[:4]}", "exit 0")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    found = [each for each in environments.candidates("3.10") if str(tmp_path) in each]
    assert [each.split("/")[-3] for each in found] == ["3.10.13", "3.10.9"]


def test_missing_python_is_one_clear_text_in_two_languages(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "candidates", lambda version: [])
    with pytest.raises(Trouble) as caught:
        environments.find_python(environment)
    assert "没有找到可用的 Python 3.11" in str(caught.value)
    assert "pyenv install 3.11" in str(caught.value)
    assert "No usable Python 3.11" in str(caught.value)
