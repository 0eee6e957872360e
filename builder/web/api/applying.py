"""Find a matter, fill it in, hand it in."""

from __future__ import annotations

from dataclasses import dataclass

from builder.cases import commands, open_drafts, views
from builder.cases.open_drafts import DraftShown, Gap
from builder.cases.platform import Deployment
from builder.cases.shapes import DraftLine, Matter, MatterCard, Receipt
from builder.scenario.model import Text
from builder.web.api.answers import read_answers
from builder.web.api.door import after
from builder.web.api.lists import one_page
from builder.web.api.operation import PAGING, Answer, Ask, Parameter, Registry
from builder.web.api.shapes import closed

__all__ = ["Validation", "registry"]

registry = Registry()
_ANSWERS = closed({"answers": {"type": "object"}})


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether a draft could be handed in now."""

    complete: bool
    missing: tuple[Gap, ...]


# ── Matters ──────────────────────────────────────────────────────────────────────────────────────


@registry.add(
    "GET",
    "/matters",
    tag="matters",
    title=Text("可办事项", "Matters offered"),
    query=(
        Parameter(
            "q",
            {"type": "string", "maxLength": 60},
            Text("名称、简介、领域或牵头部门中的字词", "words of title, summary, field or lead"),
        ),
        *PAGING,
    ),
    list_of=MatterCard,
)
def list_matters(ask: Ask) -> Answer:
    """List the matters."""
    cards = views.portal(ask.platform, ask.who, ask.query.get("q", ""))
    return one_page(cards, lambda c: c.deployment, after(ask, "list_matters"), ask.limit)


@registry.add(
    "GET",
    "/matters/<county>/<scenario>",
    tag="matters",
    title=Text("一个事项", "One matter"),
    gives=Matter,
)
def show_matter(ask: Ask) -> Answer:
    """Explain a matter: what, by whom, with which data, under which law."""
    return Answer(views.matter(ask.platform, ask.who, _deployment(ask).id))


@registry.add(
    "POST",
    "/matters/<county>/<scenario>/cases",
    tag="matters",
    scope="drafts",
    title=Text("一次提交", "Hand in at one go"),
    note=Text(
        "把全部回答一次交上去：与逐页填写同样校验；有问题就什么都不留下。",
        "All answers in one request, checked as the pages check them; if something is wrong, "
        "nothing is kept.",
    ),
    takes=_ANSWERS,
    body_key="answers",
    matters=True,
    gives=Receipt,
    status=201,
)
def hand_in_at_once(ask: Ask) -> Answer:
    """Fill in and hand in a matter."""
    deployment = _deployment(ask)
    form = deployment.form(deployment.current, deployment.current.process.form)
    answers = read_answers(form, ask.body["answers"])
    receipt = commands.apply_from_answers(ask.platform, ask.person, deployment.id, answers)
    return Answer(receipt, location=("show_case", {"case_no": receipt.case_no}))


# ── Drafts ───────────────────────────────────────────────────────────────────────────────────────


@registry.add(
    "POST",
    "/matters/<county>/<scenario>/drafts",
    tag="drafts",
    scope="drafts",
    title=Text("开始办理", "Begin an application"),
    gives=DraftShown,
    status=201,
    versioned=True,
)
def begin_draft(ask: Ask) -> Answer:
    """Begin an application."""
    draft = commands.open_draft(ask.platform, ask.person, _deployment(ask).id)
    return _draft(ask, draft.case_no, made=True)


@registry.add(
    "GET",
    "/drafts",
    tag="drafts",
    scope="drafts",
    title=Text("自己的草稿", "One's own drafts"),
    query=PAGING,
    list_of=DraftLine,
)
def list_drafts(ask: Ask) -> Answer:
    """List the applications not handed in yet, newest first."""
    lines = views.my_drafts(ask.platform, ask.person)
    return one_page(
        sorted(lines, key=_draft_place, reverse=True),
        _draft_place,
        after(ask, "list_drafts"),
        ask.limit,
        newest_first=True,
    )


@registry.add(
    "GET",
    "/drafts/<case_no>",
    tag="drafts",
    scope="drafts",
    title=Text("一份草稿", "One draft"),
    gives=DraftShown,
    versioned=True,
)
def show_draft(ask: Ask) -> Answer:
    """Show a draft: answers, sources, what is missing."""
    return _draft(ask, ask.path["case_no"])


@registry.add(
    "PUT",
    "/drafts/<case_no>/answers",
    tag="drafts",
    scope="drafts",
    title=Text("填写整份表单", "Answer the whole form"),
    note=Text(
        "没有写的问题保持原样，null 表示清空。有问题的那一页停下并逐条指出，之前各页已经保存。"
        "更正逝者等当事人的身份证号码后，草稿会换一个编号，见回应。",
        "What is not named stays as it was; null empties. It stops at a page with mistakes and "
        "names each; pages before it are saved. Another ID number of a person concerned moves the "
        "draft to a new number, which the answer gives.",
    ),
    takes=_ANSWERS,
    body_key="answers",
    gives=DraftShown,
    versioned=True,
)
def put_answers(ask: Ask) -> Answer:
    """Save answers of all pages."""
    case_no = ask.path["case_no"]
    _, form = open_drafts.form_of_draft(ask.platform, ask.person, case_no)
    answers = read_answers(form, ask.body["answers"])
    return _draft(ask, commands.fill_in(ask.platform, ask.person, case_no, answers, ask.version))


@registry.add(
    "PUT",
    "/drafts/<case_no>/pages/<page_id>",
    tag="drafts",
    scope="drafts",
    title=Text("填写一页", "Answer one page"),
    note=Text(
        "对的回答会保存；有问题的逐条指出，状态 422。",
        "Good answers are kept; what is wrong is named one by one, with status 422.",
    ),
    takes=_ANSWERS,
    body_key="answers",
    gives=DraftShown,
    versioned=True,
)
def put_page(ask: Ask) -> Answer:
    """Save the answers of one page."""
    case_no = ask.path["case_no"]
    _, form = open_drafts.form_of_draft(ask.platform, ask.person, case_no)
    answers = read_answers(form, ask.body["answers"])
    saved = commands.answer_page(
        ask.platform, ask.person, case_no, ask.path["page_id"], answers, ask.version
    )
    return _draft(ask, saved.case_no)


@registry.add(
    "GET",
    "/drafts/<case_no>/validation",
    tag="drafts",
    scope="drafts",
    title=Text("检查能否提交", "Check whether it could be handed in"),
    gives=Validation,
)
def check_draft(ask: Ask) -> Answer:
    """Say what is missing; nothing changes."""
    found = open_drafts.draft(ask.platform, ask.person, ask.path["case_no"])
    return Answer(Validation(found.complete, found.missing))


@registry.add(
    "POST",
    "/drafts/<case_no>/submission",
    tag="drafts",
    scope="drafts",
    title=Text("提交", "Hand in"),
    note=Text("再交一次得到同一份受理凭证。", "Handing in twice gives the same receipt."),
    gives=Receipt,
    status=201,
    versioned=True,
)
def hand_in(ask: Ask) -> Answer:
    """Hand in a draft."""
    receipt = commands.submit(ask.platform, ask.person, ask.path["case_no"], ask.version)
    return Answer(receipt, location=("show_case", {"case_no": receipt.case_no}))


@registry.add(
    "DELETE",
    "/drafts/<case_no>",
    tag="drafts",
    scope="drafts",
    title=Text("放弃草稿", "Throw a draft away"),
    status=204,
)
def discard_draft(ask: Ask) -> Answer:
    """Throw a draft away; a returned matter stays as it is."""
    commands.discard_draft(ask.platform, ask.person, ask.path["case_no"])
    return Answer()


def _deployment(ask: Ask) -> Deployment:
    return ask.platform.deployments.get(f"{ask.path['county']}/{ask.path['scenario']}")


def _draft(ask: Ask, case_no: str, *, made: bool = False) -> Answer:
    found = open_drafts.draft(ask.platform, ask.person, case_no)
    moved = made or case_no != ask.path.get("case_no")
    where = ("show_draft", {"case_no": case_no}) if moved else None
    return Answer(found, version=found.version, location=where)


def _draft_place(line: DraftLine) -> str:
    return f"{line.updated.isoformat()}|{line.case_no}"
