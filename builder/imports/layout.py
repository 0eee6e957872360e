"""Read a UI schema: which sections there are, in which order things are asked.

Two shapes are known: a list of sections with fields (``definition`` is a pointer into the schema),
and JSON Forms (layouts of controls with ``scope`` and ``rule``). Without either, one section an
object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from builder.imports.conditions import shown_where
from builder.imports.parts import Path, Scope
from builder.imports.report import Account
from builder.scenario.model import Json

__all__ = ["Layout", "Section", "default_sections", "sections", "ui_keywords"]


@dataclass(slots=True)
class Section:
    """Questions under one heading, by path."""

    title: str
    hint: str = ""
    items: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """What a UI schema says.

    Attributes:
        silent: paths that the source shows but does not ask for, with the section they stand in.
        when: path → condition under which it is asked.
        columns: table → its columns in the order asked.
    """

    sections: list[Section] = field(default_factory=list)
    silent: dict[Path, Section] = field(default_factory=dict)
    when: dict[Path, str] = field(default_factory=dict)
    columns: dict[Path, list[Path]] = field(default_factory=dict)


def sections(ui: Json, where: str, scope: Scope, account: Account) -> Layout:
    """Return the layout of a UI schema; what it leaves out is not in it."""
    reader = _Reader(scope, account)
    if isinstance(ui, list):
        for index, part in enumerate(ui):
            reader.part(part, f"{where}/{index}", None)
    elif isinstance(ui, Mapping):
        reader.part(ui, where, None)
    return reader.layout


def ui_keywords(ui: Json, where: str) -> Iterator[str]:
    """Yield the pointers of a UI schema's keywords."""
    if isinstance(ui, list):
        for index, part in enumerate(ui):
            yield from ui_keywords(part, f"{where}/{index}")
    elif isinstance(ui, Mapping):
        for key, value in ui.items():
            if key in ("children", "elements"):
                yield from ui_keywords(value, f"{where}/{key}")
            else:
                yield f"{where}/{key}"


def default_sections(scope: Scope) -> list[Section]:
    """Return a section for each object, in the order of the schema."""
    found: dict[Path, Section] = {}
    for path in scope.leaves:
        top = path[:1] if len(path) > 1 else ()
        title = scope.groups[top].title if top in scope.groups else ""
        spoken = top[0].replace("_", " ").capitalize() if top else ""
        found.setdefault(top, Section(title or spoken)).items.append(path)
    return list(found.values())


class _Reader:
    def __init__(self, scope: Scope, account: Account) -> None:
        self.scope = scope
        self.account = account
        self.layout = Layout()
        self.seen: set[Path] = set()

    def part(self, part: Json, where: str, section: Section | None) -> None:
        """Take one element of a UI schema in."""
        if not isinstance(part, Mapping):
            return
        self._words(part, where)
        inner = part.get("children", part.get("elements"))
        label = part.get("label", part.get("title", part.get("text")))
        title = label if isinstance(label, str) else ""
        kind = str(part.get("type", ""))
        pointers = part.get("definition", part.get("scope"))
        if isinstance(inner, list):
            if kind == "fieldList":
                self._list(part, inner, where, section)
                return
            if title or section is None:
                section = Section(title, str(part.get("description") or ""))
                self.layout.sections.append(section)
            for index, one in enumerate(inner):
                key = "children" if "children" in part else "elements"
                self.part(one, f"{where}/{key}/{index}", section)
        elif pointers is not None:
            self._fields(part, pointers, where, section, asked=kind != "null")

    def _words(self, part: Mapping[str, Json], where: str) -> None:
        for key in part:
            at = f"{where}/{key}"
            if key in ("type", "label", "title", "name", "description", "definition", "scope"):
                self.account.carried(at)
            elif key == "widget":
                self.account.changed(
                    at, "控件按字段的类型选用。", "The widget is chosen by the field's type."
                )
            elif key in ("hideFieldListHeading", "options"):
                self.account.lost(
                    at, "这种外观设置没有对应。", "There is no such setting of looks here."
                )

    def _fields(
        self,
        part: Mapping[str, Json],
        pointers: Json,
        where: str,
        section: Section | None,
        *,
        asked: bool,
    ) -> None:
        if section is None:
            section = Section("")
            self.layout.sections.append(section)
        for pointer in pointers if isinstance(pointers, list) else [pointers]:
            for path in self._paths(str(pointer), where):
                if not asked:
                    self.layout.silent[path] = section
                elif path not in self.seen:
                    self.seen.add(path)
                    section.items.append(path)
                    self._rule(part.get("rule"), path, f"{where}/rule")
                else:
                    self.account.changed(
                        f"{where}/definition",
                        "同一项只问一次，放在第一次出现的地方。",
                        "The same is asked once, where it comes first.",
                    )

    def _list(
        self, part: Mapping[str, Json], inner: list[Json], where: str, section: Section | None
    ) -> None:
        """Take a repeated list of fields in: a table, its columns in this order."""
        for index, one in enumerate(inner):
            at = f"{where}/children/{index}"
            if not isinstance(one, Mapping):
                continue
            self._words(one, at)
            outer, row = _split(str(one.get("definition", one.get("scope", ""))))
            if outer not in self.scope.leaves or row is None:
                self._nowhere(f"{at}/definition")
                continue
            if outer not in self.seen:
                self._fields(
                    part, "/properties/" + "/properties/".join(outer), where, section, asked=True
                )
            self.layout.columns.setdefault(outer, []).append(row)
            hint = part.get("description")
            if isinstance(hint, str):
                self.scope.leaves[outer].hint = self.scope.leaves[outer].hint or hint

    def _paths(self, pointer: str, where: str) -> Iterator[Path]:
        path, _ = _split(pointer)
        found = [leaf.path for leaf in self.scope.under(path)] if path else []
        if not found:
            self._nowhere(f"{where}/definition")
        yield from found

    def _nowhere(self, where: str) -> None:
        self.account.lost(
            where,
            "指向的字段没有带过来，或不存在。",
            "What it points to is not there or was not carried.",
        )

    def _rule(self, rule: Json, path: Path, where: str) -> None:
        if not isinstance(rule, Mapping):
            return
        effect, condition = rule.get("effect"), rule.get("condition")
        found = None
        if isinstance(condition, Mapping) and effect in ("SHOW", "HIDE"):
            about, _ = _split(str(condition.get("scope", "")))
            test = condition.get("schema")
            if about in self.scope.leaves and isinstance(test, Mapping):
                found = shown_where(self.scope, about, test, negated=effect == "HIDE")
        if found is None:
            self.account.tree(
                where, "lost", "这条显示规则需要人来写。", "A person has to write this rule."
            )
        else:
            self.account.tree(where, "carried")
            self.layout.when[path] = found


def _split(pointer: str) -> tuple[Path, Path | None]:
    """Return the keys a pointer leads by; those inside a row apart."""
    outer: list[str] = []
    row: list[str] | None = None
    tokens = pointer.lstrip("#").split("/")[1:]
    is_name = False
    for step in tokens:
        if is_name:
            (outer if row is None else row).append(step.replace("~1", "/").replace("~0", "~"))
            is_name = False
        elif step == "properties":
            is_name = True
        elif step == "items":
            row = []
    return tuple(outer), None if row is None else tuple(row)
