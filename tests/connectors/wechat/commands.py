"""Running the command lines of both WeChat channels as an administrator does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bot.settings import ROOT


def run(
    module: str, folder: Path, words: tuple[str, ...], **settings: str
) -> subprocess.CompletedProcess[str]:
    """``python -m <module> <words>`` with a database of its own."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"sqlite:///{folder}/command.db", **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
