"""Rasa and its action server, on free loopback ports: what answers behind the web application."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from http import HTTPStatus
from http.client import HTTPException
from types import TracebackType
from urllib.request import ProxyHandler, build_opener

from bot.components.sources import model_path
from bot.errors import StartFailed
from bot.processes.children import (
    Child,
    Program,
    free_port,
    inherited_environment,
    stop_all,
)
from bot.processes.training import RASA_PYTHON, ensure_model
from bot.settings import Settings

# A cold start with nothing in the disk cache took under a minute on two cores.
READY_SECONDS = 180.0
# Dying this often before being ready once means that it will not get better by itself.
DEATHS_BEFORE_GIVING_UP = 3
LOOK_SECONDS = 0.2
# Children are on this machine; a proxy in the environment is not asked for them.
_DIRECT = build_opener(ProxyHandler({}))

# Keys, passwords and the business database are not Rasa's business.
_RASA_NEEDS = {"actions_url", "tracker_store_url", "encoders"}


class Engine:
    """Rasa and the action server as a library: ``with Engine(settings) as engine: …``.

    ``engine.settings`` is the given settings with the addresses of the two filled in. Entering
    trains a model if the present sources have none, and waits until both answer.
    """

    def __init__(self, settings: Settings) -> None:
        """Choose ports; nothing is started yet."""
        rasa_port, actions_port = free_port(), free_port()
        self.settings = replace(
            settings,
            rasa_url=f"http://127.0.0.1:{rasa_port}",
            actions_url=f"http://127.0.0.1:{actions_port}/webhook",
            tracker_store_url=tracker_store_url(settings),
        )
        self._ports = rasa_port, actions_port
        self.children: list[Child] = []

    def programs(self) -> list[Program]:
        """What is run: Rasa, then the action server."""
        rasa_port, actions_port = self._ports
        return [_rasa(self.settings, rasa_port), _actions(self.settings, actions_port)]

    def start(self) -> None:
        """Start both; a model must be there (see ``ensure_model``)."""
        self.children = [Child(program) for program in self.programs()]
        for child in self.children:
            child.start()

    def stop(self) -> None:
        """Stop both; a second call does nothing."""
        stop_all(self.children)

    def __enter__(self) -> Engine:
        """Train if needed, start, and wait until both answer."""
        ensure_model()
        self.start()
        try:
            wait_until_ready(self.children)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop both."""
        self.stop()


def wait_until_ready(
    children: list[Child],
    *,
    limit_seconds: float = READY_SECONDS,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Wait until every child answers its health address.

    Args:
        children: Started children; one that dies meanwhile is started again.
        limit_seconds: How long at most.
        pause: Waits some seconds; may raise to break off.

    Raises:
        StartFailed: One of them keeps dying or does not answer in time.
    """
    started = time.monotonic()
    waiting = list(children)
    while waiting:
        for child in children:
            child.tend()
        waiting = [child for child in waiting if not _answers(child)]
        too_late = time.monotonic() - started > limit_seconds
        for child in waiting:
            if too_late or child.deaths >= DEATHS_BEFORE_GIVING_UP:
                raise StartFailed(_why(child))
        if waiting:
            pause(LOOK_SECONDS)


def _answers(child: Child) -> bool:
    try:
        with _DIRECT.open(child.program.health_url, timeout=2.0) as response:
            return bool(response.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False


def _why(child: Child) -> str:
    program = child.program
    return f"{program.title}没有启动成功，日志 {program.log} 的最后几行：\n{program.log_tail()}"


def child_environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child of ours reads exactly these settings."""
    written = {each.name.upper(): str(getattr(settings, each.name)) for each in fields(settings)}
    return {**inherited_environment(), **written}


def tracker_store_url(settings: Settings) -> str:
    """Where Rasa keeps its trackers: beside our database, in its own driver's spelling."""
    if settings.tracker_store_url:
        return settings.tracker_store_url
    url = settings.database_url
    if url.startswith("sqlite:///"):
        return f"{url.removesuffix('.db')}-tracker.db"
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _rasa(settings: Settings, port: int) -> Program:
    names = [each.name for each in fields(settings)]
    needed = {name.upper(): str(getattr(settings, name)) for name in names if name in _RASA_NEEDS}
    hidden = [name.upper() for name in names]
    command = [str(RASA_PYTHON), "-m", "bot.components.serve", "--port", str(port)]
    command += ["--model", str(model_path()), "--log-level", settings.log_level.upper()]
    return Program(
        name="rasa",
        title="Rasa",
        command=tuple(command),
        environment={**inherited_environment(hidden), **needed},
        health_url=f"http://127.0.0.1:{port}/webhooks/assistant/health",
    )


def _actions(settings: Settings, port: int) -> Program:
    return Program(
        name="actions",
        title="动作服务",
        command=(sys.executable, "-m", "rasa_sdk", "--actions", "actions", "--port", str(port)),
        # rasa-sdk listens everywhere unless Sanic's own setting says otherwise.
        environment={**child_environment(settings), "SANIC_HOST": "127.0.0.1"},
        health_url=f"http://127.0.0.1:{port}/health",
    )
