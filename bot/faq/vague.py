"""Words that stand for too many things to be searched for."""

from __future__ import annotations

import re

# “那个证咋整”, “办证要什么”: a certificate, but nobody says which of a dozen.
_SOME_CERTIFICATE = re.compile(
    r"^(?:请问|你好|我想?|我们|想|要)?(?:那个?|这个?|这种|那种|办个?|办理|弄个?|有个|有|那|一个)证书?(?!明|据|实|件照)"
    r".{0,8}$"
)


def names_some_certificate(text: str) -> bool:
    """Whether a message is about a certificate without saying which."""
    return bool(_SOME_CERTIFICATE.match(text.strip()))
