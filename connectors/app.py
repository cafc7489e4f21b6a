"""The web application: what every connector shares, put together in one place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import PayloadTooLarge, SanicException
from sanic.response import empty, json

from bot.attachments.storage import Storage
from bot.cases.reminders import reminders
from bot.conversations.answering import Answering
from bot.conversations.bell import Bell
from bot.conversations.brain import Brain
from bot.conversations.fallback import Fallback
from bot.conversations.handoff import Handoff
from bot.conversations.idling import Idling, Patience
from bot.conversations.leaving import waiting_sweeps
from bot.conversations.postponing import waking_sweep
from bot.conversations.turns import TurnRunner
from bot.conversations.waiting import Limits
from bot.database import Database
from bot.delivery.fetched import Fetched
from bot.delivery.senders import Senders
from bot.desk.similar import Similar
from bot.enterprises.binder import Binder
from bot.enterprises.codes import key_of
from bot.errors import Forbidden, ServiceError, TooLarge
from bot.faq.service import FaqService
from bot.privacy.trackers import trackers_sweep
from bot.responses import Responses
from bot.settings import ROOT, Settings
from bot.staff.calendar import load_calendar, notices
from bot.staff.duties import staff_sweeps
from bot.staff.hours import SHANGHAI, WorkingHours
from bot.sweeps import Sweep, Sweeper
from connectors.attachments import blueprint as attachments
from connectors.attachments import uploads
from connectors.desk.access import record_refusal
from connectors.desk.routes import blueprint as desk
from connectors.health import blueprint as health
from connectors.wechat.callback import PATH as WECHAT_CALLBACK
from connectors.wechat.routes import set_up as set_up_wechat
from connectors.wecom.callback import PATH as KF_CALLBACK
from connectors.wecom.routes import set_up as set_up_wecom
from connectors.widget.access import Owners
from connectors.widget.routes import blueprint as widget

logger = logging.getLogger(__name__)

# The longest legal message is 2,000 characters, 8 kB in UTF-8; this leaves room for escapes.
_LARGEST_BODY = 262_144
_STATIC = Path(__file__).parent / "static"


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(
    settings: Settings,
    database: Database,
    brain: Brain,
    faq: FaqService,
    clock: Callable[[], datetime] = _now,
    name: str = "platform",
) -> Sanic[Any, Any]:
    """Put the application together; nothing is opened before it starts.

    Args:
        settings: Read once by the caller.
        database: Migrated already.
        brain: What answers; a script in tests.
        faq: The knowledge base.
        clock: Tells the time, aware.
        name: Sanic wants a name of its own for each application in a process.
    """
    app: Sanic[Any, Any] = Sanic(name, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = _LARGEST_BODY
    # A long poll waits 25 s at most; Sanic must not end it first.
    app.config.RESPONSE_TIMEOUT = 60
    app.config.FALLBACK_ERROR_FORMAT = "json"
    # What proxies of ours say of the caller counts; what a caller says of itself does not.
    app.config.PROXIES_COUNT = settings.trusted_proxies
    responses = Responses.load()
    hours = WorkingHours.parse(settings.working_hours)
    limits = Limits(timedelta(minutes=settings.waiting_limit_minutes), settings.queue_limit)
    handoff = Handoff(responses, hours, limits)
    app.ctx.settings = settings
    app.ctx.database = database
    app.ctx.brain = brain
    app.ctx.faq = faq
    app.ctx.clock = clock
    app.ctx.responses = responses
    app.ctx.handoff = handoff
    app.ctx.binder = Binder(key_of(settings), responses)
    app.ctx.hours = hours
    app.ctx.similar = Similar(faq.encode_quickly)
    app.ctx.bell = Bell()
    app.ctx.owners = Owners()
    app.ctx.signs_of_life = {}
    answering = Answering(
        brain, faq, Fallback(faq, responses, database), settings.turn_limit_seconds
    )
    app.ctx.turns = TurnRunner(database, answering, handoff, clock)
    # Channels that must be pushed are added by their connectors.
    app.ctx.senders = Senders(database, app.ctx.bell, clock)
    app.ctx.sweeper = Sweeper(database, clock, app.ctx.bell)
    app.ctx.sweeper.add(*staff_sweeps(settings, handoff, hours, since=clock()))
    app.ctx.sweeper.add(*waiting_sweeps(handoff), waking_sweep())
    app.ctx.sweeper.add(Idling(handoff, _patience(settings)).sweep())
    app.ctx.sweeper.add(*app.ctx.turns.sweeps())
    app.ctx.sweeper.add(reminders(responses))
    app.ctx.sweeper.add(trackers_sweep(lambda: str(app.ctx.settings.tracker_store_url)))
    app.ctx.fetched = Fetched()
    app.ctx.sweeper.add(app.ctx.fetched.sweep())
    storage = Storage(ROOT / settings.attachment_folder, settings.attachment_limit_mb * 1_000_000)
    app.ctx.attachments = storage
    app.ctx.uploads = uploads()
    app.ctx.sweeper.add(Sweep("attachments", 600, storage.tidy, storage.is_untidy))
    app.ctx.templates = Environment(
        loader=PackageLoader("connectors", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app.blueprint(health)
    app.blueprint(widget)
    app.blueprint(desk)
    app.blueprint(attachments)
    set_up_wechat(app, settings, clock)
    set_up_wecom(app, settings, clock)
    app.static("/static", _STATIC, name="static")
    app.on_response(_protect)
    app.error_handler.add(ServiceError, _service_error)
    app.error_handler.add(PayloadTooLarge, _too_large)
    app.error_handler.add(SanicException, _http_error)
    app.error_handler.add(Exception, _unexpected)
    app.before_server_start(_begin)
    app.after_server_start(_sweep)
    app.before_server_stop(_rest)
    app.after_server_stop(_end)
    return app


def _patience(settings: Settings) -> Patience:
    return Patience(
        bot=timedelta(hours=settings.bot_idle_hours),
        customer=timedelta(minutes=settings.customer_idle_minutes),
        closing=timedelta(minutes=settings.customer_closing_minutes),
    )


async def _begin(app: Sanic[Any, Any]) -> None:
    app.ctx.bell.attach(app.ctx.database)
    calendar = await app.ctx.database.read(load_calendar)
    for notice in notices(calendar, app.ctx.clock().astimezone(SHANGHAI).date()):
        logger.warning("holidays_missing %s", notice)
    await app.ctx.turns.recover()


async def _sweep(app: Sanic[Any, Any]) -> None:
    app.ctx.sweeper.start()
    app.ctx.senders.start()


async def _rest(app: Sanic[Any, Any]) -> None:
    await app.ctx.senders.stop()
    await app.ctx.sweeper.stop()


async def _end(app: Sanic[Any, Any]) -> None:
    await app.ctx.turns.retire()
    await app.ctx.bell.detach()


async def _protect(request: Request, response: HTTPResponse) -> None:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    # Answers of the APIs belong to one person. Files have no version in their names: a browser
    # keeps them and asks whether they changed.
    kept = "no-store" if request.path.startswith("/api/") else "no-cache"
    response.headers.setdefault("Cache-Control", kept)


async def _service_error(request: Request, error: ServiceError) -> HTTPResponse:
    if isinstance(error, Forbidden):
        context = request.app.ctx
        await context.database.write(record_refusal, request, now=context.clock())
    wait = error.details.get("retry_after_seconds")
    headers = {"Retry-After": str(wait)} if wait else None
    return json(error.as_json(), status=error.status, headers=headers)


def _too_large(request: Request, _error: PayloadTooLarge) -> HTTPResponse:
    if request.path in (WECHAT_CALLBACK, KF_CALLBACK):
        # Like everything else that is wrong there.
        return empty(403)
    error = TooLarge()
    return json(error.as_json(), status=error.status)


def _http_error(_request: Request, error: SanicException) -> HTTPResponse:
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
    sentence = "没有这个地址。" if error.status_code == 404 else "请求无法处理。"
    body = {"error": {"code": code, "message": sentence}}
    return json(body, status=error.status_code, headers=error.headers)


def _unexpected(request: Request, error: Exception) -> HTTPResponse:
    # The last resort: everything expected has been answered by the handlers above.
    logger.error("request_failed path=%s", request.path, exc_info=error)
    failed = ServiceError()
    return json(failed.as_json(), status=failed.status)
