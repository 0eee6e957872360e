"""Read a foreign form from a file, whatever it is, as JSON Schema with a UI schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import jsonschema

from builder.errors import Fault, Findings
from builder.imports.build import Draft, draft, give_names
from builder.imports.errors import (
    FileNotAForm,
    FileTooLarge,
    FileUnreadable,
    IdMalformed,
    NothingToAsk,
    PartyUnknown,
    SchemaWrong,
    TooManyFields,
)
from builder.imports.fields import MAX_FIELDS, read_scope
from builder.imports.layout import sections, ui_keywords
from builder.imports.parts import pair
from builder.imports.report import Account, Report, keywords
from builder.imports.schema_tree import Tree
from builder.scenario.model import Json
from builder.scenario.names import KEBAB, as_kebab, nearest
from builder.scenario.source import read_source

__all__ = ["MAX_BYTES", "Imported", "Wishes", "import_document", "import_file"]

MAX_BYTES = 8 * 1024 * 1024
LEAD = "drb"
"""The data bureau stands in where nobody says whose matter it is."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever imports a form says about it.

    Attributes:
        id: of the scenario, kebab-case.
        party: lead department; None: the data bureau stands in.
    """

    id: str
    title_zh: str = ""
    title_en: str = ""
    party: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A draft scenario, and what became of the source's every keyword."""

    scenario: Mapping[str, Json]
    report: Report


def import_file(path: Path, wishes: Wishes, parties: frozenset[str]) -> Imported:
    """Return a draft of the form in a file.

    Raises:
        Findings: all that keeps it from being one.
        FileUnreadable, FileTooLarge, FileNotAForm, NothingToAsk, TooManyFields: as they say.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise FileTooLarge(file=path.name, limit_bytes=MAX_BYTES)
    except (OSError, ValueError):
        raise FileUnreadable(file=path.name) from None
    if path.suffix.lower() in (".xlsx", ".xls", ".xlsm", ".ods"):
        from builder.imports.sheet import read_sheets

        return _from_list(read_sheets(path), path.name, wishes, parties)
    return import_document(read_source(path).doc, path.name, wishes, parties)


def import_document(doc: Json, name: str, wishes: Wishes, parties: frozenset[str]) -> Imported:
    """Return a draft of a form in a JSON value; see `import_file`."""
    if isinstance(doc, Mapping) and isinstance(doc.get("fields"), list):
        from builder.imports.doctype import read_doctype

        return _from_list(read_doctype(doc), name, wishes, parties)
    if not isinstance(doc, Mapping):
        raise FileNotAForm(file=name)
    whole = isinstance(doc.get("schema"), Mapping)
    schema = cast("Mapping[str, Json]", doc["schema"] if whole else doc)
    ui = doc.get("ui_schema", doc.get("uischema")) if whole else None
    if not {"properties", "allOf", "$ref"} & schema.keys():
        raise FileNotAForm(file=name)
    account = Account()
    at = "/schema" if whole else ""
    ui_at = "/ui_schema" if whole and "ui_schema" in doc else "/uischema"
    form = _Form(schema, at, ui, ui_at, str(schema.get("title") or ""))
    extra = [f"/{key}" for key in doc if key not in ("schema", "ui_schema", "uischema")]
    for place in extra if whole else ():
        account.changed(place, "记在 README 里。", "Kept in the README.")
    return _made(form, name, wishes, parties, account, extra if whole else [])


@dataclass(frozen=True, slots=True)
class _Form:
    schema: Mapping[str, Json]
    at: str
    ui: Json
    ui_at: str
    title: str


def _from_list(
    read: tuple[Mapping[str, Json], Json, str, Account, list[str]],
    name: str,
    wishes: Wishes,
    parties: frozenset[str],
) -> Imported:
    """Make a draft of a list of fields that was said as a schema: its own places are accounted."""
    schema, ui, title, account, places = read
    inner = Account()
    form = _Form(schema, "", ui, "", title)
    made = _made(form, name, wishes, parties, inner, [], said=True)
    return Imported(made.scenario, account.settle(places, made.report.decide))


def _made(
    form: _Form,
    name: str,
    wishes: Wishes,
    parties: frozenset[str],
    account: Account,
    extra: list[str],
    *,
    said: bool = False,
) -> Imported:
    found = [*_wishes_wrong(wishes, parties), *([] if said else _schema_wrong(form))]
    if found:
        raise Findings(found, where=name)
    tree = Tree(form.schema, form.at, account)
    scope = read_scope(tree, [(form.schema, form.at)], "application")
    if tree.faults:
        raise Findings(tree.faults, where=name)
    count = sum(1 + len(leaf.rows.leaves if leaf.rows else ()) for leaf in scope.leaves.values())
    if count > MAX_FIELDS:
        raise TooManyFields(count=count, limit=MAX_FIELDS)
    if not scope.leaves:
        raise NothingToAsk
    title = _title(wishes, form.title)
    give_names(scope)  # first: conditions are said with them
    layout = sections(form.ui, form.ui_at, scope, account)
    made = Draft(wishes.id, title, wishes.party or LEAD, scope, layout, bool(layout.sections))
    scenario, decide = draft(made, account)
    places = [*keywords(form.schema, form.at), *ui_keywords(form.ui, form.ui_at), *extra]
    for at, definition in tree.visited.items():
        places += keywords(definition, at)
    _unused(form, tree, account)
    return Imported(scenario, account.settle(dict.fromkeys(places), decide))


def _unused(form: _Form, tree: Tree, account: Account) -> None:
    """Note definitions that nothing of the form uses."""
    for key in ("$defs", "definitions"):
        held = form.schema.get(key)
        for name in held if isinstance(held, Mapping) else ():
            at = f"{form.at}/{key}/{name}"
            if not any(used == at or used.startswith(f"{at}/") for used in tree.visited):
                account.tree(at, "lost", "表单没有用到这个定义。", "Nothing in the form uses it.")


def _title(wishes: Wishes, title: str) -> dict[str, Json]:
    zh, en = wishes.title_zh, wishes.title_en
    if zh and en:
        return {"zh": zh, "en": en}
    return pair(zh or en or title or wishes.id)


def _wishes_wrong(wishes: Wishes, parties: frozenset[str]) -> Iterator[Fault]:
    if not re.fullmatch(KEBAB, wishes.id) or len(wishes.id) > 64:
        yield IdMalformed(id=wishes.id[:64], near=as_kebab(wishes.id)[:64])
    party = wishes.party
    if party is not None and parties and party not in parties:
        yield PartyUnknown(party=party[:64], known=nearest(party, parties))


_DRAFT_7 = "http://json-schema.org/draft-07/schema"


def _schema_wrong(form: _Form) -> Iterator[Fault]:
    """Yield every place that JSON Schema does not allow."""
    old = str(form.schema.get("$schema", "")).startswith(_DRAFT_7)
    judge = jsonschema.Draft7Validator if old else jsonschema.Draft202012Validator
    meta = judge(judge.META_SCHEMA)
    for problem in meta.iter_errors(form.schema):
        where = form.at + "".join(f"/{part}" for part in problem.absolute_path)
        yield SchemaWrong(
            where=where, rule="/".join(str(p) for p in list(problem.schema_path)[-2:])
        )
