"""Telling whether a product needs CCC, in which way and by which standards."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.cards import card, command, label
from actions.context import Context
from bot.resources.products import (
    DECLARED,
    RELEASED,
    ProductRequirement,
    product_requirement,
)
from bot.staff.hours import spoken_date

# Asked this way the catalogue is meant, and not how to go about a certificate.
_WHETHER = r"要不要|需不需要|用不用|是不是|是否|必须|需要|得|要|属于|在不在|在|算|有没有|走|用"
_ABOUT_CATALOGUE = re.compile(
    rf"(?:{_WHETHER})[^，。？?]{{0,8}}?(?:3[CcＣ]|[Cc]{{3}}|三[Cc]|强制性?认证|强制性?产品认证|自我声明|目录)"
    r"|(?:3[Cc]|[Cc]{3}|三[Cc]|强制性?认证|自我声明)[^，。？?]{0,6}(?:吗|要不要|需要吗|目录|还是)"
)

# How, how long and for how much is told by entries.
_HOW = re.compile(
    "怎么[办做申弄走查收]|如何|流程|步骤|多少钱|费用|收费|多久|多长时间|几天|材料|资料|哪里|在哪|谁"
)


def asks_about_catalogue(text: str) -> bool:
    """Whether it is asked if a product needs CCC, or by which way."""
    return bool(_ABOUT_CATALOGUE.search(text)) and not _HOW.search(text)


async def tell_product(dispatcher: CollectingDispatcher, here: Context, text: str) -> bool:
    """Tell what the CCC catalogue says about the product a text names; False if nothing."""
    found = await here.database.read(product_requirement, text, here.today)
    if found is None:
        return False
    product = found.product
    since = product.mandatory_since
    dispatcher.utter_message(
        response=_response(found),
        product=product.product,
        since=label("product_since", day=spoken_date(since)) if since else "",
        rule=product.rule,
        standards=_standards(found),
        caution="" if product.confidence == "verified" else label("product_caution"),
        json_message={"card": product_card(found), "handled": "answer"},
    )
    return True


def _response(found: ProductRequirement) -> str:
    if found.product.mode == RELEASED:
        return "utter_product_released"
    if not found.is_mandatory:
        return "utter_product_coming"
    return "utter_product_declared" if found.product.mode == DECLARED else "utter_product_certified"


def _standards(found: ProductRequirement) -> str:
    now = "、".join(each.number for each in found.standards)
    text = label("product_standards", standards=now) if now else ""
    for each in found.coming:
        if each.effective_on:
            day = spoken_date(each.effective_on)
            text += label("product_standard_coming", standard=each.number, day=day)
    return text


def product_card(found: ProductRequirement) -> dict[str, Any]:
    """What the catalogue says, fact by fact."""
    product = found.product
    values = {
        "product": product.product,
        "mode": product.mode,
        "category": product.category,
        "code": product.code.replace(";", "、"),
        "since": spoken_date(product.mandatory_since) if product.mandatory_since else "",
        "standards": "、".join(each.number for each in (*found.standards, *found.coming)),
        "rule": product.rule,
        "note": product.note,
        "basis": product.basis,
    }
    payload = command("find_institution", product=product.product)
    # Clients know five types of card; what a product must meet is nearest to a standard.
    return card(
        "product",
        values,
        shown_as="standard",
        payload=None if product.mode == RELEASED else payload,
    )
