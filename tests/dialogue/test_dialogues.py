"""Plays the dialogues of the YAML files beside this one through the trained model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dialogue.script import dialogues, play
from tests.dialogue.talk import Talk

pytestmark = pytest.mark.rasa


@pytest.mark.parametrize("turns", dialogues())
def test_dialogue(turns: list[dict[str, Any]], talk: Callable[[], Talk]) -> None:
    play(talk(), turns)
