"""Command line of the ledger: ``python -m bot.ledger audit`` proves that no message was lost.

Ends with 0 when every accepted message was answered, delivered or explained, with 1 when there
are exceptions, each named on a line, and with 2 when the ledger cannot be read.
"""

from __future__ import annotations

import argparse
import json
import math
import sqlite3
import sys
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.conversations.audit import Problem, Report, audit
from bot.conversations.outcomes import Outcome
from bot.delivery.models import DeliveryState
from bot.errors import BadInput, SettingsError
from bot.processes import terminal
from bot.settings import Settings, load

CLEAN, EXCEPTIONS, UNREADABLE = 0, 1, 2
_USAGE = "python -m bot.ledger audit [--json] [--grace 秒数]"
# A server that does not answer by then is away.
_CONNECT_SECONDS = 10
# Besides two turns, one after the other, the web application may have to start again.
_RESTART_SECONDS = 20.0
_MOST_GRACE_SECONDS = 86_400.0
_LABELS = (
    (Outcome.BOT, "机器人已答复（含转人工）"),
    (Outcome.STAFF, "工作人员已答复"),
    (Outcome.PLATFORM, "平台按钮已答复"),
    (Outcome.EXPLAINED, "有说明，无需答复"),
    (Outcome.WAITING_BOT, "等待机器人（时限内）"),
    (Outcome.WAITING_STAFF, "等待工作人员"),
    (Outcome.LOST, "未答复（例外）"),
)
_DELIVERIES = (
    (DeliveryState.DELIVERED, "客户已收到"),
    (DeliveryState.SENT, "渠道已接收"),
    (DeliveryState.WAITING, "等待投递"),
    (DeliveryState.SENDING, "投递中"),
    (DeliveryState.HELD, "等客户来信时送达"),
    (DeliveryState.FAILED, "没有送达（死信）"),
    (DeliveryState.MOVED, "没有送达，已转记工单"),
)
_LABEL_WIDTH = 32


class Unreadable(Exception):
    """The ledger cannot be read; its text is the one sentence printed."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadInput(f"命令写错了，正确写法：{_USAGE}。")


def main(
    arguments: Sequence[str] | None = None,
    environment: dict[str, str] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Audit the ledger of the settings' database and say what was found."""
    try:
        options = _options(arguments)
        settings = load(environment)
        grace = _grace(options.grace, settings)
        now = clock()
        report = audited(settings.database_url, grace=grace, now=now)
    except BadInput as error:
        terminal.complain(error.sentence)
        return UNREADABLE
    except (SettingsError, Unreadable) as error:
        terminal.complain(str(error))
        return UNREADABLE
    terminal.say(_as_json(report, grace, now) if options.json else _as_text(report))
    return EXCEPTIONS if report.problems else CLEAN


def audited(url: str, *, grace: timedelta, now: datetime) -> Report:
    """Audit a database without changing anything in it.

    Raises:
        Unreadable: It is not there, or holds no ledger.
    """
    engine, shown = _looking_only(url)
    try:
        with Session(engine) as session:
            _connect(session, shown)
            return audit(session, grace=grace, now=now)
    except (SQLAlchemyError, ValueError):
        raise Unreadable(f"读不到账本：{shown} 里没有完整的账本，或数据已损坏。") from None
    finally:
        engine.dispose()


def _looking_only(url: str) -> tuple[Engine, str]:
    """An engine that can change nothing and shows one view throughout, and the address to tell."""
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError):
        raise Unreadable("读不到账本：DATABASE_URL 不是有效的数据库地址。") from None
    shown = parsed.render_as_string(hide_password=True)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(Path(parsed.database or "")), shown
    timeout = {"connect_timeout": str(_CONNECT_SECONDS), **parsed.query}
    engine = create_engine(parsed.set(query=timeout), isolation_level="REPEATABLE READ")
    return engine.execution_options(postgresql_readonly=True), shown


def _sqlite_engine(path: Path) -> Engine:
    def opened() -> sqlite3.Connection:
        # The driver's own transactions begin only at a write, and would show several views.
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)

    if not path.is_file():
        raise Unreadable(f"读不到账本：没有数据库文件 {path}。")
    engine = create_engine("sqlite://", creator=opened, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _connect(session: Session, shown: str) -> None:
    try:
        session.connection()
    except SQLAlchemyError:
        raise Unreadable(f"读不到账本：连不上数据库 {shown}。") from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(prog="python -m bot.ledger", usage=_USAGE, allow_abbrev=False)
    parser.add_argument("command", choices=["audit"], help="核对账本，列出每一处例外")
    parser.add_argument("--json", action="store_true", help="结果写成 JSON")
    parser.add_argument(
        "--grace", metavar="秒数", help="等多久仍算正常（默认：两轮答复加一次重启的时间）"
    )
    return parser.parse_args(arguments)


def _grace(written: str | None, settings: Settings) -> timedelta:
    if written is None:
        return timedelta(seconds=2 * settings.turn_limit_seconds + _RESTART_SECONDS)
    try:
        seconds = float(written)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _MOST_GRACE_SECONDS:
        raise BadInput(f"--grace {written} 应为 0–{_MOST_GRACE_SECONDS:.0f} 之间的秒数。")
    return timedelta(seconds=seconds)


def _as_text(report: Report) -> str:
    return "\n".join(_text_lines(report))


def _text_lines(report: Report) -> list[str]:
    lines = [
        "账本核对",
        _row("会话", report.conversations),
        _row("消息（各方）", report.messages),
        _row("轮次", report.turns),
        _row("变更", report.changes),
        _row("已接收的客户消息", report.accepted),
        *(_row(f"  {label}", report.outcomes[outcome]) for outcome, label in _LABELS),
    ]
    if report.deliveries:
        lines.append(_row("推送给客户的消息", report.deliveries.total()))
        lines += [_row(f"  {label}", report.deliveries[state]) for state, label in _DELIVERIES]
    if report.explanations:
        lines.append("说明：")
        lines += [_row(f"  {reason}", count) for reason, count in report.explanations.most_common()]
    if not report.problems:
        return [*lines, "没有例外：凡已接收的，都已答复、送达或有说明。"]
    return [*lines, f"例外 {len(report.problems)} 处：", *map(_problem_line, report.problems)]


def _row(label: str, count: int) -> str:
    width = sum(2 if unicodedata.east_asian_width(each) in "WFA" else 1 for each in label)
    return f"{label}{' ' * max(1, _LABEL_WIDTH - width)}{count:>9}"


def _problem_line(problem: Problem) -> str:
    place = f"会话 {problem.conversation_id}" if problem.conversation_id else "全账本"
    seq = "" if problem.seq is None else f" 第 {problem.seq} 号"
    return f"  {place}{seq}：{problem.reason}"


def _as_json(report: Report, grace: timedelta, now: datetime) -> str:
    body: dict[str, Any] = {
        "clean": not report.problems,
        "audited_at": now.isoformat(timespec="seconds"),
        "grace_seconds": grace.total_seconds(),
        "conversations": report.conversations,
        "messages": report.messages,
        "turns": report.turns,
        "changes": report.changes,
        "accepted": report.accepted,
        "outcomes": {str(outcome): report.outcomes[outcome] for outcome in Outcome},
        "deliveries": {str(state): report.deliveries[state] for state in DeliveryState},
        "explanations": dict(report.explanations),
        "exceptions": [each._asdict() for each in report.problems],
    }
    return json.dumps(body, ensure_ascii=False, indent=2)


if __name__ == "__main__":
    sys.exit(main())
