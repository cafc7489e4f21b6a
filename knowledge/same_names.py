"""Other names of the same thing, put into the one name that the knowledge base uses.

“3C” and “CCC” are the same to everybody but an encoder, for which “什么是3C认证” is nearer to what
3C costs than to what CCC is. The names are those of `dictionary/same_names.tsv`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

NAMES_FILE = Path(__file__).parent / "dictionary" / "same_names.tsv"


def one_name(text: str) -> str:
    """Put other names into the one in use, where they are no part of a longer code."""
    pattern, names = _dictionary()
    return pattern.sub(lambda match: names[match[0].upper()], text)


@lru_cache(maxsize=1)
def _dictionary() -> tuple[re.Pattern[str], dict[str, str]]:
    names = dict(line.split("\t") for line in NAMES_FILE.read_text("utf-8").splitlines())
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE), names
