"""Sign in and out with a local account."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from builder.errors import Fault
from builder.identity import SignIn, place_of
from builder.identity.passwords import MOST
from builder.identity.sso_errors import LocalSignInOff
from builder.web.access import CITIZEN, OFFICER, STEWARD, home_endpoint, is_allowed
from builder.web.context import (
    Reader,
    forget,
    platform,
    reader,
    remember,
    secret_of_session,
    web,
    who,
)
from builder.web.device import door
from builder.web.journal import VISITOR, note
from builder.web.refusals import shown_fault
from builder.web.security import wants_json

__all__ = ["after_sign_in", "auth", "end_earlier", "is_local", "outside", "sign_in_page"]

auth = Blueprint("auth", __name__)
_RANK = (CITIZEN, OFFICER, "designer", "county-admin", "scientist", "auditor")


@auth.get("/sign-in")
def sign_in() -> BaseResponse | str:
    """Show the sign-in page."""
    if g.who:
        return redirect(after_sign_in(g.who, request.args.get("next", "")))
    return sign_in_page(request.args.get("next", ""))


@auth.post("/sign-in")
def sign_in_post() -> BaseResponse | str:
    """Check the password and begin a fresh session."""
    account = request.form.get("account", "").strip()
    wanted = request.form.get("next", "")
    if not platform().settings.local_sign_in:
        raise LocalSignInOff
    try:
        found = platform().accounts.sign_in(
            account, request.form.get("password", "")[:MOST], address=place_of(request.remote_addr)
        )
    except Fault as fault:
        note("sign-in-refused", VISITOR, code=fault.code)
        if wants_json():
            raise
        return Response(sign_in_page(wanted, account[:64], fault), status=fault.http)
    end_earlier()
    remember(platform().sessions.begin(found, door()))
    note("signed-in", found.account.account, party=found.account.party)
    return redirect(after_sign_in(found, wanted), code=303)


@auth.post("/sign-out")
def sign_out() -> BaseResponse:
    """End the sign-in, here and in the store."""
    note("signed-out", who().account.account, party=who().account.party)
    id_token = platform().sessions.id_token(secret_of_session())
    end_earlier()
    flash("auth.signed_out", "good")
    return redirect(_provider_exit(id_token) or url_for("auth.sign_in"), code=303)


def _provider_exit(id_token: str | None) -> str | None:
    """Return where the sign-in at the provider ends too; None where there is nothing to end."""
    sso = web().sso
    if id_token is None or sso is None:
        return None
    try:
        return sso.provider.end_address(id_token, outside("auth.sign_in"))
    except Fault:
        return None  # out of reach: the sign-in here has ended


def outside(endpoint: str) -> str:
    """Return a page's address as the provider knows it: registered there, letter for letter."""
    base = platform().settings.public_url.rstrip("/")
    return f"{base}{url_for(endpoint)}" if base else url_for(endpoint, _external=True)


def end_earlier() -> None:
    """End the sign-in that this browser held, so that nothing of it stays."""
    token = forget()
    if token:
        platform().sessions.end(token)


def sign_in_page(wanted: str, account: str = "", fault: Fault | None = None) -> str:
    """Return the sign-in page, with what was wrong."""
    shown, folded = _demo_accounts()
    return render_template(
        "auth/sign_in.html",
        next=wanted if is_local(wanted) else "",
        account=account,
        fault=shown_fault(fault) if fault else None,
        demo_accounts=shown,
        demo_stewards=folded,
        demo_password=web().demo_password,
        has_local=platform().settings.local_sign_in,
        has_sso=web().sso is not None,
    )


def _demo_accounts() -> tuple[tuple[Reader, ...], tuple[Reader, ...]]:
    """Return the demo's accounts: those of a first walk, and the many stewards."""
    is_offered = platform().settings.demo and platform().settings.local_sign_in
    if not (is_offered and web().demo_password):
        return (), ()
    accounts = platform().accounts.all()
    if g.kiosk:
        accounts = tuple(a for a in accounts if CITIZEN in a.roles)
    first = [a for a in accounts if STEWARD not in a.roles]
    first.sort(key=lambda a: min((_RANK.index(r) for r in a.roles if r in _RANK), default=99))
    rest = [a for a in accounts if STEWARD in a.roles]
    return (
        tuple(reader(SignIn(a, {})) for a in first),
        tuple(reader(SignIn(a, {})) for a in rest),
    )


def after_sign_in(found: SignIn, wanted: str) -> str:
    """Return where to go after signing in: the page asked for, if it is one for this reader."""
    roles = found.account.roles
    if found.account.must_change:
        return url_for("account.password")
    if is_local(wanted):
        adapter = current_app.url_map.bind("", url_scheme="http")
        try:
            endpoint, _ = adapter.match(urlsplit(wanted).path, method="GET")
        except (HTTPException, RequestRedirect):
            endpoint = None
        if endpoint and endpoint != "auth.sign_in" and is_allowed(endpoint, roles):
            return wanted
    return url_for(home_endpoint(roles))


def is_local(address: str) -> bool:
    """Tell whether an address leads to a page of this city and nowhere else."""
    parts = urlsplit(address)
    return (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not parts.netloc
        and "\\" not in address
        and address.isprintable()
    )
