"""Takes away what is said for politeness, so that a question is compared by what it asks."""

from __future__ import annotations

import re

_GREETING = r"(?:老师)?[您你]好(?:老师)?(?=\W|请|想|咨询|麻烦)|(?:hi|hey|hello)(?![a-z])"
_ASKING = (
    r"请[问教](?:一下)?|(?:麻烦|想|我想)?(?:问|咨询|了解)一下"
    r"|(?:我们公司|我们|我)?想(?:问|咨询|了解)(?=\W)"
)
_OPENING = re.compile(rf"^(?:(?:{_GREETING}|{_ASKING})\W*)+", re.IGNORECASE)
_ENDING = re.compile(
    r"[\s，,。！!、；;]+(?:谢谢|多谢|感谢|谢了|麻烦了|急|在线等|求解答|求助"
    r"|thx|thanks?|thank you|pls|please|asap)[了您啊]*[\s。.！!]*$",
    re.IGNORECASE,
)


# A whole message of nothing else; what follows it would be a question or a wish.
_PARTICLES = r"[了啦的呀哦啊哈呢吧嘛您你们大家各位老师客服！!。.，,～~、\s]*"
_KINDS = (
    (
        "thanks",
        r"(?:好的?|嗯+|行|可以|明白|知道|收到|太好)?"
        + _PARTICLES
        + r"(?:非常|十分|太|真是|真的)?"
        + r"(?:谢谢|多谢|感谢|谢了|辛苦|麻烦您|3q|thx|thanks?|thank you)",
    ),
    ("goodbye", r"(?:好的?|嗯+|行)?" + _PARTICLES + r"(?:再见|拜拜|回见|bye(?: ?bye)?|下次再聊)"),
    (
        "agreed",
        r"(?:好的?|好滴|好嘞|嗯+|哦+|行|可以|没问题|没事|没有|不用|明白|知道|清楚|收到|懂|ok|okay)",
    ),
    ("greeting", r"(?:您好|你好|早上好|上午好|下午好|晚上好|在吗|在不在|有人吗|hi|hello|嗨|哈喽)"),
)
# Nobody is so polite; and what repeats itself could be read in ever more ways.
_LONGEST_COURTESY = 20
_WHOLE = tuple(
    (kind, re.compile(f"(?:{words}{_PARTICLES})+", re.IGNORECASE)) for kind, words in _KINDS
)


def courtesy_in(text: str) -> str | None:
    """Which courtesy a message is and nothing else: thanks, goodbye, agreed, greeting; or None."""
    words = text.strip()
    if len(words) > _LONGEST_COURTESY:
        return None
    return next((kind for kind, whole in _WHOLE if whole.fullmatch(words)), None)


def without_courtesy(text: str) -> str:
    """The question without greeting, thanks and haste; a text that is nothing else stays whole."""
    core = _ENDING.sub("", _OPENING.sub("", text.strip())).strip()
    return core if any(character.isalnum() for character in core) else text
