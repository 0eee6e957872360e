"""What anyone does with the own account: password, sign-ins, notices and how they come."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import inbox
from builder.cases.undelivered import send_again as send_stuck
from builder.cases.undelivered import undelivered as of_stuck
from builder.errors import Fault
from builder.identity.errors import PasswordNotRepeated
from builder.identity.mail import LANGUAGES, MailWish, keep_wish, mail_wish
from builder.identity.passwords import LEAST
from builder.web.access import AUDITOR, CITIZEN, COUNTY, OFFICER, home_endpoint
from builder.web.context import platform, remember, roles, secret_of_session, who
from builder.web.device import door
from builder.web.journal import note
from builder.web.refusals import shown_fault
from builder.web.security import wants_json

__all__ = ["account"]

account = Blueprint("account", __name__, url_prefix="/account")
_PAGE = 20


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


# ── Notices ──────────────────────────────────────────────────────────────────────────────────────


@account.get("/notices")
def notices() -> str:
    """List what the reader, and the reader's desk, was told; unread ones stand out."""
    here, me = platform(), who()
    after = request.args.get("after", "")[:160] or None
    found = inbox.inbox(here, me, after=after, limit=_PAGE)
    return render_template(
        "account/notices.html",
        notices=found.lines,
        more=found.after,
        unread=inbox.unread(here, me),
        is_officer=OFFICER in roles(),
        is_citizen=CITIZEN in roles(),
        has_mail=bool(here.settings.smtp_host),
        email=me.account.email,
        wish=mail_wish(here.hub_engine, me.account.account),
        languages=LANGUAGES,
    )


@account.post("/notices/read")
def read_notices() -> BaseResponse:
    """Mark notices as read: those of one case, or all."""
    inbox.mark_read(platform(), who(), request.form.get("case", "")[:32] or None)
    return redirect(url_for("account.notices"), code=303)


@account.post("/notices/mail")
def choose_mail() -> BaseResponse:
    """Choose whether notices come by mail as well, and in which language."""
    wish = MailWish(request.form.get("mail") == "yes", request.form.get("lang", "zh"))
    keep_wish(platform().hub_engine, who().account.account, wish)
    flash("notices.kept", "good")
    return redirect(url_for("account.notices"), code=303)


@account.get("/notices/undelivered")
def undelivered() -> str:
    """Show an administrator or auditor what could not be sent, and why."""
    return render_template(
        "account/undelivered.html",
        found=of_stuck(platform(), _counties()),
        may_send=COUNTY in roles(),
    )


@account.post("/notices/undelivered")
def send_again() -> BaseResponse:
    """Send again what was laid aside: one message, or all of the administrator's county."""
    me, one = who().account, request.form.get("id", "")[:64]
    again = send_stuck(platform(), [one] if one else None, _counties())
    note("notices-sent-again", me.account, party=me.party, messages=again)
    flash("notices.again_done", "good")
    return redirect(url_for("account.undelivered"), code=303)


def _counties() -> tuple[str, ...] | None:
    """Return whose matters the reader looks after: an auditor's are all."""
    me = who().account
    return None if AUDITOR in me.roles else (me.county,) if me.county else ()
