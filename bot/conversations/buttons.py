"""Buttons that the product answers by itself, because they must work while no bot is listening."""

from __future__ import annotations

LEAVE_MESSAGE = "/leave_message"
CANCEL_HANDOFF = "/cancel_handoff"
# Offered after a low score, and after answers that did not help.
PERSON_AFTER_LOW_SCORE = "/person_after_low_score"
# Whether a customer really wants to be bound to their enterprise no more.
UNBIND = "/unbind_enterprise"
KEEP_BINDING = "/keep_binding"

OWN = frozenset({LEAVE_MESSAGE, CANCEL_HANDOFF, PERSON_AFTER_LOW_SCORE, UNBIND, KEEP_BINDING})
