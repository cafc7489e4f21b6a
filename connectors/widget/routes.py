"""Everything the widget serves, as one blueprint."""

from __future__ import annotations

from sanic import Blueprint

from connectors.widget.api import blueprint as api
from connectors.widget.live import blueprint as live
from connectors.widget.pages import blueprint as pages

blueprint = Blueprint.group(pages, api, live)
