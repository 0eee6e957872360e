"""Sign programs in: tokens got, listed, ended; who one is; whether the service runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, request
from sqlalchemy import select

from builder.errors import Fault
from builder.identity import IssuedToken, Token, place_of
from builder.identity.passwords import MOST
from builder.identity.sso_errors import LocalSignInOff
from builder.scenario.model import Text
from builder.web.api.operation import Answer, Ask, Registry
from builder.web.api.shapes import closed
from builder.web.api_errors import ScopeUnknown, TokenUnknown
from builder.web.context import web
from builder.web.errors import PasswordChangeNeeded
from builder.web.journal import VISITOR, note
from builder.web.scopes import SCOPES, scopes_of
from federation.store import read

__all__ = ["Health", "Me", "registry"]

registry = Registry()
_ALL = sorted({s for scopes in SCOPES.values() for s in scopes})


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the web runs and its store answers."""

    ok: bool


@dataclass(frozen=True, slots=True)
class Me:
    """Who a program acts for."""

    account: str
    name: str
    party: str | None
    party_title: Text | None
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    expires_at: datetime | None
    """When the token ends; None in a browser's own session."""


@registry.add(
    "POST",
    "/tokens",
    tag="tokens",
    title=Text("登录，领取令牌", "Sign in and get a token"),
    note=Text(
        "令牌只在这一次回应里给出，请妥善保存。不写 scopes 时，范围是账号职责的全部。",
        "The token is shown in this answer only. Without scopes it may do all its account may.",
    ),
    takes=closed(
        {
            "account": {"type": "string", "minLength": 1, "maxLength": 64},
            "password": {"type": "string", "minLength": 1, "maxLength": 256},
            "title": {"type": "string", "maxLength": 80, "pattern": r"^[^\x00-\x1f]*$"},
            "scopes": {
                "type": "array", "items": {"enum": _ALL}, "minItems": 1, "uniqueItems": True,
            },
            "hours": {"type": "integer", "minimum": 1, "maximum": 720},
        },
        optional=("title", "scopes", "hours"),
    ),
    gives=IssuedToken,
    status=201,
)  # fmt: skip
def begin_token(ask: Ask) -> Answer:
    """Check the password and issue a token."""
    here, body = ask.platform, ask.body
    hours = min(body.get("hours", here.settings.session_hours), here.settings.token_hours)
    if not here.settings.local_sign_in:
        raise LocalSignInOff
    try:
        found = here.accounts.sign_in(
            body["account"],
            body["password"][:MOST],
            address=place_of(request.remote_addr),
            ticket_hours=hours,
        )
        if found.account.must_change:
            raise PasswordChangeNeeded
        own = scopes_of(found.account.roles)
        for scope in body.get("scopes", ()):
            if scope not in own:
                raise ScopeUnknown(scope=scope, known=own or ("—",), where="/scopes")
    except Fault as fault:
        note("token-refused", VISITOR, code=fault.code)
        raise
    title = body.get("title", "").strip()
    issued = web().tokens.issue(found, body.get("scopes", own), title, hours=hours)
    note("token-begun", found.account.account, party=found.account.party, token=issued.id)
    return Answer(issued)


@registry.add(
    "GET",
    "/tokens",
    tag="tokens",
    title=Text("自己的令牌", "One's own tokens"),
    list_of=Token,
)
def list_tokens(ask: Ask) -> Answer:
    """List the account's tokens that hold."""
    return Answer(web().tokens.of(ask.person.account.account))


@registry.add(
    "DELETE",
    "/tokens/<token_id>",
    tag="tokens",
    title=Text("撤销令牌", "Revoke a token"),
    status=204,
)
def end_token(ask: Ask) -> Answer:
    """End one of the account's tokens."""
    account = ask.person.account
    if not web().tokens.revoke(account.account, ask.path["token_id"]):
        raise TokenUnknown
    note("token-ended", account.account, party=account.party, token=ask.path["token_id"])
    return Answer()


@registry.add(
    "GET",
    "/me",
    tag="tokens",
    title=Text("当前账号", "Whom this token acts for"),
    gives=Me,
)
def show_me(ask: Ask) -> Answer:
    """Say who is signed in and what the token may do."""
    account, token = ask.person.account, g.get("token")
    return Answer(
        Me(
            account.account,
            account.name.get(ask.lang, account.account),
            account.party,
            ask.platform.city.party_title(account.party) if account.party else None,
            account.roles,
            tuple(token.scopes) if token else scopes_of(account.roles),
            token.expires_at if token else None,
        )
    )


@registry.add(
    "GET",
    "/health",
    tag="service",
    title=Text("服务是否正常", "Whether the service runs"),
    gives=Health,
)
def show_health(ask: Ask) -> Answer:
    """Say that the web runs and its store answers."""
    with read(ask.platform.hub_engine) as conn:
        conn.execute(select(1))
    return Answer(Health(ok=True))
