"""What is asked about a thing: its price, its duration, who does it.

To an encoder “高企认定要什么材料” and “高企认定要什么条件” are nearly the same sentence; an entry
that tells the conditions does not answer the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knowledge.plain import plain
from knowledge.postings import Numbers, Scores

# Some things are told in so many ways that no answer can be said not to tell them.
_ANYTHING = ""
# Asked by the customer, and told by the answer: mostly the same words, but not always.
_ASPECTS = (
    (
        "多少钱|费用|收费|价格|官费|花多少|要钱|交钱|免费|年费|付费|几块|报价|贵不贵",
        "费|元|免费|价|收取",
    ),
    (
        "多久|多长时间|几天|几个月|期限|周期|多少天|什么时候|时限|几年|多少年|有效期|过期|到期|几时",
        r"\d\s*(?:年|个月|日|天|个工作日|小时)|年起|期限|期满|时限|有效期|周期|每年|半年|之前|以前|当天|到期",
    ),
    (
        "材料|准备什么|准备啥|带什么|交什么|提交什么|哪些文件|清单",
        "材料|提交|文件|申请书|证明|凭|表",
    ),
    (
        "流程|步骤|怎么办理|如何办理|怎么申请|如何申请|手续|程序|怎么弄",
        "申请|提交|流程|步骤|先|登录|办理|再|程序",
    ),
    ("罚|后果|处罚|违规|违法|法律责任|坐牢", "罚|责令|没收|违法|后果|责任|不得|撤销|吊销"),
    ("条件|要求|资格|门槛|够不够|满足", "条件|要求|应当|须|满足|具备|不低于|可以|必须"),
    (
        "区别|不同|异同|差别|差在哪|有什么不一样|关系|哪个好|怎么选",
        "区别|不同|而|不是一回事|则|相比|选",
    ),
    ("什么是|是什么意思|是啥|啥意思|什么叫|含义|定义|指什么|是指|是什么", _ANYTHING),
    ("在哪|哪里|哪个网站|去哪|网址|哪查|哪儿", _ANYTHING),
    (
        "谁来|由谁|谁负责|哪个部门|找谁|归谁|哪些部门|谁管|谁可以|谁能",
        _ANYTHING,
    ),
    (
        "起源|由来|来源于|从哪年开始|从什么时间开始|什么时间开始|历史",
        "起源|由来|始于|自\\s*\\d{4}|年起",
    ),
    ("复审|年审|监督审核|复核|换证|续期|续展|延续", "复审|年审|监督|复核|换证|续|再认证|延续"),
    ("变更|改名|换了|更正|修改|更名", "变更|改|更正|换"),
    ("取消|撤销|注销|暂停|吊销", "取消|撤销|注销|暂停|吊销|停"),
    ("查询|怎么查|查一下|查到|真伪|真假", "查|核实|核对"),
    ("补贴|奖励|补助|优惠|政策支持", "补|奖|优惠|减|资助"),
    ("退费|退款|能退|退钱|拒付|拒绝付款", "退|拒付|付款"),
)
_ASKED = tuple(re.compile(asked) for asked, _ in _ASPECTS)
_TOLD = tuple(re.compile(told) for _, told in _ASPECTS)


def asked_in(text: str) -> NDArray[np.bool_]:
    """Say for each aspect whether a question asks for it."""
    return np.array([pattern.search(plain(text)) is not None for pattern in _ASKED], dtype=bool)


class AspectTable:
    """Which entries tell which aspects.

    Args:
        titles: What each entry is called.
        bodies: All that each entry tells.
    """

    def __init__(self, titles: Sequence[str], bodies: Sequence[str]) -> None:
        size = (len(titles), len(_ASPECTS))
        self._titled = np.array([asked_in(title) for title in titles], bool).reshape(size)
        self._told = np.array(
            [[pattern.search(plain(body)) is not None for pattern in _TOLD] for body in bodies],
            dtype=bool,
        ).reshape(size)

    def compare(self, asked: NDArray[np.bool_], entries: Numbers) -> tuple[Scores, Scores]:
        """Return two numbers for each of some entries.

        First the share of the asked aspects that its title names, second the share that it tells
        nothing about.
        """
        count = max(1, int(asked.sum()))
        titled = (self._titled[entries] & asked).sum(axis=1) / count
        untold = (~self._told[entries] & asked).sum(axis=1) / count
        return titled.astype(np.float32), untold.astype(np.float32)
