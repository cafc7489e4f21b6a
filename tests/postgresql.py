"""A PostgreSQL server of a test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bot.database import Base, Database
from tests.needs import postgres_programs

_START_SECONDS = 20


@contextmanager
def postgresql_server(fsync: bool = False) -> Iterator[str]:
    """Start a server with an empty database, without a password, on a socket; yields its URL.

    Args:
        fsync: Whether commits survive a power cut; tests are faster without.
    """
    programs = postgres_programs()
    # A socket's path has at most 107 characters, which pytest's folders soon exceed.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    # PostgreSQL does not run as root.
    owner = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    user = owner.pw_uid if os.getuid() == 0 else None
    initdb = [programs / "initdb", "-D", f"{folder}/data", "-U", "assistant", "-A", "trust"]
    initdb += ["-E", "UTF8", "--no-locale"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/tmp", user=user)
    options = [
        "-c",
        "listen_addresses=",
        "-k",
        str(folder),
        "-c",
        f"fsync={'on' if fsync else 'off'}",
    ]
    command = [programs / "postgres", "-D", f"{folder}/data", *options]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd="/tmp", user=user) as server:
        try:
            _wait_for(folder)
            yield f"postgresql+psycopg://assistant@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)
            shutil.rmtree(folder, ignore_errors=True)


class PostgresDatabases:
    """One database that is empty again for each test; faster than a new one each time."""

    def __init__(self, url: str) -> None:
        """Create all tables."""
        self._url = url
        database = Database(url)
        database.create_tables()
        database.close()
        # The tables are nearly empty: deleting takes a tenth of the time of TRUNCATE.
        names = [table.name for table in reversed(Base.metadata.sorted_tables)]
        self._empty = "; ".join(f'DELETE FROM "{name}"' for name in names)

    @contextmanager
    def empty(self) -> Iterator[Database]:
        """A database with all tables and nothing in them."""
        opened = Database(self._url)
        try:
            with opened.engine.begin() as connection:
                # A test that left something open is told so instead of waiting for ever.
                connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                connection.exec_driver_sql(self._empty)
            yield opened
        finally:
            opened.close()


def _wait_for(folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="assistant", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
