"""See and govern data: `catalog`, `grant`, `query`, `audit`, `crypto`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer

from builder.app import opened
from builder.cases import commands, governance
from builder.cases.words import OUTCOMES
from builder.cli import nodes
from builder.cli.cases import As
from builder.cli.console import Terminal
from builder.cli.errors import FolderUnwritable
from federation.crypto import checks
from federation.ledger import Grade, Search, count

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(query)
    catalog = typer.Typer(no_args_is_help=True, help="一本账 · The ledger.")
    catalog.command("search")(catalog_search)
    catalog.command("show")(catalog_show)
    catalog.command("stats")(catalog_stats)
    app.add_typer(catalog, name="catalog")
    grant = typer.Typer(no_args_is_help=True, help="事前审批 · Grants.")
    grant.command("list")(grant_list)
    for verb in (grant_approve, grant_refuse, grant_revoke):
        grant.command(verb.__name__.partition("_")[2])(verb)
    grant.command("export")(nodes.grant_export)
    grant.command("take")(nodes.grant_take)
    app.add_typer(grant, name="grant")
    audit = typer.Typer(no_args_is_help=True, help="留痕 · The audit trail.")
    audit.command("verify")(audit_verify)
    audit.command("trace")(audit_trace)
    audit.command("export")(audit_export)
    app.add_typer(audit, name="audit")
    crypto = typer.Typer(no_args_is_help=True, help="密码 · Cryptography.")
    crypto.command("selftest")(crypto_selftest)
    app.add_typer(crypto, name="crypto")


def query(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="场景里的查询编号 · A query named in the scenario.")],
    user: As,
    case_no: Annotated[str, typer.Option("--case", help="为哪件办件 · For which case.")],
) -> None:
    """为一件办件核验或取数 · Ask a named case or verify query for a running case."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        fetched = commands.ask_for_case(platform, platform.accounts.named(user), case_no, name)
    if term.json:
        term.print_json(fetched)
        return
    term.lines([f"{name}: {fetched.state}" + (f" ({fetched.fault})" if fetched.fault else "")])
    term.table(["", ""], list((fetched.row or {}).items()))


def catalog_search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="任意两个字 · Any two characters.")],
    party: Annotated[str | None, typer.Option(help="部门 · Party.")] = None,
    grade: Annotated[
        str | None,
        typer.Option(help="级别 · Grade.", click_type=click.Choice([g.value for g in Grade])),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """在一本账里查找 · Search the ledger."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        wanted = Grade(grade) if grade else None
        hits = Search(platform.catalog).find(text, party=party, grade=wanted, limit=limit)
    if term.json:
        term.print_json(hits)
        return
    term.table(
        [
            term.pick("数据项", "Field"),
            term.pick("名称", "Title"),
            term.pick("级别", "Grade"),
            term.pick("部门", "Party"),
        ],
        [
            (
                f"{h.dataset}.{h.field}" if h.field else h.dataset,
                h.title.zh if term.lang == "zh" else h.title.en,
                h.grade,
                h.party,
            )
            for h in hits
        ],
    )


def catalog_show(
    ctx: typer.Context, dataset: Annotated[str, typer.Argument(help="数据集 · Dataset id.")]
) -> None:
    """看一个数据集 · Show one dataset."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        found = platform.catalog.get(dataset)
    if term.json:
        term.print_json(found)
        return
    zh = term.lang == "zh"
    term.lines(
        [
            f"{found.id}  {found.title.zh if zh else found.title.en}  {found.grade}",
            " › ".join(p.zh if zh else p.en for p in found.path),
        ]
    )
    term.table(
        [
            term.pick("数据项", "Field"),
            term.pick("名称", "Title"),
            term.pick("类型", "Type"),
            term.pick("分类", "Class"),
            term.pick("级别", "Grade"),
        ],
        [
            (f.name, f.title.zh if zh else f.title.en, f.type, f.category, f.grade)
            for f in found.fields
        ],
    )


def catalog_stats(ctx: typer.Context) -> None:
    """数一数，对照目标 · Counts beside the plan's targets."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        stats = count(platform.catalog)
    if term.json:
        term.print_json(stats)
        return
    term.table(
        [term.pick("层级", "Level"), term.pick("数量", "Count"), term.pick("目标", "Target")],
        [
            (level, n, stats.fields_target.at_least if level == "L5" else "")
            for level, n in stats.levels.items()
        ],
    )
    rows = ", ".join(f"{n:,} ({how})" for how, n in stats.rows.items()) or "0"
    term.lines(
        [
            term.pick(
                f"行数：{rows}；目标 {stats.rows_target.at_least:,}",
                f"Rows: {rows}; target {stats.rows_target.at_least:,}",
            )
        ]
    )


def grant_list(
    ctx: typer.Context,
    party: Annotated[str | None, typer.Option(help="数据所有方 · Owner.")] = None,
) -> None:
    """列出授权 · List grants."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        lines = governance.grants(platform, owner=party)
    if term.json:
        term.print_json(lines)
        return
    term.table(
        [
            term.pick("授权", "Grant"),
            term.pick("状态", "State"),
            term.pick("数据集", "Dataset"),
            term.pick("用途", "Purpose"),
            term.pick("给谁", "To"),
            term.pick("已用", "Used"),
            term.pick("至", "Until"),
        ],
        [
            (
                g.id,
                g.state,
                g.dataset,
                g.purpose,
                term.say(g.grantee_title),
                g.used,
                f"{g.valid_to:%Y-%m-%d}" if g.valid_to else "",
            )
            for g in lines
        ],
    )


_Grant = Annotated[str, typer.Argument(help="授权编号 · Grant id.")]


def grant_approve(
    ctx: typer.Context,
    grant: _Grant,
    user: As,
    remark: Annotated[str, typer.Option(help="说明 · Remark.")] = "",
) -> None:
    """批准 · Approve, as the owner's steward."""
    _decide(ctx.obj, grant, user, "approve", remark)


def grant_refuse(
    ctx: typer.Context,
    grant: _Grant,
    user: As,
    remark: Annotated[str, typer.Option(help="理由 · Reason.")],
) -> None:
    """不批准 · Refuse, with the reason."""
    _decide(ctx.obj, grant, user, "refuse", remark)


def grant_revoke(
    ctx: typer.Context,
    grant: _Grant,
    user: As,
    remark: Annotated[str, typer.Option(help="理由 · Reason.")],
) -> None:
    """收回 · Revoke, with the reason."""
    _decide(ctx.obj, grant, user, "revoke", remark)


def _decide(term: Terminal, grant: str, user: str, verb: str, remark: str) -> None:
    with opened(term.home) as platform:
        who = platform.accounts.named(user)
        signer = platform.steward_signer(who.account.party or "")
        line = governance.decide_grant(platform, who, grant, verb, remark or None, signer)
    if term.json:
        term.print_json(line)
    else:
        term.lines([f"{line.id}: {line.state}"])


def audit_verify(ctx: typer.Context) -> None:
    """校验每一本日志 · Verify every journal of this city."""
    term: Terminal = ctx.obj
    states = []
    with opened(term.home) as platform:
        for state in governance.verify_all(platform):
            states.append(state)
            mark = "✓" if state.intact else "✗"
            term.err.print(f"{mark} {term.say(state.title)}  {state.entries}", markup=False)
            for finding in state.findings:
                term.err.print(f"    {term.say(finding)}", markup=False)
            if state.open_entries:
                said = term.pick(
                    f"{state.open_entries} 次用数只有开始、没有结束的记录（节点曾被中断）",
                    f"{state.open_entries} uses of data begun without an end on record"
                    " (the node was cut off)",
                )
                term.err.print(f"    {said}", markup=False)
    broken = [s for s in states if not s.intact]
    if term.json:
        term.print_json({"intact": not broken, "journals": states})
    else:
        term.lines(
            [
                term.pick(
                    f"{len(states)} 本日志，{sum(s.entries for s in states)} 条，"
                    + ("全部完整" if not broken else f"{len(broken)} 本有问题"),
                    f"{len(states)} journals, {sum(s.entries for s in states)} entries, "
                    + ("all intact" if not broken else f"{len(broken)} broken"),
                )
            ]
        )
    if broken:
        raise typer.Exit(1)


def audit_trace(
    ctx: typer.Context, case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")]
) -> None:
    """追溯一件办件的全部用数 · Trace one case over all journals."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        trace = governance.trace(platform, case_no)
    if term.json:
        term.print_json(trace)
        return
    term.table(
        [
            term.pick("时间", "When"),
            term.pick("日志", "Journal"),
            term.pick("事件", "Event"),
            term.pick("谁", "Who"),
            term.pick("数据", "Data"),
            term.pick("授权", "Grant"),
            term.pick("结果", "Outcome"),
        ],
        [
            (
                f"{line.at:%m-%d %H:%M:%S}",
                f"{term.say(line.journal_title)}#{line.seq}",
                term.say(line.kind_title),
                line.actor,
                ": ".join(filter(None, [line.dataset, ",".join(term.say(f) for f in line.fields)])),
                line.grant or "",
                term.say(OUTCOMES[line.outcome])
                if line.outcome and line.outcome in OUTCOMES
                else "",
            )
            for line in trace.lines
        ],
    )


def audit_export(
    ctx: typer.Context, target: Annotated[Path, typer.Argument(help="输出目录 · Folder.")]
) -> None:
    """导出全部日志供离线校验 · Export every journal as JSON lines."""
    term: Terminal = ctx.obj
    try:
        target.mkdir(parents=True, exist_ok=True)
        with opened(term.home) as platform:
            written = [governance.export(n, j, target) for n, j in platform.journals.items()]
    except OSError as fault:
        raise FolderUnwritable(folder=target.name, problem=fault.strerror or "?") from None
    if term.json:
        term.print_json([{"file": path.name, "entries": n} for path, n in written])
    else:
        term.lines(f"{path.name}  {n}" for path, n in written)


def crypto_selftest(ctx: typer.Context) -> None:
    """用标准向量自检 · Self-test with the official vectors."""
    term: Terminal = ctx.obj
    found = checks()
    if term.json:
        term.print_json(found)
    else:
        term.lines(f"{'✓' if c.passed else '✗'} {c.name}" for c in found)
    if not all(c.passed for c in found):
        raise typer.Exit(1)
