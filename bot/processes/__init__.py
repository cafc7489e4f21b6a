"""The program's processes: web application, Rasa and action server, started and watched."""

from __future__ import annotations

from bot.processes.engine import Engine

__all__ = ["Engine"]
