"""Files over HTTP, both ways: what is taken, what is refused; nothing given out can act."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
import pytest

from bot.conversations.ledger import Opened
from bot.database import Database
from tests import files
from tests.connectors.desk.calls import path
from tests.connectors.serving import Served
from tests.connectors.visitor import Xiaolin, messages_stored, refused
from tests.fakes import FakeClock

MEGABYTE = 1_000_000


def sends(
    client: httpx.Client, address: str, content: bytes, name: str = "表.png", **more: str
) -> httpx.Response:
    query = {"client_id": str(uuid4()), "name": name, **more}
    return client.post(f"{address}/attachments", params=query, content=content)


def attached(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 202, response.text
    return dict(response.json()["message"]["data"]["attachment"])


def folder(web: Served) -> list[str]:
    place: Path = web.app.ctx.attachments.folder
    return sorted(each.name for each in place.rglob("*") if each.is_file())


def test_customer_sends_a_picture_and_both_sides_get_its_bytes(
    xiaolin: Xiaolin, alice: httpx.Client, web: Served
) -> None:
    answer = sends(xiaolin.client, xiaolin.path, files.png(7, 5))
    file = attached(answer)
    assert answer.json()["message"]["kind"] == "file"
    assert file == {
        "id": file["id"],
        "name": "表.png",
        "type": "image/png",
        "size": len(files.png(7, 5)),
        "url": f"/api/attachments/{file['id']}",
        "width": 7,
        "height": 5,
    }
    told = [each["message"] for each in xiaolin.changes()["changes"] if each["type"] == "message"]
    assert [(each["author"], each["kind"]) for each in told] == [
        ("customer", "file"),
        ("system", "buttons"),
    ]
    for client in (xiaolin.client, alice):
        given = client.get(file["url"])
        assert given.content == files.png(7, 5)
        assert given.headers["content-type"] == "image/png"
        assert given.headers["content-disposition"].startswith("inline;")
    assert folder(web) == [file["id"]]


def test_what_is_given_out_cannot_act(xiaolin: Xiaolin) -> None:
    polyglot = files.GIF[:-1] + files.HTML + b";"
    for content, name, way in (
        (files.png(), "x.html", "inline"),
        (polyglot, "x.gif", "inline"),
        (files.PDF, "x.pdf", "attachment"),
        (files.docx(), "x.docx", "attachment"),
    ):
        file = attached(sends(xiaolin.client, xiaolin.path, content, name))
        headers = xiaolin.client.get(file["url"]).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"].startswith("private")
        assert headers["content-disposition"].startswith(f"{way};")
        shown = headers["content-type"]
        assert shown == (file["type"] if way == "inline" else "application/octet-stream")


def test_picture_whose_bytes_were_changed_on_the_disk_is_only_downloaded(
    xiaolin: Xiaolin, web: Served
) -> None:
    file = attached(sends(xiaolin.client, xiaolin.path, files.png()))
    place = web.app.ctx.attachments.path(file["id"])
    place.write_bytes(files.HTML.ljust(file["size"], b" ")[: file["size"]])
    headers = xiaolin.client.get(file["url"]).headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment;")
    place.unlink()
    refused(xiaolin.client.get(file["url"]), 404, "attachment_not_found")


def test_name_comes_back_clean_and_whole(xiaolin: Xiaolin) -> None:
    for sent, kept in (
        ("../../现场 “照片”.png", "现场 “照片”.png"),
        ("a\r\nSet-Cookie: x=1.png", "a Set-Cookie_ x=1.png"),
        ("照片\u202egnp.exe", "照片gnp.exe.png"),
    ):
        file = attached(sends(xiaolin.client, xiaolin.path, files.png(), sent))
        assert file["name"] == kept
        told = xiaolin.client.get(file["url"]).headers["content-disposition"]
        assert told.endswith(f"filename*=UTF-8''{quote(kept, safe='')}")


def test_hostile_and_useless_files_are_refused_and_leave_nothing(
    xiaolin: Xiaolin, web: Served, database: Database
) -> None:
    for content, name in (
        (files.HTML, "x.png"),
        (files.SVG, "x.svg"),
        (files.PROGRAM, "报告.pdf"),
        (files.package("a.exe"), "x.zip"),
        (files.docx("word/vbaProject.bin"), "x.docx"),
        (files.OLD_OFFICE, "x.doc"),
        (files.png_head(60_000, 60_000), "x.png"),
    ):
        refused(sends(xiaolin.client, xiaolin.path, content, name), 422, "file_refused")
    refused(sends(xiaolin.client, xiaolin.path, b""), 422, "bad_input")
    refused(sends(xiaolin.client, xiaolin.path, files.png(), client_id=""), 422, "bad_input")
    refused(sends(xiaolin.client, xiaolin.path, files.png(), client_id="a b"), 422, "bad_input")
    refused(sends(xiaolin.client, xiaolin.path, files.png(), "n" * 1001), 422, "bad_input")
    assert messages_stored(database) == 0
    assert folder(web) == []


def test_too_large_is_refused_announced_or_not_and_leaves_nothing(
    xiaolin: Xiaolin, web: Served, database: Database
) -> None:
    whole = files.png() + bytes(MEGABYTE)
    refused(sends(xiaolin.client, xiaolin.path, whole), 413, "too_large")
    query = {"client_id": str(uuid4()), "name": "x.png"}
    pieces = (whole[at : at + 50_000] for at in range(0, len(whole), 50_000))
    unannounced = xiaolin.client.post(f"{xiaolin.path}/attachments", params=query, content=pieces)
    refused(unannounced, 413, "too_large")
    assert messages_stored(database) == 0
    assert folder(web) == []
    largest = files.png() + bytes(MEGABYTE - len(files.png()))
    assert attached(sends(xiaolin.client, xiaolin.path, largest))["size"] == MEGABYTE


def test_other_routes_still_take_no_large_body(xiaolin: Xiaolin) -> None:
    refused(xiaolin.sends(text="x" * 300_000), 413, "too_large")


def test_cut_connection_leaves_nothing(xiaolin: Xiaolin, web: Served, database: Database) -> None:
    address = urlsplit(web.url)
    head = (
        f"POST {xiaolin.path}/attachments?client_id=cut&name=x.png HTTP/1.1\r\n"
        f"Host: {address.netloc}\r\nContent-Length: 200000\r\n"
        f"Authorization: {xiaolin.client.headers['Authorization']}\r\n\r\n"
    )
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + files.png() + bytes(100_000))
        _until(lambda: len(folder(web)) == 1)
    _until(lambda: folder(web) == [])
    assert messages_stored(database) == 0


def test_same_upload_again_is_the_same_message(xiaolin: Xiaolin, web: Served) -> None:
    answers = [
        sends(xiaolin.client, xiaolin.path, files.png(), client_id="again") for _ in range(3)
    ]
    assert len({answer.json()["message"]["id"] for answer in answers}) == 1
    assert folder(web) == [attached(answers[0])["id"]]


def test_only_the_customer_and_the_desk_get_a_file(
    xiaolin: Xiaolin,
    alice: httpx.Client,
    coordinator: httpx.Client,
    mallory: httpx.Client,
    web: Served,
) -> None:
    url = attached(sends(xiaolin.client, xiaolin.path, files.PDF, "报告.pdf"))["url"]
    link = f"{xiaolin.path}/attachments/{url.rpartition('/')[2]}/link"
    with web.client() as other:
        opened = other.post("/api/widget/conversations", json={}).json()
        other.headers["Authorization"] = f"Bearer {opened['token']}"
        refused(other.get(url), 404, "attachment_not_found")
        refused(other.get(link), 404, "conversation_not_found")
        own = link.replace(xiaolin.id, opened["conversation_id"])
        refused(other.get(own), 404, "attachment_not_found")
        refused(sends(other, xiaolin.path, files.PDF), 404, "conversation_not_found")
        other.headers["Authorization"] = "Bearer nobody"
        refused(other.get(url), 401)
        refused(other.get(link), 401)
        refused(sends(other, xiaolin.path, files.PDF), 401)
    refused(mallory.get(url), 401)
    refused(mallory.get(link), 401)
    refused(sends(mallory, xiaolin.path, files.PDF), 401)
    refused(coordinator.get(url), 403)
    refused(alice.get("/api/attachments/" + "0" * 32), 404)
    refused(alice.get("/api/attachments/..%2f..%2fetc%2fpasswd"), 404)
    assert alice.get(url).content == xiaolin.client.get(url).content == files.PDF


def test_link_opens_without_any_other_proof_until_its_time_is_over(
    xiaolin: Xiaolin, mallory: httpx.Client, clock: FakeClock
) -> None:
    url = attached(sends(xiaolin.client, xiaolin.path, files.png()))["url"]
    address = f"{xiaolin.path}/attachments/{url.rpartition('/')[2]}/link"
    link = xiaolin.client.get(address).json()["url"]
    assert mallory.get(link).content == files.png()
    refused(mallory.get(link + "0"), 404, "attachment_not_found")
    refused(mallory.get(link.replace("until=1", "until=2")), 404, "attachment_not_found")
    clock.advance(minutes=11)
    refused(mallory.get(link), 404, "attachment_not_found")


def test_staff_send_to_the_customer_and_notes_stay_inside(
    alice: httpx.Client, bob: httpx.Client, waiting: Opened, web: Served
) -> None:
    refused(sends(alice, path(waiting), files.PDF), 409, "not_yours")
    alice.post(path(waiting, "accept"))
    reply = attached(sends(alice, path(waiting), files.PDF, "报价.pdf"))
    note = attached(sends(bob, path(waiting), files.png(), "内部.png", private="true"))
    refused(sends(bob, path(waiting), files.PDF), 409, "not_yours")
    bob.headers["X-CSRF-Token"] = "wrong"
    refused(sends(bob, path(waiting), files.PDF), 403, "csrf_missing")
    unknown = "/api/desk/conversations/" + "0" * 32
    refused(sends(alice, unknown, files.PDF), 404, "conversation_not_found")
    assert folder(web) == sorted([reply["id"], note["id"]])
    widget = f"/api/widget/conversations/{waiting.conversation.id}"
    with web.client() as customer:
        customer.headers["Authorization"] = f"Bearer {waiting.token}"
        assert customer.get(reply["url"]).content == files.PDF
        refused(customer.get(note["url"]), 404, "attachment_not_found")
        refused(customer.get(f"{widget}/attachments/{note['id']}/link"), 404)
        seen = customer.get(f"{widget}/changes").text
        assert reply["id"] in seen
        assert note["id"] not in seen


def _until(is_so: Any) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail("it did not come about")
        time.sleep(0.01)
