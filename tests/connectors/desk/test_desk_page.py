"""The desk's page and its scripts fit each other; what they promise is read from the files."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from jinja2 import Environment, PackageLoader, StrictUndefined

import connectors
from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from connectors.desk.pages import DeskPage
from tests.connectors.serving import served
from tests.fakes import FakeBrain, FakeFaq

DESK = Path(connectors.__file__).parent / "desk"
SHARED = DESK.parent / "static"
SCRIPTS = sorted((DESK / "static").glob("*.js"))
STYLES = sorted((DESK / "static").glob("*.css"))
LONGEST_SCRIPT = 150

_HOOKED = re.compile(r"""hook\([^,()]+,\s*["'`]([\w-]+)["'`]\)""")
_SELECTED = re.compile(r"""\[data-([\w-]+)[\]=]""")
_MADE = re.compile(r'"data-([\w-]+)":')


@pytest.fixture
def web_client(database: Database, brain: FakeBrain) -> Iterator[httpx.Client]:
    app = create_app(Settings(), database, brain, FakeFaq(), name=f"page-{uuid4().hex}")
    with served(app) as running, running.client() as client:
        yield client


def page(*, may_be_known: bool = False) -> str:
    """The page as a browser gets it."""
    templates = Environment(
        loader=PackageLoader("connectors", "."), autoescape=True, undefined=StrictUndefined
    )
    shown = DeskPage(platform_name='云州"<平台>', may_be_known=may_be_known)
    return templates.get_template("desk/templates/desk.html").render(page=shown)


def test_every_hook_that_a_script_looks_up_exists() -> None:
    scripts = {path.name: path.read_text("utf-8") for path in SCRIPTS}
    there = set(re.findall(r"\bdata-([\w-]+)", page()))
    there |= {name for text in scripts.values() for name in _MADE.findall(text)}
    wanted = {
        (script, name)
        for script, text in scripts.items()
        for name in [*_HOOKED.findall(text), *_SELECTED.findall(text)]
    }
    assert len(wanted) > 50
    assert {(script, name) for script, name in wanted if name not in there} == set()


def test_hooks_of_the_page_are_used() -> None:
    texts = "".join(path.read_text("utf-8") for path in [*SCRIPTS, *STYLES, *SHARED.glob("*.js")])
    spoken = re.sub(r"dataset\.(\w+)", lambda found: _dashed(found[1]), texts)
    names = set(re.findall(r"\bdata-([\w-]+)", page()))
    assert {name for name in names if not re.search(rf"\b{name}\b", spoken)} == set()


def _dashed(name: str) -> str:
    return re.sub(r"[A-Z]", lambda found: "-" + found[0].lower(), name)


def test_labels_and_descriptions_point_to_what_exists() -> None:
    html = page()
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:for|aria-\w+|href)="#?([a-z]+-[a-z-]+|rows|talk)"', html)
    assert {each for each in named if each not in ids} == set()


def test_page_has_landmarks_and_names_its_controls() -> None:
    html = page()
    assert '<html lang="zh-CN">' in html
    for each in ("<nav", "<main", "<aside", "<header", 'role="log"', 'aria-live="polite"'):
        assert each in html
    for control in re.findall(r"<(?:input|textarea)[^>]*>", html):
        identity = re.search(r'id="([^"]+)"', control)
        is_labelled = identity is not None and f'for="{identity[1]}"' in html
        assert is_labelled or re.search(
            rf"<label[^>]*>(?:(?!</label>).)*{re.escape(control)}", html, re.S
        )


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    html = page()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)
    assert "//" not in re.sub(r"<!doctype.*?>", "", html)
    assert "云州&#34;&lt;平台&gt;" in html
    for path in [*SCRIPTS, *STYLES]:
        text = path.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(", text), path.name
        assert not re.search(r"url\(|@import", text), path.name


def test_scripts_are_short_and_import_what_exists() -> None:
    served = {"/static": SHARED}
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        assert text.count("\n") <= LONGEST_SCRIPT, path.name
        for name in re.findall(r'from "([^"]+)"', text):
            folder, _, file = name.rpartition("/")
            assert (served.get(folder, path.parent) / file).is_file(), f"{path.name}: {name}"


def test_sheets_and_scripts_of_the_page_exist() -> None:
    for address in re.findall(r'(?:href|src)="/desk/static/([^"]+)"', page()):
        assert (DESK / "static" / address).is_file()
    linked = set(re.findall(r'href="/desk/static/([^"]+\.css)"', page()))
    assert linked == {path.name for path in STYLES}


def test_colours_come_from_the_shared_tokens() -> None:
    tokens = set(re.findall(r"(--[\w-]+):", (SHARED / "base.css").read_text("utf-8")))
    tokens.add("--free-height")  # set by preferences.js
    for path in STYLES:
        text = path.read_text("utf-8")
        assert set(re.findall(r"var\((--[\w-]+)", text)) <= tokens, path.name
        assert not re.search(r"#[0-9a-f]{3,8}\b", text), path.name


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_scripts_parse() -> None:
    for path in SCRIPTS:
        checked = subprocess.run(
            ["node", "--check", "--input-type=module", "-"],
            input=path.read_bytes(),
            capture_output=True,
        )
        assert checked.returncode == 0, f"{path.name}: {checked.stderr.decode()}"


def test_page_begins_with_the_login_when_nobody_can_be_signed_in() -> None:
    assert 'data-state="login"' in page()
    assert 'data-state="starting"' in page(may_be_known=True)


def test_page_may_not_be_framed_and_runs_only_our_scripts(web_client: httpx.Client) -> None:
    answer = web_client.get("/desk")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    script = web_client.get("/desk/static/desk.js")
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]
    assert script.headers["x-content-type-options"] == "nosniff"
