"""Write what a foreign form asks as a scenario: a draft that a person finishes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from builder.imports.conditions import take_requirements
from builder.imports.layout import Layout, Section, default_sections
from builder.imports.parts import Leaf, Path, Scope, pair
from builder.imports.report import Account
from builder.scenario.model import Json, Text
from builder.scenario.names import SQL_KEYWORDS, as_snake

__all__ = ["ENTITY", "OFFICE", "Draft", "draft", "give_names", "pointer_of"]

ENTITY, OFFICE = "application", "office"
PER_PAGE = 14
"""About how many questions stand on one page."""

LONGEST_NAME = 60

Doc = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Draft:
    """Who asks and what the form is called, beside what it asks."""

    id: str
    title: Doc
    party: str
    scope: Scope
    layout: Layout
    has_layout: bool


def pointer_of(path: Path) -> str:
    """Return the JSON pointer that keys lead by."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def draft(made: Draft, account: Account) -> tuple[Doc, tuple[Text, ...]]:
    """Return the scenario, and what a person has to decide about it; leaves have their names."""
    scope = made.scope
    take_requirements(scope, Account())
    applicant, office = _shared(made, account)
    for path in office:
        scope.leaves[path].in_office = True
    must = take_requirements(scope, account)  # again: the office obliges nobody
    pages = _pages(applicant, made)
    forms: list[Json] = [{"id": "apply", "title": made.title, "pages": pages}]
    entities: list[Json] = [_entity(ENTITY, made.title, scope, must, in_office=False)]
    task = _task(scope)
    if office:
        words: Doc = {"zh": "经办人填写", "en": "Filled in by the office"}
        section = Section("", "", list(office))
        controls = _controls(section, scope, made.layout, OFFICE)
        part: Doc = {
            "id": "office",
            "title": words,
            "sections": [_section("office", words, controls)],
        }
        forms.append({"id": OFFICE, "title": words, "pages": [part]})
        entities.append(_entity(OFFICE, words, scope, (), in_office=True))
        task["form"] = OFFICE
    return _scenario(made, entities, forms, task), _decide(made)


def _shared(made: Draft, account: Account) -> tuple[list[Section], list[Path]]:
    """Return the sections that the applicant answers, and what the office fills in."""
    scope, layout = made.scope, made.layout
    if not made.has_layout:
        layout.sections = default_sections(scope)
    listed = {path for section in layout.sections for path in section.items}
    office: list[Path] = []
    more = Section("")
    for path, leaf in scope.leaves.items():
        is_silent = leaf.read_only or path in layout.silent or path not in listed
        if is_silent and not leaf.required and not leaf.needs:
            office.append(path)
            account.changed(
                leaf.where,
                "原表单不让申请人填，改由经办人填写。",
                "The source does not ask the applicant; the officer fills it in.",
            )
        elif path not in listed:
            layout.silent.get(path, more).items.append(path)
            account.changed(
                leaf.where,
                "原表单显示而不询问，但它是必填项，所以由申请人填写；能算出来的请改写 compute。",
                "Shown but not asked in the source, yet required: so the applicant is asked. "
                "Write compute where it can be computed.",
            )
    if len(office) == len(scope.leaves):
        office = []  # a form that asks nobody anything: the applicant is asked
        more.items += [path for path in scope.leaves if path not in listed]
    beside = set(office)
    kept = [
        Section(s.title, s.hint, [p for p in s.items if p not in beside]) for s in layout.sections
    ]
    if more.items:
        kept.append(more)
    return [section for section in kept if section.items], office


# ── Names ────────────────────────────────────────────────────────────────────────────────────────


def give_names(scope: Scope) -> None:
    """Name every field: snake_case, no SQL keyword, unique in its scope."""
    taken: set[str] = set()
    for path, leaf in scope.leaves.items():
        leaf.name = _free(path, taken)
        taken.add(leaf.name)
        if leaf.rows is not None:
            give_names(leaf.rows)


def _free(path: Path, taken: set[str]) -> str:
    parts = [as_snake(part) for part in path]
    while len("_".join(parts)) > LONGEST_NAME and len(parts) > 1:
        parts.pop(0)
    name = "_".join(parts)[:LONGEST_NAME].rstrip("_")
    if name in SQL_KEYWORDS:
        name += "_value"
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


# ── Records ──────────────────────────────────────────────────────────────────────────────────────


def _entity(
    entity: str,
    title: Doc,
    scope: Scope,
    must: Iterable[Path],
    *,
    in_office: bool,
) -> Doc:
    mine = [leaf for leaf in scope.leaves.values() if leaf.in_office is in_office]
    schema: Doc = {"type": "object", "properties": {leaf.name: _field(leaf) for leaf in mine}}
    schema["x-source"] = {"objects": [pointer_of(path) for path in must]}
    return {"id": entity, "title": title, "schema": schema}


def _field(leaf: Leaf) -> Doc:
    source: Doc = {"at": pointer_of(leaf.path), **leaf.source}
    if leaf.needed_by is not None:
        source["needed_by"] = pointer_of(leaf.needed_by)
    schema: Doc = {**leaf.schema, "x-title": pair(leaf.title), "x-source": source}
    if leaf.rows is not None:
        columns = {one.name: _field(one) for one in leaf.rows.leaves.values()}
        schema["items"] = {"type": "object", "properties": cast("Json", columns)}
    return schema


# ── Forms ────────────────────────────────────────────────────────────────────────────────────────


def _pages(kept: list[Section], made: Draft) -> list[Json]:
    packed: list[list[Section]] = []
    size = PER_PAGE
    for section in kept:
        weight = sum(3 if made.scope.leaves[p].rows is not None else 1 for p in section.items)
        if size + weight > PER_PAGE:
            packed.append([])
            size = 0
        packed[-1].append(section)
        size += weight
    pages: list[Json] = []
    number = 0
    for index, group in enumerate(packed, 1):
        parts: list[Json] = []
        for section in group:
            number += 1
            title = pair(section.title) if section.title else _more(made, len(kept))
            controls = _controls(section, made.scope, made.layout, ENTITY)
            parts.append(_section(f"s{number}", title, controls, section.hint))
        whole = cast("Doc", cast("Doc", parts[0])["title"])
        title = whole if len(group) == 1 else _page_title(group, index)
        pages.append({"id": f"p{index}", "title": title, "sections": parts})
    return pages


_NUMBERED = re.compile(r"^\s*(\d+[a-z]?)[.．、)]")


def _page_title(group: list[Section], index: int) -> Doc:
    """Return what a page of several sections is called: their numbers, or its own."""
    found = [_NUMBERED.match(section.title) for section in group]
    if found[0] and found[-1]:
        first, last = found[0][1], found[-1][1]
        return {"zh": f"第 {first} 至 {last} 项", "en": f"Items {first} to {last}"}
    return {"zh": f"第 {index} 部分", "en": f"Part {index}"}


def _more(made: Draft, count: int) -> Doc:
    return made.title if count == 1 else {"zh": "其他", "en": "More"}


def _section(part_id: str, title: Doc, controls: list[Json], hint: str = "") -> Doc:
    intro: Doc = {"intro": pair(hint)} if hint else {}
    return {"id": part_id, "title": title, **intro, "controls": controls}


def _controls(section: Section, scope: Scope, layout: Layout, entity: str) -> list[Json]:
    leaves = [scope.leaves[path] for path in section.items]
    labels = _labels(leaves, scope)
    return [
        _control(leaf, label, f"/{entity}/{leaf.name}", layout)
        for leaf, label in zip(leaves, labels, strict=True)
    ]


def _labels(leaves: list[Leaf], scope: Scope) -> list[str]:
    """Return labels; without a title, or with one that comes twice, they say whose they are."""
    titles = [leaf.title for leaf in leaves]
    return [
        f"{_owner(leaf, scope)}: {leaf.title}"
        if len(leaf.path) > 1 and (leaf.is_untitled or titles.count(leaf.title) > 1)
        else leaf.title
        for leaf in leaves
    ]


def _owner(leaf: Leaf, scope: Scope) -> str:
    title = scope.groups[leaf.path[:-1]].title if leaf.path[:-1] in scope.groups else ""
    spoken = leaf.path[-2].replace("_", " ")
    return title or spoken[:1].upper() + spoken[1:]


def _control(leaf: Leaf, label: str, pointer: str, layout: Layout) -> Doc:
    control: Doc = {
        "id": leaf.name.replace("_", "-"),
        "widget": leaf.widget,
        "scope": pointer,
        "label": pair(label),
    }
    if leaf.hint:
        control["hint"] = pair(leaf.hint)
    if leaf.required:
        control["required"] = True
    elif leaf.needs:
        control["required_when"] = leaf.needs[0]
    if leaf.path in layout.when:
        control["when"] = layout.when[leaf.path]
    if leaf.options:
        control["options"] = leaf.options
    if leaf.rows is not None:
        order = [p for p in layout.columns.get(leaf.path, []) if p in leaf.rows.leaves]
        order += [path for path in leaf.rows.leaves if path not in order]
        columns = [leaf.rows.leaves[path] for path in order]
        nothing = Layout()
        control["columns"] = [
            _control(one, label, f"/row/{one.name}", nothing)
            for one, label in zip(columns, _labels(columns, leaf.rows), strict=True)
        ]
    return control


# ── The rest ─────────────────────────────────────────────────────────────────────────────────────


def _task(scope: Scope) -> Doc:
    asked = (leaf for leaf in scope.leaves.values() if not leaf.in_office)
    seen: list[Json] = [f"/{ENTITY}/{leaf.name}" for leaf in asked]
    return {
        "id": "handle",
        "kind": "task",
        "title": {"zh": "审核", "en": "Review"},
        "role": "officer",
        "visible": seen,
        "due_days": 20,
        "actions": ["approve", "reject", "return", "correct"],
        "return_to": ["apply"],
    }


def _scenario(made: Draft, entities: list[Json], forms: list[Json], task: Doc) -> Doc:
    return {
        "spec": "1.0",
        "scenario": {
            "id": made.id,
            "version": "0.1.0",
            "kind": "应用",
            "title": made.title,
            "summary": {
                "zh": "由外来表单导入的草稿，发布前请核对。",
                "en": "A draft imported from a foreign form; check it before it is published.",
            },
            "domain": {"zh": "待定", "en": "To be decided"},
            "lead": made.party,
            "partners": [],
            "legal_basis": [
                {
                    "id": "basis",
                    "title": {"zh": "办理依据（待补充）", "en": "Legal basis, to be added"},
                }
            ],
            "items": [],
            "plan_rows": [],
        },
        "parameters": [],
        "datasets": [],
        "subjects": [
            {
                "id": "applicant",
                "kind": "person",
                "key": "@applicant",
                "title": {"zh": "申请人", "en": "Applicant"},
            }
        ],
        "entities": entities,
        "forms": forms,
        "process": {
            "id": "root",
            "kind": "sequence",
            "steps": [{**task, "party": made.party}],
        },
        "queries": [],
        "roles": [
            {"id": "applicant", "title": {"zh": "申请人", "en": "Applicant"}, "start": True},
            {"id": "officer", "title": {"zh": "经办人", "en": "Officer"}, "party": made.party},
        ],
        "lists": [],
        "channels": [{"id": "web"}],
        "notices": [],
        "retention": {
            "cases_days": 3650,
            "drafts_days": 90,
            "basis": {"zh": "待补充", "en": "To be added"},
        },
    }


def _decide(made: Draft) -> tuple[Text, ...]:
    return (
        Text(
            f"牵头部门暂写为“{made.party}”，请核对；协办部门、环节和时限也要补上。",
            f"The lead department is “{made.party}” for now: check it; add partners, steps, days.",
        ),
        Text("办理依据、保存期限和所属领域要补上。", "Add legal basis, retention and domain."),
        Text(
            "标为 x-stale 的文字只有一种语言，请翻译后去掉标记。",
            "Texts marked x-stale are in one language: translate them and take the mark away.",
        ),
        Text(
            "每个字段的分级（x-field.grade）默认 L2，请逐项核对。",
            "Every field is graded L2 (x-field.grade) until somebody looks.",
        ),
        Text("能免填的字段请改用 prefill。", "Use prefill for what departments know already."),
    )
