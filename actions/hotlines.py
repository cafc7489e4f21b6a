"""Who is competent for what the platform does not do."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml


def competent(text: str) -> str | None:
    """The matter, as ``cards.yml`` names it, that these words are about; None for any other."""
    fitting = (line for line in _hotlines() if any(word in text for word in line["words"]))
    return next((str(line["matter"]) for line in fitting), None)


@cache
def _hotlines() -> list[dict[str, Any]]:
    path = Path(__file__).with_name("hotlines.yml")
    loaded: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))
    return loaded
