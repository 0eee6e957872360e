"""The two pages that are nobody's: health for machines, and the way home."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from builder.web.access import home_endpoint
from builder.web.context import platform, roles
from federation.store import read

__all__ = ["site"]

site = Blueprint("site", __name__)


@site.get("/healthz")
def health() -> Response:
    """Say that the web runs and its store answers."""
    with read(platform().hub_engine) as conn:
        conn.execute(select(1))
    return jsonify(ok=True)


@site.get("/")
def home() -> Response:
    """Lead everyone to where their work begins."""
    return redirect(url_for(home_endpoint(roles())))
