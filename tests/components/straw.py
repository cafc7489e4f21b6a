"""Stand-ins: an embedder without a model, and an action server in this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

WIDTHS = {"one": 32, "two": 16}


class StrawEmbedder:
    """Adds up a fixed random vector for each character: alike texts, alike vectors."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def vectors(self, text: str) -> dict[str, NDArray[np.float32]]:
        self.asked.append(text)
        return {name: self._vector(name, text, size) for name, size in WIDTHS.items()}

    def matrix(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        rows = [self.vectors(text) for text in texts]
        return {name: np.stack([row[name] for row in rows]) for name in WIDTHS}

    def _vector(self, name: str, text: str, size: int) -> NDArray[np.float32]:
        total = np.full(size, 0.1)
        for character in text:
            seed = int.from_bytes(hashlib.md5((name + character).encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).normal(size=size)
        return (total / np.linalg.norm(total)).astype(np.float32)


class StrawActionServer:
    """Speaks rasa-sdk's protocol: asks for the domain once, then answers from a script."""

    def __init__(self) -> None:
        self.script: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.calls: list[dict[str, Any]] = []
        self.connections: set[Any] = set()
        self.digest: str | None = None

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/webhook", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        return f"http://127.0.0.1:{port}/webhook"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        call = await request.json()
        self.calls.append(call)
        assert request.transport is not None
        self.connections.add(request.transport.get_extra_info("peername"))
        if "domain" not in call and call.get("domain_digest") != self.digest:
            return web.json_response({"error": "no domain"}, status=449)
        self.digest = call.get("domain_digest")
        answer = self.script[call["next_action"]](call)
        if isinstance(answer, int):
            body = {"error": "it failed", "action_name": call["next_action"]}
            return web.json_response(body, status=answer)
        return web.Response(text=json.dumps(answer), content_type="application/json")
