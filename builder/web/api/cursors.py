"""Make and read the cursors of lists: a place in an order, sealed, so that nobody makes one up.

A cursor names the last entry shown. What is added or moves meanwhile shifts no other entry to
another page. It holds for its own list, its own filters and its own reader only.
"""

from __future__ import annotations

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from builder.web.api_errors import CursorWrong

__all__ = ["read_cursor", "write_cursor"]


def write_cursor(listing: str, place: str | None) -> str | None:
    """Return a cursor for a place of a list; None at the end.

    Args:
        listing: what the cursor holds for: the operation, the reader, the filters.
        place: the last entry shown, as the list's own view spells it.
    """
    if place is None:
        return None
    return str(_sealer(listing).dumps(place))


def read_cursor(listing: str, cursor: str | None) -> str | None:
    """Return the place a cursor names; None without one.

    Raises:
        CursorWrong: not one of this list.
    """
    if cursor is None:
        return None
    try:
        return str(_sealer(listing).loads(cursor))
    except BadSignature:
        raise CursorWrong(where="?after") from None


def _sealer(listing: str) -> URLSafeSerializer:
    secret = current_app.config["SECRET_KEY"]
    return URLSafeSerializer(secret, salt=f"scenarist cursor {listing}")
