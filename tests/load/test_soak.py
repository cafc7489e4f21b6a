"""A short soak; ``make soak`` runs the whole of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.load.soak import audited, soak, two_web_processes

pytestmark = [pytest.mark.rasa, pytest.mark.processes, pytest.mark.postgres]


def test_nothing_is_lost_repeated_or_disordered_while_processes_are_killed(tmp_path: Path) -> None:
    with two_web_processes(tmp_path) as platform:
        result = asyncio.run(soak(platform, customers=20, messages=300, kills=4, seconds=12))
        code, said = audited(platform.database_url)
    assert result.problems == []
    assert code == 0, said
    assert result.sent == 300
    assert result.killed.total() == 4
    assert result.deliveries > 450
