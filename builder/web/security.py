"""Keep the doors: headers, the post token, rate limits, cookies, who may open what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from flask import Flask, Response, g, redirect, request, url_for
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from builder.store.settings import Settings
from builder.web.access import ACCESS, is_allowed
from builder.web.api_errors import RoleMissing, TokenMissing
from builder.web.bearer import is_for_programs
from builder.web.errors import MayNotOpen, PasswordChangeNeeded, SignInNeeded
from builder.web.incoming import FileRequest, discard_files
from builder.web.limits import Limits, add_limits

__all__ = ["add_security", "check_table", "wants_json"]

_LARGEST_POST_BYTES = 512 * 1024
_LARGEST_FIELDS = 2000
_WITH_FILES = "multipart/form-data"
"""How a browser sends a form with files: they go to the disk, its other fields stay small."""
_LARGEST_UPLOAD_BYTES = 220 * 1024 * 1024
_TAKES_FILES = frozenset(
    {
        "citizen.save",
        "citizen.supplement_post",
        "desk.act",
        "files.attach",
        "files.attach_to_owed",
        "files.attach_to_task",
    }
)
"""Pages that may come with files; who may post to them was checked before a byte is read."""


_BEFORE_CHANGE: Final = frozenset(
    {"static", "site.health", "auth.sign_out", "account.password", "account.password_post"}
)
"""What a password that somebody else has set opens."""

_PERMISSIONS: Final = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
_HSTS: Final = "max-age=31536000; includeSubDomains"


def add_security(
    app: Flask,
    settings: Settings,
    secret: bytes,
    limits: Limits,
    *,
    form_targets: Callable[[], tuple[str, ...]] = lambda: (),
) -> None:
    """Set up the doors of the application.

    Args:
        app: the application.
        settings: the city's.
        secret: seals browser sessions.
        limits: how often a reader may ask.
        form_targets: origins beside our own where the answer to a form may lead a browser: signing
            out ends at the identity provider.
    """
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="scenarist",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_REFRESH_EACH_REQUEST=False,  # the store ends a sign-in after so many hours anyway
        MAX_CONTENT_LENGTH=_LARGEST_POST_BYTES,
        MAX_FORM_MEMORY_SIZE=_LARGEST_POST_BYTES,
        MAX_FORM_PARTS=_LARGEST_FIELDS,
        WTF_CSRF_TIME_LIMIT=settings.session_hours * 3600,
        WTF_CSRF_SSL_STRICT=False,  # the cookie is SameSite=Lax; proxies may strip the referrer
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign] # Flask documents this
    add_limits(app, settings.home, limits)
    app.before_request(_check_access)
    app.request_class = FileRequest
    app.teardown_request(discard_files)
    CSRFProtect(app)  # type: ignore[no-untyped-call] # flask-wtf ships no types
    app.after_request(lambda response: _headers(response, form_targets()))
    if settings.secure_cookies:
        app.after_request(_https_only)


def check_table(app: Flask) -> None:
    """Refuse to start with a route that `ACCESS` does not know, or an entry without a route."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    if routes != set(ACCESS):
        raise RuntimeError(f"routes and ACCESS differ in: {sorted(routes ^ set(ACCESS))}")


def wants_json() -> bool:
    """Tell whether the reader is a program."""
    if is_for_programs():
        return True
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), "text/html")
    return best == "application/json"


def _check_access() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    roles = g.who.account.roles if g.who else ()
    if g.who and g.who.account.must_change and request.endpoint not in _BEFORE_CHANGE:
        if wants_json() or request.method != "GET":
            raise PasswordChangeNeeded
        return redirect(url_for("account.password"))
    if is_allowed(request.endpoint, roles):
        if request.endpoint in _TAKES_FILES and g.who and request.mimetype == _WITH_FILES:
            request.max_content_length = _LARGEST_UPLOAD_BYTES
        return None
    if is_for_programs():
        raise RoleMissing if g.who else TokenMissing
    if g.who:
        raise MayNotOpen
    if wants_json() or request.method != "GET":
        raise SignInNeeded
    return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))


def _headers(response: Response, form_targets: tuple[str, ...]) -> Response:
    targets = " ".join(("'self'", *form_targets))
    narrower = response.headers.get("Content-Security-Policy")  # a file's own
    response.headers.update(
        {
            "Content-Security-Policy": narrower
            or (
                f"default-src 'none'; script-src 'self' 'nonce-{g.get('csp_nonce', '')}'; "
                "style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
                f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": _PERMISSIONS,
        }
    )
    if request.endpoint == "static":
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Accept-Language"))
    return response


def _https_only(response: Response) -> Response:
    """Tell browsers to come by HTTPS from now on: only a city that is served so may say it."""
    response.headers["Strict-Transport-Security"] = _HSTS
    return response
