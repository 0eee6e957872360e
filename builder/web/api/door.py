"""Take requests in: read and check them, do each once, answer in one shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import jsonschema_rs
from flask import Response, g, request, url_for

from builder.cases.errors import CaseChanged, DraftChanged
from builder.errors import Fault, Findings
from builder.store.once import Kept
from builder.web.api.cursors import read_cursor, write_cursor
from builder.web.api.operation import Answer, Ask, Operation
from builder.web.api.shapes import page_of, plain
from builder.web.api_errors import (
    BodyMisfit,
    BodyUnreadable,
    KeyReused,
    KeyWrong,
    MediaTypeWrong,
    NotAcceptable,
    OutcomeUnknown,
    ParameterWrong,
    RequestInFlight,
    ScopeMissing,
    VersionOld,
    VersionUnreadable,
)
from builder.web.context import HTML_LANG, lang, platform, web

__all__ = ["after", "listing", "misfits", "view"]

_JSON = "application/json"
_LEVELS = 40
_MOST_FINDINGS = 50
_KEPT_HEADERS = ("Content-Language", "Content-Type", "ETag", "Link", "Location")


def view(operation: Operation) -> Callable[..., Response]:
    """Return the function that Flask calls for an operation."""
    validator = (
        jsonschema_rs.Draft202012Validator(operation.takes, validate_formats=True)
        if operation.takes
        else None
    )

    def serve(**path: str) -> Response:
        _check_scope(operation)
        _check_accept()
        ask = _ask(operation, path, validator)
        if not operation.changes:
            return _answer(operation, ask, operation.run(ask))
        return _once(operation, ask)

    serve.__name__ = operation.name
    serve.__doc__ = operation.title.en
    return serve


# ── What comes in ────────────────────────────────────────────────────────────────────────────────


def _check_scope(operation: Operation) -> None:
    token = g.get("token")
    if operation.scope and token is not None and operation.scope not in token.scopes:
        raise ScopeMissing(scope=operation.scope)


def _check_accept() -> None:
    if "Accept" in request.headers and not request.accept_mimetypes.best_match((_JSON,)):
        raise NotAcceptable(kind=_JSON)


def _ask(
    operation: Operation,
    path: Mapping[str, str],
    validator: jsonschema_rs.Draft202012Validator | None,
) -> Ask:
    query = _query(operation)
    body = _body(validator) if validator is not None else {}
    version = _version() if operation.versioned and operation.changes else None
    return Ask(platform(), g.who, lang(), path, query, body, version)


def _query(operation: Operation) -> dict[str, Any]:
    """Return the address's parameters, typed.

    Raises:
        Findings: each that is unknown, given twice, or breaks its schema.
    """
    known = {p.name: p for p in operation.query}
    said = tuple(known) or ("—",)
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in request.args:
        texts = request.args.getlist(name)
        value = _typed(known[name].schema, texts[0]) if name in known and len(texts) == 1 else None
        if value is None:
            shown = name[:40] if name.isprintable() else "?"
            faults.append(ParameterWrong(name=shown, known=said, where=f"?{shown}"))
        else:
            found[name] = value
    if faults:
        raise Findings(faults[:_MOST_FINDINGS])
    return found


def _typed(schema: Mapping[str, Any], text: str) -> str | int | None:
    """Return a parameter's value; None where it breaks its schema."""
    value: str | int = text
    if schema.get("type") == "integer":
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            return None
        value = int(text)
    elif not text.isprintable():
        return None
    return value if jsonschema_rs.is_valid(dict(schema), value) else None


def _body(validator: jsonschema_rs.Draft202012Validator) -> dict[str, Any]:
    """Return the JSON sent.

    Raises:
        MediaTypeWrong: it says that it is something else.
        BodyUnreadable: it is none.
        Findings: it breaks the operation's schema.
    """
    if request.mimetype != _JSON:
        raise MediaTypeWrong(kind=_JSON)
    sent = request.get_data(cache=True)
    try:
        body = json.loads(
            sent.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse,
            parse_float=_finite,
        )  # fmt: skip
        _check_depth(body, _LEVELS)
    except (ValueError, RecursionError):
        raise BodyUnreadable(levels=_LEVELS) from None
    faults = misfits(validator, body)
    if faults:
        raise Findings(faults)
    return dict(body)


def misfits(validator: jsonschema_rs.Draft202012Validator, value: object) -> list[Fault]:
    """Return what breaks a schema, each with its JSON pointer; never what stood there."""
    found: list[Fault] = []
    for error in validator.iter_errors(value):
        where = "".join(f"/{_escaped(part)}" for part in error.instance_path)
        found.append(BodyMisfit(rule=_rule(error), where=where or "/"))
        if len(found) >= _MOST_FINDINGS:
            break
    return found


def _rule(error: jsonschema_rs.ValidationError) -> str:
    """Name the keyword that is broken, and its limit where that is the document's own word."""
    keyword = error.kind.name
    rest = error.kind.as_dict()
    limit = rest.get("limit", rest.get("types", rest.get("property", "")))
    return f"{keyword} {limit}".strip() if isinstance(limit, str | int) else keyword


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:80]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _check_depth(value: object, levels: int) -> None:
    """Refuse what is nested too deep, and text that is no text: halves of a surrogate pair."""
    if levels < 0:
        raise ValueError
    if isinstance(value, str):
        value.encode("utf-8")  # UnicodeEncodeError is a ValueError
    elif isinstance(value, dict):
        for key, inner in value.items():
            key.encode("utf-8")
            _check_depth(inner, levels - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_depth(inner, levels - 1)


def _version() -> int | None:
    """Return the version that If-Match names.

    Raises:
        VersionUnreadable: none of it is an ETag given here.
    """
    if "If-Match" not in request.headers:
        return None
    said = request.if_match
    if said.star_tag:
        return None
    numbers = [t for t in said.as_set() if t.isascii() and t.isdigit() and len(t) <= 9]
    if len(numbers) != 1:
        raise VersionUnreadable
    return int(numbers[0])


# ── Once only ────────────────────────────────────────────────────────────────────────────────────


def _once(operation: Operation, ask: Ask) -> Response:
    """Do an operation, or answer as it was answered before under the same key."""
    key = request.headers.get("Idempotency-Key")
    if key is None or ask.who is None:
        return _do(operation, ask)
    if not (0 < len(key) <= 128 and key.isascii() and key.isprintable() and " " not in key):
        raise KeyWrong(where="Idempotency-Key")
    account, once = ask.who.account.account, web().once
    asked = b"\0".join((request.method.encode(), request.full_path.encode(), request.get_data()))
    found = once.begin(account, key, asked)
    if isinstance(found, Kept):
        return _again(found)
    match found:
        case "other":
            raise KeyReused(where="Idempotency-Key")
        case "working":
            raise RequestInFlight
        case "unknown":
            raise OutcomeUnknown
    try:
        response = _do(operation, ask)
    except Fault:
        once.forget(account, key)  # nothing was done: a command writes whole or not at all
        raise
    headers = {h: response.headers[h] for h in _KEPT_HEADERS if h in response.headers}
    once.finish(account, key, Kept(response.status_code, headers, response.get_data(as_text=True)))
    return response


def _again(kept: Kept) -> Response:
    response = Response(kept.body, status=kept.status, headers=dict(kept.headers))
    response.headers["Idempotent-Replayed"] = "true"
    return response


def _do(operation: Operation, ask: Ask) -> Response:
    with _old_versions_named(operation):
        return _answer(operation, ask, operation.run(ask))


@contextmanager
def _old_versions_named(operation: Operation) -> Iterator[None]:
    """Say 412 where a program named the version itself."""
    try:
        yield
    except (DraftChanged, CaseChanged):
        if operation.versioned and "If-Match" in request.headers:
            raise VersionOld from None
        raise


# ── What goes out ────────────────────────────────────────────────────────────────────────────────


def _answer(operation: Operation, ask: Ask, answer: Answer) -> Response:
    if operation.status == 204:
        return Response(status=204)
    following = _next(operation, ask, answer.place)
    document = (
        page_of(answer.value, following, ask.lang)
        if operation.list_of
        else plain(answer.value, ask.lang)
    )
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    response = Response(body, status=operation.status, mimetype=_JSON)
    response.headers["Content-Language"] = HTML_LANG[ask.lang]
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    if answer.location:
        endpoint, parts = answer.location
        response.headers["Location"] = url_for(f"api.{endpoint}", **dict[str, Any](parts))
    if answer.version is not None:
        response.set_etag(str(answer.version))
    return response


def listing(operation_name: str, ask_query: Mapping[str, Any], who: object) -> str:
    """Return what a cursor holds for: this list, this reader, these filters."""
    filters = {k: v for k, v in sorted(ask_query.items()) if k not in ("after", "limit")}
    return json.dumps([operation_name, who, filters], ensure_ascii=True)


def _next(operation: Operation, ask: Ask, place: str | None) -> str | None:
    if place is None:
        return None
    account = ask.who.account.account if ask.who else None
    cursor = write_cursor(listing(operation.name, ask.query, account), place)
    kept: dict[str, Any] = {**ask.path, **ask.query, "after": cursor}
    return url_for(f"api.{operation.name}", **kept)


def after(ask: Ask, name: str) -> str | None:
    """Return the place a request for a list begins behind.

    Raises:
        CursorWrong: its cursor is none of this list, reader and filters.
    """
    account = ask.who.account.account if ask.who else None
    return read_cursor(listing(name, ask.query, account), ask.query.get("after"))
