"""Keep the doors: headers, the post token, rate limits, cookies, who may open what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, Response, g, redirect, request, url_for
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

from builder.store.settings import Settings
from builder.web.access import ACCESS, is_allowed
from builder.web.errors import MayNotOpen, SignInNeeded

__all__ = ["Limits", "add_security", "check_table", "wants_json"]

_POSTS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_LARGEST_POST_BYTES = 512 * 1024
_LARGEST_FIELDS = 2000


@dataclass(frozen=True, slots=True)
class Limits:
    """How often is still a person. Counted per process.

    Attributes:
        sign_in: tries to sign in, per address.
        posts: everything else that changes something, per account.
    """

    sign_in: str = "20 per minute"
    posts: str = "120 per minute"


def add_security(app: Flask, settings: Settings, secret: bytes, limits: Limits) -> None:
    """Set up the doors of the application."""
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
    _limit(app, limits)
    app.before_request(_check_access)
    CSRFProtect(app)  # type: ignore[no-untyped-call] # flask-wtf ships no types
    app.after_request(_headers)


def check_table(app: Flask) -> None:
    """Refuse to start with a route that `ACCESS` does not know, or an entry without a route."""
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    if routes != set(ACCESS):
        raise RuntimeError(f"routes and ACCESS differ in: {sorted(routes ^ set(ACCESS))}")


def wants_json() -> bool:
    """Tell whether the reader is a program."""
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), "text/html")
    return best == "application/json"


def _limit(app: Flask, limits: Limits) -> None:
    limiter = Limiter(
        _reader_key,
        storage_uri="memory://",
        default_limits=[limits.posts],
        default_limits_exempt_when=lambda: request.method not in _POSTS,
        headers_enabled=False,
    )
    limiter.init_app(app)
    app.extensions["sign_in_limit"] = limiter.limit(limits.sign_in, key_func=get_remote_address)


def _reader_key() -> str:
    return g.who.account.account if g.get("who") else get_remote_address()


def _check_access() -> BaseResponse | None:
    if request.endpoint is None:
        return None
    roles = g.who.account.roles if g.who else ()
    if is_allowed(request.endpoint, roles):
        return None
    if g.who:
        raise MayNotOpen
    if wants_json() or request.method != "GET":
        raise SignInNeeded
    return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))


def _headers(response: Response) -> Response:
    response.headers.update(
        {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self' 'nonce-{g.get('csp_nonce', '')}'; "
                "style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
                "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }
    )
    if request.endpoint == "static":
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Accept-Language"))
    return response
