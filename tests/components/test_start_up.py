"""Starting and training without TensorFlow; knowing when a model is out of date."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from bot.components import sources
from bot.components.without_tensorflow import _STAND_INS, leave_out_tensorflow

ROOT = Path(__file__).resolve().parents[2]

IMPORTS_ALL_OF_RASA = """
import sys
from bot.components.start_up import prepare_process
prepare_process()
import rasa.core.run, rasa.model_training
import rasa.engine.recipes.default_components
import rasa.graph_components.validators.default_recipe_validator
assert not [name for name in sys.modules if name.partition(".")[0] in ("tensorflow", "keras")]
"""


@pytest.mark.parametrize("module", _STAND_INS)
def test_stand_ins_have_the_names_of_the_real_modules(module: str) -> None:
    folder = Path(importlib.util.find_spec("rasa").origin).parent
    source = folder.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text("utf-8")
    real = {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}

    assert set(_STAND_INS[module]) <= real
    assert set(_STAND_INS[module]) == set(vars(sys.modules[module])) & real


@pytest.mark.processes
def test_rasa_runs_and_trains_without_tensorflow() -> None:
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IMPORTS_ALL_OF_RASA], cwd=ROOT, check=True
    )


def test_leaving_it_out_too_late_is_refused() -> None:
    with pytest.raises(RuntimeError, match="already imported"):
        leave_out_tensorflow()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder that looks like the project, with a current model."""
    for name in ("config.yml", "domain.yml", "data/nlu/greet.yml", "knowledge/encoders.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, "utf-8")
    (tmp_path / "models").mkdir()
    sources.model_path(tmp_path).write_bytes(b"model")
    fingerprint = sources.training_fingerprint(tmp_path)
    sources.fingerprint_path(tmp_path).write_text(fingerprint + "\n", "utf-8")
    return tmp_path


def test_untouched_sources_need_no_training(copy: Path) -> None:
    assert sources.model_is_current(copy)


@pytest.mark.parametrize(
    "name",
    ["config.yml", "data/nlu/greet.yml", "data/rules/new.yml", "knowledge/encoders.py"],
)
def test_changed_or_new_source_needs_training(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("changed", "utf-8")

    assert not sources.model_is_current(copy)


def test_missing_model_or_fingerprint_needs_training(copy: Path) -> None:
    model = sources.model_path(copy).read_bytes()
    sources.model_path(copy).unlink()
    assert not sources.model_is_current(copy)

    sources.model_path(copy).write_bytes(model)
    sources.fingerprint_path(copy).unlink()
    assert not sources.model_is_current(copy)


@pytest.mark.parametrize(
    "name", ["knowledge/faq/ip.yml", "knowledge/dictionary/words.txt", "bot/components/serve.py"]
)
def test_what_works_without_training_needs_none(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("new", "utf-8")

    assert sources.model_is_current(copy)
