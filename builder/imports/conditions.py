"""Compile what a schema requires, and under which conditions, to ``required_when`` expressions.

A nested object becomes fields of its own, so "required in its object" means: required where the
object is required itself, or where anything else of it is answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from builder.imports.parts import Leaf, Path, Scope
from builder.imports.report import Account
from builder.imports.schema_tree import Condition
from builder.scenario.model import Json

__all__ = ["shown_where", "take_requirements"]

Schema = Mapping[str, Json]
LIMIT = 2000
"""Most characters of an expression (specs/schema)."""

_NOTES = frozenset({"type", "title", "description", "$comment", "$ref"})


class _Unsayable(Exception):
    """A condition that no expression here says."""


def take_requirements(scope: Scope, account: Account) -> tuple[Path, ...]:
    """Say on every leaf when it is required; return required objects that nothing asks for.

    Leaves must have their names. Those returned must be there in a document, be they empty.
    """
    needs = _Needs(scope, account)
    for group in scope.groups.values():
        for condition in group.conditions:
            needs.take(group.path, condition)
    for path, leaf in scope.leaves.items():
        needs.settle(path, leaf)
        if leaf.rows is not None:
            take_requirements(leaf.rows, account)
    return tuple(path for path in scope.groups if path and needs.must_be_there(path))


def shown_where(scope: Scope, path: Path, test: Schema, *, negated: bool) -> str | None:
    """Return the condition that the value at a path meets a schema; None where none says it."""
    whole: Schema = {"properties": {path[-1]: test}, "required": [path[-1]]}
    try:
        text, _ = _Tests(scope).object(whole, path[:-1])
    except _Unsayable:
        return None
    return f"({text}) IS NOT TRUE" if negated else text


@dataclass(slots=True)
class _Needs:
    scope: Scope
    account: Account
    extra: dict[Path, list[str]] = field(default_factory=dict)

    def take(self, path: Path, condition: Condition) -> None:
        """Note what a condition requires."""
        where = condition.where
        try:
            text, strict = _Tests(self.scope).object(condition.test, path)
        except _Unsayable:
            self._lost(condition)
            return
        if path and not strict:
            text = _both(text, self.present(path, ()))
        self.account.tree(f"{where}/if", "carried")
        if condition.then is not None:
            self._require(condition.then, path, text, f"{where}/then")
        if condition.otherwise is not None:
            self._require(condition.otherwise, path, f"({text}) IS NOT TRUE", f"{where}/else")

    def _lost(self, condition: Condition) -> None:
        zh = "条件用到了表达式说不出的规则，需要人来写。"
        en = "The condition uses a rule that no expression says; a person has to write it."
        for part in ("if", "then", "else"):
            self.account.tree(f"{condition.where}/{part}", "lost", zh, en)

    def _require(self, then: Schema, path: Path, text: str, where: str) -> None:
        for name in cast("list[str]", then.get("required") or []):
            target = (*path, name)
            known = target in self.scope.leaves or any(self.scope.under(target))
            if not known or (target in self.scope.groups and not self._asks(target)):
                self.account.lost(
                    f"{where}/required",
                    f"条件必填的“{name}”没有可以询问的必填字段。",
                    f"“{name}”, required by a condition, has no required field to ask for.",
                )
                continue
            self.extra.setdefault(target, []).append(text)
            self.account.carried(f"{where}/required")
        for name, inner in cast("Mapping[str, Json]", then.get("properties") or {}).items():
            at = f"{where}/properties/{name}"
            is_group = isinstance(inner, Mapping) and (*path, name) in self.scope.groups
            if is_group and set(cast("Schema", inner)) <= {"required", "properties", *_NOTES}:
                self._require(
                    cast("Schema", inner),
                    (*path, name),
                    _both(text, self.present((*path, name), ())),
                    at,
                )
            else:
                self.account.tree(
                    at,
                    "lost",
                    "条件只能要求填写，不能改变一个字段能填什么。",
                    "A condition can require an answer, not change what a field takes.",
                )
        for index, part in enumerate(cast("list[Json]", then.get("allOf") or [])):
            if isinstance(part, Mapping):
                self._require(part, path, text, f"{where}/allOf/{index}")
        for key in then:
            if key in _NOTES:
                self.account.carried(f"{where}/{key}")

    def _asks(self, path: Path) -> bool:
        """Tell whether an object has a field that it always needs."""
        return any(self.top(leaf.path) in _starts(path) for leaf in self.scope.under(path))

    def top(self, path: Path) -> Path | None:
        """Return the object whose presence makes a place required; None where nothing does."""
        found: Path | None = None
        while path and path[-1] in self.scope.groups[path[:-1]].required:
            path = found = path[:-1]
        return found

    def must_be_there(self, path: Path) -> bool:
        """Tell whether an object is always required and no field says so."""
        return self.top(path) == () and not any(
            self.top(leaf.path) == () for leaf in self.scope.under(path)
        )

    def present(self, path: Path, but: Path) -> str:
        """Return that something of an object is answered; blank where nothing can be named."""
        names = [
            f"{self.scope.prefix}.{leaf.name} IS NOT NULL"
            for leaf in self.scope.under(path)
            if leaf.path != but and _is_nameable(leaf) and not leaf.in_office
        ]
        return " OR ".join(names)

    def alternatives(self, path: Path, but: Path) -> tuple[bool, list[str]]:
        """Return whether a place is always required, and under which conditions besides."""
        if not path:
            return True, []
        always, conditions = False, list(self.extra.get(path, ()))
        parent = path[:-1]
        if path[-1] in self.scope.groups[parent].required:
            above, more = self.alternatives(parent, but)
            always = above
            conditions += more
            if not above and (there := self.present(parent, but)):
                conditions.append(there)
        return always, conditions

    def settle(self, path: Path, leaf: Leaf) -> None:
        """Say on a leaf when it is required."""
        if path[:-1] not in self.scope.groups:
            return  # the one column of plain values
        leaf.needs = []
        always, conditions = self.alternatives(path, path)
        leaf.required = always
        top = self.top(path)
        leaf.needed_by = top or None
        if always:
            return
        kept: list[str] = []
        for text in dict.fromkeys(conditions):
            joined = _any([*kept, text])
            if len(joined) > LIMIT:
                self.account.lost(
                    leaf.required_at or leaf.where,
                    "条件太长，写不成一个表达式。",
                    "The condition is too long for one expression.",
                )
                continue
            kept.append(text)
        leaf.needs = [_any(kept)] if kept else []


@dataclass(slots=True)
class _Tests:
    """Says schemas as expressions."""

    scope: Scope

    def object(self, schema: Schema, path: Path) -> tuple[str, bool]:
        """Return that an object meets a schema, and whether it must be there for that."""
        parts: list[str] = []
        strict = False
        required = {str(name) for name in cast("list[Json]", schema.get("required") or [])}
        tests = cast("Mapping[str, Json]", schema.get("properties") or {})
        for name in dict.fromkeys((*tests, *sorted(required))):
            part, sure = self._property((*path, name), tests.get(name), must=name in required)
            parts.append(part)
            strict = strict or sure
        for key, value in schema.items():
            if key in ("properties", "required", *_NOTES):
                continue
            part, sure = self._joined(key, value, path)
            parts.append(part)
            strict = strict or sure
        return " AND ".join(f"({p})" for p in parts) if len(parts) > 1 else (parts or ["TRUE"])[
            0
        ], strict

    def _joined(self, key: str, value: Json, path: Path) -> tuple[str, bool]:
        if key == "not" and isinstance(value, Mapping):
            return f"({self.object(value, path)[0]}) IS NOT TRUE", False
        if key in ("allOf", "anyOf") and isinstance(value, list) and value:
            inner = [self.object(cast("Schema", part), path) for part in value]
            word = " AND " if key == "allOf" else " OR "
            all_strict = (any if key == "allOf" else all)(sure for _, sure in inner)
            return word.join(f"({text})" for text, _ in inner), all_strict
        raise _Unsayable

    def _property(self, path: Path, test: Json, *, must: bool) -> tuple[str, bool]:
        leaf = self.scope.leaves.get(path)
        if leaf is None:
            if path not in self.scope.groups or not isinstance(test, Mapping) or not must:
                raise _Unsayable
            return self.object(test, path)[0], True
        if not _is_nameable(leaf) or leaf.in_office:
            raise _Unsayable
        name = f"{self.scope.prefix}.{leaf.name}"
        text = self._value(name, test, leaf) if isinstance(test, Mapping) else None
        if must:
            return text or f"{name} IS NOT NULL", True
        return (f"{name} IS NULL OR ({text})" if text else "TRUE"), False

    def _value(self, name: str, test: Schema, leaf: Leaf) -> str | None:
        parts = [
            part
            for key, value in test.items()
            if key not in _NOTES
            for part in self._keyword(name, key, value, leaf)
        ]
        return " AND ".join(parts) or None

    def _keyword(self, name: str, key: str, value: Json, leaf: Leaf) -> Iterator[str]:
        is_list = leaf.schema.get("type") == "array"
        if key in _COMPARE and isinstance(value, int | float) and not is_list:
            yield f"{name} {_COMPARE[key]} {_literal(value, leaf)}"
        elif key == "const" and not is_list:
            yield f"{name} = {_literal(value, leaf)}"
        elif key == "enum" and isinstance(value, list) and value and not is_list:
            yield f"{name} IN ({', '.join(_literal(one, leaf) for one in value)})"
        elif key == "not" and isinstance(value, Mapping) and not is_list:
            inner = self._value(name, value, leaf)
            if inner is None:
                raise _Unsayable
            yield f"({inner}) IS NOT TRUE"
        elif key == "contains" and isinstance(value, Mapping) and is_list:
            wanted = value.get("const")
            if set(value) - {"const", *_NOTES} or not isinstance(wanted, str):
                raise _Unsayable
            yield f"contains({name}, {_quoted(chr(10) + wanted + chr(10))})"
        else:
            raise _Unsayable


_COMPARE = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}


def _literal(value: Json, leaf: Leaf) -> str:
    coded = cast("Mapping[str, Json]", leaf.source.get("values") or {})
    for code, meant in coded.items():
        if meant == value and type(meant) is type(value):
            return _quoted(code)
    kind = leaf.schema.get("type")
    if isinstance(value, bool) and kind == "boolean":
        return "TRUE" if value else "FALSE"
    is_number = kind == "integer" or leaf.schema.get("format") == "decimal"
    if isinstance(value, int | float) and not isinstance(value, bool) and is_number:
        return f"{Decimal(str(value)):f}"
    if isinstance(value, str) and kind == "string" and not is_number:
        return f"DATE {_quoted(value)}" if leaf.schema.get("format") == "date" else _quoted(value)
    raise _Unsayable


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_nameable(leaf: Leaf) -> bool:
    """Tell whether expressions can name a leaf; not rows, and no dates with times."""
    items = leaf.schema.get("items")
    if leaf.schema.get("type") == "array":
        return isinstance(items, Mapping) and items.get("type") == "string"
    return True


def _both(one: str, other: str) -> str:
    return f"({one}) AND ({other})" if other else one


def _any(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else " OR ".join(f"({part})" for part in parts)


def _starts(path: Path) -> set[Path]:
    return {path[:i] for i in range(len(path) + 1)}
