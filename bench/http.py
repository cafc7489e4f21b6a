"""A client that costs next to nothing, so that the bots are timed and not the asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any


class JsonClient:
    """JSON over one connection to this machine that stays open between calls."""

    def __init__(self, port: int) -> None:
        """Choose the port; the connection is opened at the first call."""
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60.0)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        """Send a body and return the answer's.

        Raises:
            RuntimeError: The answer is not a success.
        """
        kinds = {"Content-Type": "application/json", **(headers or {})}
        return self._call("POST", path, json.dumps(body).encode(), kinds)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Any:
        """Return the answer's body; see ``post``."""
        return self._call("GET", path, None, dict(headers or {}))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
        return json.loads(content)
