"""Starts the web application: ``python -m connectors``.

``--socket N`` serves on a socket that the starting process has bound, shared with others.
"""

from __future__ import annotations

import argparse
import logging
import socket
import sys

from bot import logs
from bot.conversations.rasa_brain import RasaBrain
from bot.database import Database
from bot.errors import SettingsError
from bot.faq.service import load_faq_service
from bot.settings import departs_from_form, load
from connectors.app import create_app
from knowledge.content_files import ContentError
from knowledge.vocabulary import VocabularyRefused

logger = logging.getLogger("connectors")

# Browsers that connect while a process is being started again wait here.
_BACKLOG = 1024


def main() -> None:
    """Read the settings, open what is needed, serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m connectors")
    parser.add_argument("--socket", type=int, metavar="N", help="descriptor of a bound socket")
    shared = parser.parse_args().socket
    try:
        settings = load()
    except SettingsError as error:
        sys.exit(str(error))
    logs.configure(settings.log_level)
    if departs_from_form(settings.platform_name):
        logger.warning("platform_name_departs_from_recommended_form guideline=4.3")
    database = Database(settings.database_url)
    brain = RasaBrain(settings.rasa_url, settings.turn_limit_seconds)
    try:
        faq = load_faq_service()
        faq.warm_up()
        faq.keep_fresh()
        # A file that a setting names is read no earlier.
        app = create_app(settings, database, brain, faq)
    except (SettingsError, ContentError, VocabularyRefused) as error:
        sys.exit(str(error))
    app.run(
        host=settings.host,
        port=settings.port,
        sock=None if shared is None else socket.socket(fileno=shared),
        backlog=_BACKLOG,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
