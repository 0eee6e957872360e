"""Carry matters from the command line: `start`, `act`, `case`, `worklist`, `walk`, `template`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import click
import typer

from builder.app import opened, rehearsal
from builder.cases import commands, views, walks
from builder.cases.errors import AnswersMissing
from builder.cases.local import local_files
from builder.cases.platform import Platform
from builder.cases.shapes import CaseView
from builder.cases.wishes import KNOWN
from builder.cases.words import OUTCOMES
from builder.cli import specs
from builder.cli.console import Terminal
from builder.cli.errors import FileUnreadable
from builder.errors import Findings
from builder.identity import SignIn
from builder.imports import read_foreign
from builder.scenario.model import Json, Scenario

__all__ = ["register"]

As = Annotated[str, typer.Option("--as", metavar="USER", help="以谁的名义 · In whose name.")]
County = Annotated[str | None, typer.Option(help="县（市、区）代码或名称 · Code or name.")]


_STATES = ("open", "overdue", "correcting", "suspended", "done")


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(start)
    app.command()(act)
    app.command()(supplement)
    app.command()(urge)
    app.command()(case)
    app.command()(worklist)
    app.command()(walk)
    template = typer.Typer(no_args_is_help=True, help="场景模板库 · The library of matters.")
    template.command("list")(template_list)
    template.command("show")(template_show)
    app.add_typer(template, name="template")


def start(
    ctx: typer.Context,
    scenario: Annotated[str, typer.Argument(help="场景编号或名称 · Scenario id or title.")],
    user: As,
    answers: Annotated[Path, typer.Option(help="答案文件 · Answers: JSON by pointer.")],
    county: County = None,
    foreign: Annotated[
        bool,
        typer.Option(
            "--foreign", help="答案是原表单的格式 · Answers in the imported form's shape."
        ),
    ] = False,
) -> None:
    """填表并提交一件事 · Fill in and hand in a matter."""
    term: Terminal = ctx.obj
    values = _answers(answers)
    with opened(term.home) as platform:
        who = platform.accounts.named(user)
        deployment = commands.find_deployment(platform, scenario, county)
        if foreign:
            values = _from_foreign(platform, deployment.current, values, answers.name)
        receipt = commands.apply_from_answers(platform, who, deployment.id, values)
    if term.json:
        term.print_json(receipt)
    else:
        term.lines(
            [
                term.pick("已受理，编号 ", "Handed in, number ") + receipt.case_no,
                f"{term.say(receipt.title)} · {receipt.at:%Y-%m-%d %H:%M}",
            ]
        )


def act(
    ctx: typer.Context,
    case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")],
    user: As,
    task: Annotated[str, typer.Option(help="环节 · Step or task id.")],
    action: Annotated[
        str,
        typer.Option(
            help="approve / reject / return / correct / submit / suspend / resume / transfer / "
            "urge / extend / waive / verify",
            click_type=click.Choice(KNOWN),
        ),
    ] = "approve",
    answers: Annotated[
        Path | None, typer.Option(help="本环节填写的内容 · What the step asks.")
    ] = None,
    reason: Annotated[str, typer.Option(help="理由 · Reason.")] = "",
    to: Annotated[
        str | None,
        typer.Option(help="退回到哪一步，或转给谁 · Step to return to, or party/role[/account]."),
    ] = None,
    field: Annotated[
        list[str] | None,
        typer.Option(help="需补正、延长、免交或核查的字段指针 · Pointers it is about."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="挂起到哪一天 · Day a suspended task goes on."),
    ] = None,
    for_owed: Annotated[
        bool, typer.Option("--for-owed", help="补齐后自动恢复 · Go on once nothing is owed.")
    ] = False,
    days: Annotated[
        int | None, typer.Option(min=1, help="延长几个工作日 · Working days to extend by.")
    ] = None,
    untrue: Annotated[
        bool, typer.Option("--untrue", help="承诺经核查不属实 · The promise was found untrue.")
    ] = False,
) -> None:
    """办理一个环节 · Act on a task."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        who = platform.accounts.named(user)
        wish = commands.Wish(
            action,
            reason=reason or None,
            to=to,
            fields=tuple(field or ()),
            until=until.date() if until else None,
            for_owed=for_owed,
            days=days,
            kept=not untrue,
        )
        values = _answers(answers) if answers else {}
        commands.act_with_answers(platform, who, case_no, task, wish, values)
        after = None if action == "transfer" else views.task(platform, who, case_no, task)
    if after is None:
        term.lines([term.pick("已转办", "Passed on")])
    elif term.json:
        term.print_json(replace(after, form=None))  # a form is for pages
    else:
        state = views.party_state_title("working" if after.state == "open" else after.state)
        term.lines([f"{case_no} {term.say(after.title)}: {term.say(state)}"])


def supplement(
    ctx: typer.Context,
    case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")],
    user: As,
    answers: Annotated[Path, typer.Option(help="答案文件 · Answers: JSON by pointer.")],
) -> None:
    """补交一件办件还欠的内容 · Supply what a case still lacks."""
    term: Terminal = ctx.obj
    values = _answers(answers)
    with opened(term.home) as platform:
        who = platform.accounts.named(user)
        commands.supplement_with_answers(platform, who, case_no, values)
        view = views.case(platform, who, case_no)
    if term.json:
        term.print_json(view)
    else:
        term.lines([f"{case_no} {term.say(views.status_title(view.status))}"])
        term.lines(_open_answers(term, view))


def urge(
    ctx: typer.Context,
    case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")],
    user: As,
    task: Annotated[str, typer.Option(help="环节 · Step or task id.")],
) -> None:
    """催办自己的办件 · Ask the department to hurry with one's own case."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        commands.urge(platform, platform.accounts.named(user), case_no, task)
    term.lines([term.pick("已催办", "The department is reminded")])


def _open_answers(term: Terminal, view: CaseView) -> list[str]:
    """Return a line for each answer owed or promised."""
    words = {
        "owed": ("待补交，最晚", "owed by"),
        "given": ("已补交", "supplied"),
        "waived": ("免于补交", "waived"),
        "dropped": ("不再需要", "no longer needed"),
    }
    lines = []
    for owed in view.owed:
        by = f" {owed.due:%Y-%m-%d}" if owed.state == "owed" else ""
        late = term.pick("，已逾期", ", late") if owed.is_overdue else ""
        lines.append(f"· {term.say(owed.title)}: {term.pick(*words[owed.state])}{by}{late}")
    checked = {
        None: ("书面承诺", "promised"),
        True: ("承诺属实", "promise found true"),
        False: ("承诺不属实", "promise found untrue"),
    }
    lines += [f"· {term.say(p.title)}: {term.pick(*checked[p.kept])}" for p in view.promises]
    return lines


def case(
    ctx: typer.Context,
    case_no: Annotated[str, typer.Argument(help="受理编号 · Case number.")],
    user: Annotated[
        str | None, typer.Option("--as", metavar="USER", help="默认申请人 · Applicant by default.")
    ] = None,
) -> None:
    """看一件办件的进度与用数 · Show a case: progress, and every use of data."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        view = views.case(platform, _reader(platform, user, case_no), case_no)
    if term.json:
        term.print_json(view)
        return
    term.lines([f"{case_no}  {term.say(view.title)}  {term.say(views.status_title(view.status))}"])
    term.table(
        [term.pick("部门", "Department"), term.pick("状态", "State"), term.pick("期限", "Due")],
        [
            (
                term.say(p.title),
                term.say(views.party_state_title(p.state)),
                f"{p.due:%Y-%m-%d}" if p.due else "",
            )
            for p in view.parties
        ],
    )
    term.lines([f"! {term.say(w.text)}" for w in view.waiting])
    term.lines(_open_answers(term, view))
    term.table(
        [
            term.pick("时间", "When"),
            term.pick("节点", "Node"),
            term.pick("数据", "Data"),
            term.pick("用途", "Purpose"),
            term.pick("授权", "Grant"),
            term.pick("结果", "Outcome"),
        ],
        [
            (
                f"{u.at:%m-%d %H:%M}",
                term.say(u.node_title),
                term.say(u.dataset_title) + ": " + "、".join(term.say(f) for f in u.fields),
                term.say(u.purpose_title),
                u.grant,
                term.say(OUTCOMES[u.outcome]),
            )
            for u in view.uses
        ],
        title=term.pick("谁用了我的数据", "Who used my data"),
    )


def worklist(
    ctx: typer.Context,
    user: As,
    state: Annotated[
        str, typer.Option(help="状态 · State.", click_type=click.Choice(_STATES))
    ] = "open",
) -> None:
    """看一位经办人的待办 · Show an officer's worklist."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        found = views.worklist(platform, platform.accounts.named(user), state=state)
    if term.json:
        term.print_json(found)
        return
    term.table(
        [
            term.pick("编号", "Case"),
            term.pick("环节", "Task"),
            term.pick("事项", "Matter"),
            term.pick("申请人", "Applicant"),
            term.pick("期限", "Due"),
        ],
        [
            (
                i.case_no,
                f"{i.task}  {term.say(i.title)}",
                term.say(i.matter),
                i.applicant,
                f"{i.due:%Y-%m-%d}" if i.due else "",
            )
            for i in found.items
        ],
    )


def walk(
    ctx: typer.Context,
    scenario: Annotated[str, typer.Argument(help="场景编号或目录 · Id or folder of a scenario.")],
    only: Annotated[str | None, typer.Option(help="只运行一个 · One walk.")] = None,
    county: County = None,
) -> None:
    """运行场景自带的走查 · Run a scenario's own walks."""
    term: Terminal = ctx.obj
    outcomes = []
    with rehearsal(term.home) as (platform, clock):
        folder = specs.scenario_folder(scenario)
        deployment = commands.find_deployment(platform, specs.id_in(folder) or scenario, county)
        for one in walks.read_walks(folder or deployment.current.id, only):
            outcome = walks.run(platform, clock, deployment.id, one)
            outcomes.append(outcome)
            mark = "✓" if outcome.fault is None else "✗"
            term.err.print(f"{mark} {one.id}  {term.say(one.title)}", markup=False)
            if outcome.fault is not None:
                term.err.print(f"    {outcome.fault.message(term.lang)}", markup=False)
    failed = [o for o in outcomes if o.fault]
    if term.json:
        term.print_json(
            [
                {
                    "walk": o.walk,
                    "steps": o.steps,
                    "case": o.case_no,
                    "fault": o.fault.to_json(term.lang) if o.fault else None,
                }
                for o in outcomes
            ]
        )
    else:
        term.lines(
            [
                term.pick(
                    f"{len(outcomes) - len(failed)} 个通过，{len(failed)} 个不符",
                    f"{len(outcomes) - len(failed)} passed, {len(failed)} failed",
                )
            ]
        )
    if failed:
        raise typer.Exit(1)


def template_list(ctx: typer.Context) -> None:
    """列出模板 · List the library."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        cards = views.library(platform)
    if term.json:
        term.print_json(cards)
    else:
        term.table(
            [
                term.pick("编号", "Id"),
                term.pick("名称", "Title"),
                term.pick("牵头", "Lead"),
                term.pick("部门", "Departments"),
                term.pick("事项", "Items"),
            ],
            [
                (c.scenario, term.say(c.title), term.say(c.lead_title), c.departments, c.items)
                for c in cards
            ],
        )


def template_show(
    ctx: typer.Context, scenario: Annotated[str, typer.Argument(help="编号 · Id.")]
) -> None:
    """看一个模板：部门、事项、用哪些数据 · Show one: departments, items, data bill."""
    term: Terminal = ctx.obj
    with opened(term.home) as platform:
        deployment = commands.find_deployment(platform, scenario, None)
        found = views.matter(platform, None, deployment.id)
    if term.json:
        term.print_json(found)
        return
    term.lines(
        [
            f"{term.say(found.card.title)}  {found.version}",
            term.say(found.card.summary),
            term.pick("牵头：", "Lead: ") + term.say(found.card.lead_title),
            term.pick("配合：", "With: ") + "、".join(term.say(d) for d in found.departments[1:]),
        ]
    )
    term.table(
        [term.pick("事项", "Item"), term.pick("部门", "Department")],
        [(term.say(i.title), term.say(i.party_title)) for i in found.items],
    )
    term.table(
        [
            term.pick("数据集", "Dataset"),
            term.pick("来自", "From"),
            term.pick("数据项", "Fields"),
            term.pick("用途", "Purpose"),
            term.pick("最高级别", "Grade"),
        ],
        [
            (
                term.say(d.title),
                term.say(d.party_title),
                "、".join(term.say(f) for f in d.fields),
                term.say(d.purpose_title),
                d.grade,
            )
            for d in found.data_bill
        ],
        title=term.pick("用数清单", "Data bill"),
    )


def _reader(platform: Platform, user: str | None, case_no: str) -> SignIn:
    return platform.accounts.named(user) if user else commands.applicant_of(platform, case_no)


def _from_foreign(
    platform: Platform, scenario: Scenario, doc: Mapping[str, Json], name: str
) -> dict[str, Json]:
    """Return a document in the imported form's shape as answers.

    Raises:
        Findings: all that is wrong with it, each with its pointer into the document.
    """
    read = read_foreign(scenario, doc, platform.clock().date())
    if read.findings:
        raise Findings(read.findings, where=name)
    return dict(read.answers)


def _answers(path: Path) -> dict[str, Json]:
    try:
        doc = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise FileUnreadable(file=path.name, problem=fault.strerror or "?") from None
    except (ValueError, RecursionError) as fault:
        line = getattr(fault, "lineno", 1)
        raise FileUnreadable(file=path.name, problem=f"JSON, line {line}") from None
    if not isinstance(doc, dict):
        raise AnswersMissing(problem="JSON ≠ object", where=path.name)
    return local_files(doc, path.parent)
