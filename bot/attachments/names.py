"""File names from strangers, made safe to show, to store and to save on any system."""

from __future__ import annotations

import re
import unicodedata

# A name may take 255 bytes on common file systems; browsers add " (1)" and the like.
_MOST_BYTES = 200
_NAMELESS = "附件"
# Refused by Windows in a name, or misread by shells and headers.
_AWKWARD = re.compile(r'[<>:"|?*%;`$]')
# Device names of Windows, with or without an extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.I)
# Controls, invisible and direction-changing characters, halves of characters, private use, line
# separators: none of them is seen, and some make "exe.png" out of "gnp.exe".
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_name(name: str, extensions: tuple[str, ...]) -> str:
    """A name without path, tricks and surprises, whose extension tells what the file is.

    Args:
        name: What the sender's browser said.
        extensions: Those that fit the recognised content, each with its dot; the first is put
            behind a name that has none of them.

    Returns:
        A name of at most 200 bytes in UTF-8, never empty.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", last)
        if character.isspace() or unicodedata.category(character) not in _UNSEEN
    )
    plain = re.sub(r"\s+", " ", _AWKWARD.sub("_", shown)).strip(" .")
    fitting = next((each for each in extensions if plain.lower().endswith(each)), None)
    stem = plain[: -len(fitting)] if fitting else plain
    stem = stem.strip(" .") or _NAMELESS
    if _DEVICES.match(stem):
        stem = f"_{stem}"
    extension = plain[-len(fitting) :] if fitting else extensions[0]
    return _shortened(stem, _MOST_BYTES - len(extension.encode())) + extension


def _shortened(text: str, most_bytes: int) -> str:
    # Cut between characters, never within one.
    return text.encode()[:most_bytes].decode("utf-8", "ignore").strip(" .") or _NAMELESS
