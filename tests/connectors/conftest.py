"""The web application in a thread, and 小林 with an open conversation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.connectors.serving import Served, served
from tests.connectors.visitor import Xiaolin
from tests.fakes import FakeBrain, FakeClock, FakeFaq


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock, tmp_path: Path) -> Iterator[Served]:
    settings = Settings(attachment_folder=str(tmp_path / "attachments"), attachment_limit_mb=1)
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"widget-{uuid4().hex}")
    with served(app) as running:
        yield running


@pytest.fixture
def xiaolin(web: Served) -> Iterator[Xiaolin]:
    with web.client() as client:
        opened = client.post("/api/widget/conversations", json={})
        assert opened.status_code == 201
        body = opened.json()
        client.headers["Authorization"] = f"Bearer {body['token']}"
        yield Xiaolin(web, client, body["conversation_id"], body["cursor"])
