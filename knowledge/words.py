"""Cut Chinese text into words, with the platform's own words and codes kept whole."""

from __future__ import annotations

import logging
import re
import threading
from functools import lru_cache
from itertools import accumulate

import jieba

from knowledge import standard_numbers
from knowledge.simplified import simplified
from knowledge.vocabulary import dictionary_files, terms

# jieba cuts "GB/T 19001-2016" into six pieces, and no dictionary entry can stop it: "/" and
# space are outside its word pattern. So codes are taken out before it sees the text.
_CODES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"Y[ZT]-?\d{8}-?\d{4}"  # case numbers
    r"|ZL ?\d{12}\.?[0-9Xx]"  # patents
    r"|[A-Za-z]{2}\d{2}-\d{3}-\d{5}"  # production licences: XK06-001-00015
    r"|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # mobile phones
    r"|0\d{2,3}-\d{7,8}|400-\d{3,4}-\d{3,4}"  # other phones
    r"|[A-Za-z]+\d[A-Za-z0-9.]*[A-Za-z0-9]|\d[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*"  # 3C, SC1063…, L1234
    r"|\d+(?:\.\d+)+"
    r")(?![A-Za-z0-9])"
)
_FREQUENCY = 20_000
_building = threading.Lock()

jieba.setLogLevel(logging.WARNING)


def cut(text: str) -> list[str]:
    """Cut a text into words.

    Every word is a piece of the text as written, in order, so that a caller can
    find its place; white space is dropped, punctuation stays.
    """
    tokenizer = _tokenizer()
    # The dictionary is simplified; a traditional text is cut like its simplified twin.
    readable = simplified(text)
    lengths: list[int] = []
    position = 0
    for start, end in _code_spans(text):
        lengths += [len(word) for word in tokenizer.cut(readable[position:start])]
        lengths.append(end - start)
        position = end
    lengths += [len(word) for word in tokenizer.cut(readable[position:])]
    ends = list(accumulate(lengths))
    words = [text[end - length : end] for end, length in zip(ends, lengths, strict=True)]
    return [word for word in words if not word.isspace()]


def how_common(word: str) -> int:
    """Return how often a word occurs in jieba's own corpus; nothing if it is not in its list."""
    return int(_tokenizer().FREQ.get(simplified(word)) or 0)


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Return the places of codes; a standard number wins over what looks like part of one."""
    spans = [(found.start, found.end) for found in standard_numbers.find(text)]
    for match in _CODES.finditer(text):
        start, end = match.span()
        if all(end <= taken_start or taken_end <= start for taken_start, taken_end in spans):
            spans.append((start, end))
    return sorted(spans)


def _tokenizer() -> jieba.Tokenizer:
    with _building:
        return _built_tokenizer()


@lru_cache(maxsize=1)
def _built_tokenizer() -> jieba.Tokenizer:
    # A tokenizer of our own: jieba's module-wide one is shared with whatever else uses jieba.
    tokenizer = jieba.Tokenizer()
    for path in dictionary_files():
        # Given a path, jieba leaves the file open.
        with path.open("rb") as file:
            tokenizer.load_userdict(file)
    for term in terms():
        tokenizer.add_word(term.word, _FREQUENCY, term.type)
    return tokenizer
