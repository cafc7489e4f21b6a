"""English words in the middle of Chinese, as people in export say them, in Chinese.

What we know is written in Chinese, and so is what the classifier learned from; "这个 report 怎么
开" is to be read like "这个报告怎么开". The words are those of `dictionary/english.tsv`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

ENGLISH_FILE = Path(__file__).parent / "dictionary" / "english.tsv"

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SPACES = re.compile(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])")


def in_chinese(text: str) -> str:
    """Put the English words that we know into Chinese, in a text that is otherwise Chinese.

    A text that is English altogether stays as it is, and so does what is part of a code or an
    address ("data-01", "test@…", "www.report.cn").
    """
    if text.isascii() or not _CHINESE.search(text):
        return text
    pattern, words = _dictionary()
    found, times = pattern.subn(lambda match: words[" ".join(match[0].lower().split())], text)
    return _SPACES.sub("", found) if times else text


@lru_cache(maxsize=1)
def _dictionary() -> tuple[re.Pattern[str], dict[str, str]]:
    lines = ENGLISH_FILE.read_text("utf-8").splitlines()
    words = dict(line.split("\t") for line in lines)
    # Longer ones first, so that "test report" is not taken for a "test".
    either = "|".join(
        re.escape(word).replace(r"\ ", " +") for word in sorted(words, key=len, reverse=True)
    )
    part_of_more = r"[A-Za-z0-9@._/-]"
    return re.compile(rf"(?<!{part_of_more})(?:{either})(?!{part_of_more})", re.IGNORECASE), words
