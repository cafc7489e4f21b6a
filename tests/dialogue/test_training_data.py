"""Rasa's own look at domain, rules and training data."""

from __future__ import annotations

import re
import subprocess

import pytest

from bot.processes.children import inherited_environment
from bot.processes.training import RASA_PYTHON
from bot.settings import ROOT

pytestmark = pytest.mark.rasa


def test_rasa_finds_nothing_wrong_with_the_training_data() -> None:
    done = subprocess.run(
        [str(RASA_PYTHON), "-m", "rasa", "data", "validate"],
        cwd=ROOT,
        env={**inherited_environment(), "RASA_TELEMETRY_ENABLED": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    warnings = re.findall(r"UserWarning: (.+)", done.stdout + done.stderr)
    # Actions and the web application say most responses; Rasa looks into rules alone. That each
    # is said by somebody, tests/test_domain.py checks.
    assert not [each for each in warnings if "not used in any story or rule" not in each]
