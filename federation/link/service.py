"""Make a small WSGI service out of handlers: JSON in, an answer or one Fault out.

The node's service and the case issuer are both made with it, so that size limits, refusals and
the silence about inner errors are the same at every door.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from federation.crypto import canonical
from federation.errors import Fault
from federation.link.base import JSON, PEER
from federation.link.errors import LinkBroken, RequestNotJson, RequestTooLarge, RouteUnknown

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["LIMIT_BYTES", "Handler", "json_answer", "peer_of", "read_document", "service"]

LIMIT_BYTES = 256 * 1024
"""Size of the longest request that is read."""

Handler: TypeAlias = Callable[[Request], Response]


def service(name: str, routes: Mapping[tuple[str, str], Handler]) -> WSGIApplication:
    """Return a WSGI callable that serves these routes.

    Args:
        name: what the service is called in its own refusals and log.
        routes: (method, path) → handler. A handler that raises a Fault answers with its JSON;
            any other exception is logged here and answered with a constant.
    """
    log = logging.getLogger("scenarist.service")

    @Request.application
    def app(request: Request) -> Response:
        handler = routes.get((request.method, request.path))
        try:
            if handler is None:
                raise RouteUnknown  # noqa: TRY301 - one place turns faults into answers
            return handler(request)
        except Fault as fault:
            return _refusal(fault)
        except HTTPException:
            return _refusal(RequestNotJson())
        except Exception as error:  # noqa: BLE001 - the process edge
            # the kind of error only: its text, or a traceback's, may quote a value
            log.error("%s: %s at %s", name, type(error).__name__, request.path)  # noqa: TRY400
            return _refusal(LinkBroken(party=name))

    return app


def read_document(request: Request) -> Mapping[str, object]:
    """Return the JSON object a request carries.

    Raises:
        RequestTooLarge: more than `LIMIT_BYTES`.
        RequestNotJson: no JSON object.
    """
    if (request.content_length or 0) > LIMIT_BYTES:
        raise RequestTooLarge(limit_bytes=LIMIT_BYTES)
    body = request.stream.read(LIMIT_BYTES + 1)
    if len(body) > LIMIT_BYTES:
        raise RequestTooLarge(limit_bytes=LIMIT_BYTES)
    try:
        document: Any = json.loads(body)
        canonical(document)  # no NaN, no half character: what is read here can be hashed
    except (ValueError, RecursionError):
        raise RequestNotJson from None
    if not isinstance(document, dict):
        raise RequestNotJson
    return document


def json_answer(document: Mapping[str, object], status: int = 200) -> Response:
    """Return a JSON answer."""
    return Response(canonical(document), status=status, content_type=JSON)


def peer_of(request: Request) -> str:
    """Return who calls, as the transport knows it; empty when it does not."""
    peer = request.environ.get(PEER)
    return peer if isinstance(peer, str) else ""


def _refusal(fault: Fault) -> Response:
    return json_answer(fault.to_json("zh"), fault.http)
