"""Serve kiosks 自助机: a public screen with the citizens' pages, that forgets whoever leaves it.

Nothing but what is listed here opens on a kiosk; a new page of the citizens' is closed there until
somebody has thought about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from flask import Blueprint, Flask, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import views
from builder.cases.platform import Deployment
from builder.errors import Fault
from builder.identity import terminals
from builder.scenario.model import KIOSK
from builder.web import terminal
from builder.web.access import CITIZEN
from builder.web.context import CHOICES, forget, platform, roles, who
from builder.web.errors import NotAtKiosk, PageMissing, PeopleOnly
from builder.web.journal import note
from builder.web.terminal import Kiosk

__all__ = ["add_kiosk", "kiosk"]

kiosk = Blueprint("kiosk", __name__, url_prefix="/kiosk")

_ALWAYS: Final = frozenset({
    "auth.sign_in",
    "auth.sign_in_post",
    "auth.sign_out",
    "citizen.mine",
    "kiosk.call",
    "kiosk.end",
    "kiosk.home",
    "kiosk.leave",
    "kiosk.leave_post",
    "kiosk.stay",
})  # fmt: skip
_APPLY: Final = frozenset({"apply"})
_FOLLOW: Final = frozenset({"follow"})
_WITHDRAW: Final = frozenset({"withdraw"})
_OFFERED: Final[Mapping[str, frozenset[str]]] = {
    "citizen.matter": _APPLY,
    "citizen.begin": _APPLY,
    "citizen.resume": _APPLY,
    "citizen.page": _APPLY,
    "citizen.save": _APPLY,
    "citizen.review": _APPLY,
    "citizen.submit": _APPLY,
    "citizen.discard": _APPLY,
    "citizen.discard_post": _APPLY,
    "citizen.mend": _APPLY,
    "citizen.receipt": _APPLY | _FOLLOW,
    "citizen.case": _FOLLOW,
    "citizen.ask": _FOLLOW,
    "citizen.withdraw": _WITHDRAW,
    "citizen.withdraw_post": _WITHDRAW,
}
"""Which of a channel's `pages` opens an endpoint; any of them does."""
_HOME: Final = frozenset({"site.home", "citizen.portal"})
_DRAFTS: Final = "/drafts/"
_ELDER_FACTOR: Final = 2
"""Nobody in elder mode is pressed: a kiosk waits twice as long."""


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────


@kiosk.get("")
def home() -> BaseResponse | str:
    """Greet whoever steps up. A browser that names its terminal becomes one; another is asked."""
    if g.kiosk is None:
        name = terminal.terminal_name(request.args.get("terminal", ""))
        if g.who or not name:
            return render_template("kiosk/enter.html", terminal=name)
        _enter(name)
    cards = [c for c in views.portal(platform(), g.who) if _has(c.county, c.scenario)]
    return render_template("kiosk/home.html", cards=cards)


@kiosk.post("")
def enter() -> BaseResponse:
    """Make this browser a kiosk; whoever is signed in is signed out."""
    _sign_out("kiosk")
    _enter(terminal.terminal_name(request.form.get("terminal", "")))
    return redirect(url_for("kiosk.home"), code=303)


@kiosk.post("/end")
def end() -> BaseResponse:
    """End, sign out and wipe; pressed by the reader or, after a pause, by the page."""
    return _ended("rested" if request.form.get("why") == "rested" else "pressed")


@kiosk.post("/stay")
def stay() -> Response:
    """Note that somebody is still there."""
    return Response(status=204)


@kiosk.post("/call")
def call() -> BaseResponse:
    """Call the attendant of the hall; pressing twice calls once."""
    if g.kiosk is None:
        raise PageMissing
    terminals.call(platform().hub_engine, g.kiosk.terminal, platform().clock())
    flash("kiosk.called", "good")
    return redirect(url_for("kiosk.home"), code=303)


@kiosk.get("/leave")
def leave() -> str:
    """Ask the attendant before a kiosk becomes an ordinary browser."""
    return render_template("kiosk/leave.html")


@kiosk.post("/leave")
def leave_post() -> BaseResponse:
    """Make the kiosk an ordinary browser again."""
    _sign_out("kiosk")
    terminal.leave()
    g.kiosk = None
    return _wiped(redirect(url_for("site.home"), code=303))


@kiosk.get("/calls")
def calls() -> str:
    """List the kiosks that call for an attendant."""
    return render_template("kiosk/calls.html", calls=terminals.waiting(platform().hub_engine))


@kiosk.post("/calls/<int:call_id>")
def answer(call_id: int) -> BaseResponse:
    """Say that somebody is on the way."""
    moment = platform().clock()
    terminals.answer(platform().hub_engine, call_id, who().account.account, moment)
    flash("kiosk.answered", "good")
    return redirect(url_for("kiosk.calls"), code=303)


# ── The gate before every page of a kiosk ────────────────────────────────────────────────────────


def add_kiosk(app: Flask) -> None:
    """Look at each request of a kiosk before any page does."""
    app.before_request(_gate)


def _gate() -> BaseResponse | None:
    """End what rested too long, refuse what is not for kiosks, and wind the clock up again."""
    if g.kiosk is None or request.endpoint in ("static", "site.health"):
        return None
    if g.who and _now_s() > g.kiosk.until_s:
        return _ended("rested")
    if g.who and CITIZEN not in roles():
        _sign_out("kiosk")
        raise PeopleOnly
    if request.endpoint in _HOME:
        return redirect(url_for("kiosk.home"))
    deployment = _deployment()
    _wind_up(deployment)
    _refuse_what_is_not_offered(deployment)
    return None


def _wind_up(deployment: Deployment | None) -> None:
    channel = deployment.current.channel(KIOSK) if deployment else None
    idle_s = channel.idle_s if channel and channel.idle_s else terminal.IDLE_S
    if request.endpoint == "kiosk.stay":
        idle_s = g.kiosk.idle_s
    elif g.skin == "elder":
        idle_s *= _ELDER_FACTOR
    g.kiosk = replace(
        terminal.keep(Kiosk(g.kiosk.terminal, idle_s, _now_s() + idle_s)),
        is_touched=_is_touched(),
    )


def _is_touched() -> bool:
    chosen = any(name in request.cookies or name in request.args for name in CHOICES)
    return bool(g.who) or chosen or request.endpoint != "kiosk.home"


def _refuse_what_is_not_offered(deployment: Deployment | None) -> None:
    endpoint = request.endpoint or ""
    if not endpoint or endpoint in _ALWAYS:
        return
    wanted = _OFFERED.get(endpoint)
    if wanted is None:
        raise NotAtKiosk
    if deployment is None or not wanted.isdisjoint(_pages(deployment)):
        return  # what leads nowhere is for the page to say
    if g.who and "case_no" in (request.view_args or {}):
        _see_own((request.view_args or {})["case_no"])
    raise NotAtKiosk


def _see_own(case_no: str) -> None:
    """Raise what the page would: another's number reads like one that does not exist."""
    look = views.review if request.path.startswith(_DRAFTS) else views.case
    look(platform(), who(), case_no)


def _deployment() -> Deployment | None:
    """Return the matter that an address is about, where it is about one."""
    named = request.view_args or {}
    with suppress(Fault):
        if "case_no" in named:
            return platform().deployments.of_case(named["case_no"])
        if "scenario" in named:
            return platform().deployments.get(f"{named['county']}/{named['scenario']}")
    return None


def _pages(deployment: Deployment) -> tuple[str, ...]:
    channel = deployment.current.channel(KIOSK)
    return channel.pages if channel else ()


def _has(county: str, scenario: str) -> bool:
    return "apply" in _pages(platform().deployments.get(f"{county}/{scenario}"))


# ── Coming and going ─────────────────────────────────────────────────────────────────────────────


def _enter(name: str) -> None:
    until_s = _now_s() + terminal.IDLE_S
    g.kiosk = terminal.keep(Kiosk(name, terminal.IDLE_S, until_s))


def _ended(why: str) -> BaseResponse:
    _sign_out(f"kiosk-{why}")
    if g.kiosk:
        flash(f"kiosk.ended_{why}", "good")
    return _wiped(redirect(url_for("kiosk.home"), code=303))


def _sign_out(why: str) -> None:
    if g.who:
        account = who().account
        note("signed-out", account.account, party=account.party, why=why)
    token = forget()
    if token:
        platform().sessions.end(token)
    g.who = None


def _wiped(response: BaseResponse) -> BaseResponse:
    """Tell the browser to forget: what it kept of the pages, and what the reader chose."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    for name in CHOICES:
        response.delete_cookie(name)
    return response


def _now_s() -> int:
    return int(platform().clock().timestamp())
