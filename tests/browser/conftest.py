"""A browser, the office behind the widget, and 小林's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page
from sanic.response import html

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.browser.chromium import launched, visit
from tests.browser.office import Office
from tests.connectors.serving import served
from tests.fakes import FakeBrain, FakeClock, FakeFaq


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def office(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[Office]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"seen-{uuid4().hex}")

    @app.get("/elsewhere")
    async def elsewhere(request: Any) -> Any:
        source = f"http://127.0.0.1:{request.server_port}/widget.js"
        page = f"<!doctype html><h1>某企业</h1><script src='{source}' defer></script>"
        # As strict as a site can be and still include us.
        policy = f"script-src {source}; style-src 'none'; frame-src http://127.0.0.1:*"
        return html(page, headers={"Content-Security-Policy": policy})

    with served(app) as running:
        yield Office(running, database, brain)


@pytest.fixture
def page(office: Office, browser: Browser) -> Iterator[Page]:
    context, opened = visit(browser, office.web.url)
    yield opened
    broken = opened.broken  # type: ignore[attr-defined]
    context.close()
    assert broken == []
