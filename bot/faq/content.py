"""The entries as they stand in their folder now, without a restart."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from knowledge.entries import FAQ_FOLDER, OWNERS_FILE, ContentError, Entry, load_entries

logger = logging.getLogger(__name__)

# A look is a stat of a dozen files. With the pause below, the reading and the encoding of what
# changed, an edit is in every answer within five seconds.
LOOK_EVERY_SECONDS = 0.5
# An editor, or a checkout, may be in the middle of writing: what has not rested is not read.
_REST_SECONDS = 0.5

# Each file's name, time of change and size.
_Seen = tuple[tuple[str, int, int], ...]


class Content:
    """The entries of a folder; a mistake in a file leaves the last good ones in place.

    Args:
        folder: Where the content files are.
        clock: Seconds that only grow.

    Raises:
        ContentError: The content is broken from the beginning.
    """

    def __init__(
        self, folder: Path = FAQ_FOLDER, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._read = self._look()
        self._changed: tuple[_Seen, float] | None = None
        self.entries: Mapping[str, Entry] = _by_id(load_entries(folder))

    def refresh(self) -> None:
        """Read the folder again if it has changed and come to rest."""
        with self._lock:
            seen = self._look()
            if seen == self._read:
                self._changed = None
                return
            now = self._clock()
            if self._changed is None or self._changed[0] != seen:
                self._changed = seen, now
            elif now - self._changed[1] >= _REST_SECONDS:
                self._take(seen)

    def _take(self, seen: _Seen) -> None:
        # A broken file is not read again, and not complained of again, until it changes.
        self._read, self._changed = seen, None
        try:
            self.entries = _by_id(load_entries(self._folder))
        except (ContentError, OSError) as error:
            logger.error("faq_content_refused kept=%d reason=%s", len(self.entries), error)
        else:
            logger.info("faq_content_read entries=%d", len(self.entries))

    def _look(self) -> _Seen:
        found = []
        for path in (*sorted(self._folder.glob("*.yml")), self._folder / OWNERS_FILE):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # gone since it was listed
            found.append((path.name, stat.st_mtime_ns, stat.st_size))
        return tuple(found)


def _by_id(entries: list[Entry]) -> dict[str, Entry]:
    return {entry.id: entry for entry in entries}


def keep_fresh(refresh: Callable[[], None], name: str) -> threading.Event:
    """Call something twice a second on a thread of its own, until the event returned is set.

    The thread is the outermost edge here: whatever goes wrong is logged, what was good stays in
    use, and the next change is tried again.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(LOOK_EVERY_SECONDS):
            try:
                refresh()
            except Exception:
                logger.exception("faq_refresh_failed watcher=%s", name)

    threading.Thread(target=run, name=name, daemon=True).start()
    return stop


@lru_cache(maxsize=1)
def shared_content() -> Content:
    """Return the process's one content, read at the first call and kept fresh (for actions)."""
    content = Content()
    keep_fresh(content.refresh, "faq-content")
    return content
