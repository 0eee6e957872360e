"""See what could not be told to people outside, and send it again: `notices list`, `again`."""

from __future__ import annotations

from typing import Annotated

import typer

from builder.app import opened
from builder.cases.undelivered import send_again, undelivered
from builder.cli.console import Terminal

__all__ = ["register"]

_STATES = {"dead": ("已搁置", "laid aside"), "waiting": ("等待重发", "waiting")}


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    notices = typer.Typer(no_args_is_help=True, help="没有送达的通知 · Undelivered notices.")
    notices.command("list")(notices_list)
    notices.command("again")(notices_again)
    app.add_typer(notices, name="notices")


def notices_list(ctx: typer.Context) -> None:
    """列出被拒收的和超过一小时没有发出的通知 · List what was refused, or waits for over an hour."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        found = undelivered(platform)
    if term.json:
        term.print_json(found)
        return
    zh = ("编号", "事项", "办件", "渠道", "发给", "状态", "次数", "原因")
    en = ("Id", "Matter", "Case", "Channel", "To", "State", "Tried", "Fault")
    rows = [
        (
            u.id[:16],
            term.say(u.matter),
            u.case_no,
            u.channel,
            u.address,
            term.pick(*_STATES[u.state]),
            u.attempts,
            u.fault,
        )
        for u in found
    ]
    if rows:
        term.table(zh if term.lang == "zh" else en, rows)
    else:
        term.lines([term.pick("没有积压的通知", "Nothing is held up")])


def notices_again(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(help="编号或其开头 · Ids, or how they begin.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="全部 · All.")] = False,
) -> None:
    """让没有送达的通知再发一次，编号不变 · Send undelivered notices again, under their old ids."""
    if bool(ids) == everything:
        raise typer.BadParameter("ID… / --all")
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        wanted = None
        if ids:
            begins = tuple(i for i in ids if i)
            wanted = [u.id for u in undelivered(platform) if u.id.startswith(begins)]
        again = send_again(platform, wanted)
    if term.json:
        term.print_json({"again": again})
    else:
        term.lines([term.pick(f"已安排重发 {again} 条", f"{again} will be sent again")])
