"""Settings: the environment and ``.env``, read once into one frozen object."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from bot.errors import SettingsError
from bot.staff.hours import WorkingHours

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"

_NAME_SUFFIX = "质量基础设施一站式服务平台"
# 《通用指南》4.3 forbids a name headed by these words; the longest spelling stands first.
_FORBIDDEN_HEADS = ("中华人民共和国", "国家", "中国", "全国")


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """All settings; a field's upper-case name is its environment variable."""

    host: str = _setting("127.0.0.1", "网页服务监听的地址")
    port: int = _setting(8000, "网页服务监听的端口")
    database_url: str = _setting(
        "sqlite:///var/platform.db", "数据库；PostgreSQL 写作 postgresql+psycopg://…"
    )
    platform_name: str = _setting(
        "云州市泵阀产业质量基础设施“一站式”服务平台", "平台名称，按《通用指南》4.3 命名"
    )
    demo_password: str = _setting("", "演示账号的密码；不填则随机生成并显示一次")
    working_hours: str = _setting(
        "08:30-17:30", "工作日的人工服务时间，有午休的写成 08:30-12:00,13:30-17:30"
    )
    turn_limit_seconds: float = _setting(4.0, "等待 Rasa 答复的最长秒数，超过即改由知识库答复")
    log_level: str = _setting("INFO", "日志级别；客户原文只在 DEBUG 出现")
    rasa_url: str = _setting("http://127.0.0.1:5005", "Rasa 服务地址（由启动程序设置）")
    actions_url: str = _setting("http://127.0.0.1:5055/webhook", "动作服务地址（由启动程序设置）")
    tracker_store_url: str = _setting("", "Rasa 对话状态的数据库（由启动程序设置）")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: What to read instead of ``.env`` and the process environment.

    Raises:
        SettingsError: A value is unusable; the sentence names it and the rule.
    """
    if environment is None:
        written = {key: value or "" for key, value in dotenv_values(ROOT / ".env").items()}
        environment = {**written, **os.environ}
    values: dict[str, object] = {}
    for each in fields(Settings):
        text = environment.get(each.name.upper(), "").strip()
        if text:
            values[each.name] = _convert(each.name.upper(), text, type(each.default))
    settings = Settings(**values)  # type: ignore[arg-type]
    _check(settings)
    return replace(settings, database_url=_anchored(settings.database_url))


def _convert(name: str, text: str, kind: type) -> object:
    try:
        return kind(text)
    except ValueError:
        raise SettingsError(f"{name}={text} 不是有效的数字。") from None


def _anchored(url: str) -> str:
    prefix, path = "sqlite:///", url.removeprefix("sqlite:///")
    if not url.startswith(prefix) or Path(path).is_absolute():
        return url
    return f"{prefix}{ROOT / path}"


def _check(settings: Settings) -> None:
    if not 1 <= settings.port <= 65535:
        raise SettingsError(f"PORT={settings.port} 不在 1–65535 之间。")
    if settings.turn_limit_seconds <= 0:
        raise SettingsError("TURN_LIMIT_SECONDS 必须大于 0。")
    try:
        WorkingHours.parse(settings.working_hours)
    except ValueError as error:
        raise SettingsError(f"WORKING_HOURS {error}。") from None
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL 应以 sqlite:/// 或 postgresql+psycopg:// 开头。")
    if settings.log_level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError("LOG_LEVEL 应为 DEBUG、INFO、WARNING 或 ERROR。")
    forbidden = forbidden_head(settings.platform_name)
    if forbidden:
        raise SettingsError(
            f"PLATFORM_NAME 不得冠以“{forbidden}”：《质量基础设施“一站式”服务通用指南（试行）》"
            "4.3 规定，命名不得冠以“国家”“中国”“全国”等字样。"
        )


def forbidden_head(name: str) -> str | None:
    """The word at the head of a platform name that guideline 4.3 prohibits, if any."""
    plain = _plain(name)
    return next((head for head in _FORBIDDEN_HEADS if plain.startswith(head)), None)


def departs_from_form(name: str) -> bool:
    """Whether a name lacks the recommended form region + industry + suffix (guideline 4.3)."""
    plain = _plain(name)
    region = re.match(r".{1,12}?(省|自治区|自治州|市|州|盟|地区|县|旗|区)(?=.)", plain)
    if region is None or not plain.endswith(_NAME_SUFFIX):
        return True
    return plain[region.end() :] == _NAME_SUFFIX


def _plain(name: str) -> str:
    return re.sub(r"[\s“”\"'‘’「」]", "", name)
