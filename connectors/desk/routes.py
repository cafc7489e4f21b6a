"""Everything the desk serves, as one blueprint."""

from __future__ import annotations

from sanic import Blueprint

from connectors.desk.board import blueprint as board
from connectors.desk.canned import blueprint as canned
from connectors.desk.cases import blueprint as cases
from connectors.desk.conversations import blueprint as conversations
from connectors.desk.delivery import blueprint as delivery
from connectors.desk.drafts import blueprint as drafts
from connectors.desk.enterprises import blueprint as enterprises
from connectors.desk.live import blueprint as live
from connectors.desk.mentions import blueprint as mentions
from connectors.desk.pages import blueprint as pages
from connectors.desk.postponing import blueprint as postponing
from connectors.desk.presence import blueprint as presence
from connectors.desk.privacy import blueprint as privacy
from connectors.desk.search import blueprint as search
from connectors.desk.sessions import blueprint as sessions
from connectors.desk.supervision import blueprint as supervision
from connectors.desk.transfer import blueprint as transfer
from connectors.desk.typing import blueprint as typing

blueprint = Blueprint.group(
    pages,
    sessions,
    conversations,
    cases,
    enterprises,
    live,
    canned,
    drafts,
    mentions,
    search,
    delivery,
    presence,
    transfer,
    postponing,
    supervision,
    board,
    privacy,
    typing,
)
