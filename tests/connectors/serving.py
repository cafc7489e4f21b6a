"""A web application served from a thread, for tests that talk to it over the wire."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sanic import Sanic

from bot.processes.children import free_port

# Others may be using the machine; only a test that fails waits for so long.
PATIENCE_SECONDS = 60.0


class Served:
    """A running application; work can be handed to its event loop."""

    def __init__(self, app: Sanic[Any, Any], url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.app = app
        self.url = url
        self._loop = loop

    def client(self) -> httpx.Client:
        """A caller without a browser."""
        return httpx.Client(base_url=self.url, timeout=PATIENCE_SECONDS, trust_env=False)

    def settle(self) -> None:
        """Wait until no turn is running."""
        self._does(self.app.ctx.turns.settle())

    def somebody_hears(self, name: str) -> None:
        """Wait until a client hears what is passed on under a name (see ``Bell``)."""

        async def hears() -> None:
            while name not in self.app.ctx.bell._hearers:
                await asyncio.sleep(0.01)

        self._does(hears())

    def _does(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)


@contextmanager
def served(app: Sanic[Any, Any]) -> Iterator[Served]:
    """Serve an application on a free port until the block ends."""
    # Sanic rewrites its own methods at start, which works once in a process.
    app.config.TOUCHUP = False
    port = free_port()
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        with warnings.catch_warnings():
            # Sanic takes a name from the old part of websockets.
            warnings.filterwarnings("ignore", "websockets", DeprecationWarning)
            server = await app.create_server("127.0.0.1", port, return_asyncio_server=True)
        assert server is not None
        await server.startup()
        await server.before_start()
        await server.start_serving()
        ready.set()
        await over.wait()
        server.server.close()
        for connection in list(server.connections):
            connection.abort()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await server.after_stop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, name="served")
    thread.start()
    try:
        assert ready.wait(PATIENCE_SECONDS)
        yield Served(app, f"http://127.0.0.1:{port}", loop)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(PATIENCE_SECONDS)
