"""Personal data out of texts that are shown outside their own conversation."""

from __future__ import annotations

import re

from bot.desk.people import CREDIT_CODE
from knowledge.entities import find

# Numbers first, in any writing; the names of companies and people after them.
_NUMBERS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "［邮箱］"),
    (re.compile(r"(?<![0-9A-Z])\d{17}[\dXx](?![0-9A-Za-z])"), "［证件号］"),
    (CREDIT_CODE, "［信用代码］"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "［电话］"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?:-\d{1,5})?(?!\d)"), "［电话］"),
    (re.compile(r"(?<!\d)\d{16,19}(?!\d)"), "［账号］"),
    (re.compile(r"\bY[A-Z]-\d{8}-\d{3,6}\b"), "［工单号］"),
    (re.compile(r"(?:微信|QQ|qq|wx)(?:号|：|:|\s)*[A-Za-z0-9_-]{5,20}"), "［联系方式］"),
)  # fmt: skip
_PERSONAL = {"company": "［单位］", "phone": "［电话］", "credit_code": "［信用代码］"}
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏苏潘葛范彭郎鲁韦马苗方俞任袁柳"
    "鲍史唐费薛雷贺倪汤滕罗毕郝邬安常于傅卞齐康伍余元顾孟黄穆萧尹姚邵汪祁毛狄贝明成戴宋庞熊纪舒屈项祝董梁杜"
    "阮蓝闵季贾路娄江童颜郭梅盛林钟徐邱骆高夏蔡田胡凌霍万柯卢莫房丁邓洪石崔龚程邢裴陆翁段侯武刘叶白"
)
_TITLES = "先生|女士|小姐|总|经理|主任|科长|处长|厂长|老师|工(?![作程商厂业具艺人时序况地单期艺])"
_CALLED = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?(?:{_TITLES})")
_NAMED = re.compile(
    rf"(我是|我叫|姓名|联系人)([：:是叫\s]*)[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?![\u4e00-\u9fff])"
)


def masked(text: str) -> str:
    """A text without numbers, companies and names that would say who is spoken of.

    Names are found by their surname and title, so a bare name in mid-sentence may stay; what is
    shown with it says nothing of where it comes from.
    """
    for pattern, instead in _NUMBERS:
        text = pattern.sub(instead, text)
    for entity in reversed(find(text)):
        if entity.type in _PERSONAL:
            text = f"{text[: entity.start]}{_PERSONAL[entity.type]}{text[entity.end :]}"
    return _NAMED.sub(r"\1\2［姓名］", _CALLED.sub("［姓名］", text))
