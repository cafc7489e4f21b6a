"""Every number of Tencent's that stops a message is a sentence to staff."""

from __future__ import annotations

import pytest

from bot.settings import ROOT
from bot.wechat import codes
from bot.wechat.codes import Act, Rule
from bot.wecom import codes as kf_codes

# What these say concerns developers, or never stands at a message.
_NOT_FOR_STAFF = (Act.BUG, Act.IGNORE, Act.SPLIT, Act.UPLOAD, Act.NUMBER)
STOPPING = {
    rule.reason
    for rule in [*codes._RULES.values(), *kf_codes._RULES.values(), codes._UNKNOWN]
    if rule.act not in _NOT_FOR_STAFF
} | {reason for reason, _ in kf_codes._FAILURES.values()}


@pytest.mark.parametrize("reason", sorted(STOPPING))
def test_staff_read_why_in_words(reason: str) -> None:
    words = (ROOT / "connectors/desk/static/delivery.js").read_text("utf-8")
    assert f' {reason}: "' in words


def test_a_number_nobody_told_us_about_may_pass() -> None:
    unknown = Rule(Act.WAIT, "unknown_error")
    assert codes.rule_for(77777) == kf_codes.kf_rule_for(77777) == unknown
