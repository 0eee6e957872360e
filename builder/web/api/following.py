"""Follow one's own matters: where they stand, who used one's data, what may be done now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from builder.cases import commands, open_drafts, views
from builder.cases.inbox import inbox
from builder.cases.open_drafts import DraftShown
from builder.cases.shapes import CaseView, MatterLine, NoticeLine, Receipt, UseLine
from builder.scenario.model import Text
from builder.web.api.answers import read_answers
from builder.web.api.door import after
from builder.web.api.operation import PAGING, Answer, Ask, Registry
from builder.web.api.shapes import closed

__all__ = ["Asked", "registry"]

registry = Registry()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking the silent departments once more."""

    outcome: Literal["answered", "silent", "resting"]


@registry.add(
    "GET",
    "/cases",
    tag="cases",
    scope="cases:read",
    title=Text("我的办件", "One's own cases"),
    query=PAGING,
    list_of=MatterLine,
)
def list_cases(ask: Ask) -> Answer:
    """List one's own cases, the one that changed last first."""
    found = views.handed_in(
        ask.platform, ask.person, after=after(ask, "list_cases"), limit=ask.limit
    )
    return Answer(found.lines, place=found.after)


@registry.add(
    "GET",
    "/cases/<case_no>",
    tag="cases",
    scope="cases:read",
    title=Text("一个办件", "One case"),
    gives=CaseView,
)
def show_case(ask: Ask) -> Answer:
    """Show how far each department is."""
    return Answer(views.case(ask.platform, ask.person, ask.path["case_no"]))


@registry.add(
    "GET",
    "/cases/<case_no>/uses",
    tag="cases",
    scope="cases:read",
    title=Text("谁用了我的数据", "Who used my data"),
    list_of=UseLine,
)
def list_uses(ask: Ask) -> Answer:
    """List every use of the data of the people a case concerns."""
    return Answer(views.case(ask.platform, ask.person, ask.path["case_no"]).uses)


@registry.add(
    "GET",
    "/cases/<case_no>/receipt",
    tag="cases",
    scope="cases:read",
    title=Text("受理凭证", "Proof of handing in"),
    gives=Receipt,
)
def show_receipt(ask: Ask) -> Answer:
    """Show proof of handing in."""
    return Answer(views.receipt(ask.platform, ask.person, ask.path["case_no"]))


@registry.add(
    "POST",
    "/cases/<case_no>/withdrawal",
    tag="cases",
    scope="cases:write",
    title=Text("撤回", "Take a case back"),
    takes=closed({"reason": {"type": "string", "maxLength": 500}}, optional=("reason",)),
    gives=CaseView,
)
def withdraw_case(ask: Ask) -> Answer:
    """Take a case back."""
    case_no = ask.path["case_no"]
    commands.withdraw(ask.platform, ask.person, case_no, ask.body.get("reason", "").strip())
    return Answer(views.case(ask.platform, ask.person, case_no))


@registry.add(
    "POST",
    "/cases/<case_no>/draft",
    tag="cases",
    scope="cases:write",
    title=Text("修改退回或待更正的办件", "Mend what came back"),
    gives=DraftShown,
    status=201,
)
def mend_case(ask: Ask) -> Answer:
    """Open the form again, to answer a return or a correction."""
    draft = commands.reopen(ask.platform, ask.person, ask.path["case_no"])
    found = open_drafts.draft(ask.platform, ask.person, draft.case_no)
    return Answer(found, location=("show_draft", {"case_no": draft.case_no}))


@registry.add(
    "POST",
    "/cases/<case_no>/asking",
    tag="cases",
    scope="cases:write",
    title=Text("再问一次没有答复的部门", "Ask silent departments again"),
    gives=Asked,
)
def ask_departments(ask: Ask) -> Answer:
    """Ask the departments that have not answered once more, now."""
    outcome = commands.ask_again_for_own(ask.platform, ask.person, ask.path["case_no"])
    return Answer(Asked(outcome))


@registry.add(
    "POST",
    "/cases/<case_no>/urging",
    tag="cases",
    scope="cases:write",
    title=Text("催办", "Ask a department to hurry"),
    note=Text("每项每个工作日一次。", "Once a working day for each task."),
    takes=closed({"task": {"type": "string", "minLength": 1, "maxLength": 96}}),
    gives=CaseView,
)
def urge_task(ask: Ask) -> Answer:
    """Ask a department to hurry with one's own case."""
    case_no = ask.path["case_no"]
    commands.urge(ask.platform, ask.person, case_no, ask.body["task"])
    return Answer(views.case(ask.platform, ask.person, case_no))


@registry.add(
    "POST",
    "/cases/<case_no>/supplement",
    tag="cases",
    scope="cases:write",
    title=Text("补交容缺材料", "Supply what is owed"),
    note=Text("只交还欠着的，可以分几次。", "Only what is still owed, in parts if need be."),
    takes=closed({"answers": {"type": "object"}}),
    body_key="answers",
    gives=CaseView,
)
def supply(ask: Ask) -> Answer:
    """Supply what was deferred when the case was handed in."""
    case_no = ask.path["case_no"]
    deployment, stored = commands.own_case(ask.platform, ask.person, case_no)
    form = deployment.form(stored.scenario, stored.scenario.process.form)
    answers = read_answers(form, ask.body["answers"])
    commands.supplement_with_answers(ask.platform, ask.person, case_no, answers)
    return Answer(views.case(ask.platform, ask.person, case_no))


@registry.add(
    "GET",
    "/notices",
    tag="notices",
    scope="notices",
    title=Text("通知", "Notices"),
    query=PAGING,
    list_of=NoticeLine,
)
def list_notices(ask: Ask) -> Answer:
    """List what was told to a person, or to an officer's desk, newest first."""
    found = inbox(ask.platform, ask.person, after=after(ask, "list_notices"), limit=ask.limit)
    return Answer(found.lines, place=found.after)
