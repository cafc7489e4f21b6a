"""Which template carries what news of a case, as an administrator has written it down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from bot.errors import SettingsError
from bot.wechat.fields import Value, fitted, kind_of

logger = logging.getLogger(__name__)

_WORDS = Path(__file__).with_name("status_words.yml")
ABOUT = ("progress", "due")
# What a field may be filled with; anything else has to begin with "=" and stands as it is.
_TEXTS = ("number", "status", "need", "note")
_MOMENTS = ("at", "due")


class Way(StrEnum):
    """How a message outside the window is allowed."""

    TEMPLATE = "template"  # after something the customer did: they opened the case
    SUBSCRIPTION = "subscription"  # each one agreed to beforehand


@dataclass(frozen=True)
class Template:
    """One template at Tencent; ``fields``: what goes into which of its fields."""

    way: Way
    template_id: str
    fields: dict[str, str]

    def data(self, notice: dict[str, Any]) -> dict[str, dict[str, str]] | None:
        """The fields filled in, or None if one of them cannot hold what belongs there."""
        filled = {
            name: fitted(name, _value(source, notice)) for name, source in self.fields.items()
        }
        wrong = [name for name, value in filled.items() if value is None]
        if wrong:
            logger.error("wechat_notice_unfit template=%s fields=%s", self.template_id, wrong)
            return None
        return {name: {"value": value} for name, value in filled.items() if value is not None}


def load_templates(path: str, root: Path) -> dict[str, Template]:
    """The templates by what they are about; none, with a line in the log, without a file.

    Raises:
        SettingsError: The file is not there or not as it should be; the sentence says where.
    """
    if not path:
        logger.info("wechat_notices_off reason=WECHAT_NOTICES_is_empty")
        return {}
    try:
        written = yaml.safe_load((root / path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise SettingsError(f"WECHAT_NOTICES={path} 读不出来，应是 YAML 文件。") from None
    if not isinstance(written, dict) or not set(written) <= set(ABOUT):
        raise SettingsError(f"WECHAT_NOTICES={path} 只能有 {' 和 '.join(ABOUT)} 两项。")
    return {about: _template(path, about, said) for about, said in written.items()}


def _template(path: str, about: str, said: Any) -> Template:
    where = f"WECHAT_NOTICES={path} 的 {about}"
    fields = said.get("fields") if isinstance(said, dict) else None
    if not isinstance(fields, dict) or not fields or not said.get("template_id"):
        raise SettingsError(f"{where} 要写明 kind、template_id 和 fields。")
    if said.get("kind") not in set(Way):
        raise SettingsError(f"{where}：kind 应为 {' 或 '.join(Way)}。")
    for name, source in fields.items():
        kind = kind_of(str(name))
        if kind is None:
            raise SettingsError(f"{where}：没有 {name} 这种字段。")
        is_moment = source in _MOMENTS
        if not (is_moment or source in _TEXTS or str(source).startswith("=")):
            raise SettingsError(f"{where}：{name} 的内容 {source} 不认识；固定的文字以 = 开头。")
        if (kind in ("time", "date")) != is_moment:
            raise SettingsError(f"{where}：{name} 不能填 {source}。")
    return Template(Way(said["kind"]), str(said["template_id"]), dict(fields))


def _value(source: str, notice: dict[str, Any]) -> Value:
    if source.startswith("="):
        return source[1:]
    if source in _MOMENTS:
        return datetime.fromisoformat(str(notice[source]))
    said = str(notice.get(source) or "")
    return str(_status_words().get(said, said)) if source == "status" else said


def _status_words() -> dict[str, str]:
    return dict(yaml.safe_load(_WORDS.read_text("utf-8")))
