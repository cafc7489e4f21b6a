"""What the platform knows and how it is found: text in, ranked answers out."""

from __future__ import annotations

import os

# These libraries read their number of threads when they are loaded, so it is set before any module
# of ours loads them. One thread each: the products here are small, three processes share the
# machine, and threads that wait for each other's turn on a busy core made 1 ms take 100.
for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_library, "1")  # noqa: TID251
