"""Takes away what is said for politeness, so that a question is compared by what it asks."""

from __future__ import annotations

import re

_GREETING = r"(?:老师)?[您你]好(?:老师)?(?=\W|请|想|咨询|麻烦)"
_ASKING = (
    r"请[问教](?:一下)?|(?:麻烦|想|我想)?(?:问|咨询|了解)一下"
    r"|(?:我们公司|我们|我)?想(?:问|咨询|了解)(?=\W)"
)
_OPENING = re.compile(rf"^(?:(?:{_GREETING}|{_ASKING})\W*)+")
_ENDING = re.compile(
    r"[\s，,。！!、；;]+(?:谢谢|多谢|感谢|谢了|麻烦了|急|在线等|求解答|求助)[了您啊]*[\s。！!]*$"
)


def without_courtesy(text: str) -> str:
    """The question without greeting, thanks and haste; a text that is nothing else stays whole."""
    core = _ENDING.sub("", _OPENING.sub("", text.strip())).strip()
    return core if any(character.isalnum() for character in core) else text
