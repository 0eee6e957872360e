"""Run a city: `demo`, `serve`, `work`, `doctor`."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from builder.app import build_demo, demo_password, open_platform
from builder.app.processes import set_apart
from builder.cli.console import Terminal
from builder.cli.errors import CityRunning, PortTaken
from builder.cli.programs import city, hub
from builder.cli.supervise import Program, Supervisor, running
from builder.scenario.model import Text
from builder.store.settings import FILE_NAME

__all__ = ["register"]

_HOST = "127.0.0.1"
_FEW = 2
_EMBEDDED = Text(
    "演示在一个进程里运行全部节点：一个进程不是信任边界。所有人和数据都是生成的。"
    "加 --processes 让每个节点成为独立的程序。",
    "The demo runs every node in one process: one process is not a trust boundary. Everyone and "
    "everything in it is generated. With --processes every node is a program of its own.",
)
_APART = Text(
    "每个部门的节点和办件签发方都是独立的程序，以双向 TLS 相连；它们的密钥都在这一台机器上，"
    "所以仍不是信任边界。所有人和数据都是生成的。",
    "Every department's node and the case issuer are programs of their own, joined by mutual TLS. "
    "Their keys lie on one machine, so this is still no trust boundary. Everyone and everything in "
    "it is generated.",
)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(demo)
    app.command()(serve)
    app.command()(work)
    app.command()(doctor)


def demo(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help="端口 · Port on 127.0.0.1.", min=1, max=65535)] = 8600,
    scale: Annotated[int, typer.Option(help="数据规模倍数 · Times the usual size.", min=1)] = 1,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="先删除旧的演示城市 · Start anew.")
    ] = False,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="只生成 · Build only.")] = False,
    processes: Annotated[
        bool,
        typer.Option(
            "--processes", help="每个节点一个进程，双向 TLS · Every node a program of its own."
        ),
    ] = False,
    hub_url: Annotated[
        str | None,
        typer.Option(
            "--hub-url",
            help="枢纽的数据放在这个 PostgreSQL 库里 · Keep the hub's state in this database.",
        ),
    ] = None,
) -> None:
    """生成演示城市并启动 · Build the demo city and serve it."""
    term: Terminal = ctx.obj
    if not no_serve:
        _check_port(port)
    began = time.monotonic()
    if fresh or not (term.home / FILE_NAME).exists():
        build_demo(
            term.home,
            scale=scale,
            say=lambda zh, en: _say(term, zh, en),
            fresh=fresh,
            hub_url=hub_url,
        )
        took = time.monotonic() - began
        _say(term, f"演示城市已生成，用时 {took:.1f} 秒", f"Demo city built in {took:.1f} s")
    if processes:
        set_apart(term.home, port + 1, lambda zh, en: _say(term, zh, en))
    programs = city(term.home, _HOST, port, workers=1, with_worker=True)
    if not no_serve:
        _check_ports(term, programs)
    address = None if no_serve else f"http://{_HOST}:{port}"
    _print_accounts(term, address, is_apart=len(programs) > _FEW)
    if not no_serve:
        _run(term, programs)


def serve(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(help="端口 · Port.", min=1, max=65535)] = 8600,
    host: Annotated[str, typer.Option(help="地址 · Address.")] = _HOST,
    workers: Annotated[int, typer.Option(help="进程数 · Processes.", min=1)] = 1,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="不启动后台进程 · Without the background worker.")
    ] = False,
) -> None:
    """启动网页服务 · Serve the city's pages."""
    term: Terminal = ctx.obj
    open_platform(term.home).close()
    _check_port(port, host)
    _say(term, f"网址 http://{host}:{port}", f"Serving http://{host}:{port}")
    _run(term, list(hub(term.home, host, port, workers=workers, with_worker=not no_worker)))


def work(
    ctx: typer.Context,
    threads: Annotated[
        int, typer.Option(help="同时办理几件 · Things done at once.", min=1, max=64)
    ] = 8,
) -> None:
    """运行后台进程：重试、期限、通知、检查点 · Run the background worker."""
    from builder.work import run

    run(open_platform(ctx.obj.home), threads=threads)


def doctor(ctx: typer.Context) -> None:
    """检查这座城市是否健康 · Look whether this city is in order."""
    from builder.cli.doctor import examine

    term: Terminal = ctx.obj
    checks = examine(term.home)
    if term.json:
        term.print_json({"ok": all(c.ok for c in checks), "checks": checks})
    else:
        colon = term.pick("：", ": ")
        for check in checks:
            mark = "✓" if check.ok else "✗"
            term.lines([f"{mark} {term.say(check.what)}{colon}{term.say(check.found)}"])
            if not check.ok and check.fix is not None:
                term.lines([f"  → {term.say(check.fix)}"])
    if not all(c.ok for c in checks):
        raise typer.Exit(1)


def _say(term: Terminal, zh: str, en: str) -> None:
    term.err.print(term.pick(zh, en), markup=False)


def _check_port(port: int, host: str = _HOST) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise typer.BadParameter(host, param_hint="--host") from None
        except OSError:
            raise PortTaken(port=port) from None


def _print_accounts(term: Terminal, address: str | None, *, is_apart: bool) -> None:
    platform = open_platform(term.home)
    try:
        accounts = platform.accounts.all()
        city = platform.city
    finally:
        platform.close()
    if term.json:
        listed = [
            {"account": a.account, "name": a.name, "party": a.party, "roles": a.roles}
            for a in accounts
        ]
        term.print_json({"address": address, "password": demo_password(), "accounts": listed})
        return
    term.table(
        [
            term.pick("账号", "Account"),
            term.pick("是谁", "Who"),
            term.pick("部门", "Department"),
            term.pick("角色", "Role"),
        ],
        [
            (
                a.account,
                a.name[term.lang],
                term.say(city.party_title(a.party)) if a.party else "",
                ", ".join(a.roles),
            )
            for a in accounts
        ],
        title=term.pick(
            f"演示账号，口令都是 {demo_password()}",
            f"Demo accounts, all with the password {demo_password()}",
        ),
    )
    term.lines([term.say(_APART if is_apart else _EMBEDDED)])
    if address:
        term.lines([f"\n→ {address}"])


def _run(term: Terminal, programs: Sequence[Program]) -> None:
    """Run a city's programs until told to stop; end them together."""
    is_apart = len(programs) > _FEW
    supervisor = Supervisor(term.home, to_console=not is_apart)
    began = time.monotonic()
    with supervisor.signals():
        try:
            with _progress(term, is_apart) as tell:
                supervisor.start(programs, tell)
            if is_apart:
                took, n = time.monotonic() - began, len(programs)
                _say(
                    term,
                    f"{n} 个程序已启动，用时 {took:.1f} 秒；日志在 {term.home}/logs",
                    f"{n} programs started in {took:.1f} s; their logs are in {term.home}/logs",
                )
            supervisor.watch()
        finally:
            supervisor.end()


@contextmanager
def _progress(term: Terminal, is_shown: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many programs are ready, on one line that grows."""
    if not is_shown:
        yield None
        return
    words = term.pick("启动各程序", "Starting the programs")
    with Progress(
        TextColumn("· {task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed}/{task.total}"),
        console=term.err,
        transient=True,
    ) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _check_ports(term: Terminal, programs: Sequence[Program]) -> None:
    ours = {s["port"] for s in running(term.home).values()}
    if ours:
        raise CityRunning(programs=len(ours))
    for program in programs:
        if program.port is not None:
            _check_port(program.port)
