"""What stands in a log line, and what must not."""

from __future__ import annotations

import json
import subprocess
import sys

from bot.database import Database
from bot.settings import ROOT

BEGIN = """
import logging, sys
from bot import logs
logs.configure("INFO")
logger = logging.getLogger("somewhere")
"""
FAIL = """
from sqlalchemy import text
from bot.database import Database
database = Database(sys.argv[1])
insert = text(
    "INSERT INTO customers (id, channel, token_hash, created_at, address, seen_cursor)"
    " VALUES (:id, 'wechat', :hash, '2026-11-24', :address, 0)"
)
try:
    with database.engine.begin() as connection:
        for number in (1, 2):
            values = {"id": number, "hash": str(number), "address": sys.argv[2]}
            connection.execute(insert, values)
except Exception:
    logger.exception("not_stored")
"""


def written(program: str, *arguments: str) -> dict[str, str]:
    """The one line that a program logs."""
    command = [sys.executable, "-c", BEGIN + program, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    return dict(json.loads(line))


def test_a_line_is_one_json_object_whatever_it_says() -> None:
    line = written('logger.info("turn intent=%s", "open\\ncase")')
    assert (line["event"], line["level"]) == ("turn intent=open\ncase", "info")


def test_an_error_of_the_database_tells_no_values(database: Database) -> None:
    line = written(FAIL, database.engine.url.render_as_string(False), "oSECRETPERSON")
    assert "IntegrityError" in line["exception"]
    assert "INSERT INTO customers" in line["exception"]
    assert "oSECRETPERSON" not in str(line)
