"""The audit: every accepted message was answered, delivered or explained, or is named.

Most rules look at one conversation's account (``audit_rules``, ``outcomes``); those here need the
clock, or compare what lies in several conversations.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from bot.cases.models import Case
from bot.conversations.accounts import Account, accounts
from bot.conversations.audit_rules import RULES
from bot.conversations.models import Change, Message, TurnStatus
from bot.conversations.outcomes import Outcome, fates
from bot.database import Counter
from bot.delivery.models import DeliveryState, Lane, Outgoing

_UNSETTLED = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.HELD)
# A case's number is its counter's day and four digits or more: YZ-20261124-0007.
_DAY_LENGTH = 11


class Problem(NamedTuple):
    """Something that breaks a rule; ``seq`` where one message or turn can be pointed at."""

    conversation_id: str
    seq: int | None
    rule: str
    reason: str


@dataclass
class Report:
    """What an audit counted and what it found."""

    conversations: int = 0
    messages: int = 0
    turns: int = 0
    changes: int = 0
    outcomes: Tally[Outcome] = field(default_factory=Tally)
    # How far the messages have come that had to be pushed.
    deliveries: Tally[str] = field(default_factory=Tally)
    # Why the explained ones need no answer.
    explanations: Tally[str] = field(default_factory=Tally)
    problems: list[Problem] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """All customer messages."""
        return self.outcomes.total()


def audit(session: Session, *, grace: timedelta, now: datetime) -> Report:
    """Check the whole ledger as one view of the database shows it; nothing is changed.

    Args:
        session: A unit of work that reads, with one view of the database throughout.
        grace: How long a message may wait for the bot, and a turn may run.
        now: The present moment.
    """
    report = Report(
        problems=[*_repeated(session), *_counters(session), *_lanes(session, grace, now)]
    )
    for account in accounts(session):
        report.conversations += len(account.heads)
        report.messages += len(account.messages)
        report.turns += len(account.turns)
        report.changes += len(account.changes)
        report.deliveries.update(each.state for each in account.parcels)
        for name, rule in RULES.items():
            report.problems += (
                Problem(account.conversation_id, seq, name, reason) for seq, reason in rule(account)
            )
        report.problems += _late_turns(account, grace, now)
        _settle(report, account, grace, now)
    return report


def _settle(report: Report, account: Account, grace: timedelta, now: datetime) -> None:
    for fate in fates(account, grace, now):
        report.outcomes[fate.outcome] += 1
        if fate.outcome is Outcome.EXPLAINED:
            report.explanations[fate.reason] += 1
        elif fate.outcome is Outcome.LOST and fate.reason:
            place = account.conversation_id, fate.message.seq
            report.problems.append(Problem(*place, "unanswered", fate.reason))


def _late_turns(account: Account, grace: timedelta, now: datetime) -> Iterator[Problem]:
    for turn in account.turns:
        running = now - turn.started_at
        if turn.status == TurnStatus.RUNNING and running > grace:
            reason = f"轮次已运行 {running.total_seconds():.0f} 秒，超过时限"
            yield Problem(account.conversation_id, turn.first_seq, "turns", reason)


def _repeated(session: Session) -> Iterator[Problem]:
    twice = (
        select(Message.channel, Message.channel_message_id)
        .where(Message.channel_message_id.is_not(None))
        .group_by(Message.channel, Message.channel_message_id)
        .having(func.count() > 1)
        .subquery()
    )
    named = (
        select(Message.conversation_id, Message.seq)
        .join(
            twice,
            (twice.c.channel == Message.channel)
            & (twice.c.channel_message_id == Message.channel_message_id),
        )
        .order_by(Message.conversation_id, Message.seq)
    )
    for conversation_id, seq in session.execute(named):
        yield Problem(conversation_id, seq, "delivered_once", "同一条渠道消息存了不止一次")


def _counters(session: Session) -> Iterator[Problem]:
    counters = session.execute(select(Counter.name, Counter.value))
    values = {row.name: row.value for row in counters}
    day = func.substr(Case.number, 1, _DAY_LENGTH)
    newest = func.max(cast(func.substr(Case.number, _DAY_LENGTH + 2), Integer))
    used = {"changes": session.scalar(select(func.max(Change.cursor))) or 0}
    for name, number in session.execute(select(day, newest).group_by(day)):
        used[f"case:{name.replace('-', ':')}"] = number
    for name, number in used.items():
        if values.get(name, 0) < number:
            reason = f"计数器 {name} 为 {values.get(name, 0)}，已用到 {number}"
            yield Problem("", None, "counters", reason)


def _lanes(session: Session, grace: timedelta, now: datetime) -> Iterator[Problem]:
    """Parcels that nobody will come for: each customer's lane must say when somebody does."""
    newest = (
        select(Outgoing.customer_id, Outgoing.state, func.max(Outgoing.id).label("id"))
        .where(Outgoing.state.in_(_UNSETTLED))
        .group_by(Outgoing.customer_id, Outgoing.state)
    )
    left: dict[int, dict[str, int]] = defaultdict(dict)
    for customer_id, state, parcel_id in session.execute(newest):
        left[customer_id][state] = parcel_id
    lanes = {lane.customer_id: lane for lane in session.scalars(select(Lane))}
    for customer_id, states in left.items():
        reason = _stuck(lanes.get(customer_id), set(states), grace, now)
        if reason:
            parcel = session.get_one(Outgoing, max(states.values()))
            yield Problem(parcel.conversation_id, parcel.message.seq, "lanes", reason)


def _stuck(lane: Lane | None, states: set[str], grace: timedelta, now: datetime) -> str | None:
    if lane is None:
        return "在等投递，这位客户却没有投递通道"
    if lane.held:
        return None if DeliveryState.HELD in states else "投递通道暂停着，却没有要等客户来信的消息"
    if lane.due_at is None:
        return "在等投递，却没有定下投递的时间"
    late = now - lane.due_at
    if late > grace:
        return f"早该投递，已晚 {late.total_seconds():.0f} 秒：没有发送程序来取"
    return None
