"""Runs in Rasa's environment: parses the messages that come in and says how long each took.

``python -m bench.parsing MODEL ours|stock`` reads a JSON object a line (``text``, and ``vectors``
as the web application sends them) and answers each with the seconds.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from typing import Any


def main() -> None:
    model, kind = sys.argv[1:]
    if kind == "ours":
        from bot.components.start_up import prepare_process

        prepare_process()
    from rasa.core.agent import Agent

    from bot.components.start_up import quiet_logs

    # Loading prints; the answers go out alone.
    answers, sys.stdout = sys.stdout, sys.stderr
    quiet_logs(logging.WARNING)
    agent = Agent.load(model)
    if kind == "ours":
        from bot.components.fast_paths import take_fast_paths

        take_fast_paths()
    loop = asyncio.new_event_loop()
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        seconds = loop.run_until_complete(_parsed(agent, json.loads(line)))
        answers.write(f"{seconds:.6f}\n")
        answers.flush()


async def _parsed(agent: Any, asked: dict[str, Any]) -> float:
    from rasa.core.channels.channel import UserMessage

    from bot.components.message_vectors import message_vectors

    begun = time.perf_counter()
    if asked.get("vectors"):
        # Unpacking what came over the wire is part of the work.
        message_vectors.remember_packed(asked["text"], asked["vectors"])
    await agent.processor.parse_message(UserMessage(asked["text"]))
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
