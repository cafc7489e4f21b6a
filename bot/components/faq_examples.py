"""The knowledge base's own questions as labelled examples.

Each says the category it is about, in the words of customers, for thousands of sentences that
nobody has to write twice. They widen what the model was trained with; they are not needed for an
entry to be found, so an edit of the knowledge base does not make the model out of date. The next
training takes it in.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from knowledge.entries import FAQ_FOLDER, Entry, load_entries
from knowledge.plain import plain

# Its entries are about the platform itself, which has an intent of its own.
_PLATFORM_IDS = "platform-"


class LabelledText(NamedTuple):
    """A sentence, what it wants and what it is about."""

    text: str
    intent: str
    category: str


def faq_examples(taught: Iterable[str], folder: Path = FAQ_FOLDER) -> list[LabelledText]:
    """Titles and questions of all entries, in the order of the files.

    Args:
        taught: Texts that have a label already, which counts.
        folder: Where the entries are.

    Raises:
        ContentError: An entry breaks a rule.
    """
    known = {plain(text) for text in taught}
    examples = []
    for entry in load_entries(folder):
        for text in (entry.title, *entry.questions):
            if plain(text) not in known:
                known.add(plain(text))
                examples.append(LabelledText(text, _intent(entry), entry.category))
    return examples


def _intent(entry: Entry) -> str:
    about_platform = entry.id.startswith(_PLATFORM_IDS)
    return "ask_platform" if about_platform else f"ask_{entry.category}"
