"""Two questions in one message: “3C 认证要什么材料，大概多久能拿证”.

A message is taken apart only when it holds exactly two questions that cannot be one: they ask
about different aspects, or the same of different things, or the second is announced (另外，还有，
顺便 …). All else stays whole: an answer to half of a story is worse than a question back.

A question beside a task (“我要校准 20 把卡尺，多久能好”) is searched for by itself, too, lest the
task make us forget it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.faq.aspects import ASPECTS, aspects_in, named_in
from bot.faq.service import FaqService, Understanding
from bot.resources.wanted import SERVICES
from knowledge.entities import find
from knowledge.search import Candidate

# Two questions are short; whoever writes more tells a story.
LONGEST = 60
_LONGEST_PREAMBLE = 16

_ANNOUNCED = r"另外|还有(?!没|效)|以及|顺便|顺带|再就是|再问|还想问|同时"
# A space between Chinese characters is a comma to many.
_BREAK = re.compile(
    rf"[，,。；;？?！!\n]+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])|(?<=.)(?={_ANNOUNCED})"
    r"|[、和跟与](?=(?:大概|大约|一般|要|需要|得)*(?:多久|多长|多少|几天|什么|哪些|怎么))"
)
_OPENING = re.compile(
    rf"^(?:{_ANNOUNCED}|问一?下|问问|请问|想问一?下?|我想|麻烦|那么?|然后|再|也|又|，|,|\s)+(?!家|种|个|里)"
)
_COURTESY = re.compile(
    r"^(?:你好|您好|老师好?|在吗|谢谢|多谢|麻烦了?|急|挺急的|请问一?下?|我们?想问一?下?|问一?下|咨询一?下|啊|哈|呀|哦)*$"
)
_ASKS = re.compile(
    r"什么|怎么|怎样|咋|哪[^怕]|啥|吗$|呢$|多少|多久|多长|(?<![好零十])几[天个年月](?!前)|是否|是不是|能不能|可不可以"
    r"|有没有|要不要|用不用|谁|贵不贵"
)
# “要强检吗，还是自己校就行”: the second half is the other answer to the same question.
_ALTERNATIVE = re.compile(r"^(?:还是|或者|或|是不是|难道|对吗|对吧|可以吗|行吗|行不行|好吗)")
_LEANING_END = re.compile(
    r"(?:要|需要?|得|能|可以|应该|大概|大约|一般|的|都|会|是|有|准备|提交|交|具体|办理?|去|在|里|到底|总共|一共|，|,|\s)+$"
)
_SHORTEST_NAME = 2
# “超期会罚吗” names a circumstance of the first subject and no subject of its own.
_LONGEST_CIRCUMSTANCE = 3
_THINGS = ("instrument", "product", "standard_number")
# What we are asked to do, in a clause that asks nothing.
_TASK = re.compile(
    r"(?:帮|给|替)(?:我|我们|我厂|我司|忙)?(?:找|推荐|介绍|约|预约|登记|联系)|(?:想|要|需要|打算|准备)(?:约|预约|送检|送样|校准"
    r"|检定|检测|做检|报名|登记|委托|找[一家个])"
)
_JUST_THIS = re.compile(r"^(.{2,12}?)(?:呢|的呢)$")


@dataclass(frozen=True)
class Part:
    """One question of several, made to stand alone, and what the search finds for it."""

    text: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True)
class Understood:
    """A message as the search sees it, and its questions if it holds two, or one beside a task."""

    whole: Understanding
    parts: tuple[Part, ...] = ()


def two_questions(text: str) -> tuple[str, str] | None:
    """The two questions of a message, each with its subject; None for any other message."""
    spoken = _spoken_in(text)
    asking = [each for each in spoken if _ASKS.search(each)]
    if len(asking) != 2 or len(spoken) > 3:
        return None
    first, second = asking
    preamble = [each for each in spoken if each not in asking]
    if preamble and (spoken[0] != preamble[0] or len(preamble[0]) > _LONGEST_PREAMBLE):
        return None
    if not _are_two(first, second):
        return None
    first, second = (_OPENING.sub("", each) for each in asking)
    if preamble:
        first = f"{preamble[0]}，{first}"
    return first, _carried_over(first, second)


def question_beside_task(text: str) -> str | None:
    """The question, with its subject, of a message that asks one thing and wants another done."""
    spoken = _spoken_in(text)
    asking = [each for each in spoken if aspects_in(each) and not _TASK.search(each)]
    tasks = [each for each in spoken if _TASK.search(each) and not _ASKS.search(each)]
    if len(spoken) != 2 or len(asking) != 1 or len(tasks) != 1:
        return None
    question = _OPENING.sub("", asking[0])
    if spoken[0] in tasks and len(named_in(question)) < _SHORTEST_NAME:
        return _carried_over(tasks[0], question)
    return question


def understand(faq: FaqService, text: str, on: date) -> Understood:
    """Search for a message, and for each of its questions if there are two."""
    return Understood(faq.understand(text, on), parts_of(faq, text, on))


def parts_of(faq: FaqService, text: str, on: date) -> tuple[Part, ...]:
    """Each of a message's two questions, or the one beside a task, with what is found for it."""
    beside = question_beside_task(text)
    questions = two_questions(text) or (() if beside is None else (beside,))
    return tuple(Part(each, faq.understand(each, on).candidates) for each in questions)


def _spoken_in(text: str) -> list[str]:
    """The clauses of a short message without courtesies; none of a longer one."""
    if len(text) > LONGEST:
        return []
    clauses = [each for piece in _BREAK.split(text) if (each := piece.strip())]
    return [each for each in clauses if not _COURTESY.match(each)]


def _are_two(first: str, second: str) -> bool:
    if _ALTERNATIVE.match(second):
        return False
    one, other = aspects_in(first), aspects_in(second)
    if re.match(_ANNOUNCED, second):
        return one != other or not one or len(named_in(_OPENING.sub("", second))) >= _SHORTEST_NAME
    if one and _JUST_THIS.match(second) and not other:
        return True
    return bool(one and other) and (not one & other or _are_of_two_things(first, second))


def _are_of_two_things(first: str, second: str) -> bool:
    """“ISO9001 要多少钱，ISO14001 要多少钱”."""
    one, other = _things_in(first), _things_in(second)
    return bool(one and other) and not one & other


def _things_in(clause: str) -> set[str]:
    things = {each.value for each in find(clause) if each.type in _THINGS}
    return things or {service for service in SERVICES if service in clause}


def _carried_over(first: str, second: str) -> str:
    subject = _subject_of(first)
    if not subject:
        return second
    just_this = _JUST_THIS.match(second)
    if just_this and not aspects_in(second):
        return first.replace(subject, just_this[1], 1)
    return second if _has_a_subject(second, first) else f"{subject}{second}"


def _subject_of(question: str) -> str:
    """“3C 认证” of “3C 认证要什么材料”."""
    asking = (*ASPECTS.values(), _ASKS)
    starts = [found.start() for each in asking if (found := each.search(question))]
    head = _LEANING_END.sub("", question[: min(starts, default=0)])
    return head if len(head) >= _SHORTEST_NAME else _LEANING_END.sub("", named_in(question))


def _has_a_subject(second: str, first: str) -> bool:
    named = named_in(second)
    if len(named) > _LONGEST_CIRCUMSTANCE or any(each.type in _THINGS for each in find(second)):
        return True
    return any(service in named and service not in first for service in SERVICES)
