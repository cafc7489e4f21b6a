"""Runs the other tests of this folder in Rasa's environment, from ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"


@pytest.mark.rasa
def test_components_pass_their_tests_in_rasas_environment() -> None:
    command = [RASA_PYTHON, "-m", "pytest", "-q", "-c", "tests/components/pytest.ini"]
    run = subprocess.run(
        [*command, "tests/components"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )

    assert run.returncode == 0, run.stdout + run.stderr
