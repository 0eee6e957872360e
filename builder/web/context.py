"""Prepare what every page needs: who reads, in which language and look, and small translations."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, request, session, url_for
from jinja2 import pass_context
from jinja2.runtime import Context

from builder.cases.governance import purpose_title
from builder.cases.platform import Platform
from builder.errors import Lang
from builder.forms.render import Renderer
from builder.identity import SignIn, Tokens
from builder.identity.sso import SingleSignOn
from builder.scenario.model import Text
from builder.store.once import Once
from builder.web import terminal
from builder.web.access import (
    AUDITOR,
    CITIZEN,
    COUNTY,
    OFFICER,
    ROLES,
    STEWARD,
    is_allowed,
)
from builder.web.bearer import by_token, is_for_programs
from builder.web.shows import due_look, looks
from builder.web.texts import LANGUAGES, Texts
from federation.ledger import Search

__all__ = [
    "CHOICES",
    "HTML_LANG",
    "Place",
    "Reader",
    "Web",
    "add_context",
    "forget",
    "lang",
    "platform",
    "reader",
    "remember",
    "roles",
    "secret_of_session",
    "texts",
    "web",
    "who",
]

HTML_LANG: Final[Mapping[Lang, str]] = {"zh": "zh-CN", "en": "en"}
_THEMES: Final = ("auto", "light", "dark")
_SKINS: Final = ("standard", "elder")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "lang": LANGUAGES,
    "theme": _THEMES,
    "skin": _SKINS,
}
"""What a reader chooses on any page by `?name=value`; kept in a cookie of that name."""
_YEAR_S: Final = 365 * 24 * 3600
_SIGN_IN: Final = "sign_in"


@dataclass(frozen=True, slots=True)
class Web:
    """What pages need beside the request.

    Attributes:
        easy_texts: `texts` with the plainer wordings of elder mode.
        demo_password: shown with the demo accounts on the sign-in page; None outside a demo.
        tokens: programs' sign-ins.
        once: programs' requests that were already taken on.
        sso: the city's single sign-on; None where it has none.
    """

    platform: Platform
    texts: Mapping[Lang, Texts]
    easy_texts: Mapping[Lang, Texts]
    renderer: Renderer
    ledger: Search
    assets: Mapping[str, str]
    demo_password: str | None
    tokens: Tokens
    once: Once
    sso: SingleSignOn | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, as pages call them."""

    account: str
    title: str
    duty: str


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    key: str
    icon: str
    address: str
    current: str | None


_PLACES: Final = (
    # text, icon, endpoint, roles it is offered to (None: who is not signed in), pages below it
    ("nav.portal", "bank", "citizen.portal", (CITIZEN, None), ("citizen.matter",)),
    ("nav.mine", "form", "citizen.mine", (CITIZEN,), ("citizen.",)),
    ("nav.worklist", "inbox", "desk.worklist", (OFFICER,), ("desk.", "lists.")),
    ("nav.grants", "key", "steward.grants", (STEWARD, AUDITOR), ("steward.grant",)),
    ("nav.ledger", "database", "steward.ledger", ROLES, ("steward.dataset",)),
    ("nav.kiosks", "people", "kiosk.calls", (COUNTY,), ()),
    ("nav.audit", "trace", "audit.journals", (AUDITOR,), ("audit.",)),
    ("nav.portal", "bank", "citizen.portal", tuple(r for r in ROLES if r != CITIZEN), ()),
)

_KIOSK_PLACES: Final = (
    ("nav.portal", "bank", "kiosk.home", (CITIZEN, None), ("citizen.matter",)),
    ("nav.mine", "form", "citizen.mine", (CITIZEN,), ("citizen.",)),
)


# ── What a page function asks ────────────────────────────────────────────────────────────────────


def web() -> Web:
    """Return what this application was made with."""
    return cast("Web", current_app.extensions["scenarist"])


def platform() -> Platform:
    """Return the platform."""
    return web().platform


def who() -> SignIn:
    """Return who is signed in; pages for anyone ask `g.who` instead."""
    return cast("SignIn", g.who)


def lang() -> Lang:
    """Return the reader's language."""
    return cast("Lang", g.lang)


def texts() -> Texts:
    """Return the texts of the reader's language, in the reader's wording."""
    chosen = web().easy_texts if g.skin == "elder" else web().texts
    return chosen[lang()]


def roles() -> tuple[str, ...]:
    """Return the reader's roles; none where nobody is signed in."""
    return g.who.account.roles if g.who else ()


def reader(sign_in: SignIn) -> Reader:
    """Return how pages call someone."""
    account = sign_in.account
    duties = [texts().either(f"role.{r}", r) for r in account.roles]
    party = platform().city.party_title(account.party) if account.party else None
    place = [getattr(party, lang())] if party else []
    return Reader(
        account.account, account.name.get(lang(), account.account), " · ".join([*place, *duties])
    )


def remember(token: str) -> None:
    """Begin a browser session for a sign-in; nothing of an earlier one stays."""
    terminal.clear_session()
    session.permanent = True
    session[_SIGN_IN] = token


def secret_of_session() -> str:
    """Return the secret of the sign-in that asks; empty where nobody is signed in."""
    token = session.get(_SIGN_IN)
    return token if isinstance(token, str) else ""


def forget() -> str | None:
    """End the browser session and return the sign-in it held."""
    token = secret_of_session()
    terminal.clear_session()
    return token or None


# ── Per request ──────────────────────────────────────────────────────────────────────────────────


def add_context(app: Flask) -> None:
    """Read language, look and reader before each page, and give templates their words."""
    app.before_request(_read_request)
    app.after_request(_keep_choices)
    app.context_processor(_words)
    app.jinja_env.filters.update(pick=_pick, moment=_moment, day=_day, second=_second)


def _read_request() -> None:
    g.csp_nonce = secrets.token_urlsafe(16)
    g.who, g.token = None, None
    g.lang = _language()
    g.theme = _choice("theme", _THEMES, "auto")
    g.skin = _choice("skin", _SKINS, "standard")
    g.kiosk = terminal.find()
    if is_for_programs() and request.endpoint is not None:
        g.who = by_token(web().tokens)
        if g.who is not None or request.method not in ("GET", "HEAD"):
            return
    token = session.get(_SIGN_IN)
    if isinstance(token, str) and request.endpoint not in ("static", "site.health"):
        g.who = platform().sessions.find(token)


def _language() -> Lang:
    asked = request.accept_languages.best_match(("zh-CN", "zh", "en"), "zh")
    return cast("Lang", _choice("lang", LANGUAGES, "en" if asked == "en" else "zh"))


def _choice(name: str, known: tuple[str, ...], otherwise: str) -> str:
    if is_for_programs():
        return otherwise
    for value in (request.args.get(name), request.cookies.get(name)):
        if value in known:
            return value
    return otherwise


def _keep_choices(response: Response) -> Response:
    if is_for_programs():
        return response
    for name, known in CHOICES.items():
        if request.args.get(name) in known:
            response.set_cookie(
                name,
                request.args[name],
                max_age=_YEAR_S,
                httponly=True,
                samesite="Lax",
                secure=platform().settings.secure_cookies,
            )
    return response


def _words() -> dict[str, Any]:
    here, say, now = lang(), texts(), platform().clock()
    other: Lang = "en" if here == "zh" else "zh"
    return {
        "asset": asset,
        "city_title": platform().city.title,
        "csp_nonce": g.csp_nonce,
        "due_look": lambda due: due_look(due, now, say),
        "hotline": platform().settings.hotline,
        "html_lang": HTML_LANG[here],
        "is_demo": platform().settings.demo,
        "kiosk": g.kiosk,
        "lang": here,
        "looks": looks,
        "may_open": lambda endpoint: is_allowed(endpoint, roles()),
        "navigation": _navigation(),
        "other_html_lang": HTML_LANG[other],
        "other_lang": other,
        "other_texts": web().texts[other],
        "party_name": platform().city.party_title,
        "preference": _preference,
        "printed_at": now,
        "purpose_name": purpose_title,
        "reader": reader(g.who) if g.who else None,
        "skin": g.skin,
        "t": say,
        "theme": g.theme,
    }


def asset(name: str) -> str:
    """Return the address of a built asset."""
    return url_for("static", filename=web().assets.get(name, name))


def _navigation() -> tuple[Place, ...]:
    held = roles() or (None,)
    shown: dict[str, Place] = {}
    for key, icon, endpoint, offered, below in _KIOSK_PLACES if g.kiosk else _PLACES:
        if key in shown or not set(offered) & set(held) or not is_allowed(endpoint, roles()):
            continue
        shown[key] = Place(key, icon, url_for(endpoint), _current(endpoint, below))
    return tuple(shown.values())


def _current(endpoint: str, below: tuple[str, ...]) -> str | None:
    here = request.endpoint or ""
    if here == endpoint:
        return "page"
    inside = any(here.startswith(b) for b in below) and here != "citizen.portal"
    return (
        "true" if inside and not (here == "citizen.matter" and endpoint == "citizen.mine") else None
    )


def _preference(**choices: str) -> str:
    """Return the address of this page in another language or look."""
    if request.method != "GET" or request.routing_exception is not None:
        return f"{url_for('site.home')}?{urlencode(choices)}"
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in CHOICES]
    return f"?{urlencode([*kept, *choices.items()])}"


@pass_context
def _pick(context: Context, text: Text | Mapping[str, str] | None) -> str:
    """Return a text pair in the page's language."""
    here = context["lang"]
    if isinstance(text, Text):
        return text.zh if here == "zh" else text.en
    return "" if text is None else _either(text, here)


def _either(text: Mapping[str, str] | object, here: Lang) -> str:
    """Return the text of a mapping, or of another floor's pair."""
    if isinstance(text, Mapping):
        return cast("str", text.get(here, ""))
    return cast("str", getattr(text, here))


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _second(at: datetime) -> str:
    return f"{at:%H:%M:%S}"
