"""Log requests without anyone's values: the route, never the address or what was sent."""

from __future__ import annotations

import logging
import sys
import time

import structlog
from flask import Flask, Response, g, request

__all__ = ["add_log"]

_log = structlog.get_logger("scenarist.web")


def add_log(app: Flask, level: str) -> None:
    """Write one JSON line per request to stderr, static files apart.

    Args:
        app: the application.
        level: ``debug``, ``info``, ``warning`` or ``error``; requests are ``info``.
    """
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    if request.endpoint != "static":
        _log.info(
            "request",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
            roles=list(g.who.account.roles) if g.get("who") else [],
        )
    return response
