"""What the web application says when it starts."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import served
from tests.fakes import FakeBrain, FakeClock, FakeFaq


@pytest.mark.parametrize(("month", "told"), [(11, False), (12, True)])
def test_missing_holiday_notice_is_told_at_the_start(
    database: Database,
    brain: FakeBrain,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    month: int,
    told: bool,
) -> None:
    clock.now = datetime(2043 if told else 2026, month, 24, 1, 30, tzinfo=UTC)
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"start-{uuid4().hex}")
    with caplog.at_level(logging.WARNING), served(app):
        pass
    said = [each.getMessage() for each in caplog.records if "holidays_missing" in each.getMessage()]
    assert bool(said) is told
    assert all("python -m bot.staff.calendar" in each for each in said)
