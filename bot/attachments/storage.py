"""The folder of attachments: a file is there in whole under its id, or not at all.

Bytes come in under a name that nobody reads and are moved to their place once they have been
checked. What a killed process leaves behind a sweep removes.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from bot.attachments.models import Attachment
from bot.attachments.types import Recognised, recognise
from bot.errors import BadInput, StorageFull, TooLarge

_ID = re.compile(r"[0-9a-f]{32}")
# The database beside it must never run out of room because of somebody's photographs.
_ROOM_KEPT_FREE = 500_000_000
# Longer than any upload may take; what is older belongs to nobody.
_LEFT_BEHIND = timedelta(hours=1)
_UNDER_WAY = "incoming"


@dataclass(frozen=True)
class Stored:
    """A checked file in its place, which no message names yet."""

    id: str
    size: int
    digest: str
    what: Recognised


class Storage:
    """Files of at most ``limit`` bytes in one folder."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self.limit = limit

    def check_size(self, size: int) -> None:
        """Refuse a size before a byte of it has come.

        Raises:
            TooLarge: Over the limit.
        """
        if size > self.limit:
            raise TooLarge(f"单个文件最大 {self.limit // 1_000_000} MB，请压缩或分开后再发。")

    def begin(self) -> Upload:
        """Begin to take a file in.

        Raises:
            StorageFull: There is hardly any room left.
        """
        place = self.folder / _UNDER_WAY
        place.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(place).free < _ROOM_KEPT_FREE + self.limit:
            raise StorageFull
        return Upload(self, secrets.token_hex(16))

    def path(self, attachment_id: str) -> Path:
        """Where a file lies, or would lie."""
        if not _ID.fullmatch(attachment_id):
            raise ValueError("not an attachment's id")
        return self.folder / attachment_id[:2] / attachment_id

    def arriving(self, attachment_id: str) -> Path:
        """Where a file lies until all of it has come."""
        return self.folder / _UNDER_WAY / attachment_id

    def mark(self, attachment_id: str) -> Path:
        """An empty file that says: this one is in its place, but no message names it yet."""
        return self.folder / _UNDER_WAY / f"{attachment_id}.mark"

    def settle(self, attachment_id: str) -> None:
        """A message names the file now; call it once that is committed."""
        self.mark(attachment_id).unlink(missing_ok=True)

    def remove(self, attachment_id: str) -> None:
        """Take a file away; doing so again changes nothing."""
        for find in (self.arriving, self.path, self.mark):
            find(attachment_id).unlink(missing_ok=True)

    def is_untidy(self, _session: Session, now: datetime) -> bool:
        """Whether anything may have been left behind."""
        return any(True for _ in self._old_arrivals(now))

    def tidy(self, session: Session, now: datetime) -> int:
        """Remove what killed processes left: half files, and whole ones that no message names.

        Returns:
            How many files went.
        """
        gone = list(self._old_arrivals(now))
        for path in gone:
            if _ID.fullmatch(path.stem) and session.get(Attachment, path.stem) is None:
                self.path(path.stem).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        return len(gone)

    def _old_arrivals(self, now: datetime) -> Iterator[Path]:
        latest = (now - _LEFT_BEHIND).timestamp()
        with suppress(FileNotFoundError):
            for path in (self.folder / _UNDER_WAY).iterdir():
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < latest:
                        yield path


class Upload:
    """One file on its way in; whoever began it finishes or discards it. Not for the event loop."""

    def __init__(self, storage: Storage, attachment_id: str) -> None:
        self.id = attachment_id
        self._storage = storage
        self._digest = hashlib.sha256()
        self._size = 0
        self._file = storage.arriving(attachment_id).open("xb")

    def write(self, portion: bytes) -> None:
        """Take the next bytes in.

        Raises:
            TooLarge: That is more than the limit.
        """
        self._size += len(portion)
        self._storage.check_size(self._size)
        self._digest.update(portion)
        self._file.write(portion)

    def finish(self, *, with_voice: bool = False) -> Stored:
        """Check what has come and put it in its place; ``with_voice`` see ``recognise``.

        Raises:
            BadInput: Nothing has come.
            FileRefused: It is not of an allowed sort.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if not self._size:
            raise BadInput("这个文件是空的，请重新选择。")
        arrived, place = self._storage.arriving(self.id), self._storage.path(self.id)
        what = recognise(arrived, with_voice=with_voice)
        place.parent.mkdir(exist_ok=True)
        self._storage.mark(self.id).touch()
        arrived.replace(place)
        return Stored(self.id, self._size, self._digest.hexdigest(), what)

    def discard(self) -> None:
        """Leave nothing of it, wherever it is; doing so again changes nothing."""
        self._file.close()
        self._storage.remove(self.id)
