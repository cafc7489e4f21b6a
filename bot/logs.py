"""Structured logging: events with numbers, and no customer text above DEBUG."""

from __future__ import annotations

import logging
import re
import sys

import structlog

# PostgreSQL tells in these lines which values it refused: a name, an address, what was said.
_VALUES = re.compile(r"^(\s*(?:DETAIL|CONTEXT):).*$", re.MULTILINE)


def _without_values(
    _logger: object, _name: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    for key in ("event", "exception"):
        if isinstance(event.get(key), str):
            event[key] = _VALUES.sub(r"\1 …", event[key])
    return event


def configure(level: str) -> None:
    """Send every log line, ours and the libraries', to standard error as one JSON object."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
