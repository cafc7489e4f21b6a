"""Filling the resource records from the tables in ``knowledge/resources``."""

from __future__ import annotations

import logging
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.resources.agreement import PLACE, contradictions
from bot.resources.models import (
    Capability,
    CompulsoryProduct,
    Expert,
    Institution,
    InstrumentKind,
    SharedInstrument,
    Standard,
    Station,
)
from bot.resources.tables import (
    ADOPTIONS,
    CCC_MODES,
    CONFIDENCES,
    FORCED,
    STANDARD_STATUSES,
    Column,
    TableRefused,
    categories,
    day,
    degrees,
    joined_numbers,
    numbers,
    one_of,
    read_table,
    region,
    scope,
    standard_number,
    text,
    whole_number,
    words,
    yes_or_no,
)
from bot.settings import ROOT
from knowledge import official_numbers
from knowledge.standard_numbers import normalize, without_year

logger = logging.getLogger(__name__)

FOLDER = ROOT / "knowledge" / "resources"

_INSTITUTIONS = [
    Column("id", text(16)),
    Column("name", text(128)),
    Column("kind", text(32)),
    Column("district", text(64)),
    Column("address", text(200)),
    Column("phone", text(32)),
    Column("services", categories),
    Column("scope", scope),
    Column("qualification", text(200)),
    Column("qualification_number", text(200)),
    Column("qualification_expires", day),
    Column("turnaround_days", whole_number, required=False, empty=None),
    Column("fee_note", text(200), required=False),
    Column("demo", yes_or_no),
]
_SHARED_INSTRUMENTS = [
    Column("id", text(16)),
    Column("name", text(128)),
    Column("model", text(64), required=False),
    Column("institution_id", text(16)),
    Column("district", text(64)),
    Column("measures", words, required=False, empty=[]),
    Column("range", text(128), required=False),
    Column("accuracy", text(128), required=False),
    Column("bookable", yes_or_no),
    Column("fee_note", text(200), required=False),
    Column("demo", yes_or_no),
]
_EXPERTS = [
    Column("id", text(16)),
    Column("name", text(64)),
    Column("title", text(64)),
    Column("field", words),
    Column("services", categories),
    Column("district", text(64)),
    Column("institution_id", text(16), required=False, empty=None),
    Column("years", whole_number, required=False, empty=None),
    Column("demo", yes_or_no),
]
_STANDARDS = [
    Column("number", standard_number),
    Column("title", text(300)),
    Column("status", one_of(STANDARD_STATUSES)),
    Column("replaces", text(200), required=False),
    Column("replaced_by", text(200), required=False),
    Column("iso", text(128), required=False),
    Column("adoption", one_of(ADOPTIONS), required=False),
    Column("topic", text(64), required=False),
    Column("effective_on", day, required=False, empty=None),
    Column("confidence", one_of(CONFIDENCES)),
    Column("note", text(500), required=False),
]
_INSTRUMENT_KINDS = [
    Column("name", text(64)),
    Column("aliases", words, required=False, empty=[]),
    Column("category", text(32)),
    Column("forced", one_of(FORCED)),
    Column("forced_condition", text(300), required=False),
    Column("regulation", joined_numbers, required=False),
    Column("interval", text(128), required=False),
    Column("interval_months", whole_number, required=False, empty=None),
    Column("confidence", one_of(CONFIDENCES)),
    Column("note", text(300), required=False),
]
_COMPULSORY_PRODUCTS = [
    Column("product", text(64)),
    Column("aliases", words, required=False, empty=[]),
    Column("category", text(32)),
    Column("code", text(64), required=False),
    Column("mode", one_of(CCC_MODES)),
    Column("note", text(300), required=False),
    Column("mandatory_since", day, required=False, empty=None),
    Column("basis", text(200)),
    Column("confidence", one_of(CONFIDENCES)),
    Column("standards", numbers, required=False, empty=[]),
    Column("rule", text(64), required=False),
]
_STATIONS = [
    Column("id", text(16)),
    Column("name", text(64)),
    Column("district", region),
    Column("address", text(200)),
    Column("latitude", degrees("纬度", 3, 54)),
    Column("longitude", degrees("经度", 73, 136)),
    Column("hours", text(100)),
    Column("phone", text(32)),
    Column("services", words, required=False, empty=[]),
    Column("demo", yes_or_no),
]


def import_resources(session: Session, folder: Path = FOLDER) -> dict[str, int]:
    """Make the records equal to the tables; the same tables again change nothing.

    Returns:
        How many rows each table gave.

    Raises:
        TableRefused: A row breaks a rule. Nothing at all is imported; each fault names the
            file, the row and the rule.
    """
    faults: list[str] = []

    def read(name: str, columns: list[Column]) -> list[dict[str, Any]]:
        return read_table(folder / name, columns, faults, PLACE)

    institutions = read("institutions.csv", _INSTITUTIONS)
    shared = read("instruments_shared.csv", _SHARED_INSTRUMENTS)
    experts = read("experts.csv", _EXPERTS)
    standards = read("standards.csv", _STANDARDS)
    kinds = read("instruments.csv", _INSTRUMENT_KINDS)
    products = read("ccc.csv", _COMPULSORY_PRODUCTS)
    stations = read("stations.csv", _STATIONS)
    _check_holders(shared, institutions, faults)
    _check_holders(experts, institutions, faults)
    faults += contradictions(standards, kinds, products)
    if faults:
        raise TableRefused(faults)
    for row in chain(institutions, shared, experts, standards, kinds, products, stations):
        del row[PLACE]
    _import_institutions(session, institutions)
    _replace(session, SharedInstrument, shared)
    _replace(session, Expert, [_renamed(row, "field", "fields") for row in experts])
    _replace(session, Standard, [{**row, "stem": stem_of(row["number"])} for row in standards])
    _replace(session, InstrumentKind, kinds)
    _replace(session, CompulsoryProduct, products)
    _replace(session, Station, stations)
    session.flush()
    counts = {
        "institutions": len(institutions),
        "shared_instruments": len(shared),
        "experts": len(experts),
        "standards": len(standards),
        "instrument_kinds": len(kinds),
        "compulsory_products": len(products),
        "stations": len(stations),
    }
    logger.info("resources_imported %s", counts)
    return counts


def stem_of(number: str) -> str:
    """A standard's number without its year, in normal form; laws keep their name."""
    return official_numbers.normalize(number) or without_year(normalize(number) or number)


def _check_holders(
    rows: list[dict[str, Any]], institutions: list[dict[str, Any]], faults: list[str]
) -> None:
    known = {row["id"] for row in institutions}
    for row in rows:
        if row["institution_id"] is not None and row["institution_id"] not in known:
            faults.append(f"{row[PLACE]}：{row['id']} 没有编号为 {row['institution_id']} 的机构")


def _import_institutions(session: Session, rows: list[dict[str, Any]]) -> None:
    wanted = {row["id"] for row in rows}
    for gone in session.scalars(select(Institution).where(Institution.id.not_in(wanted))):
        session.execute(delete(SharedInstrument).where(SharedInstrument.institution_id == gone.id))
        session.execute(delete(Expert).where(Expert.institution_id == gone.id))
        session.delete(gone)
    session.execute(delete(Capability))
    session.flush()
    for row in rows:
        items = row.pop("scope")
        session.merge(Institution(**row))
        session.flush()
        session.add_all(
            Capability(institution_id=row["id"], item=item, work=work, method=method)
            for item, work, method in items
        )
    session.flush()


def _replace(session: Session, record: type[Any], rows: list[dict[str, Any]]) -> None:
    session.execute(delete(record))
    session.add_all(record(**row) for row in rows)


def _renamed(row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    return {(new if name == old else name): value for name, value in row.items()}
