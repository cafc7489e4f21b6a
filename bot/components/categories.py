"""Which service category a training example belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from knowledge.categories import OUT_OF_SCOPE, SERVICE_CATEGORIES

CATEGORIES = (*SERVICE_CATEGORIES, OUT_OF_SCOPE)

# Intents that always belong to one category although their name does not say so.
_BY_INTENT = {"ask_platform": "other", "lookup_standard": "standards", OUT_OF_SCOPE: OUT_OF_SCOPE}


def implied_category(intent: str) -> str | None:
    """The category that an intent's name already says, if it does."""
    name = intent[len("ask_") :] if intent.startswith("ask_") else ""
    return name if name in CATEGORIES else _BY_INTENT.get(intent)


def category_of_example(intent: str, metadata: Mapping[str, Any] | None) -> str:
    """Category of a training example: its own metadata, else what its intent implies.

    Raises:
        ValueError: The metadata names a category that does not exist.
    """
    named = ((metadata or {}).get("intent") or {}).get("category")
    if named is None:
        return implied_category(intent) or OUT_OF_SCOPE
    if named not in CATEGORIES:
        raise ValueError(f"intent {intent}: there is no category {named!r}")
    return str(named)
