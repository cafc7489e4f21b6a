"""A small Rasa project, trained once, with encoders and an action server of straw."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.components.small_project import SmallProject

# In our own environment there is no Rasa; there one test runs all the others.
if find_spec("rasa") is None:
    collect_ignore_glob = [
        path.name
        for path in Path(__file__).parent.glob("test_*.py")
        if path.name != "test_in_rasa_environment.py"
    ]
else:
    collect_ignore_glob = ["test_in_rasa_environment.py"]

    from bot.components.start_up import prepare_process, quiet_logs

    prepare_process()
    quiet_logs(logging.WARNING)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """The trained project; its trackers and action server are new for each test."""
    from tests.components.small_project import SmallProject

    return SmallProject.trained_in(tmp_path_factory.mktemp("project"))
