"""The words the product says by itself, read from ``domain.yml`` like all words of the bot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.settings import ROOT


@dataclass(frozen=True)
class Line:
    """One response: its text with variables filled in, and its buttons."""

    text: str
    buttons: list[dict[str, str]]

    @property
    def data(self) -> dict[str, Any]:
        """What goes into a message's data."""
        return {"buttons": self.buttons} if self.buttons else {}

    @property
    def kind(self) -> str:
        """The message kind that shows it."""
        return "buttons" if self.buttons else "text"


class Responses:
    """The ``utter_*`` responses by name."""

    def __init__(self, responses: dict[str, list[dict[str, Any]]]) -> None:
        self._responses = responses

    @classmethod
    def load(cls, path: Path = ROOT / "domain.yml") -> Responses:
        """Read them from a Rasa domain file."""
        return cls(_responses_in(path))

    def line(self, name: str, /, **variables: object) -> Line:
        """A response with its variables filled in.

        Raises:
            KeyError: There is no such response, or a variable is missing.
        """
        first = self._responses[name][0]
        return Line(first["text"].format(**variables).strip(), list(first.get("buttons") or []))

    def text(self, name: str, /, **variables: object) -> str:
        """The text alone."""
        return self.line(name, **variables).text


@cache
def _responses_in(path: Path) -> dict[str, list[dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        loaded = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return dict(loaded["responses"])
