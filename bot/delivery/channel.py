"""What a push channel is given and what it answers; the contract between outbox and channels.

A channel is called with everything that waits for one customer, in order, and never twice at once
for the same customer. It says for each parcel what became of it, and stops at the first one that
did not leave: what it says nothing about waits in its place.

Delivery is at least once. Where a process dies between the channel's call and the record of it,
the parcel comes again after the lease, with the same ``key``. A channel whose far side knows
idempotency keys passes it on; for one that does not, ``repeated`` says that the customer may have
it already. A channel that heard nothing after sending several parcels in one message answers with
a ``Retry`` for each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Parcel:
    """One message to be pushed.

    Attributes:
        message_id: The ledger's id; never changes, however often it is sent.
        seq: Its number in the conversation.
        author: ``bot``, ``staff`` or ``system``.
        kind: As the message's; ``text`` where staff chose to send the bare text.
        text: As the message's.
        data: As the message's; empty for the bare text.
        attempts: How often the channel has stopped at it before.
        pieces: How many parts of it, as the channel counts them, earlier attempts have brought
            to the customer; a long text goes on from there.
        repeated: What became of an earlier attempt is not known, so the customer may have it.
        staff: Name and number of the person who wrote it, if one did.
        created_at: When it was said.
    """

    message_id: str
    seq: int
    author: str
    kind: str
    text: str
    data: dict[str, Any]
    attempts: int
    pieces: int = 0
    repeated: bool = False
    staff: dict[str, str] | None = None
    created_at: datetime | None = None

    @property
    def key(self) -> str:
        """The same at every attempt, so that a repeated delivery can be told."""
        return self.message_id


@dataclass(frozen=True)
class Batch:
    """What waits for one customer, in order.

    ``conversation_id`` is that of the newest parcel. ``sent_since_contact`` counts the channel's
    own messages since the customer last wrote (for channels that allow only so many).
    """

    customer_id: int
    conversation_id: str
    # Never logged: it names a person.
    address: str = field(repr=False)
    parcels: tuple[Parcel, ...]
    last_contact_at: datetime | None
    sent_since_contact: int


@dataclass(frozen=True)
class Sent:
    """The channel took it; with ``receipt`` it may report later (``outbox.report``).

    ``pieces``: how many of the channel's messages this attempt cost; 0 if it left together with
    another parcel.
    """

    receipt: str | None = None
    pieces: int = 1


@dataclass(frozen=True)
class Retry:
    """A passing trouble: again after so many seconds, or by the usual back-off.

    ``counts``: whether it is one of the attempts after which a parcel is given up; not so where
    nobody can be reached until somebody mends the channel.
    """

    after_seconds: float | None
    reason: str
    pieces: int = 0
    counts: bool = True


# Reasons of a ``Retry`` that leave open whether the customer has it already (before a ":").
UNSURE = frozenset({"interrupted", "unreachable", "channel_timeout", "channel_error"})


@dataclass(frozen=True)
class Held:
    """Nothing can be sent until the customer writes again."""

    reason: str
    pieces: int = 0


@dataclass(frozen=True)
class Failed:
    """Trying again cannot help: a dead letter. ``reason`` is a typed word (``user_refuses``)."""

    reason: str
    pieces: int = 0


# Reason of a ``Held``: it would be allowed, but the last message is kept for what matters more.
SAVED = "saved_for_reply"


def is_notice(author: str, kind: str) -> bool:
    """Whether a message only says how things stand, and may wait for something that matters."""
    return author == "system" and kind == "event"


Outcome = Sent | Retry | Held | Failed


class Channel(Protocol):
    """A way of reaching customers that we have to call."""

    name: str

    async def deliver(self, batch: Batch) -> Sequence[Outcome]:
        """Send a batch in order, one outcome for each parcel.

        Fewer outcomes than parcels: the rest was not tried. An exception counts as a passing
        trouble of the first parcel; the traceback is logged.
        """
        ...
