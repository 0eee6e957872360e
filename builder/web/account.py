"""What anyone does with the own account: choose a password, see where one is signed in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.errors import Fault
from builder.identity.errors import PasswordNotRepeated
from builder.identity.passwords import LEAST
from builder.web.access import home_endpoint
from builder.web.context import platform, remember, roles, secret_of_session, who
from builder.web.device import door
from builder.web.journal import note
from builder.web.refusals import shown_fault
from builder.web.security import wants_json

__all__ = ["account"]

account = Blueprint("account", __name__, url_prefix="/account")


# ── Password ─────────────────────────────────────────────────────────────────────────────────────


@account.get("/password")
def password() -> str:
    """Show the form for another password."""
    return _password()


@account.post("/password")
def password_post() -> BaseResponse:
    """Choose another password; every other sign-in of the account ends."""
    me = who().account
    said = request.form
    try:
        if said.get("new", "") != said.get("again", ""):
            raise PasswordNotRepeated
        platform().accounts.change_password(
            me.account, said.get("current", ""), said.get("new", "")
        )
    except Fault as fault:
        if wants_json():
            raise
        return Response(_password(fault), status=fault.http)
    here = platform()
    here.sessions.end_all(me.account)
    remember(here.sessions.begin(here.accounts.named(me.account), door()))
    note("password-changed", me.account, party=me.party)
    flash("account.password_done", "good")
    return redirect(url_for(home_endpoint(roles())), code=303)


def _password(fault: Fault | None = None) -> str:
    me = who().account
    held = platform().accounts.look(me.account)
    return render_template(
        "account/password.html",
        fault=shown_fault(fault) if fault else None,
        has_password=held.has_password,
        must_change=me.must_change,
        least=LEAST,
        account=me.account,
    )


# ── Sign-ins ─────────────────────────────────────────────────────────────────────────────────────


@account.get("/sign-ins")
def sign_ins() -> str:
    """List where the reader is signed in."""
    found = platform().sessions.of(who().account.account, secret_of_session())
    return render_template(
        "account/sign_ins.html",
        sign_ins=found,
        has_others=any(not s.is_this for s in found),
        hours=platform().settings.session_hours,
        idle_minutes=platform().settings.session_idle_minutes,
    )


@account.post("/sign-ins/<sign_in_id>/end")
def end_sign_in(sign_in_id: str) -> BaseResponse:
    """End one sign-in, of another device most likely."""
    me = who().account
    platform().sessions.end_one(me.account, sign_in_id)
    note("sign-in-ended", me.account, party=me.party)
    flash("account.ended_one", "good")
    return redirect(url_for("account.sign_ins"), code=303)


@account.post("/sign-ins/end-others")
def end_others() -> BaseResponse:
    """End every sign-in but this one."""
    me = who().account
    ended = platform().sessions.end_all(me.account, but=secret_of_session())
    note("sign-in-ended", me.account, party=me.party, ended=ended)
    flash("account.ended_others", "good")
    return redirect(url_for("account.sign_ins"), code=303)
