"""Put the operations on their addresses, and the document beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from flask import Blueprint, Flask, Response, render_template, request

from builder.errors import Lang
from builder.web.access import ROLES
from builder.web.api.document import document
from builder.web.api.door import view
from builder.web.api.resources import operations
from builder.web.api.shapes import JsonSchema
from builder.web.context import HTML_LANG, lang, platform
from federation.crypto import canonical, sm3

__all__ = ["api", "exempt_from_form_tokens"]

api = Blueprint("api", __name__)
_BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to know before one begins: a text of the page, and words as programs write them."""

    key: str
    words: tuple[str, ...]
    has_text: bool = True


_BEGIN = (
    Line("sign_in", (f"POST {_BASE}/tokens",)),
    Line("send", ("Authorization: Bearer …",), has_text=False),
    Line("once", ("Idempotency-Key",)),
    Line("version", ("ETag", "If-Match")),
    Line("page", ("next",)),
    Line("wrong", ('{"code", "message", "facts", "where", "next"}',), has_text=False),
)

for _operation in operations():
    api.add_url_rule(
        _BASE + _operation.path,
        endpoint=_operation.name,
        view_func=view(_operation),
        methods=[_operation.method],
        provide_automatic_options=False,
    )


@api.get(f"{_BASE}/openapi.json")
def openapi() -> Response:
    """Give the OpenAPI document of the matters that run here, in the reader's language."""
    text, tag = _written(_running(), lang())
    if request.if_none_match.contains(tag):
        return Response(status=304, headers={"ETag": f'"{tag}"'})
    response = Response(text, mimetype="application/json")
    response.headers["Content-Language"] = HTML_LANG[lang()]
    response.set_etag(tag)
    return response


@api.get("/api")
def reference() -> str:
    """Show the same document to people."""
    found = _made(_running(), lang())
    return render_template("api/reference.html", doc=found, chapters=_chapters(found), begin=_BEGIN)


def exempt_from_form_tokens(app: Flask) -> None:
    """Let bearer requests pass without a page's token: no cookie signs them in."""
    app.extensions["csrf"].exempt(api)


def _running() -> tuple[tuple[str, str], ...]:
    return tuple((d.id, d.current.hash) for d in platform().deployments.all())


@lru_cache(maxsize=8)
def _made(running: tuple[tuple[str, str], ...], here: Lang) -> JsonSchema:
    """Return the document; made anew when another matter or version runs."""
    del running  # what the cache goes by
    return document(platform(), operations(), here)


@lru_cache(maxsize=8)
def _written(running: tuple[tuple[str, str], ...], here: Lang) -> tuple[bytes, str]:
    """Return the document as it is sent, and its tag."""
    text = canonical(_made(running, here))
    return text, sm3(text)


def _chapters(found: JsonSchema) -> list[JsonSchema]:
    """Return the document by chapter, as the page shows it."""
    return [
        {
            "id": tag["name"],
            "title": tag["description"],
            "entries": [
                _entry(method, address, entry)
                for address, methods in found["paths"].items()
                for method, entry in methods.items()
                if tag["name"] in entry["tags"]
            ],
        }
        for tag in found["tags"]
    ]


def _entry(method: str, address: str, entry: JsonSchema) -> JsonSchema:
    content = entry.get("requestBody", {}).get("content", {})
    fields = [name for kind in content.values() for name in kind["schema"]["properties"]]
    is_all = set(entry.get("x-roles", ())) == set(ROLES)
    asked = [p["name"] for p in entry["parameters"] if p["in"] == "query"]
    return {
        "id": entry["operationId"],
        "method": method.upper(),
        "address": f"{_BASE}{address}",
        "title": entry["summary"],
        "note": entry.get("description", ""),
        "sends": [*(f"?{name}" for name in asked), *fields],
        "all": is_all,
        "roles": [] if is_all else entry.get("x-roles", []),
        "scope": entry.get("x-scope", ""),
    }
