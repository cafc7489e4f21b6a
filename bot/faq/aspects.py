"""What is asked about a thing: its price, how long it takes, what papers it needs …"""

from __future__ import annotations

import re

ASPECTS = {
    "cost": re.compile(
        "多少钱|费用|收费|价格|价钱|官费|贵不贵|花多少|要钱|花钱|交钱|免费|年费|付费|报价|什么价|几个钱"
        "|多少费|怎么收|便宜"
    ),
    "time": re.compile(
        "多久|多长时间|几天|几个?月|几个工作日|时间|期限|周期|多少天|快不快|下来|来得及|什么时候能|啥时候能"
        "|等多"
    ),
    "material": re.compile(
        "材料|文件|资料|准备什么|准备啥|准备哪些|带什么|带啥|交什么|交啥|交哪些|哪些东西"
    ),
    "process": re.compile(
        "流程|步骤|怎么办|咋办|怎么申请|如何申请|怎么弄|咋弄|怎么做|怎么报|咋报|如何报|怎么申报|如何申报|如何办|手续|去哪办|在哪办|在哪里办|哪里办"
        "|去哪里办|从哪开始|找谁办"
    ),
    "validity": re.compile("有效期|管几年|管多久|几年|续展|过期|到期|续期"),
    "penalty": re.compile("罚|后果|处罚|违规|违法|不办会|不做会|不检会|会怎么?样"),
    "condition": re.compile("条件|要求|资格|谁能|能不能|可以吗|标准是|门槛"),
    "duty": re.compile("要不要|必须|是不是要|是否要|用不用|需不需要|一定要|强制的?吗"),
    "benefit": re.compile("好处|有什么用|奖励|补贴|补助|优惠|奖多少|补多少"),
}

# What is said around an aspect without naming what it is an aspect of.
_NO_SUBJECT = re.compile(
    r"大概|大约|一般|通常|最快|具体|总共|一共|拿到?手?|证书?|批下来|办[好完成理]?|下来|需要|需|要|得|能|会|可以|应该|准备|提交|交"
    r"|到手|出来|才|又|还|就|都|的|了|吗|呢|啊|呀|是|有|它|这个?|那个?|什么|哪些|怎么|多少|收|花|报告|搞定|做完?|等|里|去|在|啥"
    r"|申请|流程|时候|我们?|你们|一个|一次|几"
)


def aspects_in(text: str) -> frozenset[str]:
    """The names of the aspects that a text asks about."""
    return frozenset(name for name, pattern in ASPECTS.items() if pattern.search(text))


def without_aspects(text: str) -> str:
    """A text with the words that ask about an aspect left out."""
    for pattern in ASPECTS.values():
        text = pattern.sub(" ", text)
    return text


def named_in(question: str) -> str:
    """What is left of a question without aspects and small words: its subject, if it has one."""
    return re.sub(r"\W", "", _NO_SUBJECT.sub("", without_aspects(question)))
