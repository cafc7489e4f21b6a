"""The subjects of our trade and what is done with them, as `knowledge/subjects.txt` lists them.

To an encoder “3C 标志怎么申请” and “地理标志怎么申请” are nearly the same sentence.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from knowledge.plain import plain

SUBJECTS_FILE = Path(__file__).parent / "subjects.txt"
KINDS = ("subject", "action")

# What a text names: its kind and the first of its names.
Named = tuple[str, str]


def named_in(text: str) -> set[Named]:
    """Return the subjects and actions that a text names."""
    pattern, known = _table()
    letters = "".join(plain(text).split())
    return {known[found] for found in pattern.findall(letters)}


@lru_cache(maxsize=1)
def _table() -> tuple[re.Pattern[str], dict[str, Named]]:
    known = read_subjects(SUBJECTS_FILE)
    # The longest name first: an alternation takes the first that fits.
    names = sorted(known, key=lambda name: (-len(name), name))
    # "CE" is no part of "CERT", nor "9001" of "19001".
    words = (
        rf"(?<![A-Z0-9]){re.escape(name)}(?![A-Z0-9])" if name.isascii() else re.escape(name)
        for name in names
    )
    return re.compile("|".join(words)), known


def read_subjects(file: Path) -> dict[str, Named]:
    """Read the list: every name, plain, with its kind and the thing it stands for.

    Raises:
        ValueError: A line breaks the format, or a name stands for two things; says file and line.
    """
    known: dict[str, Named] = {}
    kind = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        line = line.partition("#")[0].strip()
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            kind = heading[1]
            if kind not in KINDS:
                raise ValueError(f"{file.name} 第 {number} 行：没有“{kind}”这一类。")
            continue
        names = [plain(name) for name in line.split()]
        for name in names:
            if not kind:
                raise ValueError(f"{file.name} 第 {number} 行：“{name}”之前没有类别。")
            # The same word may be a subject and an action: 贷款.
            if known.setdefault(name, (kind, names[0])) != (kind, names[0]):
                raise ValueError(f"{file.name} 第 {number} 行：“{name}”已经代表别的。")
    return known
