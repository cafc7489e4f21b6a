"""How far a message has come, as staff see it."""

from __future__ import annotations

from typing import Any

from bot.delivery.models import Outgoing

# On a channel that asks by itself there is no parcel: a message lies ready until it was fetched.
STORED = {"state": "stored", "reason": ""}
FETCHED = {"state": "delivered", "reason": ""}


def delivery_view(row: Outgoing) -> dict[str, Any]:
    """State and typed reason of a parcel."""
    return {"state": str(row.state), "reason": row.reason}
