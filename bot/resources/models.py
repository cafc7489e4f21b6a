"""Records of resources; each is filled from a table in ``knowledge/resources``."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bot.database import Base


class Institution(Base):
    """A technical service institution on the platform, with its qualification."""

    __tablename__ = "institutions"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    district: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str] = mapped_column(String(32))
    services: Mapped[list[str]] = mapped_column(JSON, default=list)
    qualification: Mapped[str] = mapped_column(String(200))
    qualification_number: Mapped[str] = mapped_column(String(200))
    qualification_expires: Mapped[date] = mapped_column(Date)
    turnaround_days: Mapped[int | None]
    fee_note: Mapped[str] = mapped_column(String(200), default="")
    demo: Mapped[bool] = mapped_column(default=False)

    capabilities: Mapped[list[Capability]] = relationship(
        back_populates="institution", cascade="all, delete-orphan", order_by="Capability.id"
    )

    def is_qualified(self, on: date) -> bool:
        """Whether its qualification is in force on that day; the last day counts."""
        return on <= self.qualification_expires


class Capability(Base):
    """One thing an institution can do: the object, the kind of work, the method."""

    __tablename__ = "capabilities"

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    item: Mapped[str] = mapped_column(String(128))
    work: Mapped[str] = mapped_column(String(64))
    method: Mapped[str] = mapped_column(String(128), default="")

    institution: Mapped[Institution] = relationship(back_populates="capabilities")


class SharedInstrument(Base):
    """An instrument that its holder lets others use."""

    __tablename__ = "shared_instruments"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    model: Mapped[str] = mapped_column(String(64), default="")
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"), index=True)
    district: Mapped[str] = mapped_column(String(64))
    measures: Mapped[list[str]] = mapped_column(JSON, default=list)
    range: Mapped[str] = mapped_column(String(128), default="")
    accuracy: Mapped[str] = mapped_column(String(128), default="")
    bookable: Mapped[bool] = mapped_column(default=True)
    fee_note: Mapped[str] = mapped_column(String(200), default="")
    demo: Mapped[bool] = mapped_column(default=False)

    institution: Mapped[Institution] = relationship()


class Expert(Base):
    """An expert who answers on the platform."""

    __tablename__ = "experts"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(64))
    fields: Mapped[list[str]] = mapped_column(JSON, default=list)
    services: Mapped[list[str]] = mapped_column(JSON, default=list)
    district: Mapped[str] = mapped_column(String(64))
    institution_id: Mapped[str | None] = mapped_column(ForeignKey("institutions.id"), index=True)
    years: Mapped[int | None]
    demo: Mapped[bool] = mapped_column(default=False)

    institution: Mapped[Institution | None] = relationship()


class Standard(Base):
    """One edition of a standard, regulation or rule."""

    __tablename__ = "standards"
    __table_args__ = (Index("ix_standards_stem", "stem"),)

    number: Mapped[str] = mapped_column(String(64), primary_key=True)
    # The number without its year: what a customer usually types.
    stem: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    status: Mapped[str] = mapped_column(String(16))
    replaces: Mapped[str] = mapped_column(String(200), default="")
    replaced_by: Mapped[str] = mapped_column(String(200), default="")
    iso: Mapped[str] = mapped_column(String(128), default="")
    adoption: Mapped[str] = mapped_column(String(16), default="")
    topic: Mapped[str] = mapped_column(String(64), default="")
    effective_on: Mapped[date | None] = mapped_column(Date)
    confidence: Mapped[str] = mapped_column(String(16), default="")
    note: Mapped[str] = mapped_column(Text, default="")


class InstrumentKind(Base):
    """A line of the instrument dictionary: must it be verified, by which rule, how often."""

    __tablename__ = "instrument_kinds"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    category: Mapped[str] = mapped_column(String(32))
    forced: Mapped[str] = mapped_column(String(16))
    forced_condition: Mapped[str] = mapped_column(String(300), default="")
    regulation: Mapped[str] = mapped_column(String(128), default="")
    interval: Mapped[str] = mapped_column(String(128), default="")
    interval_months: Mapped[int | None]
    confidence: Mapped[str] = mapped_column(String(16), default="")
    note: Mapped[str] = mapped_column(Text, default="", server_default="")


class CompulsoryProduct(Base):
    """A product of the CCC catalogue, or one that left it."""

    __tablename__ = "compulsory_products"

    product: Mapped[str] = mapped_column(String(64), primary_key=True)
    aliases: Mapped[list[str]] = mapped_column(JSON, default=list)
    category: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(64), default="")
    mode: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(300), default="")
    mandatory_since: Mapped[date | None] = mapped_column(Date)
    basis: Mapped[str] = mapped_column(String(200), default="")
    confidence: Mapped[str] = mapped_column(String(16), default="")
    # The main ones only: a product has particular standards besides.
    standards: Mapped[list[str]] = mapped_column(JSON, default=list)
    rule: Mapped[str] = mapped_column(String(64), default="")


class Station(Base):
    """A place where customers find the platform in person; positions as maps in China have them."""

    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    district: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(200))
    latitude: Mapped[float]
    longitude: Mapped[float]
    hours: Mapped[str] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(32))
    services: Mapped[list[str]] = mapped_column(JSON, default=list)
    demo: Mapped[bool] = mapped_column(default=False)
