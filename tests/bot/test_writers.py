"""Writers of one process wait in line."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy.exc import TimeoutError

from bot.database import Database, next_value

WRITERS, TIMES = 8, 40


@pytest.mark.one_database
def test_nobody_is_passed_by_many_others(database: Database) -> None:
    done = 0
    passed_by = []

    def work() -> None:
        nonlocal done
        for _ in range(TIMES):
            came = done
            with database.writing() as session:
                next_value(session, "line")
                # As long as it takes to write something, so that somebody is always waiting.
                time.sleep(0.002)
                passed_by.append(done - came)
                done += 1

    writers = [threading.Thread(target=work) for _ in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert done == WRITERS * TIMES
    # Each of the others once or twice; SQLite alone lets some wait for a hundred.
    assert max(passed_by) <= 4 * WRITERS


@pytest.mark.one_database
def test_unit_of_work_inside_another_is_an_error_and_no_endless_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.LOCK_WAIT_SECONDS", 0.01)
    with database.writing(), pytest.raises(TimeoutError), database.writing():
        pytest.fail("both at once")
    with database.writing() as session:
        assert next_value(session, "line") == 1
