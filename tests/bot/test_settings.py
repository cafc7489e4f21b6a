"""Settings: read once, refused in one sentence."""

from __future__ import annotations

import pytest

from bot.errors import SettingsError
from bot.settings import ROOT, Settings, departs_from_form, forbidden_head, load


def test_nothing_set_gives_the_defaults() -> None:
    assert load({}).port == Settings().port
    assert load({"PORT": " "}).port == Settings().port


def test_relative_database_lies_in_the_project_wherever_it_is_started() -> None:
    assert load({}).database_url == f"sqlite:///{ROOT}/var/platform.db"
    assert load({"DATABASE_URL": "sqlite:////somewhere/a.db"}).database_url.endswith(
        "//somewhere/a.db"
    )


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PORT", "eighty", "PORT=eighty"),
        ("PORT", "70000", "PORT=70000"),
        ("TURN_LIMIT_SECONDS", "0", "TURN_LIMIT_SECONDS"),
        ("NEXT_ANSWER_MINUTES", "0", "NEXT_ANSWER_MINUTES"),
        ("CUSTOMER_IDLE_MINUTES", "0", "CUSTOMER_IDLE_MINUTES"),
        ("CUSTOMER_CLOSING_MINUTES", "-5", "CUSTOMER_CLOSING_MINUTES"),
        ("BOT_IDLE_HOURS", "1.5", "BOT_IDLE_HOURS=1.5"),
        ("WORKING_HOURS", "8-17", "WORKING_HOURS"),
        ("WORKING_HOURS", "17:30-08:30", "WORKING_HOURS"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL"),
        ("WEB_PROCESSES", "0", "WEB_PROCESSES=0"),
        ("WEB_PROCESSES", "2", "只供一个网页进程"),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES=-1"),
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("PUBLIC_URL", "platform.example", "PUBLIC_URL"),
        ("WECHAT_API_BASE", "ftp://x", "WECHAT_API_BASE"),
        ("WECHAT_APP_ID", "公众号", "WECHAT_APP_ID"),
        ("WECHAT_TOKEN", "ab", "WECHAT_TOKEN"),
        ("WECHAT_TOKEN", "abc,def,ghi", "最多各写两个"),
        ("WECHAT_ENCODING_AES_KEY", "x" * 42, "43 位"),
        ("WECHAT_REPLY_MODE", "both", "WECHAT_REPLY_MODE"),
        ("WECOM_API_BASE", "qyapi.weixin.qq.com", "WECOM_API_BASE"),
        ("WECOM_CORP_ID", "企业", "WECOM_CORP_ID"),
        ("WECOM_TOKEN", "a b c", "WECOM_TOKEN"),
        ("WECOM_TOKEN", "abc,def,ghi", "最多各写两个"),
        ("WECOM_ENCODING_AES_KEY", "x" * 44, "43 位"),
        ("WECHAT_REPLAY_WINDOW_SECONDS", "-1", "WECHAT_REPLAY_WINDOW_SECONDS"),
        ("PLATFORM_NAME", "中国风电产业质量基础设施“一站式”服务平台", "4.3"),
    ],
)
def test_wrong_value_is_named_in_one_sentence(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load({name: value})


def test_postgresql_serves_several_web_processes() -> None:
    url = "postgresql+psycopg://me@host/db"
    assert load({"DATABASE_URL": url, "WEB_PROCESSES": "4"}).web_processes == 4


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("中国风电产业质量基础设施“一站式”服务平台", "中国"),
        ("国家级南京市集成电路产业质量基础设施“一站式”服务平台", "国家"),
        ("全国锂电质量基础设施“一站式”服务平台", "全国"),
        ("“中华人民共和国”常州市质量基础设施“一站式”服务平台", "中华人民共和国"),
        ("云州市泵阀产业质量基础设施“一站式”服务平台", None),
    ],
)
def test_head_that_the_guideline_prohibits_is_found(name: str, head: str | None) -> None:
    assert forbidden_head(name) == head


@pytest.mark.parametrize(
    ("name", "departs"),
    [
        ("浙江省纺织产业质量基础设施“一站式”服务平台", False),
        ('昆山市集成电路产业质量基础设施"一站式"服务平台', False),
        ("盐城市质量基础设施“一站式”服务平台", True),
        ("盐城质量驿站", True),
    ],
)
def test_name_that_departs_from_the_recommended_form_is_noticed(name: str, departs: bool) -> None:
    assert departs_from_form(name) is departs
