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


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    # What is secret must not turn up where somebody prints or logs the settings.
    return field(default=default, metadata={"meaning": meaning}, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """All settings; a field's upper-case name is its environment variable."""

    host: str = _setting("127.0.0.1", "网页服务监听的地址")
    port: int = _setting(8000, "网页服务监听的端口")
    database_url: str = _setting(
        "sqlite:///var/platform.db", "数据库；PostgreSQL 写作 postgresql+psycopg://…"
    )
    web_processes: int = _setting(1, "网页服务的进程数；多于 1 个需要 PostgreSQL，共用同一个端口")
    platform_name: str = _setting(
        "云州市泵阀产业质量基础设施“一站式”服务平台", "平台名称，按《通用指南》4.3 命名"
    )
    demo_password: str = _setting("", "演示账号的密码；不填则随机生成并显示一次")
    working_hours: str = _setting(
        "08:30-17:30", "工作日的人工服务时间，有午休的写成 08:30-12:00,13:30-17:30"
    )
    assignment: str = _setting(
        "auto", "auto：自动分配给已置为“在线”的坐席；manual：只由坐席自己接入"
    )
    staff_capacity: int = _setting(5, "每位坐席同时自动分配的会话数，个人另有设定的除外")
    vanished_minutes: float = _setting(5.0, "坐席页面失去联系多少分钟后，其会话重新排队")
    answer_minutes: float = _setting(10.0, "接入后多少工作分钟内没有首次回复，会话重新排队")
    next_answer_minutes: float = _setting(
        30.0, "客户等下一次回复满多少工作分钟，坐席也没写备注或草稿，会话重新排队"
    )
    queue_limit: int = _setting(20, "每类服务最多同时排队的人数，满了就请客户留言")
    waiting_limit_minutes: int = _setting(
        30, "排队满这么多分钟（工作时间）仍无人接入，自动留言建单"
    )
    customer_idle_minutes: int = _setting(
        120, "坐席回复后，客户多少工作分钟没有消息，就提醒客户即将结束"
    )
    customer_closing_minutes: int = _setting(
        120, "提醒之后再过多少工作分钟仍没有消息，会话自动结束"
    )
    bot_idle_hours: int = _setting(24, "智能助手的会话多少小时没有消息，自动结束")
    turn_limit_seconds: float = _setting(4.0, "等待 Rasa 答复的最长秒数，超过即改由知识库答复")
    attachment_folder: str = _setting(
        "var/attachments", "附件存放的文件夹；多个网页进程要共用同一个"
    )
    attachment_limit_mb: int = _setting(10, "单个附件的上限（MB）")
    trusted_proxies: int = _setting(
        0, "前面有几层反向代理；填对了，限速和登录保护才按真实的来访地址算"
    )
    log_level: str = _setting("INFO", "日志级别；客户原文只在 DEBUG 出现")
    rasa_url: str = _setting("http://127.0.0.1:5005", "Rasa 服务地址（由启动程序设置）")
    actions_url: str = _setting("http://127.0.0.1:5055/webhook", "动作服务地址（由启动程序设置）")
    tracker_store_url: str = _setting("", "Rasa 对话状态的数据库（由启动程序设置）")
    public_url: str = _setting("", "企业能打开的平台网址，微信里的网页链接以它开头；不填则不发链接")
    secret_key: str = _setting(
        "",
        "网页链接签名、绑定码散列用的密钥，不少于 16 个字符；不填则由微信的 AppSecret 派生",
        secret=True,
    )
    wechat_app_id: str = _setting("", "公众号的 AppID；微信各项不填则不开通微信接入")
    wechat_app_secret: str = _setting("", "公众号的 AppSecret，用于取得接口凭据", secret=True)
    wechat_token: str = _setting(
        "", "与微信后台一致的令牌；轮换期间写两个，用逗号隔开，新的在前", secret=True
    )
    wechat_encoding_aes_key: str = _setting(
        "", "消息加解密密钥，43 位；轮换期间写两个；不填即明文模式", secret=True
    )
    wechat_api_base: str = _setting("https://api.weixin.qq.com", "微信接口的地址；演练时指向替身")
    wechat_reply_mode: str = _setting(
        "active", "active：用客服消息接口答复；passive：没有该接口的公众号，在微信的推送里直接答复"
    )
    wechat_notices: str = _setting(
        "", "工单进度与到期通知用的模板，一个 YAML 文件；不填则不在 48 小时之外发通知"
    )
    wecom_corp_id: str = _setting("", "微信客服所属企业的企业 ID；各项不填则不开通微信客服")
    wecom_kf_secret: str = _setting("", "可调用微信客服接口的自建应用的 Secret", secret=True)
    wecom_token: str = _setting(
        "", "与企业微信“接收事件服务器”一致的 Token；轮换期间写两个，新的在前", secret=True
    )
    wecom_encoding_aes_key: str = _setting(
        "", "与企业微信一致的 EncodingAESKey，43 位；轮换期间写两个", secret=True
    )
    wecom_api_base: str = _setting(
        "https://qyapi.weixin.qq.com", "企业微信接口的地址；演练时指向替身"
    )
    wechat_replay_window_seconds: int = _setting(
        300, "微信回调的时间戳与本机时间最多相差的秒数；0 不检查，供重放录制的消息"
    )


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
    if not 1 <= settings.attachment_limit_mb <= 100:
        raise SettingsError(f"ATTACHMENT_LIMIT_MB={settings.attachment_limit_mb} 不在 1–100 之间。")
    if settings.queue_limit < 1:
        raise SettingsError("QUEUE_LIMIT 至少为 1。")
    if settings.waiting_limit_minutes < 1:
        raise SettingsError("WAITING_LIMIT_MINUTES 至少为 1。")
    for name in ("customer_idle_minutes", "customer_closing_minutes", "bot_idle_hours"):
        if getattr(settings, name) < 1:
            raise SettingsError(f"{name.upper()} 至少为 1。")
    if settings.turn_limit_seconds <= 0:
        raise SettingsError("TURN_LIMIT_SECONDS 必须大于 0。")
    try:
        WorkingHours.parse(settings.working_hours)
    except ValueError as error:
        raise SettingsError(f"WORKING_HOURS {error}。") from None
    if settings.assignment not in ("auto", "manual"):
        raise SettingsError(f"ASSIGNMENT={settings.assignment} 应为 auto 或 manual。")
    if not 1 <= settings.staff_capacity <= 100:
        raise SettingsError(f"STAFF_CAPACITY={settings.staff_capacity} 不在 1–100 之间。")
    # A page in the background gives a sign of life once a minute.
    if settings.vanished_minutes < 2:
        raise SettingsError("VANISHED_MINUTES 不能少于 2 分钟。")
    for name in ("answer_minutes", "next_answer_minutes"):
        if getattr(settings, name) <= 0:
            raise SettingsError(f"{name.upper()} 必须大于 0。")
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise SettingsError("DATABASE_URL 应以 sqlite:/// 或 postgresql+psycopg:// 开头。")
    if not 1 <= settings.web_processes <= 64:
        raise SettingsError(f"WEB_PROCESSES={settings.web_processes} 不在 1–64 之间。")
    if settings.web_processes > 1 and settings.database_url.startswith("sqlite:"):
        raise SettingsError(
            f"WEB_PROCESSES={settings.web_processes} 需要 PostgreSQL：内置的 SQLite 只供一个"
            "网页进程使用。请把 DATABASE_URL 指向 PostgreSQL，或把 WEB_PROCESSES 改为 1。"
        )
    if not 0 <= settings.trusted_proxies <= 10:
        raise SettingsError(f"TRUSTED_PROXIES={settings.trusted_proxies} 不在 0–10 之间。")
    if settings.log_level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError("LOG_LEVEL 应为 DEBUG、INFO、WARNING 或 ERROR。")
    _check_wechat(settings)
    forbidden = forbidden_head(settings.platform_name)
    if forbidden:
        raise SettingsError(
            f"PLATFORM_NAME 不得冠以“{forbidden}”：《质量基础设施“一站式”服务通用指南（试行）》"
            "4.3 规定，命名不得冠以“国家”“中国”“全国”等字样。"
        )


def _check_wechat(settings: Settings) -> None:
    if settings.secret_key and len(settings.secret_key) < 16:
        raise SettingsError("SECRET_KEY 不少于 16 个字符。")
    for name, address in (
        ("PUBLIC_URL", settings.public_url),
        ("WECHAT_API_BASE", settings.wechat_api_base),
        ("WECOM_API_BASE", settings.wecom_api_base),
    ):
        if address and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", address):
            raise SettingsError(f"{name} 应是以 http:// 或 https:// 开头的网址。")
    if settings.wechat_app_id and not re.fullmatch(r"[A-Za-z0-9]{6,64}", settings.wechat_app_id):
        raise SettingsError("WECHAT_APP_ID 应为字母和数字，例如 wx 开头的 18 位。")
    if not all(re.fullmatch(r"[A-Za-z0-9]{3,32}", each) for each in listed(settings.wechat_token)):
        raise SettingsError("WECHAT_TOKEN 应为 3 到 32 位字母和数字。")
    keys = listed(settings.wechat_encoding_aes_key)
    if not all(re.fullmatch(r"[A-Za-z0-9]{43}", each) for each in keys):
        raise SettingsError("WECHAT_ENCODING_AES_KEY 应为 43 位字母和数字，与微信后台一致。")
    if len(keys) > 2 or len(listed(settings.wechat_token)) > 2:
        raise SettingsError("WECHAT_TOKEN 与 WECHAT_ENCODING_AES_KEY 最多各写两个。")
    if settings.wechat_reply_mode not in ("active", "passive"):
        raise SettingsError("WECHAT_REPLY_MODE 应为 active 或 passive。")
    _check_wecom(settings)
    if settings.wechat_replay_window_seconds < 0:
        raise SettingsError("WECHAT_REPLAY_WINDOW_SECONDS 不能小于 0。")


def _check_wecom(settings: Settings) -> None:
    if settings.wecom_corp_id and not re.fullmatch(r"[A-Za-z0-9]{6,32}", settings.wecom_corp_id):
        raise SettingsError("WECOM_CORP_ID 应为字母和数字，例如 ww 开头的 18 位。")
    tokens, keys = listed(settings.wecom_token), listed(settings.wecom_encoding_aes_key)
    if not all(re.fullmatch(r"[A-Za-z0-9]{3,32}", each) for each in tokens):
        raise SettingsError("WECOM_TOKEN 应为 3 到 32 位字母和数字。")
    if not all(re.fullmatch(r"[A-Za-z0-9]{43}", each) for each in keys):
        raise SettingsError("WECOM_ENCODING_AES_KEY 应为 43 位字母和数字，与企业微信后台一致。")
    if len(keys) > 2 or len(tokens) > 2:
        raise SettingsError("WECOM_TOKEN 与 WECOM_ENCODING_AES_KEY 最多各写两个。")


def listed(value: str) -> list[str]:
    """The values of a setting that may hold several, separated by commas."""
    return [each.strip() for each in value.split(",") if each.strip()]


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
