"""What both of our own starters do before Rasa is imported."""

from __future__ import annotations

import os
import warnings
from typing import Any

from bot.components.without_tensorflow import leave_out_tensorflow

# Rasa and the libraries below it read these from the environment and nowhere else.
_ENVIRONMENT = {
    # Nothing about this installation is reported to anybody.
    "RASA_TELEMETRY_ENABLED": "false",
    # The matrices are small; threads would only wait for each other, and one
    # thread always adds in the same order, so trainings agree to the last bit.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def prepare_process() -> None:
    """Set the environment, quieten known deprecations, leave TensorFlow out."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)  # noqa: TID251 - they have no other switch
    _quieten_deprecations()
    leave_out_tensorflow()


def _quieten_deprecations() -> None:
    # Rasa 3.6.21 is the last of its line, these will not be mended there. Not by
    # a filter: Sanic puts one of its own in front when it is imported.
    show = warnings.showwarning

    def show_others(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
        if not issubclass(category, DeprecationWarning):
            show(message, category, *rest, **more)

    warnings.showwarning = show_others


def quiet_logs(level: int) -> None:
    """Log as Rasa does, but drop what is below the level before it is put together."""
    import structlog
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(level)
    configure_structlog(level)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(level))
