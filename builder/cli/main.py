"""Join the commands into one `scenarist`, and turn faults into exit codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import click
import typer

import builder
from builder.cli import (
    accounts,
    backup,
    cases,
    city,
    data,
    documents,
    imports,
    nodes,
    notices,
    sources,
    specs,
)
from builder.cli.console import Terminal, detect_lang
from builder.errors import Fault

__all__ = ["app", "main"]

app = typer.Typer(
    name="scenarist",
    help="场景师：一份 JSON，一件跨部门的事 · One JSON spec, one cross-department matter.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"scenarist {builder.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", envvar="SCENARIST_HOME", help="城市目录 · The city's folder.")
    ] = Path(".scenarist"),
    lang: Annotated[
        str | None, typer.Option("--lang", help="zh / en; SCENARIST_LANG 亦可.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出一份 JSON · Print one JSON document.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    del version
    ctx.obj = Terminal(home, detect_lang(lang), as_json)


rooms = (
    city,
    accounts,
    cases,
    documents,
    data,
    specs,
    imports,
    backup,
    sources,
    nodes,
    notices,
)
for room in rooms:
    room.register(app)


def main() -> None:
    """Run a command line: 0 done, 1 a fault, 2 wrong usage."""
    arguments = _options_first(sys.argv[1:])
    try:
        code = app(args=arguments, standalone_mode=False)  # what typer.Exit was raised with
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.UsageError as wrong:
        wrong.show()
        sys.exit(2)
    except Fault as fault:
        _terminal(arguments).fault(fault)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


def _options_first(arguments: list[str]) -> list[str]:
    """Let --home, --lang and --json stand anywhere on the line, as people write them."""
    common: list[str] = []
    rest: list[str] = []
    items = iter(arguments)
    for item in items:
        if item == "--":
            rest += [item, *items]
        elif item == "--json" or item.startswith(("--home=", "--lang=")):
            common.append(item)
        elif item in ("--home", "--lang"):
            common += [item, *([value] if (value := next(items, None)) is not None else [])]
        else:
            rest.append(item)
    return common + rest


def _terminal(arguments: list[str]) -> Terminal:
    lang = next(
        (a.partition("=")[2] for a in arguments if a.startswith("--lang=")),
        arguments[arguments.index("--lang") + 1] if "--lang" in arguments[:-1] else None,
    )
    return Terminal(Path(), detect_lang(lang), "--json" in arguments)
