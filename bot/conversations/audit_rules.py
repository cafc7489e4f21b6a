"""The rules that one conversation's account must keep; each names what breaks it.

A rule yields the number of the message or turn that can be pointed at, if any, and the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from bot.conversations.accounts import Account, Fed, Posted, Said
from bot.conversations.models import Author, ConversationStatus, TurnStatus
from bot.conversations.outcomes import turns_by_seq
from bot.delivery.models import DeliveryState

Broken = Iterator[tuple[int | None, str]]

_BOT, _STAFF = ConversationStatus.BOT, ConversationStatus.STAFF
_LEFT = (DeliveryState.SENT, DeliveryState.DELIVERED)
_REASONED = (DeliveryState.HELD, DeliveryState.FAILED, DeliveryState.MOVED)
_STATUS_WORDS = {"bot": "机器人", "queued": "排队", "staff": "人工", "resolved": "已结束"}


def _numbering(account: Account) -> Broken:
    due = 1
    for message in account.messages:
        if message.seq > due:
            missing = f"{due}" if message.seq == due + 1 else f"{due}–{message.seq - 1}"
            yield due, f"序号有缺口：缺第 {missing} 号"
        elif message.seq < due:
            yield message.seq, "序号重复"
        due = max(due, message.seq + 1)
    if not account.heads:
        yield None, "有记录，却没有这个会话"
    for head in account.heads:
        if head.last_seq != len(account.messages):
            kept = len(account.messages)
            yield None, f"会话记到第 {head.last_seq} 号，账本里有 {kept} 条消息"


def _feed(account: Account) -> Broken:
    lines: dict[str | None, list[Fed]] = defaultdict(list)
    for change in account.changes:
        lines[change.message_id].append(change)
    owners = {head.customer_id for head in account.heads}
    newest = 0
    for message in account.messages:
        found = lines.pop(message.id, [])
        if len(found) != 1:
            yield message.seq, f"在变更流里有 {len(found)} 行，应恰好有 1 行"
            continue
        line = found[0]
        if line.for_customer == message.private:
            shown = "内部备注让客户看见了" if message.private else "客户在变更流里看不见这条消息"
            yield message.seq, shown
        if line.customer_id not in owners:
            yield message.seq, "送进了别的客户的变更流"
        if line.cursor < newest:
            yield message.seq, "在变更流里的先后与序号不符"
        newest = max(newest, line.cursor)
    lines.pop(None, None)
    for stray in (line for several in lines.values() for line in several):
        yield None, f"变更 {stray.cursor} 指向的消息不在这个会话里"


def _status_feed(account: Account) -> Broken:
    if account.heads and not any(each.type == "status" for each in account.changes):
        yield None, "变更流里没有会话的开场状态"
    for line in account.timeline.strange_lines:
        word = _STATUS_WORDS.get(str(line.status), str(line.status))
        yield None, f"变更 {line.cursor} 说状态是“{word}”，却没有对应的状态转换"
    for event in account.timeline.missing_lines:
        yield None, f"状态转换 {event.transition}（第 {event.epoch} 次）没有进变更流"


def _speakers(account: Account) -> Broken:
    line = account.timeline
    turns = {turn.id for turn in account.turns}
    for message in account.messages:
        stage = line.stages[line.places[message.id]]
        word = _STATUS_WORDS.get(stage.status, stage.status)
        if message.author == Author.BOT:
            if stage.status == _STAFF:
                yield message.seq, "人工接管之后、交回之前，机器人说了话"
            elif stage.status != _BOT:
                yield message.seq, f"会话状态为“{word}”时机器人说了话"
            if message.turn_id not in turns:
                yield message.seq, "机器人消息不属于这个会话的任何轮次"
        elif message.author == Author.STAFF and not message.private:
            if stage.status != _STAFF:
                yield message.seq, f"会话状态为“{word}”时工作人员对客户说了话"
            elif stage.holder is not None and stage.holder != message.staff_id:
                yield message.seq, "对客户说话的不是接管会话的那位工作人员"


def _holders(account: Account) -> Broken:
    last = account.timeline.stages[-1]
    for head in account.heads:
        if head.status == _STAFF and head.staff_id is None:
            yield None, "状态为人工，却没有人持有"
        elif head.status in (_BOT, ConversationStatus.QUEUED) and head.staff_id is not None:
            yield None, f"状态为{_STATUS_WORDS[head.status]}，却仍记在一位工作人员名下"
        elif head.status == _STAFF and last.holder not in (None, head.staff_id):
            yield None, "两人持有：会话记在一位名下，最后接管的是另一位"


def _chain(account: Account) -> Broken:
    status, epoch = str(_BOT), 0
    for event in account.events:
        if event.epoch != epoch + 1:
            yield None, f"状态转换 {event.transition} 的次序是 {event.epoch}，应为 {epoch + 1}"
        if event.from_status != status:
            before, after = (_STATUS_WORDS.get(each, each) for each in (status, event.from_status))
            yield None, f"第 {event.epoch} 次转换从“{after}”开始，而此前状态是“{before}”"
        status, epoch = event.to_status, event.epoch
    for head in account.heads:
        if (head.status, head.epoch) != (status, epoch):
            yield None, f"会话记着 {head.status}/{head.epoch}，状态转换的结果是 {status}/{epoch}"


def _turns(account: Account) -> Broken:
    taken = turns_by_seq(account)
    asked = {turn.id for turns in taken.values() for turn in turns}
    for turn in account.turns:
        if turn.id not in asked:
            yield turn.first_seq, f"轮次 {turn.id} 没有对应的客户消息"
        if turn.status == TurnStatus.ANSWERED and not account.answers_visibly(turn):
            yield turn.first_seq, "轮次记为已答复，却既没有机器人消息，也没有转人工"
        # Where the whole answer was a handoff, there was nothing to keep.
        if turn.status == TurnStatus.SUPPRESSED and not turn.drafts and turn.handled != "handoff":
            yield turn.first_seq, "迟到的答复没有留作草稿"
    for seq, turns in taken.items():
        if sum(each.status == TurnStatus.ANSWERED for each in turns) > 1:
            yield seq, "被答复了不止一次"


def _outbox(account: Account) -> Broken:
    posted: dict[str, list[Posted]] = defaultdict(list)
    for parcel in account.parcels:
        posted[parcel.message_id].append(parcel)
    owners = {head.customer_id for head in account.heads}
    for message in account.messages:
        found = posted.pop(message.id, [])
        if message.needs_parcel and not found:
            yield message.seq, "要推送给客户的消息，没有进投递箱"
        elif not message.needs_parcel and found:
            yield message.seq, "不该推送的消息进了投递箱"
        elif len(found) > 1:
            yield message.seq, f"在投递箱里有 {len(found)} 行，应恰好有 1 行"
        for parcel in found:
            yield from ((message.seq, reason) for reason in _oddities(parcel, message, owners))
    for stray in (parcel for several in posted.values() for parcel in several):
        yield None, f"投递箱第 {stray.id} 行指向的消息不在这个会话里"


def _oddities(parcel: Posted, message: Said, owners: set[int]) -> Iterator[str]:
    if parcel.customer_id not in owners:
        yield "要投递给别的客户"
    if parcel.channel != message.channel:
        yield "要从别的渠道投递"
    if parcel.state not in set(DeliveryState):
        yield f"投递状态“{parcel.state}”不存在"
    if (parcel.state in _LEFT) != (parcel.sent_at is not None):
        yield "投递状态与送出时间不符"
    if parcel.state in _REASONED and not parcel.reason:
        yield "没有送达，却没有写明原因"


RULES: dict[str, Callable[[Account], Broken]] = {
    "numbering": _numbering,
    "feed": _feed,
    "status_feed": _status_feed,
    "speakers": _speakers,
    "holders": _holders,
    "chain": _chain,
    "turns": _turns,
    "outbox": _outbox,
}
