"""Other names of the same thing, put into the one name that things are compared by.

“3C” and “CCC”, “高企” and “高新技术企业” are the same to everybody but an encoder, for which
“什么是3C认证” is nearer to what 3C costs than to what CCC is. The names are those of
`dictionary/same_names.tsv`: a regular expression, and the one name.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

NAMES_FILE = Path(__file__).parent / "dictionary" / "same_names.tsv"


def one_name(text: str) -> str:
    """Put other names into the one in use; the second time nothing changes."""
    for pattern, name in _dictionary():
        text = pattern.sub(name, text)
    return text


@lru_cache(maxsize=1)
def _dictionary() -> tuple[tuple[re.Pattern[str], str], ...]:
    lines = (line.split("\t") for line in NAMES_FILE.read_text("utf-8").splitlines())
    return tuple((re.compile(other, re.IGNORECASE), name) for other, name in lines)
