"""Documents from the command line: `document list`, `document fetch`, `document check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from builder.app import opened
from builder.cases import commands, documents, keeping
from builder.cases.errors import CaseUnknown
from builder.cli.console import Terminal
from builder.cli.errors import FileUnreadable, FolderUnwritable
from builder.documents.checking import (
    ExportedJournal,
    Paper,
    check_paper,
    check_recorded,
    check_signed,
    read_paper,
)
from builder.documents.statement import Statement, find_statement
from federation.crypto import key_id

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    document = typer.Typer(no_args_is_help=True, help="文书：列出、下载、核验 · Documents.")
    document.command("list")(listed)
    document.command("fetch")(fetch)
    document.command("check")(check)
    app.add_typer(document, name="document")


def listed(
    ctx: typer.Context, case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")]
) -> None:
    """列出一件办件出具的文书 · List what was issued in a case."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        stored = keeping.load_case(platform.deployments.of_case(case_no), case_no)
        if stored is None:
            raise CaseUnknown(case=case_no)
        lines = documents.documents_of(stored)
    if term.json:
        term.print_json(lines)
        return
    head = (("编号", "Number"), ("文书", "Document"), ("出具", "Issued"), ("状态", "State"))
    term.table(
        [term.pick(*pair) for pair in head],
        [
            (
                line.number,
                term.say(line.title),
                f"{line.issued_at:%Y-%m-%d %H:%M}",
                term.pick("已作废", "voided") if line.voided_at else term.pick("有效", "holds"),
            )
            for line in lines
        ],
    )


def fetch(
    ctx: typer.Context,
    number: Annotated[str, typer.Argument(help="文书编号；回执是受理编号加 -R · Number.")],
    out: Annotated[Path, typer.Option(help="写到哪个文件 · Where to.")],
    user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="默认申请人 · Applicant by default.")
    ] = None,
    layout: Annotated[str, typer.Option(help="zh / zh-en")] = "zh",
) -> None:
    """把一份文书存成 PDF · Save a document as PDF."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        case_no = documents.case_of(number)
        who = platform.accounts.named(user) if user else commands.applicant_of(platform, case_no)
        file = documents.fetch(platform, who, number, layout)
    try:
        out.write_bytes(file.pdf)
    except OSError as problem:
        raise FolderUnwritable(folder=out.name, problem=problem.strerror or "?") from None
    if term.json:
        term.print_json({"number": number, "file": out.name, "bytes": len(file.pdf)})
    else:
        term.lines([f"{file.name} → {out.name}  {len(file.pdf) / 1024:.0f} KiB"])


def check(
    ctx: typer.Context,
    document: Annotated[
        str, typer.Argument(help="PDF 文件，或二维码的内容（SCN1|…）· A PDF, or the code.")
    ],
    journal: Annotated[
        Path | None,
        typer.Option(help="audit export 导出的文件；离线核验 · An exported journal: offline."),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="公钥（十六进制）· A public key, hex.")
    ] = None,
) -> None:
    r"""核验一份文书的真伪 · Tell whether a document is genuine.

    \b
    不带 --journal：用本城市的留痕核验。带 --journal：只用导出的留痕和公钥，不需要城市目录。
    Without --journal: by this city's own journal. With it: by the export and public keys alone.
    """
    term: Terminal = ctx.obj
    paper, statement = _given(document)
    if journal is not None:
        _check_offline(term, paper, statement, journal, tuple(key or ()))
        return
    with opened(term.home) as platform:
        found = (
            documents.check_pdf(platform, paper.raw)
            if paper is not None
            else documents.check_text(platform, statement.line())
        )
    if term.json:
        term.print_json(found)
        return
    term.lines(
        [
            term.pick("✓ 真实有效  ", "✓ genuine  ") + found.number,
            f"  {term.say(found.title)} · {term.say(found.org)} · {found.issued_at:%Y-%m-%d}",
            f"  {found.masked_name}",
        ]
    )


def _check_offline(
    term: Terminal,
    paper: Paper | None,
    statement: Statement,
    journal: Path,
    keys: tuple[str, ...],
) -> None:
    """Check by an export and public keys; without keys, those that signed the export are named."""
    try:
        exported = ExportedJournal(journal.read_bytes().splitlines(keepends=True), keys or None)
    except OSError as problem:
        raise FileUnreadable(file=journal.name, problem=problem.strerror or "?") from None
    trusted = keys or tuple(sorted(exported.keys))
    check_signed(statement, trusted)
    if exported.name != statement.journal:
        raise FileUnreadable(file=journal.name, problem=f"{exported.name} ≠ {statement.journal}")
    check_recorded(statement, exported)
    if paper is not None:
        check_paper(paper)
    names = [key_id(k) for k in trusted]
    if term.json:
        said = {"number": statement.number, "issued": statement.at, "content": statement.content}
        term.print_json({**said, "journal": exported.name, "keys": names})
        return
    term.lines(
        [
            term.pick("✓ 真实有效  ", "✓ genuine  ") + f"{statement.number}  {statement.at}",
            *(
                []
                if keys
                else [
                    term.pick(
                        "  公钥取自导出文件本身，请与该城市公布的公钥编号核对：",
                        "  The key was taken from the export; compare its name with the city's: ",
                    )
                    + "、".join(names)
                ]
            ),
        ]
    )


def _given(document: str) -> tuple[Paper | None, Statement]:
    """Return what was given: a file of ours with its statement, or the statement alone."""
    if document.lstrip().startswith("SCN1|"):
        return None, find_statement(document)
    path = Path(document)
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or "?"
        raise FileUnreadable(file=path.name[:80], problem=said) from None
    if raw.startswith(b"%PDF-"):
        paper = read_paper(raw)
        return paper, paper.statement
    return None, find_statement(raw.decode("utf-8", errors="replace"))
