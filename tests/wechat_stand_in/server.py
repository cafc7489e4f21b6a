"""Serves the stand-in over HTTP, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from bot.processes.children import free_port
from tests.wechat_stand_in.answering import Host
from tests.wechat_stand_in.tencent import ROUTES


def application(host: Host, routes: dict[str, Callable[..., Any]] = ROUTES) -> web.Application:
    """The API side as an application."""
    app = web.Application(client_max_size=12_000_000)
    for name, work in routes.items():

        async def handler(
            request: web.Request, work: Callable[..., Any] = work
        ) -> web.StreamResponse:
            return await host.answer(request, work)

        app.router.add_route("*", f"/cgi-bin/{name}", handler)
    return app


@contextmanager
def serving(app: web.Application, port: int | None = None) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    port = port or free_port()
    loop, ready = asyncio.new_event_loop(), threading.Event()
    over = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        ready.set()
        await over.wait()
        await runner.cleanup()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.close()

    thread = threading.Thread(target=run, name="wechat-stand-in")
    thread.start()
    assert ready.wait(30)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(30)
