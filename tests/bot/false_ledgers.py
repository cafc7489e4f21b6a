"""What can be wrong in a ledger: rows changed past the product and past the database's own rules.

The conversation ``:talked`` has been to a person and back (see ``story.tell`` for its numbers),
the bot's answer in ``:drafted`` came too late.
"""

from __future__ import annotations

# The same table without the rules that keep such rows out.
LAWLESS = (
    "CREATE TABLE lawless AS SELECT * FROM messages",
    "DROP TABLE messages",
    "ALTER TABLE lawless RENAME TO messages",
)
IN_TALKED = "conversation_id = :talked"
MESSAGE = "(SELECT id FROM messages WHERE conversation_id = :talked AND seq = {})"
# A bot message as message 6 (the words of acceptance), 4 (in the queue) and so on.
AS_THE_BOT = (
    "UPDATE messages SET author = 'bot', turn_id = 1 WHERE conversation_id = :talked AND seq = {}"
)

FALSE_LEDGERS = {
    "message deleted": (
        (f"DELETE FROM messages WHERE {IN_TALKED} AND seq = 7",),
        "numbering",
        7,
        "缺第 7 号",
    ),
    "last message deleted": (
        (f"DELETE FROM messages WHERE {IN_TALKED} AND seq = 13",),
        "numbering",
        None,
        "会话记到第 13 号，账本里有 12 条消息",
    ),
    "number given twice": (
        (*LAWLESS, f"UPDATE messages SET seq = 7 WHERE {IN_TALKED} AND seq = 8"),
        "numbering",
        7,
        "序号重复",
    ),
    "conversation gone": (
        ("DELETE FROM conversations WHERE id = :talked",),
        "numbering",
        None,
        "没有这个会话",
    ),
    "channel's message stored twice": (
        (
            *LAWLESS,
            "UPDATE messages SET channel_message_id = (SELECT channel_message_id FROM messages "
            f"WHERE {IN_TALKED} AND seq = 1) WHERE {IN_TALKED} AND seq = 11",
        ),
        "delivered_once",
        11,
        "存了不止一次",
    ),
    "message not in the feed": (
        (f"DELETE FROM changes WHERE message_id = {MESSAGE.format(7)}",),
        "feed",
        7,
        "有 0 行",
    ),
    "message in the feed twice": (
        (
            "INSERT INTO changes SELECT cursor + 1000, customer_id, conversation_id, type, "
            f"message_id, data, for_customer FROM changes WHERE message_id = {MESSAGE.format(7)}",
        ),
        "feed",
        7,
        "有 2 行",
    ),
    "note shown to the customer": (
        (f"UPDATE changes SET for_customer = 1 WHERE message_id = {MESSAGE.format(8)}",),
        "feed",
        8,
        "内部备注让客户看见了",
    ),
    "reply hidden from the customer": (
        (f"UPDATE changes SET for_customer = 0 WHERE message_id = {MESSAGE.format(7)}",),
        "feed",
        7,
        "客户在变更流里看不见",
    ),
    "reply shown to another customer": (
        (f"UPDATE changes SET customer_id = 2 WHERE message_id = {MESSAGE.format(7)}",),
        "feed",
        7,
        "别的客户",
    ),
    "feed out of order": (
        (f"UPDATE changes SET cursor = cursor + 1000 WHERE message_id = {MESSAGE.format(7)}",),
        "feed",
        8,
        "先后与序号不符",
    ),
    "message moved to another conversation": (
        (f"UPDATE changes SET conversation_id = :drafted WHERE message_id = {MESSAGE.format(7)}",),
        "feed",
        None,
        "指向的消息不在这个会话里",
    ),
    "opening not in the feed": (
        (f"DELETE FROM changes WHERE type = 'status' AND {IN_TALKED}",),
        "status_feed",
        None,
        "没有会话的开场状态",
    ),
    "transition not in the feed": (
        (
            f"DELETE FROM changes WHERE {IN_TALKED} AND type = 'status' "
            "AND json_extract(data, '$.status') = 'staff'",
        ),
        "status_feed",
        None,
        "没有进变更流",
    ),
    "status in the feed without a transition": (
        (
            "UPDATE changes SET data = '{\"status\": \"resolved\"}' WHERE type = 'status' "
            f"AND {IN_TALKED} AND json_extract(data, '$.status') = 'staff'",
        ),
        "status_feed",
        None,
        "没有对应的状态转换",
    ),
    "bot talks over a person": (
        (AS_THE_BOT.format(7),),
        "speakers",
        7,
        "人工接管之后、交回之前，机器人说了话",
    ),
    "bot talks in the queue": ((AS_THE_BOT.format(4),), "speakers", 4, "“排队”时机器人说了话"),
    "bot talks without a turn": (
        (f"UPDATE messages SET turn_id = NULL WHERE {IN_TALKED} AND seq = 2",),
        "speakers",
        2,
        "不属于这个会话的任何轮次",
    ),
    "two people talk to the customer": (
        (f"UPDATE messages SET staff_id = 2 WHERE {IN_TALKED} AND seq = 7",),
        "speakers",
        7,
        "不是接管会话的那位",
    ),
    "staff talk while the bot holds": (
        (f"UPDATE messages SET author = 'staff', staff_id = 1 WHERE {IN_TALKED} AND seq = 12",),
        "speakers",
        12,
        "“机器人”时工作人员对客户说了话",
    ),
    "bot's conversation in somebody's name": (
        ("UPDATE conversations SET staff_id = 2 WHERE id = :talked",),
        "holders",
        None,
        "仍记在一位工作人员名下",
    ),
    "staff without a holder": (
        ("UPDATE conversations SET status = 'staff' WHERE id = :talked",),
        "holders",
        None,
        "没有人持有",
    ),
    "two holders": (
        (
            f"DELETE FROM status_events WHERE {IN_TALKED} AND epoch > 2",
            f"DELETE FROM changes WHERE {IN_TALKED} AND cursor > (SELECT cursor FROM changes "
            f"WHERE message_id = {MESSAGE.format(9)})",
            f"DELETE FROM messages WHERE {IN_TALKED} AND seq > 9",
            "UPDATE conversations SET status = 'staff', staff_id = 2, epoch = 2, last_seq = 9 "
            "WHERE id = :talked",
        ),
        "holders",
        None,
        "两人持有",
    ),
    "transition deleted": (
        (f"DELETE FROM status_events WHERE {IN_TALKED} AND epoch = 2",),
        "chain",
        None,
        "次序是 3，应为 2",
    ),
    "transition from another status": (
        (f"UPDATE status_events SET from_status = 'bot' WHERE {IN_TALKED} AND epoch = 2",),
        "chain",
        None,
        "从“机器人”开始，而此前状态是“排队”",
    ),
    "accepted twice": (
        (
            "INSERT INTO status_events (conversation_id, transition, from_status, to_status, "
            "epoch, staff_id, reason, happened_at) SELECT conversation_id, transition, "
            "from_status, to_status, epoch, 2, reason, happened_at FROM status_events "
            f"WHERE {IN_TALKED} AND epoch = 2",
        ),
        "chain",
        None,
        "次序是 2，应为 3",
    ),
    "status changed without a transition": (
        ("UPDATE conversations SET status = 'resolved' WHERE id = :talked",),
        "chain",
        None,
        "会话记着 resolved/3，状态转换的结果是 bot/3",
    ),
    "answer deleted": (
        (f"UPDATE messages SET author = 'system', turn_id = NULL WHERE {IN_TALKED} AND seq = 2",),
        "turns",
        1,
        "既没有机器人消息，也没有转人工",
    ),
    "draft deleted": (("DELETE FROM suppressed_drafts",), "turns", 1, "没有留作草稿"),
    "answered twice": (
        (
            "INSERT INTO turns (conversation_id, epoch, first_seq, last_seq, status, entities, "
            "slots, started_at) SELECT conversation_id, epoch, first_seq, last_seq, status, "
            f"entities, slots, started_at FROM turns WHERE {IN_TALKED} AND first_seq = 1",
        ),
        "turns",
        1,
        "被答复了不止一次",
    ),
    "turn of nothing": (
        (f"UPDATE turns SET first_seq = 90, last_seq = 99999999 WHERE {IN_TALKED} AND id = 1",),
        "turns",
        90,
        "没有对应的客户消息",
    ),
    "turn still running": (
        (
            f"UPDATE turns SET status = 'running', started_at = '2026-11-24 01:00:00.000000' "
            f"WHERE {IN_TALKED} AND first_seq = 12",
        ),
        "turns",
        12,
        "超过时限",
    ),
    "message skipped": (
        ("UPDATE turns SET status = 'interrupted' WHERE first_seq = 1 AND " + IN_TALKED,),
        "unanswered",
        1,
        "被跳过",
    ),
    "message forgotten": (
        (
            f"UPDATE turns SET status = 'interrupted' WHERE {IN_TALKED} AND first_seq = 12",
            f"UPDATE messages SET created_at = '2026-11-24 01:00:00.000000' WHERE {IN_TALKED} "
            "AND seq = 12",
        ),
        "unanswered",
        12,
        "没有答复，超过时限",
    ),
    "feed's counter behind": (
        ("UPDATE counters SET value = 3 WHERE name = 'changes'",),
        "counters",
        None,
        "计数器 changes 为 3，已用到",
    ),
    "cases' counter behind": (
        ("UPDATE counters SET value = 0 WHERE name LIKE 'case:%'",),
        "counters",
        None,
        "计数器 case:YZ:20261124 为 0，已用到 1",
    ),
}
