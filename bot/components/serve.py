"""Runs the Rasa server: `python -m bot.components.serve`.

The same server as `rasa run`, without TensorFlow, without the HTTP interface
for developers, and on loopback only: what reaches it comes from our own web
application. It starts without a model too; `health` then answers 503.
"""

from __future__ import annotations

import argparse
import logging

from bot.components.start_up import prepare_process, quiet_logs


def main() -> None:
    options = _options()
    prepare_process()
    quiet_logs(logging.getLevelName(options.log_level))

    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints

    endpoints = AvailableEndpoints.read_endpoints(options.endpoints)
    if options.action_url and endpoints.action:
        endpoints.action.url = options.action_url
    if options.tracker_url and endpoints.tracker_store:
        endpoints.tracker_store.url = options.tracker_url
    serve_application(
        options.model,
        interface=options.interface,
        port=options.port,
        credentials=options.credentials,
        endpoints=endpoints,
        enable_api=False,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.components.serve")
    parser.add_argument("--interface", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005)
    parser.add_argument("--model", default="models/assistant.tar.gz")
    parser.add_argument("--endpoints", default="endpoints.yml")
    parser.add_argument("--credentials", default="credentials.yml")
    parser.add_argument("--action-url", help="instead of the one in endpoints.yml")
    parser.add_argument("--tracker-url", help="instead of the one in endpoints.yml")
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    parser.add_argument("--log-level", default="INFO", choices=levels)
    return parser.parse_args()


if __name__ == "__main__":
    main()
