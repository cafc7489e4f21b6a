"""The pages and their files: what they say, what protects them, what scripts look up."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from bot.database import Database
from bot.settings import ROOT, Settings
from connectors.app import create_app
from tests.connectors.serving import served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

WIDGET = ROOT / "connectors" / "widget" / "static"
SHARED = ROOT / "connectors" / "static"
TEMPLATES = ROOT / "connectors" / "widget" / "templates"
SCRIPTS = sorted([*WIDGET.glob("*.js"), *SHARED.glob("*.js")])
PAGES = ["/", "/widget"]
SERVICES = [
    "计量",
    "标准",
    "检验检测",
    "认证",
    "质量管理",
    "品牌培育",
    "知识产权",
    "政策咨询",
    "产业链供应链",
    "其他服务",
]


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock) -> Iterator[httpx.Client]:
    app = create_app(Settings(), database, brain, FakeFaq(), clock, name=f"pages-{uuid4().hex}")
    with served(app) as running, running.client() as client:
        yield client


def test_platform_page_names_the_platform_the_ten_services_and_the_hours(
    web: httpx.Client,
) -> None:
    page = web.get("/").text
    assert Settings().platform_name in page
    assert all(f"<h4>{service}</h4>" in page for service in SERVICES)
    assert "08:30–17:30" in page
    assert "工作时间，可以转人工" in page


def test_out_of_hours_the_page_tells_when_work_begins(web: httpx.Client, clock: FakeClock) -> None:
    clock.advance(hours=12)
    page = web.get("/").text
    assert "非工作时间，可以留言" in page
    assert "11 月 25 日（周三）8:30" in page


def test_platform_name_is_escaped(database: Database, brain: FakeBrain, clock: FakeClock) -> None:
    settings = Settings(platform_name="云州市<b>&平台")
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"named-{uuid4().hex}")
    with served(app) as running, running.client() as client:
        assert "云州市&lt;b&gt;&amp;平台" in client.get("/").text


@pytest.mark.parametrize("page", PAGES)
def test_assistant_is_open_in_the_page_with_six_questions(web: httpx.Client, page: str) -> None:
    text = web.get(page).text
    assert text.count("data-ask=") == 6
    assert "data-assistant" in text


@pytest.mark.parametrize("page", PAGES)
def test_page_forbids_everything_inline_and_foreign(web: httpx.Client, page: str) -> None:
    response = web.get(page)
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)", response.text)
    assert not re.search(r"\sstyle=|\son[a-z]+=", response.text)


def test_only_the_widget_may_be_framed_elsewhere(web: httpx.Client) -> None:
    policies = [web.get(page).headers["content-security-policy"] for page in PAGES]
    assert policies[0].endswith("frame-ancestors 'none'")
    assert policies[1].endswith("frame-ancestors *")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_a_page_and_its_scripts_name_is_served(web: httpx.Client, page: str) -> None:
    seen: set[str] = set()
    waiting = set(re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg))"', web.get(page).text))
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = web.get(address)
        assert response.status_code == 200, address
        for named in re.findall(r'from "([^"]+)"', response.text):
            waiting.add(str(httpx.URL(f"http://x{address}").join(named).path))
        waiting -= seen
    assert len(seen) > 15


def test_loader_may_be_included_anywhere(web: httpx.Client) -> None:
    response = web.get("/widget.js")
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/widget/static/../routes.py", "/widget/static/%2e%2e/api.py"])
def test_nothing_but_static_files_is_served(web: httpx.Client, path: str) -> None:
    assert web.get(path).status_code == 404


def test_every_hook_a_script_looks_up_is_in_the_templates() -> None:
    templates = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    missing = {
        f"{path.name}: data-{name}"
        for path in SCRIPTS
        for name in re.findall(r'hook\([\w.]+, "([\w-]+)"\)', path.read_text())
        if not re.search(rf"\sdata-{name}[\s=>]", templates)
    }
    assert not missing


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_never_writes_markup(script: Path) -> None:
    text = script.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not on this machine")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_valid(script: Path, tmp_path: Path) -> None:
    module = tmp_path / "script.mjs"
    module.write_text(script.read_text())
    checked = subprocess.run(["node", "--check", str(module)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr.decode()


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted([_luminance(one), _luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_apart(theme: int) -> None:
    blocks = (SHARED / "base.css").read_text().split("prefers-color-scheme: dark")
    tokens = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", blocks[theme]))
    papers = ["paper", "ground"]
    for text in ("ink", "secondary", "brand", "green", "amber", "red"):
        for paper in papers:
            assert _contrast(tokens[text], tokens[paper]) >= 4.5, (text, paper)
    for text, paper in (
        ("on-brand", "brand"),
        ("on-brand", "brand-strong"),
        ("ink", "brand-tint"),
        ("brand", "brand-tint"),
        ("amber", "amber-tint"),
        ("green", "green-tint"),
        ("red", "red-tint"),
        ("ink", "note-paper"),
    ):
        assert _contrast(tokens[text], tokens[paper]) >= 4.5, (text, paper)
    for paper in papers:
        assert _contrast(tokens["control-line"], tokens[paper]) >= 3
