"""``make run``: everything started in the right order, watched, and stopped together."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from bot.errors import StartFailed
from bot.processes import demo, terminal
from bot.processes.children import Child, Program, bound, stop_all
from bot.processes.engine import LOOK_SECONDS, Engine, child_environment, wait_until_ready
from bot.processes.training import ensure_model
from bot.settings import Settings


class _Stopped(Exception):
    """SIGINT or SIGTERM came before everything was ready."""


def run(settings: Settings) -> None:
    """Start everything, say when it is ready, restart what dies; return when told to stop.

    Raises:
        StartFailed: The port is taken, training failed, or a part does not come up.
    """
    stop = threading.Event()
    _listen_for_signals(stop)
    # Ours from now on, so that nobody takes it while the model is being trained.
    port = _port(settings)
    children: list[Child] = []
    try:
        with terminal.Progress("训练模型") as progress:
            ensure_model(progress=_breakable(progress, stop))
        _start(settings, port, children, stop)
        _watch(children, stop)
    except _Stopped:
        pass
    finally:
        terminal.say("正在停止……")
        port.close()
        stop_all(children)
    terminal.say("已全部停止。")


def _port(settings: Settings) -> socket.socket:
    try:
        return bound(settings.host, settings.port)
    except OSError:
        raise StartFailed(
            f"端口 {settings.port} 已被占用：请先停止占用它的程序，或换一个端口，"
            f"例如 PORT={settings.port + 1} make run。"
        ) from None


def _start(
    settings: Settings, port: socket.socket, children: list[Child], stop: threading.Event
) -> None:
    started = time.monotonic()
    # Rasa takes longest to come up and needs none of our tables: it goes first.
    engine = Engine(settings)
    engine.start()
    children += engine.children
    terminal.say("  准备数据库，启动网站、Rasa 与动作服务……")
    accounts = demo.prepare(engine.settings)
    webs = [Child(each) for each in web_programs(engine.settings, port)]
    # Stopped first: they hold connections open that Rasa would wait for.
    children[:0] = webs
    for web in webs:
        web.start()
    wait_until_ready(children, pause=_interruptible(stop))
    terminal.say(terminal.banner(settings, accounts, time.monotonic() - started))


def _watch(children: list[Child], stop: threading.Event) -> None:
    while not stop.wait(LOOK_SECONDS):
        for child in children:
            code = child.tend()
            if code is not None:
                title, log = child.program.title, child.program.log
                terminal.say(f"{title}意外退出（{_reason(code)}），正在重新启动；日志见 {log}")


def _reason(code: int) -> str:
    return f"信号 {-code}" if code < 0 else f"退出码 {code}"


def _listen_for_signals(stop: threading.Event) -> None:
    def remember(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup has SIGHUP ignored on purpose.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, remember)


def _interruptible(stop: threading.Event) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        if stop.wait(seconds):
            raise _Stopped

    return pause


def _breakable(progress: Callable[[float], None], stop: threading.Event) -> Callable[[float], None]:
    def report(seconds: float) -> None:
        progress(seconds)
        if stop.is_set():
            raise _Stopped

    return report


def web_programs(settings: Settings, port: socket.socket) -> list[Program]:
    """The web processes; all listen on one socket, and each can die and be started alone."""
    return [_web(settings, port, number) for number in range(1, settings.web_processes + 1)]


def _web(settings: Settings, port: socket.socket, number: int) -> Program:
    return Program(
        name="web" if number == 1 else f"web-{number}",
        title="网站" if number == 1 else f"网站（第 {number} 个进程）",
        command=(sys.executable, "-m", "connectors", "--socket", str(port.fileno())),
        environment=child_environment(settings),
        health_url=f"{terminal.address_of(settings)}/readyz",
        descriptors=(port.fileno(),),
    )
