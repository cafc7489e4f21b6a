"""What a customer's words mean as an answer to a form: pure functions, text in, value out."""

from __future__ import annotations

import re
from datetime import date

from knowledge import times
from knowledge.numerals import number

_PHONE = re.compile(r"(?<!\d)(1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
_QUESTION = re.compile(
    r"[?？]|吗|呢$|多少|怎么|什么|哪|多久|几天|几号|能不能|可不可以|是否|如何|为什么|要不要|有没有"
)
_STOP = re.compile(
    r"不办了|不提交了|先不提|不弄了|不填了|不需要了|不要了|不用了|先不办|先不弄|算了|取消|退出|不想办"
    r"|不投诉了|不查了|不找了|不评了|停止|不搞了"
)
_YES = re.compile(
    r"^(请|那就?|就|都|嗯+|哦|好的?|行|，|,|。|\s)*"
    r"(提交|确认|确定|是的?|对的?|没错|没问题|无误|可以|好的?|行|ok|okay|正确|同意|就这样|嗯+)"
    r"(提交|了|吧|的|啊|哈|，|,|。|！|!|\s|没问题|没错|谢谢|可以)*$",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"修改|改一下|改下|不对|有误|错了|要改")
_NO = re.compile(
    r"^(不是?|不对|没有?|无|暂无|不了|不用|否|没啥|没什么)(了|的|吧|，|。|意见|建议)*$"
)
_EITHER = re.compile(
    r"都行|都可以|都好|随便|随时|无所谓|不限|看你们|你们定|不着急|不急|不确定|待定|没定|再说"
)
_ONSITE = re.compile(r"现场|上门|到厂|来厂|过来|我们厂里|本单位|下厂")
_DELIVERY = re.compile(r"送检|送样|送过去|送去|寄|快递|自己送|送到")

_NUMERAL = r"\d+|[一二两三四五六七八九十百]+"
_UNIT = (
    "把|台|块|只|个|件|支|套|批|份|张|组|根|条|架|面|瓶|桶|片|辆|部|种|款|人|项"
    "|副|双|对|米|吨|公斤|盒"
)
# “一批”“一个” open a noun more often than they count.
_QUANTITY = re.compile(
    rf"(?!一\s*[个批种项份款人])({_NUMERAL})\s*({_UNIT})(?!月|星期|小时|工作日|证)"
)
_CORRECTED_QUANTITY = re.compile(
    rf"(?:数量|共|一共|总共|改成|改为|换成|变成|应该是|是)\s*(?:改成|改为|换成|变成|应该是|是|要|：|:|，)*\s*({_NUMERAL})\s*({_UNIT})?"
)
_AMENDS = re.compile(
    r"改成|改为|改到|改在|换成|换到|变成|应该是|应为|不是.+是|写错|说错|更正|纠正|调整到|推迟到|提前到|加上|补充|单位是|单位：|公司是"
)
_COMPANY = re.compile(
    r"(?:单位|公司|企业|抬头)(?:名称)?(?:是|为|：|:|改成|改为|写|叫|填)+\s*([^，,。；;\s]{2,40})"
)
_COMPANY_NAME = re.compile(
    r"([\u4e00-\u9fff（）()A-Za-z0-9]{2,30}(?:有限公司|股份公司|集团|公司|厂|合作社|经营部|工作室|中心|研究所))"
)
_CALLED = re.compile(
    r"([\u4e00-\u9fff]{1,3}(?:工|总|经理|主任|老师|师傅|先生|女士|小姐|厂长|主管|部长|科长|老板|会计))"
)
_INTRODUCED = re.compile(
    r"(?:联系人|我叫|我是|叫我|姓名|名字|找|称呼)(?:是|叫|：|:|改成|改为|改|为|就行)*\s*([\u4e00-\u9fff]{2,4})"
)
_BARE_NAME = re.compile(r"^\s*((?:小|老|阿)?[\u4e00-\u9fff]{2,4})[\s，,、：:]*$")
_NOT_A_NAME = re.compile(
    r"电话|手机|号码|联系|单位|公司|这个|那个|不是|就是|可以|好的|没有|随便|不用|我的|谢谢|现场|送检|提交|都行"
)

_POLITE = re.compile(
    r"^(你好|您好|请|麻烦|那|我们?想?要?|帮我们?|给我们?|我司|本公司|需要|想要?|要|打算|准备|申请|预约|约一下|约|办理|办|提交一?个?|开个?|下个?|安排人(?:过?来)?|派人(?:过?来)?|安排|做一?[下次]?|，|,|\s)+"
)
# A clause about when, where, who: not what.
_APART = re.compile(
    r"^\s*(?:联系人|电话|手机|我叫|我姓|单位|公司(?:是|名|叫))|^\s*(?:最好|希望)?(?:下?个?周[一二三四五六日]|明天|后天|\d+月\d+)"
)
_SHORTEST_NEED = 2
_WHO = "联系人|联系方式|联系|电话|手机号?|号码|我叫|我是|我姓|姓名|称呼|叫我|找我|打给?|请|是|的"
_EMPTY_NEED = re.compile(
    r"^(一?个?|新的?|服务|需求|工单|单子|单|委托|业务|事|点|东西|咨询|检测|校准|检定|认证|的|吧|下|一下|了|吗|。|，|,|\s)*$"
)

_PART_OF_DAY = re.compile(r"上午|下午|早上|中午|傍晚|晚上|全天")
_VAGUE_TIME = re.compile(
    r"尽快|越快越好|马上|本周|这周|下周|月底|月初|月中|下个?月|这个?月|本月|年底|过完年|节后|节前|周末|工作日"
    r"|\d+\s*天[内后]?|[一两三]周[内后]?|以内|之前|以后"
)


def is_question(text: str) -> bool:
    """Whether the words ask something, whatever the classifier thinks."""
    return bool(_QUESTION.search(text))


def wants_to_stop(text: str) -> bool:
    """Whether the customer breaks off: ``先不办了``, ``算了``."""
    return bool(_STOP.search(text)) and len(text) <= 16 and not is_question(text)


def agrees(text: str) -> bool:
    """Whether it is a plain yes: ``提交``, ``对，没问题``."""
    return bool(_YES.match(text.strip()))


def declines(text: str) -> bool:
    """Whether it is a plain no: ``没有``, ``不用了``."""
    return bool(_NO.match(text.strip()))


def wants_change(text: str) -> bool:
    """Whether something is to be changed, without saying what."""
    return bool(_CHANGE.search(text)) or declines(text)


def is_either(text: str) -> bool:
    """Whether the customer leaves the choice to us."""
    return bool(_EITHER.search(text))


def phone_in(text: str) -> str | None:
    """The phone number in the words, digits only."""
    found = _PHONE.search(text)
    return re.sub(r"\D", "", found[1]) if found else None


def phone_tail_in(text: str) -> str | None:
    """Four digits that stand alone, as asked to prove whose case it is."""
    phone = phone_in(text)
    if phone:
        return phone[-4:]
    found = re.search(r"(?<![\d-])(\d{4})(?!\d)", text)
    return found[1] if found else None


def mode_in(text: str) -> str | None:
    """``onsite``, ``delivery`` or ``any``."""
    onsite, delivery = _ONSITE.search(text), _DELIVERY.search(text)
    if is_either(text) or (onsite and delivery):
        return "any"
    if onsite:
        return "onsite"
    return "delivery" if delivery else None


def quantity_in(text: str) -> str | None:
    """``20 把`` from “校准 20 把游标卡尺”."""
    found = _QUANTITY.search(text)
    return f"{number(found[1])} {found[2]}" if found else None


def need_in(text: str) -> str | None:
    """What is to be done, without polite words, quantity, phone, company; None if that is all."""
    rest = _PHONE.sub("", _first_clauses(text))
    rest = re.sub(rf"\s*{_QUANTITY.pattern}\s*(?:的(?!确))?", "", rest, count=1)
    rest = _COMPANY.sub("", rest)
    rest = _POLITE.sub("", rest.strip()).strip(" ，,。；;！!的吧啊呀")
    rest = re.sub(r"\s{2,}", " ", rest)
    if len(rest) < _SHORTEST_NEED or _EMPTY_NEED.match(rest) or _only_says_who(text, rest):
        return None
    return rest


def _only_says_who(text: str, rest: str) -> bool:
    # “陈工 138…” tells whom to call and nothing to be done.
    contact = contact_in(text) if phone_in(text) else None
    return contact is not None and not re.sub(rf"{re.escape(contact)}|{_WHO}|\W", "", rest)


def _first_clauses(text: str) -> str:
    # When, who and for whom are asked for apart; a need said after them is rare.
    clauses = re.split(r"[，,；;。]", text)
    kept = [clause for clause in clauses if not _APART.search(clause) and not _PHONE.search(clause)]
    return "，".join(kept) if kept else text


def company_in(text: str) -> str | None:
    """The company's name, if one is given."""
    found = _COMPANY.search(text)
    if found:
        return found[1]
    for piece in re.split(r"[，,。；;、\s]|我是|我们是|这里是", text):
        named = _COMPANY_NAME.search(piece)
        name = re.sub(r"^(?:单位|公司|企业|我司|抬头)(?:名称)?", "", named[1]) if named else ""
        if len(name) >= 4 and not is_question(text):
            return name
    return None


def contact_in(text: str) -> str | None:
    """The contact's name or form of address: ``陈工``, ``王丽``."""
    introduced = _INTRODUCED.search(text)
    if introduced and not _NOT_A_NAME.search(introduced[1]):
        called = _CALLED.match(introduced[1])
        return called[1] if called else introduced[1]
    without = _PHONE.sub(" ", text)
    for piece in re.split(r"[，,。；;、\s]+", without):
        called = re.search(_CALLED.pattern + "$", piece)
        if called and len(piece) <= 6:
            return piece[-4:] if len(piece) > 4 else piece
        bare = _BARE_NAME.match(piece)
        if bare and not _NOT_A_NAME.search(bare[1]):
            return bare[1]
    return None


def time_in(text: str, today: date) -> str | None:
    """The wished time as it will be shown: ``12 月 2 日（周三）上午``; vague words stay as said."""
    found = next(iter(times.find(text, today)), None)
    if found is not None and found.first == found.last and not found.before:
        day = found.first
        shown = f"{day.month} 月 {day.day} 日（周{'一二三四五六日'[day.weekday()]}）"
        return f"{shown} {found.at:%H:%M}" if found.at else shown + (found.part or "")
    if is_either(text):
        return "any"
    if found is not None or _VAGUE_TIME.search(text) or _PART_OF_DAY.search(text):
        return text.strip(" 。，,吧")[:30]
    return None


def corrections_in(text: str, today: date, quantity: str | None) -> dict[str, str]:
    """What the words change in a form already filled: ``数量改成 25``, ``电话改成 …``.

    Args:
        text: The customer's words.
        today: The present day, for “改到下周四”.
        quantity: The quantity known so far, whose unit a bare number keeps.
    """
    if not _AMENDS.search(text) or is_question(text):
        return {}
    changed: dict[str, str | None] = {}
    phone = phone_in(text)
    rest = _PHONE.sub("", text)
    if phone:
        changed["case_phone"] = phone
    if re.search(r"联系人|称呼|姓名|名字", text):
        changed["case_contact"] = contact_in(rest)
    if re.search(r"单位|公司|企业|抬头", text):
        changed["case_company"] = company_in(text)
    if not phone and re.search(r"时间|日期|周|星期|号|上午|下午|明天|后天|月", rest):
        changed["case_time"] = time_in(rest, today)
    if mode_in(rest) in ("onsite", "delivery") and "case_company" not in changed:
        changed["case_mode"] = mode_in(_after_change(rest))
    if not phone and not changed.get("case_time") and "case_company" not in changed:
        changed["case_quantity"] = _corrected_quantity(rest, quantity)
    return {slot: value for slot, value in changed.items() if value}


def _after_change(text: str) -> str:
    return re.split(r"改成|改为|换成|变成|应该是|应为", text)[-1]


def _corrected_quantity(text: str, known: str | None) -> str | None:
    found = _CORRECTED_QUANTITY.search(re.split(r"不是.+?(?=是)", text)[-1])
    if not found:
        return quantity_in(text)
    unit = found[2] or (known.split()[-1] if known else "")
    return f"{number(found[1])} {unit}".strip()
