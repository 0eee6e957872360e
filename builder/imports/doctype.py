"""Read DocType-like JSON (Frappe): a list of fields with section breaks between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from builder.imports.report import Account
from builder.scenario.model import Json

__all__ = ["read_doctype"]

Doc = Mapping[str, Json]
Said = tuple[Mapping[str, Json], Json, str, Account, list[str]]

_TYPES: Mapping[str, Mapping[str, Json]] = {
    "Data": {"type": "string", "maxLength": 140},
    "Small Text": {"type": "string", "maxLength": 1000},
    "Text": {"type": "string", "maxLength": 10_000},
    "Long Text": {"type": "string", "maxLength": 10_000},
    "Text Editor": {"type": "string", "maxLength": 10_000},
    "Code": {"type": "string", "maxLength": 10_000},
    "Int": {"type": "integer"},
    "Check": {"type": "boolean"},
    "Float": {"type": "number"},
    "Percent": {"type": "number", "minimum": 0, "maximum": 100},
    "Currency": {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,2})?$"},
    "Date": {"type": "string", "format": "date"},
    "Datetime": {"type": "string", "format": "date-time"},
    "Time": {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"},
    "Phone": {"type": "string", "maxLength": 25},
    "Attach": {"type": "string", "format": "uuid"},
    "Attach Image": {"type": "string", "format": "uuid"},
    "Link": {"type": "string", "maxLength": 140},
    "Autocomplete": {"type": "string", "maxLength": 140},
    "Rating": {"type": "integer", "minimum": 0, "maximum": 5},
}
_BREAKS = ("Section Break", "Tab Break", "Column Break", "Fold")
_KEPT = ("fieldname", "fieldtype", "label", "reqd", "description", "read_only")
_LOOKS = (
    *("idx", "in_list_view", "in_standard_filter", "bold", "columns", "width", "print_hide"),
    *("search_index", "allow_in_quick_entry", "collapsible", "hide_border", "translatable"),
    *("no_copy", "report_hide", "permlevel", "in_global_search", "remember_last_selected_value"),
    *("parent", "parentfield", "parenttype", "doctype", "name", "owner", "creation", "modified"),
)
_TEST = re.compile(
    r"^\s*eval:\s*doc\.(\w+)\s*(?:(==|!=|===|!==|>=|<=|>|<)\s*(?:'([^']*)'|\"([^\"]*)\"|(-?\d+)))?\s*;?\s*$"
)
_TURNED = {">=": "minimum", "<=": "maximum", ">": "exclusiveMinimum", "<": "exclusiveMaximum"}


def read_doctype(doc: Doc) -> Said:
    """Return a DocType as a schema with its UI schema, title, account and places.

    Child tables are rows where the file holds their fields too (``child_tables``: name → DocType,
    or a field's own ``fields``).
    """
    reader = _Reader(doc)
    reader.read(cast("Sequence[Json]", doc["fields"]), "/fields")
    for key in doc:
        if key not in ("fields", "child_tables", "name", "doctype"):
            reader.lost(f"/{key}", "表单之外的设置。", "A setting beside the form.")
    return reader.schema(), reader.ui, str(doc.get("name") or ""), reader.account, reader.places


class _Reader:
    def __init__(self, doc: Doc) -> None:
        self.doc = doc
        self.account = Account()
        self.places: list[str] = []
        self.properties: dict[str, Json] = {}
        self.required: list[Json] = []
        self.conditions: list[Json] = []
        self.ui: list[Json] = []
        self.kinds: dict[str, Mapping[str, Json]] = {}

    def schema(self) -> dict[str, Json]:
        """Return what was read as a schema."""
        return {
            "type": "object",
            "required": self.required,
            "properties": self.properties,
            "allOf": self.conditions,
        }

    def read(self, fields: Sequence[Json], where: str) -> None:
        """Take fields in, section by section."""
        section: dict[str, Json] = {"type": "section", "label": "", "children": []}
        self.ui.append(section)
        for each in fields:  # conditions may read what comes later
            if isinstance(each, Mapping):
                known = _TYPES.get(str(each.get("fieldtype")), {"type": "string"})
                self.kinds[str(each.get("fieldname"))] = known
        for index, one in enumerate(fields):
            at = f"{where}/{index}"
            if not isinstance(one, Mapping):
                self.lost(at, "不是字段。", "This is no field.")
                continue
            kind = str(one.get("fieldtype", "Data"))
            if kind in ("Section Break", "Tab Break"):
                self._words(one, at)
                section = {"type": "section", "label": str(one.get("label") or ""), "children": []}
                self.ui.append(section)
            elif kind in _BREAKS:
                self._words(one, at)
            else:
                child = self._field(one, kind, at)
                if child is not None:
                    cast("list[Json]", section["children"]).append(child)
        self.ui = [one for one in self.ui if cast("Doc", one)["children"]]

    def _field(self, one: Doc, kind: str, at: str) -> Json:
        name = str(one.get("fieldname") or f"field_{len(self.properties) + 1}")
        schema = self._schema(one, kind, at)
        if schema is None:
            self.places.append(at)
            zh, en = f"没有与“{kind}”对应的控件。", f"No widget does what “{kind}” does."
            self.account.tree(at, "lost", zh, en)
            return None
        self._words(one, at)
        label = one.get("label")
        self.properties[name] = {
            **schema,
            "title": str(label or name.replace("_", " ").capitalize()),
            **({"description": str(one["description"])} if one.get("description") else {}),
            **({"readOnly": True} if one.get("read_only") in (1, True) else {}),
        }
        if one.get("reqd") in (1, True):
            self.required.append(name)
        child: dict[str, Json] = {"type": "field", "definition": f"/properties/{name}"}
        self._depends(one, name, child, at)
        return child

    def _schema(self, one: Doc, kind: str, at: str) -> Mapping[str, Json] | None:
        options = str(one.get("options") or "")
        if kind == "Select":
            values: list[Json] = [line.strip() for line in options.split("\n") if line.strip()]
            self.carried(f"{at}/options")
            return {"type": "string", "enum": values} if values else {"type": "string"}
        if kind in ("Table", "Table MultiSelect"):
            return self._table(one, options, at)
        if kind not in _TYPES:
            return None
        schema = dict(_TYPES[kind])
        if kind == "Data" and options in ("Email", "URL"):
            schema = {"type": "string", "format": "email" if options == "Email" else "uri"}
            self.carried(f"{at}/options")
        elif options and kind == "Link":
            self.account.changed(
                f"{at}/options",
                "关联改为文本；本系统的数据请改用 prefill 或字典。",
                "A link becomes text; use prefill or a dictionary for data of this city.",
            )
            self.places.append(f"{at}/options")
        length = one.get("length")
        if isinstance(length, int) and length > 0 and "maxLength" in schema:
            schema["maxLength"] = min(length, 10_000)
            self.carried(f"{at}/length")
        return schema

    def _table(self, one: Doc, options: str, at: str) -> Mapping[str, Json] | None:
        tables = self.doc.get("child_tables")
        child = tables.get(options) if isinstance(tables, Mapping) else None
        fields = one.get("fields") or (child.get("fields") if isinstance(child, Mapping) else None)
        if not isinstance(fields, list):
            return None
        rows = _Reader(self.doc)
        inside = f"{at}/fields" if "fields" in one else f"/child_tables/{options}/fields"
        rows.account, rows.places = self.account, self.places
        rows.read(fields, inside)
        self.carried(f"{at}/options")
        return {"type": "array", "items": rows.schema()} if rows.properties else None

    def _depends(self, one: Doc, name: str, child: dict[str, Json], at: str) -> None:
        shown = self._test(one, "depends_on", at)
        if shown is not None:
            about, schema = shown
            condition: Json = {"scope": f"#/properties/{about}", "schema": schema}
            child["rule"] = {"effect": "SHOW", "condition": condition}
        needed = self._test(one, "mandatory_depends_on", at)
        if needed is not None:
            self._needs(*needed, name)

    def _needs(self, about: str, schema: Json, name: str) -> None:
        test: Json = {"properties": {about: schema}, "required": [about]}
        self.conditions.append({"if": test, "then": {"required": [name]}})

    def _test(self, one: Doc, key: str, at: str) -> tuple[str, Json] | None:
        """Return a condition as the field it reads and a schema; None where there is none."""
        text = one.get(key)
        if not text:
            return None
        told = str(text)
        found = _TEST.match(told if told.startswith("eval:") else f"eval:doc.{told}")
        known = self.kinds.get(found[1]) if found else None
        if found is None or known is None:
            self.lost(
                f"{at}/{key}", "这个条件需要人来写。", "A person has to write this condition."
            )
            return None
        self.carried(f"{at}/{key}")
        value: Json = found[3] or found[4] or ""
        if found[5] is not None:
            number = int(found[5])
            value = bool(number) if known.get("type") == "boolean" else number
        return found[1], _schema_of(found[2], value, known)

    def _words(self, one: Doc, at: str) -> None:
        for key, value in one.items():
            place = f"{at}/{key}"
            if key in _KEPT:
                self.carried(place)
            elif key in _LOOKS or value in (None, "", 0, False):
                self.account.changed(
                    place, "外观或内部设置，不需要。", "Looks or internals, not needed."
                )
                self.places.append(place)
            elif key not in ("options", "length", "depends_on", "mandatory_depends_on", "fields"):
                self.lost(place, "没有对应的设置。", "There is no such setting here.")
            elif place not in self.places and key in ("options", "length"):
                self.lost(place, "这种字段用不上。", "Of no use for such a field.")

    def carried(self, where: str) -> None:
        """Note a place that is taken over."""
        self.places.append(where)
        self.account.carried(where)

    def lost(self, where: str, zh: str, en: str) -> None:
        """Note a place that is not."""
        self.places.append(where)
        self.account.lost(where, zh, en)


def _schema_of(operator: str | None, value: Json, known: Doc) -> Json:
    if operator is None:
        return {"const": True} if known.get("type") == "boolean" else {"type": known.get("type")}
    if operator in _TURNED:
        return {_TURNED[operator]: value}
    same: Json = {"const": value}
    return same if operator.startswith("==") else {"not": same}
