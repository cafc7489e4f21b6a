"""Tencent's error numbers, and what each of them has us do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What follows from an error."""

    WAIT = "wait"  # passing trouble: again by the usual back-off
    RENEW = "renew"  # again, once, with a new access token
    HOLD = "hold"  # nothing more until the customer's next act
    DROP = "drop"  # this customer cannot be reached; trying again cannot help
    ALARM = "alarm"  # the account's configuration: nobody can be reached until it is mended
    TOMORROW = "tomorrow"  # nobody can be reached until the next day begins in Beijing
    ANSWER = "answer"  # this account may only answer what it is told
    NUMBER = "number"  # no menus for this account: numbered text instead
    SPLIT = "split"  # again, once, in smaller parts
    UPLOAD = "upload"  # again, once, with the picture uploaded anew
    IGNORE = "ignore"  # of no consequence
    LOOK = "look"  # somebody else speaks there: ask once who does
    BUG = "bug"  # we sent something that should never have been sent


@dataclass(frozen=True)
class Rule:
    """One error number; ``reason`` is the typed word that staff and reports see."""

    act: Act
    reason: str
    seconds: float | None = None


_RULES: dict[int, Rule] = {
    -1: Rule(Act.WAIT, "wechat_busy"),
    40001: Rule(Act.RENEW, "access_token"),
    40014: Rule(Act.RENEW, "access_token"),
    42001: Rule(Act.RENEW, "access_token"),
    41001: Rule(Act.BUG, "access_token_missing"),
    40003: Rule(Act.DROP, "unknown_openid"),
    40004: Rule(Act.BUG, "media_type"),
    40006: Rule(Act.BUG, "media_size"),
    40007: Rule(Act.UPLOAD, "media_expired"),
    40013: Rule(Act.ALARM, "app_id"),
    40125: Rule(Act.ALARM, "app_secret"),
    40037: Rule(Act.ALARM, "template_id"),
    40164: Rule(Act.ALARM, "ip_not_listed"),
    89503: Rule(Act.ALARM, "ip_confirmation"),
    89501: Rule(Act.ALARM, "ip_confirmation"),
    89506: Rule(Act.ALARM, "ip_confirmation"),
    89507: Rule(Act.ALARM, "ip_confirmation"),
    40200: Rule(Act.NUMBER, "menus_not_allowed"),
    43004: Rule(Act.DROP, "not_following"),
    43019: Rule(Act.DROP, "blacklisted"),
    43101: Rule(Act.DROP, "no_consent"),
    44002: Rule(Act.BUG, "empty"),
    44004: Rule(Act.BUG, "empty"),
    45002: Rule(Act.SPLIT, "too_long"),
    45008: Rule(Act.BUG, "too_many_articles"),
    45009: Rule(Act.TOMORROW, "daily_quota"),
    45011: Rule(Act.WAIT, "minute_quota", 60),
    45015: Rule(Act.HOLD, "window_closed"),
    45047: Rule(Act.HOLD, "quota_used"),
    45072: Rule(Act.IGNORE, "typing"),
    45080: Rule(Act.IGNORE, "typing"),
    45081: Rule(Act.IGNORE, "typing"),
    47001: Rule(Act.BUG, "json"),
    47003: Rule(Act.BUG, "field_rule"),
    48001: Rule(Act.ANSWER, "passive_mode"),
    48002: Rule(Act.DROP, "customer_refuses"),
    48004: Rule(Act.ALARM, "banned"),
    48006: Rule(Act.IGNORE, "clear_quota_used"),
    50002: Rule(Act.DROP, "customer_limited"),
    61004: Rule(Act.ALARM, "platform_ip"),
    61007: Rule(Act.ALARM, "not_authorised"),
    65400: Rule(Act.ALARM, "customer_service_off"),
    65401: Rule(Act.ALARM, "customer_service_account"),
    65402: Rule(Act.ALARM, "customer_service_account"),
}
# A number nobody has told us about may well pass; the back-off ends in a dead letter anyway.
_UNKNOWN = Rule(Act.WAIT, "unknown_error")


def rule_for(code: int) -> Rule:
    """What an error number has us do."""
    return _RULES.get(code, _UNKNOWN)
