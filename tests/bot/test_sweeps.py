"""Periodic work runs again and again, and one failure stops nothing else."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from bot.database import Database, next_value
from bot.sweeps import Sweep, Sweeper
from tests.fakes import FakeClock

PATIENCE_SECONDS = 30


def _count(session: Session, _now: datetime) -> None:
    next_value(session, "swept")


def _value(database: Database) -> int:
    with database.writing() as session:
        return next_value(session, "swept")


def _breaks(_session: Session, _now: datetime) -> None:
    raise RuntimeError("broken")


@pytest.fixture
def sweeper(database: Database, clock: FakeClock) -> Sweeper:
    return Sweeper(database, clock)


def test_one_run_is_one_unit_of_work_at_the_clocks_time(
    sweeper: Sweeper, database: Database, clock: FakeClock
) -> None:
    seen: list[datetime] = []

    def work(session: Session, now: datetime) -> None:
        seen.append(now)
        next_value(session, "swept")

    sweeper.add(Sweep("count", 1, work))
    sweeper.run_once("count")
    assert seen == [clock()]
    assert _value(database) == 2


def test_sweep_that_finds_nothing_to_do_opens_no_writing_unit(
    sweeper: Sweeper, database: Database
) -> None:
    sweeper.add(Sweep("count", 1, _count, needed=lambda _session, _now: False))
    with database.writing():
        sweeper.run_once("count")
    assert _value(database) == 1


def test_sweep_runs_when_it_is_needed(sweeper: Sweeper, database: Database) -> None:
    sweeper.add(Sweep("count", 1, _count, needed=lambda _session, _now: True))
    sweeper.run_once("count")
    assert _value(database) == 2


def test_two_sweeps_of_one_name_are_refused(sweeper: Sweeper) -> None:
    with pytest.raises(ValueError, match="count"):
        sweeper.add(Sweep("count", 1, _count), Sweep("count", 2, _count))


def test_sweep_that_fails_is_logged_and_the_others_go_on(
    sweeper: Sweeper, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> int:
        loop, runs, thrice = asyncio.get_running_loop(), 0, asyncio.Event()

        def work(_session: Session, _now: datetime) -> None:
            nonlocal runs
            runs += 1
            if runs == 3:
                loop.call_soon_threadsafe(thrice.set)

        sweeper.add(Sweep("broken", 0.001, _breaks), Sweep("sound", 0.01, work))
        sweeper.start()
        await asyncio.wait_for(thrice.wait(), PATIENCE_SECONDS)
        await sweeper.stop()
        stopped_at = runs
        await asyncio.sleep(0.05)
        assert runs == stopped_at
        return runs

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(run()) >= 3
    failures = [record for record in caplog.records if "name=broken" in record.getMessage()]
    assert len(failures) > 1
    assert failures[0].exc_info is not None


def test_stopping_waits_for_the_run_under_way(sweeper: Sweeper, database: Database) -> None:
    async def run() -> None:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()
        go_on = asyncio.Event()

        def work(session: Session, _now: datetime) -> None:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(PATIENCE_SECONDS)
            next_value(session, "swept")

        sweeper.add(Sweep("slow", 0.001, work))
        sweeper.start()
        await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
        stopping = asyncio.create_task(sweeper.stop())
        await asyncio.sleep(0)
        go_on.set()
        await stopping

    asyncio.run(run())
    assert _value(database) == 2


def test_stopping_what_never_started_changes_nothing(sweeper: Sweeper) -> None:
    asyncio.run(sweeper.stop())
