"""Answer when something cannot be done: one page, one JSON shape, for every fault."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, jsonify, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from builder.errors import Fault
from builder.identity import AccountLocked
from builder.web.api_errors import AddressMissing, MethodMissing, TokenMissing, TokenWrong
from builder.web.bearer import is_for_programs
from builder.web.context import HTML_LANG, lang
from builder.web.errors import (
    FormExpired,
    MethodWrong,
    PageMissing,
    RequestUnreadable,
    TooLarge,
    TooMany,
    Unexpected,
)
from builder.web.security import wants_json

__all__ = ["add_refusals", "shown_fault"]

_PICTURES: Mapping[int, str] = {
    401: "lock",
    403: "lock",
    404: "search",
    409: "return",
    429: "clock",
}
_NAMED: Mapping[int, type[Fault]] = {
    404: PageMissing,
    405: MethodWrong,
    429: TooMany,
}
_FOR_PROGRAMS: Mapping[int, type[Fault]] = {404: AddressMissing, 405: MethodMissing}
_log = structlog.get_logger("scenarist.web")


def add_refusals(app: Flask) -> None:
    """Show every fault as a page or as JSON, in the reader's language."""
    app.register_error_handler(Fault, _fault)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def shown_fault(fault: Fault) -> Mapping[str, object]:
    """Return a fault in the reader's language, as pages show it."""
    return fault.to_json(lang())


def _http(problem: HTTPException) -> Response:
    """Turn what the framework refuses into a fault with a next step."""
    if problem.response is not None:
        return problem.get_response()  # type: ignore[return-value] # a redirect made by the framework
    response = _fault(_named(problem))
    for name, value in problem.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _named(problem: HTTPException) -> Fault:
    if isinstance(problem, CSRFError):
        return FormExpired()
    code = problem.code or 500
    if code == TooLarge.http:
        limit = request.max_content_length or 0
        return TooLarge(limit_kib=limit // 1024)
    named = (_FOR_PROGRAMS.get(code) if is_for_programs() else None) or _NAMED.get(code)
    if named is not None:
        return named()
    return RequestUnreadable() if code < Unexpected.http else Unexpected(incident=_incident())


def _unexpected(problem: Exception) -> Response:
    """Log where it happened, never with what values: messages of exceptions may quote rows."""
    incident = _incident()
    frames = traceback.extract_tb(problem.__traceback__)[-6:]
    _log.error(
        "unexpected",
        incident=incident,
        kind=type(problem).__name__,
        at=[f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in frames],
    )
    return _fault(Unexpected(incident=incident))


def _fault(fault: Fault) -> Response:
    document = fault.to_json(lang())
    if request.endpoint == "static":
        response = Response(fault.message(lang()), mimetype="text/plain")
    elif wants_json():
        response = jsonify(document)
    else:
        page = render_template(
            "fault.html",
            fault=document,
            status=fault.http,
            picture=_PICTURES.get(fault.http, "alert"),
            again=_again(fault),
            may_sign_in=not g.get("who") and fault.http in (401, 403),
            sign_in_address=url_for("auth.sign_in"),
        )
        response = Response(page, mimetype="text/html")
    response.status_code = fault.http
    _say_how_to_go_on(response, fault)
    return response


def _say_how_to_go_on(response: Response, fault: Fault) -> None:
    """Add what programs read from headers: when to come again, how to sign in."""
    if isinstance(fault, TooMany):
        response.headers["Retry-After"] = str(g.get("rest_s", 60))
    elif isinstance(fault, AccountLocked):
        response.headers["Retry-After"] = str(60 * int(str(fault.facts["minutes"])))
    elif fault.http == TokenMissing.http and is_for_programs():
        wrong = ', error="invalid_token"' if isinstance(fault, TokenWrong) else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="scenarist"{wrong}'
    if is_for_programs():
        response.headers["Content-Language"] = HTML_LANG[lang()]


def _again(fault: Fault) -> str | None:
    """Return the page to open again after a refused post: the one it was sent from."""
    if request.method == "GET" or fault.http in (401, 403, 404):
        return None
    came = urlsplit(request.referrer or "")
    if came.netloc != request.host or not came.path.startswith("/") or came.path.startswith("//"):
        return None
    return came.path


def _incident() -> str:
    return secrets.token_hex(4)
