"""Know the program at the door: a bearer token, or for reading a browser's own session."""

from __future__ import annotations

from flask import g, request

from builder.identity import SignIn, Tokens
from builder.web.api_errors import TokenWrong

__all__ = ["by_token", "is_for_programs"]

_BASE = "/api/v1"


def is_for_programs() -> bool:
    """Tell whether the request is for the programming interface."""
    return request.path.startswith(f"{_BASE}/") or request.path == _BASE


def by_token(tokens: Tokens) -> SignIn | None:
    """Return whom the request's token stands for; None where it carries none.

    Raises:
        TokenWrong: the token does not hold, or the header is none of ours.
    """
    if "Authorization" not in request.headers:
        return None
    said = request.authorization
    found = tokens.find(said.token) if said and said.type == "bearer" and said.token else None
    if found is None:
        raise TokenWrong
    who, g.token = found
    return who
