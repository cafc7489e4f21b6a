"""A server in Rasa's place that answers as badly as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.scenarios.office import PATIENCE_SECONDS


@dataclass
class BadRasa:
    """What it answers to every turn; while ``hangs`` it answers nothing."""

    url: str = ""
    status: int = 200
    body: bytes = b"[]"
    hangs: bool = False
    let_go: threading.Event = field(default_factory=threading.Event)

    def answers(self, status: int, body: str) -> None:
        """From now on."""
        self.status, self.body = status, body.encode()


@contextmanager
def bad_rasa() -> Iterator[BadRasa]:
    """Serve one on a free port until the block ends."""
    rasa = BadRasa()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if rasa.hangs:
                rasa.let_go.wait(PATIENCE_SECONDS)
                return
            self._answer(rasa.status, rasa.body)

        def do_GET(self) -> None:
            self._answer(503, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    rasa.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield rasa
    finally:
        rasa.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
