"""What some tests need from the machine: skipped with a reason here, an error in CI."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there (CI is set)."""
    sentence = f"{what} is not on this machine: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


def chromium() -> str:
    """The system's Chromium, for Playwright's ``executable_path``."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    missing("Chromium", "apt-get install chromium")


def postgres_programs() -> Path:
    """The folder with initdb and pg_ctl of the newest PostgreSQL."""
    folders = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if folders:
        return Path(max(folders, key=lambda each: int(each.split("/")[4]))).parent
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    missing("PostgreSQL", "apt-get install postgresql")
