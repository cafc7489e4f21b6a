"""WeCom's error numbers, and what each of them has us do; some differ from an account's."""

from __future__ import annotations

from bot.wechat.codes import Act, Rule

_RULES: dict[int, Rule] = {
    -1: Rule(Act.WAIT, "wechat_busy"),
    40001: Rule(Act.ALARM, "wecom_secret"),
    40003: Rule(Act.DROP, "unknown_customer"),
    40004: Rule(Act.BUG, "media_type"),
    40006: Rule(Act.BUG, "media_size"),
    40007: Rule(Act.UPLOAD, "media_expired"),
    40008: Rule(Act.BUG, "message_type"),
    40013: Rule(Act.ALARM, "corp_id"),
    40014: Rule(Act.RENEW, "access_token"),
    42001: Rule(Act.RENEW, "access_token"),
    # It refuses JSON in which characters are written as escapes.
    40033: Rule(Act.BUG, "json_escapes"),
    40058: Rule(Act.BUG, "argument"),
    40096: Rule(Act.DROP, "unknown_customer"),
    40201: Rule(Act.ALARM, "account_blocked"),
    41001: Rule(Act.BUG, "access_token_missing"),
    44004: Rule(Act.BUG, "empty"),
    45002: Rule(Act.SPLIT, "too_long"),
    45009: Rule(Act.WAIT, "minute_quota", 60),
    45033: Rule(Act.WAIT, "busy", 5),
    47001: Rule(Act.BUG, "json"),
    48002: Rule(Act.ALARM, "no_permission"),
    60020: Rule(Act.ALARM, "ip_not_listed"),
    95000: Rule(Act.DROP, "kf_account_gone"),
    95001: Rule(Act.HOLD, "quota_used"),
    95004: Rule(Act.DROP, "kf_account_gone"),
    95011: Rule(Act.ALARM, "used_in_wecom"),
    95012: Rule(Act.ALARM, "not_used_in_wecom"),
    95014: Rule(Act.IGNORE, "servicer_inactive"),
    95017: Rule(Act.ALARM, "api_switched_off"),
    95018: Rule(Act.LOOK, "session_state"),
}
# A number nobody has told us about may well pass; the back-off ends in a dead letter anyway.
_UNKNOWN = Rule(Act.WAIT, "unknown_error")


def kf_rule_for(code: int) -> Rule:
    """What an error number has us do."""
    return _RULES.get(code, _UNKNOWN)


# What an event says of a message that was taken and did not arrive: the reason, and whether the
# customer's next message mends it.
_FAILURES: dict[int, tuple[str, bool]] = {
    1: ("kf_account_gone", False),
    2: ("kf_app_closed", False),
    4: ("window_closed", True),
    5: ("session_ended", True),
    6: ("quota_used", True),
    7: ("kf_no_video_channel", False),
    8: ("kf_not_verified", False),
    9: ("kf_not_verified", False),
    10: ("user_refuses", False),
    11: ("kf_nobody_logged_in", False),
}


def failure(fail_type: int) -> tuple[str, bool]:
    """Reason and whether to wait for the customer; numbers we do not know are failures, too."""
    return _FAILURES.get(fail_type, ("kf_unknown", False))
