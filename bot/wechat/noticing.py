"""News of a case for somebody whom no ordinary message reaches any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from bot.database import Database
from bot.delivery.channel import Batch, Failed, Held, Outcome, Parcel, Retry, Sent
from bot.wechat import consents
from bot.wechat.account import Account
from bot.wechat.api import WeChatApi
from bot.wechat.calls import WeChatAway, WeChatError
from bot.wechat.codes import Act
from bot.wechat.links import link_to_message
from bot.wechat.notices import Template, Way
from bot.wechat.standstill import Standstill
from bot.wechat.tokens import TokenUnavailable

logger = logging.getLogger(__name__)

# Concerns one kind of news: the others go on.
_WRONG_TEMPLATE = 40037


class Noticer:
    """Sends what would be held by template or subscription message, where that is allowed."""

    def __init__(
        self,
        account: Account,
        api: WeChatApi,
        database: Database,
        clock: Callable[[], datetime],
        templates: dict[str, Template],
    ) -> None:
        self._account = account
        self._api = api
        self._database = database
        self._clock = clock
        self._templates = templates
        # Of its own: such messages have other permissions and another daily quota.
        self._standstill = Standstill("wechat_alarm", clock)

    async def instead(self, batch: Batch, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """The outcomes, where parcels that would be held may have left another way."""
        return [
            await self._carry(batch, parcel, outcome) if isinstance(outcome, Held) else outcome
            for parcel, outcome in zip(batch.parcels, outcomes, strict=False)
        ]

    async def _carry(self, batch: Batch, parcel: Parcel, held: Held) -> Outcome:
        notice = parcel.data.get("notice") or {}
        template = self._templates.get(str(notice.get("about")))
        if template is None or held.pieces or parcel.pieces:
            return held
        if (standstill := self._standstill.now()) is not None:
            return standstill
        data = template.data(notice)
        if data is None:
            return Held("field_rule")
        needs_consent = template.way is Way.SUBSCRIPTION
        key = (batch.customer_id, template.template_id)
        if needs_consent and not await self._database.write(consents.spend, *key):
            return Held("no_consent")
        body = self._body(batch, parcel, template, data)
        try:
            receipt = await self._api.notify(template.way, body)
        except (WeChatAway, TokenUnavailable, WeChatError) as error:
            is_refused = isinstance(error, WeChatError) and error.code == consents.REFUSED
            if is_refused:
                await self._database.write(consents.withdraw, *key, now=self._clock())
            elif needs_consent:
                await self._database.write(consents.give_back, *key, now=self._clock())
            return self._stopped(batch, error)
        self._standstill.end()
        return Sent(receipt or consents.receipt_of(*key))

    def _body(
        self, batch: Batch, parcel: Parcel, template: Template, data: dict[str, dict[str, str]]
    ) -> dict[str, Any]:
        link = link_to_message(self._account, parcel.message_id, now=self._clock())
        body: dict[str, Any] = {
            "touser": batch.address,
            "template_id": template.template_id,
            "data": data,
        }
        if template.way is Way.SUBSCRIPTION:
            return body | ({"page": link} if link else {})
        # Within ten minutes Tencent delivers the same id once, whatever became of our process.
        return body | {"client_msg_id": parcel.key} | ({"url": link} if link else {})

    def _stopped(self, batch: Batch, error: WeChatAway | TokenUnavailable | WeChatError) -> Outcome:
        if not isinstance(error, WeChatError):
            return Retry(None, "unreachable")
        match error.rule.act:
            case Act.WAIT:
                return Retry(error.rule.seconds, error.rule.reason)
            case Act.ALARM | Act.TOMORROW | Act.RENEW if error.code != _WRONG_TEMPLATE:
                return self._standstill.begin(error)
            case Act.DROP if error.code != consents.REFUSED:
                return Failed(error.rule.reason)
            case Act.DROP:
                return Held(error.rule.reason)
            case _:
                # The template is wrong, which no customer's news should be lost for.
                logger.error("wechat_notice_refused customer=%d %s", batch.customer_id, error)
                return Held(error.rule.reason)
