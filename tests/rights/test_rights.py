"""Exactly what is allowed is allowed: every route against every sort of caller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests.conftest import POSTGRESQL, SQLITE
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq
from tests.rights.stage import OTHERWISE, REQUESTS, Asked, Stage
from tests.rights.table import CALLERS, RIGHTS

STATUS = {"o": 409, "s": 403, "x": 403, "?": 401, "-": 404}
TABLE = [
    (route, who, sign)
    for route, row in RIGHTS.items()
    for who, sign in zip(CALLERS, row.replace(" ", ""), strict=True)
]
# The rules are the same code over both; every tenth line meets every caller.
CASES = [
    pytest.param(kind, *line, id=f"{' by '.join(line[:2])} on {kind}", marks=marks)
    for kind, lines, marks in (
        (SQLITE, TABLE, []),
        (POSTGRESQL, TABLE[::10], [pytest.mark.postgres]),
    )
    for line in lines
]


@pytest.fixture(scope="module")
def web(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("rights")
    if getattr(request, "param", SQLITE) == POSTGRESQL:
        with request.getfixturevalue("postgresql").empty() as database:
            yield from _web(database, folder)
        return
    database = Database(f"sqlite:///{folder}/rights.db")
    database.create_tables()
    yield from _web(database, folder)
    database.close()


def _web(database: Database, folder: Path) -> Iterator[Served]:
    # An account that nobody here has the secrets of.
    wechat = {"wechat_app_id": "wx0", "wechat_app_secret": "0" * 32, "wechat_token": "unknown"}
    wecom = {"wecom_corp_id": "ww0", "wecom_kf_secret": "0" * 32, "wecom_token": "unknown"}
    settings = Settings(
        attachment_folder=str(folder / "attachments"),
        wecom_encoding_aes_key="0" * 43,
        **wechat,  # type: ignore[arg-type]
        **wecom,  # type: ignore[arg-type]
    )
    app = create_app(
        settings, database, FakeBrain(), FakeFaq(), FakeClock(), name=f"rights-{uuid4().hex}"
    )
    with served(app) as running:
        yield running


@pytest.fixture(scope="module")
def stage(web: Served) -> Stage:
    return Stage(web, web.app.ctx.database, web.app.ctx.clock)


def test_every_route_has_a_line_and_every_line_a_route(web: Served) -> None:
    served_routes = {
        f"{method} /{route.path}"
        for route in web.app.router.routes
        # What answers GET answers HEAD, with the same right.
        for method in set(route.methods) - {"HEAD"}
    }
    lines = {route.partition(" #")[0] for route in RIGHTS}
    assert served_routes - lines == set(), "write a line for it in tests/rights/table.py"
    assert lines - served_routes == set()


def test_what_a_request_needs_is_said_of_routes_that_are_there() -> None:
    assert REQUESTS.keys() | OTHERWISE.keys() <= RIGHTS.keys()


@pytest.mark.parametrize(("web", "route", "who", "sign"), CASES, indirect=["web"])
def test_exactly_what_is_allowed_is_allowed(stage: Stage, route: str, who: str, sign: str) -> None:
    method, path = route.partition(" #")[0].split(" ")
    opened = stage.scene(held=not route.endswith("#with_bot"))
    address = stage.address(path, opened)
    with stage.caller(who, opened) as client:
        before, recorded = stage.trace(opened), stage.refusals()
        answer = _ask(client, method, address, REQUESTS.get(route, Asked)())
    stage.web.settle()
    told = f"{answer.status_code} {answer.text[:300]}"
    if sign == "+":
        expected = OTHERWISE.get(route)
        assert answer.status_code == expected if expected else answer.status_code < 400, told
        return
    assert answer.status_code == STATUS[sign], told
    assert stage.trace(opened) == before, "a refused request changes nothing"
    assert stage.refusals() - recorded == (1 if sign == "x" else 0)
    if sign == "x":
        assert answer.json()["error"]["code"] == "forbidden"


def _ask(client: httpx.Client, method: str, address: str, asked: Asked) -> httpx.Response:
    more: dict[str, Any] = {}
    if asked.content is not None:
        more["content"] = asked.content
    elif asked.body is not None:
        more["json"] = asked.body
    return client.request(method, address, params=asked.query, **more)
