"""Where a table and an entry state the same fact, they state it alike."""

from __future__ import annotations

import csv
import re

import pytest

from knowledge import entities, standard_numbers
from knowledge.entries import Entry, load_entries
from knowledge.vocabulary import RESOURCES_FOLDER

_INTERVAL = re.compile(r"周期[^，。；]{0,8}?(?:(半)|(\d+)\s?(年|个月))")
_MUST = re.compile(r"(?:必须|须|要)(?:做|经)?\s?CCC")


def table(name: str, key: str) -> dict[str, dict[str, str]]:
    with (RESOURCES_FOLDER / name).open(encoding="utf-8-sig", newline="") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


STANDARDS = table("standards.csv", "number")
INSTRUMENTS = table("instruments.csv", "name")
PRODUCTS = table("ccc.csv", "product")


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return load_entries()


def said_in(entry: Entry) -> str:
    return " ".join([entry.answer, entry.detail or "", *entry.basis])


def numbers_in(entry: Entry) -> set[str]:
    return {found.value for found in standard_numbers.find(said_in(entry))}


def named(entry: Entry, kind: str) -> set[str]:
    return {each.value for each in entities.find(entry.title) if each.type == kind}


def test_a_replaced_standard_is_cited_only_beside_its_successor(entries: list[Entry]) -> None:
    for entry in entries:
        cited = numbers_in(entry)
        for number in cited & STANDARDS.keys():
            row = STANDARDS[number]
            if row["status"] == "被代替":
                later = {found.value for found in standard_numbers.find(row["replaced_by"])}
                stems = {standard_numbers.without_year(each) for each in cited - {number}}
                assert stems & {standard_numbers.without_year(each) for each in later}, (
                    entry.id,
                    number,
                )


def test_entries_cite_the_edition_of_a_regulation_that_the_table_has(entries: list[Entry]) -> None:
    ours: dict[str, set[str]] = {}
    for row in INSTRUMENTS.values():
        for number in filter(None, row["regulation"].split(";")):
            ours.setdefault(standard_numbers.without_year(number), set()).add(number)
    for entry in entries:
        for number in numbers_in(entry):
            stem = standard_numbers.without_year(number)
            if stem in ours and number != stem:
                assert number in ours[stem], entry.id


def test_entries_and_table_give_the_same_interval(entries: list[Entry]) -> None:
    compared = 0
    for entry in entries:
        known = {INSTRUMENTS[name]["interval_months"] for name in named(entry, "instrument")}
        stated = _INTERVAL.search(entry.answer)
        if known and stated:
            half, count, unit = stated.groups()
            months = 6 if half else int(count) * (12 if unit == "年" else 1)
            assert str(months) in known, entry.id
            compared += 1
    assert compared >= 3


def test_what_left_the_ccc_catalogue_is_nowhere_called_mandatory(entries: list[Entry]) -> None:
    compared = 0
    for entry in entries:
        modes = {PRODUCTS[name]["mode"] for name in named(entry, "product") if name in PRODUCTS}
        if modes and _MUST.search(entry.answer):
            assert modes != {"不再实施"}, entry.id
            compared += 1
    assert compared >= 1
