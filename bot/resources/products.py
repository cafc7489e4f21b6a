"""Products of the CCC catalogue: must it be certified, in which way, by which standards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from bot.resources.models import CompulsoryProduct, Standard
from bot.resources.standards import in_force
from knowledge import entities

CERTIFIED, DECLARED, RELEASED = "第三方认证", "自我声明", "不再实施"

# What may follow a product's name if the thing itself is meant. Any other noun makes another
# thing of it (冰箱压缩机, 汽车脚垫), and for that the catalogue must not be quoted.
_ENDS = re.compile(
    r"\s*(?:类?产品|类)?\s*(?:$|[\s，。？！、；：,.?!;:（()/“”]|的?\s?(?:3[Cc]|[Cc]{3}|三[Cc]|强制|认证|目录|话)"
    r"|和|与|及|或|还|这|要|需|用不用|是|算|做|办|有没有|不|在|属|走|得|必须|该|能|可以|现在|目前|出口|出厂"
    r"|销售|卖|上市|上架|进口|也|都|应|到底|究竟|怎|如何|适用|吗|呢|为什么|申请|申报|归|列入|纳入)"
)


@dataclass(frozen=True)
class ProductRequirement:
    """What the catalogue asks of a product on a day.

    ``standards`` are those in force on that day, ``coming`` those that will be;
    ``is_mandatory`` is False before the first day of a product that was added.
    """

    product: CompulsoryProduct
    standards: list[Standard]
    coming: list[Standard]
    is_mandatory: bool


def product_requirement(session: Session, text: str, on: date) -> ProductRequirement | None:
    """Find what the catalogue says about the product a text names.

    None means that the table does not know the product, never that it needs no certificate.
    """
    product = listed_product(session, text)
    if product is None:
        return None
    named = [session.get(Standard, number) for number in product.standards]
    known = [each for each in named if each is not None]
    since = product.mandatory_since
    return ProductRequirement(
        product,
        standards=[each for each in known if in_force(session, each, on) == "现行"],
        coming=[each for each in known if in_force(session, each, on) == "即将实施"],
        is_mandatory=product.mode != RELEASED and (since is None or since <= on),
    )


def listed_product(session: Session, text: str) -> CompulsoryProduct | None:
    """The listed product a text asks about; “手机壳” asks about a case and not about a phone."""
    for entity in entities.find(text):
        if entity.type == "product" and _ENDS.match(text, entity.end):
            found = session.get(CompulsoryProduct, entity.value)
            if found is not None:
                return found
    return None
