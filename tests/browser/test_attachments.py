"""Files in real browsers: a picture each way, a refusal in words, and nothing that can act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from bot.database import Database
from bot.settings import Settings
from connectors.app import create_app
from tests import factories, files
from tests.browser.chromium import DESKTOP, launched, visit
from tests.browser.office import ask, stop_the_clock
from tests.browser.test_desk import sign_in
from tests.connectors.serving import Served, served
from tests.fakes import FakeBrain, FakeClock, FakeFaq

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as opened:
        yield opened


@pytest.fixture
def web(database: Database, brain: FakeBrain, clock: FakeClock, tmp_path: Path) -> Iterator[Served]:
    settings = Settings(attachment_folder=str(tmp_path / "attachments"))
    app = create_app(settings, database, brain, FakeFaq(), clock, name=f"files-{uuid4().hex}")
    with database.writing() as session:
        factories.alice(session)
    with served(app) as running:
        yield running


@pytest.fixture
def widget(browser: Browser, web: Served) -> Iterator[Page]:
    """小林's page."""
    context, page = visit(browser, web.url)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


@pytest.fixture
def desk(browser: Browser, web: Served) -> Iterator[Page]:
    """Alice's desk, signed in."""
    context, page = visit(browser, f"{web.url}/desk", DESKTOP)
    sign_in(page)
    yield page
    context.close()
    assert page.broken == []  # type: ignore[attr-defined]


def picture(name: str = "压力表.png", width: int = 40) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": files.png(width, 30)}


def chooses(page: Page, *chosen: FilePayload) -> None:
    page.locator("[data-file-input]").set_input_files(list(chosen))


def is_drawn(page: Page, name: str) -> None:
    """The browser has the picture's bytes and made an image of them."""
    image = page.get_by_role("img", name=f"图片：{name}")
    expect(image).to_be_visible()
    page.wait_for_function(
        "name => [...document.images].some(i => i.alt === name && i.naturalWidth > 1)",
        arg=f"图片：{name}",
    )


def test_pictures_and_documents_go_both_ways(widget: Page, desk: Page) -> None:
    chooses(widget, picture())
    is_drawn(widget, "压力表.png")
    expect(widget.get_by_text("我只能看懂文字")).to_be_visible()
    widget.get_by_role("group", name="可以直接选择").get_by_role("button", name="转人工").click()
    expect(widget.get_by_role("log").get_by_text("转人工", exact=True)).to_be_visible()
    widget.locator("[data-person]").click()
    desk.locator("[data-rows] button").first.click()
    is_drawn(desk, "压力表.png")
    desk.locator("[data-acts]").get_by_role("button", name="接入").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
    pdf: FilePayload = {"name": "报价.pdf", "mimeType": "application/pdf", "buffer": files.PDF}
    chooses(desk, picture("样品.png"), pdf)
    is_drawn(desk, "样品.png")
    is_drawn(widget, "样品.png")
    with widget.expect_download() as download:
        widget.get_by_role("link", name="报价.pdf").click()
    assert download.value.suggested_filename == "报价.pdf"
    assert Path(download.value.path()).read_bytes() == files.PDF


def test_note_with_a_file_stays_at_the_desk(widget: Page, desk: Page) -> None:
    ask(widget, "在吗")
    widget.locator("[data-person]").click()
    desk.locator("[data-rows] button").first.click()
    desk.locator("[data-acts]").get_by_role("button", name="接入").click()
    expect(desk.locator("[data-talk-status]")).to_contain_text("由您接待")
    desk.get_by_label("内部备注", exact=True).first.check()
    chooses(desk, picture("内部.png"))
    is_drawn(desk, "内部.png")
    desk.get_by_label("回复客户", exact=True).first.check()
    chooses(desk, picture("外部.png"))
    is_drawn(widget, "外部.png")
    assert widget.get_by_role("img", name="图片：内部.png").count() == 0


def test_refused_file_says_why_and_can_be_put_away(widget: Page) -> None:
    html: FilePayload = {"name": "x.png", "mimeType": "image/png", "buffer": files.HTML}
    chooses(widget, html)
    failed = widget.locator(".message-failed")
    expect(failed).to_contain_text("不支持这种文件")
    failed.get_by_role("button", name="知道了").click()
    expect(failed).to_have_count(0)
    large: FilePayload = {"name": "大.pdf", "mimeType": "", "buffer": b"%PDF-" + bytes(10_000_001)}
    chooses(widget, large)
    expect(failed).to_contain_text("最大 10 MB")


def test_file_waits_for_the_network_and_is_sent_once(widget: Page, web: Served) -> None:
    ask(widget, "你好")
    expect(widget.get_by_role("log").get_by_text("听到：你好")).to_be_visible()
    stop_the_clock(widget)  # nothing is tried again by itself
    widget.route("**/attachments?*", lambda route: route.abort())
    chooses(widget, picture())
    failed = widget.locator(".message-failed")
    expect(failed).to_contain_text("网络不通")
    widget.unroute("**/attachments?*")
    failed.get_by_role("button", name="重新发送").click()
    is_drawn(widget, "压力表.png")
    expect(widget.get_by_role("img", name="图片：压力表.png")).to_have_count(1)


def test_pasted_picture_is_sent_and_pasted_words_stay_words(widget: Page) -> None:
    box = widget.get_by_label("输入您的问题")
    paste = """(box, [kind, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "截图.png", { type: "image/png" }));
        if (kind === "both") data.setData("text/plain", "表格里的字");
        const event = { clipboardData: data, bubbles: true, cancelable: true };
        return box.dispatchEvent(new ClipboardEvent("paste", event));
    }"""
    bytes_ = list(files.png(40, 30))
    assert box.evaluate(paste, ["both", bytes_]) is True  # left to the browser
    assert box.evaluate(paste, ["picture", bytes_]) is False
    is_drawn(widget, "截图.png")
    expect(widget.get_by_role("img", name="图片：截图.png")).to_have_count(1)
