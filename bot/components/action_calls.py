"""Calls the action server over one open connection and sends it the domain once.

Rasa 3.6.21 opens a connection for each action and sends the whole domain
along, every response of the bot included: ours is larger than all else in
the call. rasa-sdk since 3.8 keeps the domain and its digest; a call may then
carry the digest alone, and the server answers 449 if it does not have that
domain, after a restart for instance. Rasa 3.6.21 does not know of it, so it
is taught here.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

_DOMAIN_IS_MISSING = 449

_stock_call_format = RemoteAction._action_call_format
_stock_request = EndpointConfig.request
_stock_session = EndpointConfig.session


class _ActionCall(dict):  # type: ignore[type-arg]
    """The body of a call; knows the domain in case the server asks for it."""

    domain: Domain

    def with_domain(self) -> dict[str, Any]:
        return {**self, "domain": self.domain.as_dict()}


def shorten_action_calls() -> None:
    """Put both in place; a second call changes nothing."""
    RemoteAction._action_call_format = _call_with_digest
    EndpointConfig.request = _request_with_domain_if_missing
    EndpointConfig.session = _kept_session


async def close_kept_session(endpoint: EndpointConfig | None) -> None:
    """Close the connection to the action server, when the server stops."""
    kept = getattr(endpoint, "_kept_session", None)
    if kept is not None:
        await kept[1].close()


def _call_with_digest(
    self: RemoteAction, tracker: DialogueStateTracker, domain: Domain
) -> dict[str, Any]:
    # The empty domain costs nothing to copy; the stock method always copies one.
    call = _ActionCall(_stock_call_format(self, tracker, Domain.empty()))
    call.pop("domain", None)
    call["domain_digest"] = _digest(domain)
    call.domain = domain
    return call


def _digest(domain: Domain) -> str:
    digest = getattr(domain, "_digest_for_calls", None)
    if digest is None:
        digest = domain.fingerprint()
        domain._digest_for_calls = digest
    return str(digest)


async def _request_with_domain_if_missing(self: EndpointConfig, *args: Any, **kwargs: Any) -> Any:
    call = kwargs.get("json")
    try:
        return await _stock_request(self, *args, **kwargs)
    except ClientResponseError as error:
        if error.status != _DOMAIN_IS_MISSING or not isinstance(call, _ActionCall):
            raise
        return await _stock_request(self, *args, **{**kwargs, "json": call.with_domain()})


class _LentSession:
    """Lends a session to `async with` and leaves it open afterwards."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *exc_info: object) -> None:
        return None


def _kept_session(self: EndpointConfig) -> _LentSession:
    loop = asyncio.get_running_loop()
    kept = getattr(self, "_kept_session", None)
    # A session belongs to one event loop; tests use several.
    if kept is None or kept[0] is not loop or kept[1].closed:
        kept = (loop, _stock_session(self))
        self._kept_session = kept
    return _LentSession(kept[1])
