"""Names from strangers come out plain, short and honest about what the file is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments.names import clean_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("现场照片.png", "现场照片.png"),
        ("报告 2026-11.PNG", "报告 2026-11.PNG"),
        ("../../etc/passwd", "passwd.png"),
        ("..\\..\\boot.ini", "boot.ini.png"),
        ("C:\\照片\\表.png", "表.png"),
        ("evil.html", "evil.html.png"),
        ("photo\u202egnp.exe", "photognp.exe.png"),
        ("a\x00b\r\nSet-Cookie: x.png", "ab Set-Cookie_ x.png"),
        ("\u200b\u2066name\u2069.png", "name.png"),
        ("  . .png", "png.png"),
        ("", "附件.png"),
        ("...", "附件.png"),
        (".png", "png.png"),
        ("con.png", "_con.png"),
        ("LPT1", "_LPT1.png"),
        ("aux.txt.png", "_aux.txt.png"),
        ("console.png", "console.png"),
        ('a<b>:"c"|d?*.png', "a_b___c__d__.png"),
        ("e\u0301.png", "é.png"),
        ("名" * 200 + ".png", "名" * 65 + ".png"),
    ],
)
def test_name_is_cleaned(sent: str, kept: str) -> None:
    assert clean_name(sent, (".png",)) == kept


def test_extension_that_fits_is_kept_as_it_was_written() -> None:
    assert clean_name("IMG_1.JPEG", (".jpg", ".jpeg")) == "IMG_1.JPEG"


@given(st.text(max_size=400))
def test_every_name_is_safe_to_show_and_to_save(sent: str) -> None:
    name = clean_name(sent, (".pdf",))
    assert 0 < len(name.encode()) <= 200
    assert name.lower().endswith(".pdf")
    assert not set(name) & set('/\\:<>"|?*')
    assert not name.startswith((".", " "))
    assert all(unicodedata.category(each) not in {"Cc", "Cf", "Cs"} for each in name)
    assert clean_name(name, (".pdf",)) == name
