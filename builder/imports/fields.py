"""Read a schema as questions: which widget, which field, and what of it is carried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

import jsonschema_rs

from builder.forms.rows import MAX_ROWS
from builder.imports.examples import example_of
from builder.imports.parts import Group, Leaf, Path, Scope, pair
from builder.imports.report import Account
from builder.imports.schema_tree import Node, Tree
from builder.scenario.model import Json

__all__ = ["MAX_FIELDS", "read_scope"]

MAX_FIELDS = 500
FEW_CHOICES = 9
ONE_LINE = 255
MOST_FILES = 20
LONGEST = 10_000
"""What a text without a limit takes here, in characters."""

_ASSERTIONS = frozenset(
    {
        *("type", "enum", "const", "format", "pattern", "minLength", "maxLength", "multipleOf"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("minItems", "maxItems", "uniqueItems", "not", "anyOf", "oneOf"),
    }
)
_SILENT = (
    "$schema",
    "$comment",
    "$id",
    "$anchor",
    "deprecated",
    "writeOnly",
    "unevaluatedProperties",
)


def read_scope(
    tree: Tree, schemas: list[tuple[Json, str]], prefix: str, above: frozenset[str] = frozenset()
) -> Scope:
    """Return everything that an object asks, nested objects flattened.

    Args:
        above: pointers of the definitions that this stands in; one that leads back is left out.
    """
    scope = Scope(prefix)
    reader = _Reader(tree, tree.account, scope, above | {tree.at})
    node = tree.open(*schemas)
    if node is not None:
        reader.above |= node.followed
        reader.object((), node)
    return scope


class _Reader:
    """Reads one scope."""

    def __init__(self, tree: Tree, account: Account, scope: Scope, above: frozenset[str]) -> None:
        self.above = above
        self.tree = tree
        self.account = account
        self.scope = scope

    def object(self, path: Path, node: Node) -> None:
        """Take an object's properties in, one after the other."""
        group = Group(path, node.where, node.text("title"), node.required, node.conditions)
        self.scope.groups[path] = group
        self._object_words(node, is_root=not path)
        for name, schemas in node.properties.items():
            if len(self.scope.leaves) > MAX_FIELDS:
                return
            self._property((*path, name), schemas, node.required.get(name, ""))
        for name, at in node.required.items():
            if name not in node.properties:
                self.account.lost(
                    at,
                    f"必填项“{name}”没有定义，无从询问。",
                    f"“{name}” is required but not defined, so it cannot be asked.",
                )

    def _object_words(self, node: Node, *, is_root: bool) -> None:
        for key, places in node.places.items():
            for at in places:
                if key == "additionalProperties" and node.words[key] in (False, True):
                    self.account.carried(at)
                elif key in ("title", "description") and not is_root:
                    self.account.changed(
                        at,
                        "分组的标题和说明不再单独显示：字段各归其节。",
                        "Titles and notes of groups are not shown: fields stand in their sections.",
                    )
                elif key in ("type", "title", "description", *_SILENT):
                    self.account.carried(at)

    def _property(
        self, path: Path, schemas: list[tuple[Mapping[str, Json], str]], required_at: str
    ) -> None:
        where = schemas[0][1]
        node = self.tree.open(*schemas)
        if node is None or node.followed & self.above:
            self.account.tree(
                where,
                "lost",
                "引用绕回自身，层数没有尽头。",
                "A reference that leads back into itself.",
            )
            return
        _without_null(node, self.account)
        outside, self.above = self.above, self.above | node.followed
        if node.properties:
            self.object(path, node)
            self.above = outside
            return
        leaf = self._leaf(path, node)
        self.above = outside
        if leaf is None:
            self._lost(node, required_at)
            return
        leaf.required_at = required_at
        self.scope.leaves[path] = leaf

    def _lost(self, node: Node, required_at: str) -> None:
        zh, en = "没有控件能填这样的值。", "No widget can fill such a value."
        if required_at:
            zh, en = zh + "它又是必填项。", en + " And it is required."
        self.account.tree(node.where, "lost", zh, en)
        for places in node.places.values():
            for at in places:
                self.account.lost(at, zh, en)

    # ── Leaves ───────────────────────────────────────────────────────────────────────────────────

    def _leaf(self, path: Path, node: Node) -> Leaf | None:
        _labelled_choices(node, self.account)
        kind = _kind(node)
        make = {
            "boolean": self._boolean,
            "integer": self._number,
            "number": self._number,
            "string": self._text,
            "choice": self._choice,
            "array": self._array,
        }.get(kind)
        leaf = None if make is None else make(path, node)
        if leaf is None:
            return None
        if node.words.get("x-nullable") is True:
            leaf.source["nullable"] = True
        self._notes(leaf, node)
        return leaf

    def _notes(self, leaf: Leaf, node: Node) -> None:
        """Take over title and description, and account for every word of the node."""
        leaf.title = node.text("title") or _spoken(leaf.path[-1])
        leaf.is_untitled = not node.text("title")
        if leaf.widget != "promise":
            leaf.hint = node.text("description")
        leaf.read_only = node.words.get("readOnly") is True
        coded = "values" in leaf.source  # what was judged before it was coded
        if node.more and not coded:
            leaf.schema["allOf"] = [
                *cast("list[Json]", leaf.schema.get("allOf", [])),
                *cast("list[Json]", node.more),
            ]
        for key, places in node.places.items():
            for at in places:
                if key in ("not", "anyOf", "oneOf"):
                    self.account.tree(at, "carried")
                elif key == "default":
                    self.account.lost(at, "表单不预填默认值。", "Forms do not fill in defaults.")
                elif key in _ASSERTIONS or key in (*_SILENT, "title", "description", "examples"):
                    self.account.carried(at)
                elif key == "readOnly":
                    self.account.changed(
                        at, "改由经办人填写。", "Filled in by the officer instead."
                    )
        if not coded and any(key in node.words for key in ("not", "anyOf", "oneOf")):
            _keep(leaf.schema, node, "not", "anyOf", "oneOf")

    def _boolean(self, path: Path, node: Node) -> Leaf:
        schema: dict[str, Json] = {"type": "boolean"}
        _keep(schema, node, "enum", "const")
        if node.words.get("const") is True or node.words.get("enum") == [True]:
            words = node.text("description") or node.text("title") or _spoken(path[-1])
            return Leaf(path, node.where, schema, "promise", "", options={"text": pair(words)})
        return Leaf(path, node.where, schema, "yes-no", "")

    def _number(self, path: Path, node: Node) -> Leaf:
        if "integer" in node.types():
            schema: dict[str, Json] = {"type": "integer"}
            _keep(schema, node, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
            _keep(schema, node, "multipleOf", "enum", "const")
            return Leaf(path, node.where, schema, "number", "")
        leaf = Leaf(
            path,
            node.where,
            {"type": "string", "format": "decimal"},
            "number",
            "",
            source={"type": "number"},
        )
        self._bounds(leaf, node)
        return leaf

    def _bounds(self, leaf: Leaf, node: Node) -> None:
        """Say a number's limits as options: it is a decimal in a text here."""
        for at in node.places.get("type", ()):
            self.account.changed(
                at,
                "number 改为十进制文本（不用浮点数），两个方向都换算。",
                "A number becomes a decimal in a text, no float; converted both ways.",
            )
        step = node.words.get("multipleOf")
        places = -cast("int", Decimal(str(step)).as_tuple().exponent) if step is not None else 6
        is_power = step is not None and Decimal(str(step)).as_tuple().digits == (1,)
        leaf.options["scale"] = max(0, min(places, 6)) if is_power else 6
        for key, option in (("minimum", "min"), ("maximum", "max")):
            if isinstance(node.words.get(key), int | float):
                leaf.options[option] = f"{Decimal(str(node.words[key])):f}"
        for key in ("exclusiveMinimum", "exclusiveMaximum", "enum", "const"):
            for at in node.places.get(key, ()):
                self.account.lost(
                    at, "小数不能这样限定。", "Decimals cannot be limited in this way."
                )
        if step is not None and not is_power:
            for at in node.places["multipleOf"]:
                self.account.lost(at, "只支持 0.01 这样的步长。", "Only steps like 0.01 are known.")

    def _text(self, path: Path, node: Node) -> Leaf:
        schema: dict[str, Json] = {"type": "string"}
        _keep(schema, node, "minLength", "maxLength", "pattern")
        leaf = Leaf(path, node.where, schema, "text", "")
        form = node.text("format")
        if form == "date":
            schema["format"] = "date"
            leaf.widget = "date"
            return leaf
        if form == "uuid" and self.scope.prefix != "row":
            schema["format"] = "uuid"
            leaf.widget = "upload"
            return leaf
        self._format(leaf, form)
        self._lines(leaf, node)
        sample = example_of(schema, node.words.get("examples"))
        if sample is not None and ("pattern" in schema or "allOf" in schema):
            leaf.options["example"] = sample
        if _is_amount(schema.get("pattern")):
            leaf.options["keyboard"] = "decimal"
        return leaf

    def _format(self, leaf: Leaf, form: str) -> None:
        if form in ("email", "idn-email", "uri", "iri"):
            leaf.schema["format"] = form
        elif form and form != "decimal":
            # under allOf: a format at the top would make another type of it
            leaf.schema["allOf"] = [{"format": form}]

    def _lines(self, leaf: Leaf, node: Node) -> None:
        """Choose one line or several, and a limit where the source has none."""
        limit = node.words.get("maxLength")
        told = isinstance(limit, int)
        short = told and cast("int", limit) <= ONE_LINE
        if not short and not {"format", "pattern", "allOf"} & leaf.schema.keys():
            leaf.widget = "long-text"
        if leaf.widget == "text" and not short:
            leaf.options["max_length"] = min(cast("int", limit), 1000) if told else 1000
        elif leaf.widget == "long-text":
            leaf.options["max_length"] = min(cast("int", limit), LONGEST) if told else LONGEST
            leaf.options["rows"] = 2 if told and cast("int", limit) <= 300 else 4

    def _choice(self, path: Path, node: Node) -> Leaf | None:
        values = _values(node)
        if not values or any(isinstance(v, list | Mapping | float) for v in values):
            return None
        labels = cast("Mapping[str, str]", node.words.get("x-labels") or {})
        kept: dict[str, Json] = {}
        _keep(kept, node, "minLength", "maxLength", "pattern")
        values = _fitting(values, kept, node)
        codes = list(dict.fromkeys(_code(value) for value in values))
        if not codes or len(codes) != len(values):
            return None
        schema: dict[str, Json] = {"type": "string", "enum": cast("list[Json]", codes)}
        source: dict[str, Json] = {}
        if codes == values:
            schema |= kept
        else:
            source["values"] = dict(zip(codes, values, strict=True))
        choices: list[Json] = [{"value": c, "label": pair(labels.get(c, c))} for c in codes]
        widget = "choice" if len(codes) <= FEW_CHOICES else "dictionary"
        return Leaf(
            path, node.where, schema, widget, "", options={"choices": choices}, source=source
        )

    def _array(self, path: Path, node: Node) -> Leaf | None:
        places = node.places.get("items", [])
        items = node.words.get("items")
        inner = self.tree.open((items, places[0])) if isinstance(items, Mapping) else None
        if inner is None:
            return None
        self.account.carried(*places)
        if inner.properties:
            return self._table(path, node, items, places[0])
        _labelled_choices(inner, self.account)
        one = self._leaf((*path, "value"), inner)
        if one is None or one.widget in ("table", "multi-choice", "promise"):
            return None
        schema: dict[str, Json] = {"type": "array", "items": one.schema}
        _keep(schema, node, "minItems", "maxItems", "uniqueItems")
        if one.widget == "upload":
            return self._files(path, node, schema)
        if one.widget in ("choice", "dictionary") and not one.source:
            return Leaf(
                path,
                node.where,
                schema,
                "multi-choice",
                "",
                options={"choices": one.options["choices"]},
            )
        one.path, one.name, one.title = ("value",), "value", node.text("title") or one.title
        one.required = True
        rows = Scope("row", leaves={one.path: one})
        return Leaf(path, node.where, schema, "table", "", source={"rows": "plain"}, rows=rows)

    def _files(self, path: Path, node: Node, schema: dict[str, Json]) -> Leaf:
        """Ask for several files; a question takes fewer than some sources allow."""
        told = schema.get("maxItems")
        count = min(told, MOST_FILES) if isinstance(told, int) else MOST_FILES
        if told != count:
            self.account.changed(
                node.places.get("maxItems", node.places["items"])[0],
                f"一个问题最多 {MOST_FILES} 个文件。",
                f"A question takes {MOST_FILES} files at most.",
            )
        return Leaf(path, node.where, schema, "upload", "", options={"max_files": max(count, 1)})

    def _table(self, path: Path, node: Node, items: Json, where: str) -> Leaf | None:
        if self.scope.prefix == "row":
            return None  # rows in rows
        rows = read_scope(self.tree, [(items, where)], "row", self.above)
        if not rows.leaves:
            return None
        schema: dict[str, Json] = {"type": "array"}
        _keep(schema, node, "minItems", "maxItems", "uniqueItems")
        if cast("int", schema.get("minItems", 0)) > MAX_ROWS:
            return None
        return Leaf(path, node.where, schema, "table", "", rows=rows)


def _kind(node: Node) -> str:
    if _values(node):
        kinds = {type(value) for value in _values(node)}
        if kinds == {bool}:
            return "boolean"
        return "choice"
    types = [name for name in node.types() if name != "null"]
    if len(types) == 1:
        return types[0]
    if not types and ({"pattern", "minLength", "maxLength", "format"} & node.words.keys()):
        return "string"
    if set(types) == {"integer", "number"}:
        return "number"
    return ""


def _values(node: Node) -> list[Json]:
    if "const" in node.words:
        return [node.words["const"]]
    found = node.words.get("enum")
    return list(found) if isinstance(found, list) else []


def _fitting(values: list[Json], kept: Mapping[str, Json], node: Node) -> list[Json]:
    """Return the choices that the rest of the schema leaves open."""
    rules: list[dict[str, Json]] = [dict(kept), *(dict(rule) for rule in node.more)]
    rules += [{key: node.words[key]} for key in ("not", "anyOf", "oneOf") if key in node.words]
    judges = [jsonschema_rs.Draft202012Validator(rule) for rule in rules]
    return [v for v in values if all(judge.is_valid(v) for judge in judges)]


def _code(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if str(value).strip() else "—"


def _without_null(node: Node, account: Account) -> None:
    """Read a value that may be null as one that may be left out."""
    types, values = node.types(), node.words.get("enum")
    in_list = isinstance(values, list) and None in values
    if not ("null" in types and len(types) > 1) and not in_list:
        return
    node.words["x-nullable"] = True
    if "null" in types:
        rest = [name for name in types if name != "null"]
        node.words["type"] = rest[0] if len(rest) == 1 else cast("Json", rest)
    if in_list:
        node.words["enum"] = [one for one in cast("list[Json]", values) if one is not None]
    for at in (*node.places.get("type", ()), *node.places.get("enum", ())):
        account.changed(at, "null 当作没有填写。", "null counts as left out.")


def _labelled_choices(node: Node, account: Account) -> None:
    """Read ``oneOf`` of ``const`` with ``title`` as choices with labels."""
    for key in ("oneOf", "anyOf"):
        options = node.words.get(key)
        if not isinstance(options, list) or "enum" in node.words or not options:
            continue
        if not all(isinstance(o, Mapping) and "const" in o and set(o) <= _OPTION for o in options):
            continue
        listed = cast("list[Mapping[str, Json]]", options)
        node.words["enum"] = [o["const"] for o in listed]
        node.words["x-labels"] = {
            _code(o["const"]): str(o["title"]) for o in listed if "title" in o
        }
        del node.words[key]
        for at in node.places.pop(key):
            account.tree(at, "carried")


_OPTION = frozenset({"const", "title", "description"})


def _keep(schema: dict[str, Json], node: Node, *keys: str) -> None:
    for key in keys:
        if key in node.words:
            schema[key] = node.words[key]


def _is_amount(pattern: Json) -> bool:
    """Tell whether a pattern takes amounts and no words."""
    if not isinstance(pattern, str):
        return False
    try:
        found = re.compile(pattern)
    except re.error:
        return False
    return bool(found.search("100.00")) and not found.search("ab") and not found.search("1-2")


def _spoken(name: str) -> str:
    """Return a key as words.

    >>> _spoken("total_budgetSummary")
    'Total budget summary'
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ")
    words = " ".join(words.split())
    return words[:1].upper() + words[1:].lower() if words.isascii() else words
