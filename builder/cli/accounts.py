"""Look after accounts: `account list`, `add`, `roles`, `password`, `close`, `reopen`.

Whoever runs the city's programs does this; each act stands in the hub's journal. A first password
is drawn, printed once, and must be changed by its owner before it opens anything else.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

import typer

from builder.app import opened
from builder.cases.commands import county_code
from builder.cases.platform import Platform
from builder.cli.console import Terminal
from builder.cli.errors import (
    AccountNameWrong,
    CountyNeeded,
    EmailWrong,
    PartyNeeded,
    PartyNotKnown,
    RoleNotKnown,
)
from builder.identity import Account
from builder.identity.accounts import Held
from builder.identity.passwords import check_password, drawn_password
from builder.identity.roles import CITIZEN, COUNTY, ROLES
from federation.audit import Entry
from federation.store import write

__all__ = ["register"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_EMAIL = re.compile(r"[^@\s<>\",;:\\]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,63}")
_ACTOR = "operator"

_Who = Annotated[str, typer.Argument(metavar="ACCOUNT", help="账号 · Account.")]
_Roles = Annotated[
    list[str], typer.Option("--role", help="角色，可多次 · A role; repeat for several.")
]
_Party = Annotated[str | None, typer.Option(help="部门编号 · Id of the department.")]
_County = Annotated[
    str | None, typer.Option(help="县（市、区）代码或名称 · County, for its administrator.")
]
_Email = Annotated[str | None, typer.Option(help="收通知的邮箱 · E-mail for notices.")]
_FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="从标准输入读初始密码 · Read the password from standard input."
    ),
]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    account = typer.Typer(no_args_is_help=True, help="账号 · Accounts.")
    account.command("list")(account_list)
    account.command("add")(account_add)
    account.command("roles")(account_roles)
    account.command("password")(account_password)
    account.command("close")(account_close)
    account.command("reopen")(account_reopen)
    app.add_typer(account, name="account")


def account_list(
    ctx: typer.Context,
    party: _Party = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="只看停用的 · Closed ones only.")
    ] = False,
) -> None:
    """列出账号：部门、角色、状态 · List accounts: department, roles, state."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        found = [
            h
            for h in platform.accounts.held()
            if party in (None, h.account.party) and not (closed and h.active)
        ]
        lines = [_line(platform, h, term) for h in found]
    if term.json:
        term.print_json([_document(h) for h in found])
        return
    heads = ("账号", "是谁", "部门", "角色", "状态") if term.lang == "zh" else (
        "Account", "Who", "Department", "Roles", "State",
    )  # fmt: skip
    term.table(heads, lines)


def account_add(
    ctx: typer.Context,
    account: _Who,
    name: Annotated[str, typer.Option(help="姓名 · Name.")],
    role: _Roles,
    name_en: Annotated[str | None, typer.Option(help="英文名 · Name in English.")] = None,
    party: _Party = None,
    county: _County = None,
    email: _Email = None,
    password_stdin: _FromStdin = False,
    sso: Annotated[
        bool, typer.Option("--sso", help="只通过统一身份认证登录 · Without a password here.")
    ] = False,
) -> None:
    """新增账号，初始密码只显示一次 · Add an account; its first password is shown once."""
    term: Terminal = ctx.obj
    if not _NAME.fullmatch(account):
        raise AccountNameWrong(account=account[:64])
    with opened(term.home) as platform:
        new = Account(
            account=account,
            name={"zh": name, "en": name_en or name},
            party=_party(platform, party),
            roles=_roles(platform, role),
            person={"name": name} if CITIZEN in role else {},
            county=county_code(platform, county) if county else None,
            email=_email(email),
        )
        _check(new)
        password = None if sso else _first_password(account, from_stdin=password_stdin)
        platform.accounts.add_new(new, password)
        _note(platform, "account-added", new, roles=list(new.roles))
    _say_password(term, account, None if password_stdin else password)


def account_roles(
    ctx: typer.Context,
    account: _Who,
    role: Annotated[
        list[str] | None, typer.Option("--role", help="全部角色，可多次 · All roles; repeat.")
    ] = None,
    party: _Party = None,
    county: _County = None,
    email: _Email = None,
) -> None:
    """变更账号的角色、部门、县区、邮箱 · Change roles, department, county or e-mail."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        held = platform.accounts.look(account).account
        new = replace(
            held,
            roles=_roles(platform, role) if role else held.roles,
            party=_party(platform, party) if party else held.party,
            county=county_code(platform, county) if county else held.county,
            email=_email(email) if email else held.email,
        )
        _check(new)
        platform.accounts.update(new)
        platform.sessions.end_all(account)  # a sign-in's sealed ticket names the roles of before
        _note(platform, "account-changed", new, roles=list(new.roles))
    _done(term, account, f"✓ {account}：{'、'.join(new.roles)}", f"✓ {account}: {new.roles}")


def account_password(ctx: typer.Context, account: _Who, password_stdin: _FromStdin = False) -> None:
    """重置密码：解除暂停，结束全部登录 · Set a new password; lifts pauses, ends every sign-in."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        held = platform.accounts.look(account)
        password = _first_password(account, from_stdin=password_stdin)
        platform.accounts.set_password(account, password)
        platform.sessions.end_all(account)
        _note(platform, "account-password-set", held.account)
    _say_password(term, account, None if password_stdin else password)


def account_close(ctx: typer.Context, account: _Who) -> None:
    """停用账号并结束全部登录；办件和留痕不受影响 · Close an account and end its sign-ins."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        held = platform.accounts.look(account)
        platform.accounts.set_active(account, active=False)
        platform.sessions.end_all(account)
        _note(platform, "account-closed", held.account)
    _done(term, account, f"✓ {account} 已停用", f"✓ {account} is closed")


def account_reopen(ctx: typer.Context, account: _Who) -> None:
    """恢复停用的账号 · Open a closed account again."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        held = platform.accounts.look(account)
        platform.accounts.set_active(account, active=True)
        _note(platform, "account-reopened", held.account)
    _done(term, account, f"✓ {account} 已恢复", f"✓ {account} is open again")


# ── checking what was typed ──────────────────────────────────────────────────────────────────────


def _roles(platform: Platform, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return roles that the house or one of its matters knows."""
    known = {*ROLES}
    for deployment in platform.deployments.all():
        known |= {r.id for r in deployment.current.roles if r.party is not None}
    for role in wanted:
        if role not in known:
            near = difflib.get_close_matches(role, known, n=3, cutoff=0.0)
            raise RoleNotKnown(role=role[:64], nearest=near)
    return tuple(dict.fromkeys(wanted))


def _party(platform: Platform, wanted: str | None) -> str | None:
    if wanted is not None and wanted not in platform.city.parties:
        near = difflib.get_close_matches(wanted, platform.city.parties, n=3, cutoff=0.0)
        raise PartyNotKnown(party=wanted[:64], nearest=near)
    return wanted


def _email(wanted: str | None) -> str | None:
    if wanted is not None and not _EMAIL.fullmatch(wanted):
        raise EmailWrong
    return wanted


def _check(account: Account) -> None:
    """Refuse what would leave somebody without a desk, or an administrator without a county."""
    if account.party is None and set(account.roles) - {CITIZEN}:
        raise PartyNeeded(account=account.account)
    if COUNTY in account.roles and account.county is None:
        raise CountyNeeded(account=account.account)


def _first_password(account: str, *, from_stdin: bool) -> str:
    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else drawn_password()
    check_password(password, account=account)
    return password


# ── telling ──────────────────────────────────────────────────────────────────────────────────────


def _note(platform: Platform, kind: str, account: Account, **facts: object) -> None:
    facts = {"account": account.account, "party": account.party, **facts}
    entry = Entry(kind=kind, at=platform.clock(), actor=_ACTOR, facts=facts)
    with write(platform.hub_engine) as conn:
        platform.journal.append(conn, entry)


def _say_password(term: Terminal, account: str, password: str | None) -> None:
    if term.json:
        term.print_json({"account": account, "password": password})
        return
    term.lines([term.pick(f"✓ 账号 {account}", f"✓ account {account}")])
    if password is not None:
        term.lines(
            [
                term.pick(f"  初始密码：{password}", f"  first password: {password}"),
                term.pick(
                    "  只显示这一次；本人首次登录时必须修改。",
                    "  Shown this once; its owner must change it at the first sign-in.",
                ),
            ]
        )


def _done(term: Terminal, account: str, zh: str, en: str) -> None:
    if term.json:
        term.print_json({"account": account})
    else:
        term.lines([term.pick(zh, en)])


def _line(platform: Platform, held: Held, term: Terminal) -> tuple[str, ...]:
    account = held.account
    say: Callable[[str, str], str] = term.pick
    states = [say("在用", "open") if held.active else say("已停用", "closed")]
    if account.must_change:
        states.append(say("待改密码", "must change password"))
    if not held.has_password:
        states.append(say("统一身份认证", "single sign-on"))
    place = [term.say(platform.city.party_title(account.party))] if account.party else []
    if account.county:
        place.append(term.say(platform.city.county_title(account.county)))
    comma = say("、", ", ")
    return (
        account.account,
        account.name[term.lang],
        comma.join(place),
        comma.join(account.roles),
        comma.join(states),
    )


def _document(held: Held) -> dict[str, object]:
    a = held.account
    return {
        "account": a.account,
        "name": a.name,
        "party": a.party,
        "roles": a.roles,
        "county": a.county,
        "email": a.email,
        "active": held.active,
        "must_change": a.must_change,
        "has_password": held.has_password,
        "created_at": held.created_at,
    }
