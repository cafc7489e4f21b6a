"""What became of each customer message: answered, waiting, explained, or lost."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.conversations.accounts import Account, Said, Taken
from bot.conversations.buttons import CANCEL_HANDOFF, OWN, PERSON_AFTER_LOW_SCORE
from bot.conversations.models import Author, ConversationStatus, TurnStatus
from bot.delivery.models import DeliveryState

WITH_A_PERSON = (ConversationStatus.QUEUED, ConversationStatus.STAFF)
# How a wait for a person may end without a word of theirs.
_ENDS = {
    "return_to_bot": "工作人员交回机器人前未再回复",
    "resolve": "工作人员结束服务前未再回复",
    "customer_end": "客户自己结束了人工服务",
    "idle_end": "客户长时间没有消息，服务自动结束",
    "cancel_handoff": "客户自己取消了转人工",
    "leave_message": "已留言建单，由工单答复",
}
# Buttons of ours that say nothing when what they ask for is so already.
_LATE = {
    CANCEL_HANDOFF: "取消转人工的按钮，按下时已不在排队",
    PERSON_AFTER_LOW_SCORE: "转人工的按钮，按下时已在排队或已有人服务",
}
# Answered, but the answer has not reached the customer.
_STUCK: dict[str, str] = {
    DeliveryState.FAILED: "答复没有送达，列在死信里等工作人员处理",
    DeliveryState.HELD: "答复已备好，等客户来信时送达",
    DeliveryState.MOVED: "答复没有送达，工作人员已转记工单",
}


class Outcome(StrEnum):
    """The sorts of ends; together they are all messages that were accepted."""

    BOT = "answered_by_bot"
    STAFF = "answered_by_staff"
    PLATFORM = "answered_by_platform"
    EXPLAINED = "explained"
    WAITING_BOT = "waiting_for_bot"
    WAITING_STAFF = "waiting_for_staff"
    LOST = "exception"


class Fate(NamedTuple):
    """A message's outcome; ``reason`` says why it needs no answer, or what went wrong.

    A lost message without a reason is named by the rule about its turn.
    """

    message: Said
    outcome: Outcome
    reason: str = ""


def fates(account: Account, grace: timedelta, now: datetime) -> Iterator[Fate]:
    """The fate of every customer message of a conversation, in their order."""
    return _Fates(account, grace, now).all()


def turns_by_seq(account: Account) -> dict[int, list[Taken]]:
    """The turns that took each customer message."""
    asked = [each.seq for each in account.messages if each.author == Author.CUSTOMER]
    found: dict[int, list[Taken]] = defaultdict(list)
    for turn in account.turns:
        # Looked up, not counted through: a damaged range may be very long.
        for seq in asked[bisect_left(asked, turn.first_seq) : bisect_right(asked, turn.last_seq)]:
            found[seq].append(turn)
    return found


class _Fates:
    """Looks up once what the fate of every message of one conversation depends on."""

    def __init__(self, account: Account, grace: timedelta, now: datetime) -> None:
        self._account, self._grace, self._now = account, grace, now
        self._line = account.timeline
        self._turns = turns_by_seq(account)
        self._system = {each.seq for each in account.messages if each.author == Author.SYSTEM}
        self._staff = [
            (each.seq, self._line.places[each.id])
            for each in account.messages
            if each.author == Author.STAFF and not each.private
        ]
        self._said_in_turns = [
            (each.seq, each.turn_id) for each in account.messages if each.author == Author.BOT
        ]
        numbers = {each.id: each.seq for each in account.messages}
        self._posted = {
            numbers[each.message_id]: each for each in account.parcels if each.message_id in numbers
        }
        # By epoch, because a turn that took later words skipped only what the bot still owed.
        self._newest: dict[int, int] = {}
        for turn in account.turns:
            if turn.status == TurnStatus.ANSWERED:
                self._newest[turn.epoch] = max(self._newest.get(turn.epoch, 0), turn.first_seq)

    def all(self) -> Iterator[Fate]:
        for message in self._account.messages:
            if message.author == Author.CUSTOMER:
                yield self._fate(message)

    def _fate(self, message: Said) -> Fate:
        turns = self._turns.get(message.seq, [])
        answered = [each for each in turns if each.status == TurnStatus.ANSWERED]
        if answered:
            if not any(map(self._account.answers_visibly, answered)):
                return Fate(message, Outcome.LOST)
            return self._told(message, Outcome.BOT, self._replies(answered))
        if message.payload in OWN:
            return self._button(message)
        if message.kind == "file" and message.seq + 1 in self._system:
            # The bot cannot read it, so it was said at once what it is and who can.
            return Fate(message, Outcome.PLATFORM)
        kept = any(each.status == TurnStatus.SUPPRESSED and each.drafts for each in turns)
        place = self._line.places[message.id]
        if self._line.stages[place].status in WITH_A_PERSON:
            return self._with_a_person(message, place, kept)
        skipped = self._newest.get(place, 0) > message.seq
        following = place + 1
        if not skipped and following < len(self._line.stages):
            if self._line.stages[following].status in WITH_A_PERSON:
                return self._handed_over(message, following, kept)
        if kept:
            return Fate(message, Outcome.EXPLAINED, "答复迟到，已留作草稿")
        return self._with_the_bot(message, turns, skipped)

    def _replies(self, turns: list[Taken]) -> list[int]:
        asked = {each.id for each in turns}
        return [seq for seq, turn_id in self._said_in_turns if turn_id in asked]

    def _told(self, message: Said, outcome: Outcome, replies: list[int]) -> Fate:
        """Answered, unless not one of the replies could be delivered; then why not."""
        posted = [self._posted[seq] for seq in replies if seq in self._posted]
        if not posted or any(each.state not in _STUCK for each in posted):
            return Fate(message, outcome)
        return Fate(message, Outcome.EXPLAINED, _STUCK[posted[-1].state])

    def _button(self, message: Said) -> Fate:
        if message.seq + 1 in self._system:
            return Fate(message, Outcome.PLATFORM)
        if message.payload in _LATE:
            return Fate(message, Outcome.EXPLAINED, _LATE[message.payload])
        return Fate(message, Outcome.LOST, "按了留言按钮，却没有得到答复")

    def _with_a_person(self, message: Said, place: int, kept: bool = False) -> Fate:
        stages = self._line.stages
        end = place
        while end < len(stages) and stages[end].status in WITH_A_PERSON:
            end += 1
        replied = bisect_right(self._staff, (message.seq, len(stages)))
        if replied < len(self._staff) and self._staff[replied][1] < end:
            seq = self._staff[replied][0]
            return self._told(message, Outcome.STAFF, [seq])
        if end == len(stages):
            return Fate(message, Outcome.WAITING_STAFF)
        reason = "答复迟到，已留作草稿" if kept else _ENDS.get(stages[end].transition)
        return Fate(message, Outcome.EXPLAINED, reason or "已不由人工接待")

    def _handed_over(self, message: Said, following: int, kept: bool) -> Fate:
        fate = self._with_a_person(message, following, kept)
        handed_at = self._line.stages[following].began_at
        late = handed_at is not None and handed_at - message.created_at > self._grace
        if late and not kept and fate.outcome is Outcome.EXPLAINED:
            return Fate(message, Outcome.LOST, "机器人没有在时限内答复，转人工后也无人答复")
        return fate

    def _with_the_bot(self, message: Said, turns: list[Taken], skipped: bool) -> Fate:
        if any(each.erased for each in self._account.heads):
            return Fate(message, Outcome.EXPLAINED, "客户的资料已删除")
        if skipped:
            return Fate(message, Outcome.LOST, "被跳过：后面的消息已答复，这一条没有")
        last = self._line.places[message.id] == len(self._line.stages) - 1
        if last and self._line.stages[-1].status == ConversationStatus.BOT:
            running = [each.started_at for each in turns if each.status == TurnStatus.RUNNING]
            if self._now - max([message.created_at, *running]) <= self._grace:
                return Fate(message, Outcome.WAITING_BOT)
            seconds = (self._now - message.created_at).total_seconds()
            return Fate(message, Outcome.LOST, f"已 {seconds:.0f} 秒没有答复，超过时限")
        return Fate(message, Outcome.LOST, "没有答复，也没有转给工作人员")
