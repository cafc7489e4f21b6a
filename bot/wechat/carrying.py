"""A batch on its way: what each parcel is in words, and what has become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.delivery.channel import SAVED, Batch, Failed, Held, Outcome, Parcel, Retry, Sent, is_notice
from bot.wechat.choices import Choice
from bot.wechat.planner import Item, Plan, Send
from bot.wechat.wording import wording

_PICTURES = {"image/jpeg", "image/png", "image/gif"}
# Tencent's limit for a picture is documented twice, as 10 MB and as 2 MB.
_LARGEST_PICTURE = 2_000_000


def item_of(parcel: Parcel, choices: Sequence[Choice], link: str) -> Item:
    """A parcel as the planner wants it; ``link`` is where all of it can be read."""
    attachment = parcel.data.get("attachment")
    text = wording(parcel, link)
    media = ""
    if attachment:
        small = attachment["size"] <= _LARGEST_PICTURE
        if attachment["type"] in _PICTURES and small:
            media = str(attachment["id"])
        else:
            text = f"{text}\n查看：{link}" if link else text
    notice = is_notice(parcel.author, parcel.kind)
    return Item(text or "（空）", tuple(choices), media, link, parcel.pieces, notice)


@dataclass
class Progress:
    """What has come of a batch so far."""

    pieces: dict[int, int] = field(default_factory=dict)
    receipts: dict[int, str | None] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    # In the message of which nobody knows whether it arrived.
    unsure: tuple[int, ...] = ()

    def note(self, send: Send, receipt: str | None) -> None:
        """One message has been taken."""
        first = send.items[0]
        self.pieces[first] = self.pieces.get(first, 0) + send.pieces
        for index in send.ends:
            self.done.add(index)
            self.receipts[index] = receipt

    def outcomes(self, batch: Batch, stopped: Outcome | None) -> list[Outcome]:
        """One outcome for each parcel up to the one that stopped; what follows was not tried."""
        outcomes: list[Outcome] = []
        for index in range(len(batch.parcels)):
            pieces = self.pieces.get(index, 0)
            if index in self.done:
                outcomes.append(Sent(self.receipts.get(index), pieces))
                continue
            match stopped:
                case Held(reason=reason):
                    outcomes.append(Held(reason, pieces))
                    continue
                case Retry():
                    outcomes.append(replace(stopped, pieces=pieces))
                    if index + 1 in self.unsure:
                        continue
                case Failed(reason=reason):
                    outcomes.append(Failed(reason, pieces))
                case _:
                    pass
            break
        return outcomes


def what_is_left(planned: Plan) -> Outcome | None:
    """What becomes of the parcels for which there was no room."""
    if planned.held_from is None:
        return None
    return Held(SAVED if planned.is_saved else "quota_used")
