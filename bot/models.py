"""Imports every record, so that migrations and tests see all tables."""

from __future__ import annotations

import bot.attachments.models
import bot.cases.models
import bot.conversations.models
import bot.delivery.models
import bot.desk.models
import bot.enterprises.models
import bot.feedback.models
import bot.privacy.models
import bot.resources.models
import bot.staff.models
import bot.wechat.models
import bot.wecom.models  # noqa: F401
