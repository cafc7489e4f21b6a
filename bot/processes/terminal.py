"""What the person who typed ``make run`` sees."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from bot.settings import Settings

if TYPE_CHECKING:
    from bot.demo import DemoAccount

# Without a terminal a line now and then is enough.
_LINE_SECONDS = 15.0


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Print a line where errors go."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Progress:
    """A long step: one changing line on a terminal, else a line now and then.

    Nothing is printed unless the step reports at least once, so that a step with nothing to do
    stays silent.
    """

    def __init__(self, title: str) -> None:
        """Name the step."""
        self._title = title
        self._seconds = 0.0
        self._spoken_at: float | None = None

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __call__(self, seconds: float) -> None:
        """Show that the step has taken this long and still goes on."""
        self._seconds = seconds
        minutes, rest = divmod(int(seconds), 60)
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\033[K  {self._title}…… {minutes}:{rest:02d}")
            sys.stdout.flush()
        elif self._spoken_at is None or seconds - self._spoken_at >= _LINE_SECONDS:
            say(f"  {self._title}…… {minutes}:{rest:02d}")
        else:
            return
        self._spoken_at = seconds

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the line, with the time the step took."""
        if self._spoken_at is not None:
            start = "\r\033[K" if sys.stdout.isatty() else ""
            say(f"{start}  {self._title}{'未完成' if error else '完成'}（{self._seconds:.0f} 秒）")


def address_of(settings: Settings) -> str:
    """Where a browser on this machine finds the web application."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def banner(settings: Settings, accounts: Sequence[DemoAccount], seconds: float) -> str:
    """The ready message: addresses, demo accounts, how to stop."""
    address = address_of(settings)
    lines = [
        "",
        f"{settings.platform_name} 已就绪（用时 {seconds:.0f} 秒）",
        "",
        f"  客户咨询页面    {address}/",
        f"  坐席工作台      {address}/desk",
        f"  网站嵌入脚本    {address}/widget.js",
        f"  运行状态        {address}/readyz",
        "",
        account_list(settings, accounts),
        "",
        "日志在 var/log/。按 Ctrl-C 停止。",
        "",
    ]
    return "\n".join(lines)


def account_list(settings: Settings, accounts: Sequence[DemoAccount]) -> str:
    """The demo accounts, with the passwords that were made up just now."""
    names = "、".join(each.username for each in accounts)
    if settings.demo_password:
        return f"演示账号：{names}；密码是 DEMO_PASSWORD 的值。"
    if not any(each.password for each in accounts):
        return f"演示账号：{names}；密码在首次启动时显示过（忘了可用 make demo-reset 重来）。"
    rows = [f"  {each.username:<16}{each.password}" for each in accounts if each.password]
    return "\n".join(["演示账号与密码（随机生成，只显示这一次）：", *rows])
