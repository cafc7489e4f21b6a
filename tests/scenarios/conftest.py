"""The office of every situation: the web application in a thread, and who meets in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connectors.conftest import web, xiaolin
from tests.connectors.desk.conftest import alice, bob, coordinator, mallory, supervisor
from tests.scenarios.office import ThinkingBrain

__all__ = ["alice", "bob", "coordinator", "mallory", "supervisor", "web", "xiaolin"]


@pytest.fixture
def brain() -> Iterator[ThinkingBrain]:
    """A brain that can be kept thinking; let go at the end, whatever happened."""
    made = ThinkingBrain()
    yield made
    made.go_on.set()
