"""Notices actions that fail, which Rasa logs and otherwise keeps to itself.

`MessageProcessor._run_action` catches every exception of an action, logs it
and goes on as if the action had done nothing. The customer would read an
empty answer, or half of one, and nobody would know why. So each action class
gets a `run` that notes the exception for the turn that is under way and lets
it go on its usual way.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.actions.forms import FormAction
from rasa.shared.utils.common import all_subclasses

_failures: ContextVar[list[str] | None] = ContextVar("failed_actions", default=None)


@contextmanager
def noting_failed_actions() -> Iterator[list[str]]:
    """Yields a list that fills with the names of the actions that fail meanwhile."""
    noted: list[str] = []
    token = _failures.set(noted)
    try:
        yield noted
    finally:
        _failures.reset(token)


def watch_actions() -> None:
    """Make every action class note its failures; a second call changes nothing."""
    # FormAction is imported above so that it is among the subclasses.
    assert issubclass(FormAction, Action)
    for action_class in all_subclasses(Action):
        run = action_class.__dict__.get("run")
        if run is not None and not hasattr(run, "__wrapped__"):
            action_class.run = _noting(run)


def _noting(run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(run)
    async def run_and_note(self: Action, *args: Any, **kwargs: Any) -> Any:
        try:
            return await run(self, *args, **kwargs)
        except ActionExecutionRejection:
            # Not a failure: a form declining an answer that is not for it.
            raise
        except Exception:
            noted = _failures.get()
            if noted is not None and self.name() not in noted:
                noted.append(self.name())
            raise

    return run_and_note
