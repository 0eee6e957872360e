"""Sign in and out by the city's identity provider."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, jsonify, redirect, request, session
from werkzeug.wrappers import Response as BaseResponse

from builder.errors import Fault
from builder.identity.sso import SingleSignOn
from builder.identity.sso_errors import SsoOff
from builder.web.auth import after_sign_in, end_earlier, is_local, outside, sign_in_page
from builder.web.context import lang, platform, remember, web
from builder.web.device import door
from builder.web.journal import VISITOR, note
from builder.web.security import wants_json

__all__ = ["sso", "the_sso"]

sso = Blueprint("sso", __name__, url_prefix="/sso")
_STATE = "sso"


def the_sso() -> SingleSignOn:
    """Return this city's single sign-on; raises `SsoOff` where it has none."""
    found = web().sso
    if found is None:
        raise SsoOff
    return found


@sso.get("/start")
def start() -> BaseResponse:
    """Send the reader to the provider."""
    wanted = request.args.get("next", "")
    try:
        begun = the_sso().begin(wanted if is_local(wanted) else "")
        address = the_sso().provider.begin(
            back_to=outside("sso.callback"),
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            lang=lang(),
        )
    except Fault as fault:
        return _refused(fault, wanted)
    session[_STATE] = begun.state
    return redirect(address, code=303)


@sso.get("/callback")
def callback() -> BaseResponse:
    """Take the provider's answer, check it, and begin a fresh session."""
    answer = {name: request.args[name] for name in request.args}
    expected = session.pop(_STATE, "")
    wanted = ""
    try:
        begun = the_sso().come_back(answer.get("state", ""), str(expected))
        wanted = begun.wanted
        vouched = the_sso().provider.finish(
            answer,
            back_to=outside("sso.callback"),
            nonce=begun.nonce,
            verifier=begun.verifier,
        )
        found = the_sso().enter(vouched)
    except Fault as fault:
        note("sign-in-refused", VISITOR, code=fault.code)
        return _refused(fault, wanted)
    end_earlier()
    way = replace(door("sso"), subject=vouched.subject, sid=vouched.sid, id_token=vouched.id_token)
    remember(platform().sessions.begin(found, way))
    note("signed-in", found.account.account, party=found.account.party)
    return redirect(after_sign_in(found, wanted), code=303)


@sso.post("/back-channel")
def back_channel() -> BaseResponse:
    """End the sign-ins of whom the provider says has signed out there."""
    try:
        gone = the_sso().provider.logged_out(request.form.get("logout_token", "")[:16384])
    except Fault as fault:
        response = jsonify(error="invalid_request", error_description=fault.code)
        response.status_code = 503 if fault.http >= 500 else 400
        return response
    ended = platform().sessions.end_vouched(gone.subject, gone.sid)
    note("sign-in-ended", VISITOR, ended=ended, by="identity-provider")
    return Response(status=200)


def _refused(fault: Fault, wanted: str) -> BaseResponse:
    if wants_json():
        raise fault
    return Response(sign_in_page(wanted, fault=fault), status=fault.http)
