"""Read an Excel field list: a sheet a section, a row a field, code lists on their own sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.imports.errors import FileUnreadable, SheetWithoutHeads
from builder.imports.report import Account
from builder.scenario.model import Json
from builder.scenario.names import as_snake

__all__ = ["read_rows", "read_sheets"]

Rows = Sequence[Sequence[str]]
Said = tuple[Mapping[str, Json], Json, str, Account, list[str]]

MAX_ROWS = 2000

_HEADS: Mapping[str, str] = {
    "name": r"^(字段名|字段英文名|英文名|字段代码|列名|代码名|field|field ?name|column|name|key)$",
    "label": r"^(名称|字段名称|中文名|中文名称|字段中文名|标签|题目|问题|数据项|数据项名称|标题"
    r"|label|title|caption|question)$",
    "type": r"^(类型|数据类型|字段类型|格式|type|data ?type|field ?type)$",
    "required": r"^(必填|是否必填|必录|是否必须|必输|required|mandatory|reqd?)$",
    "length": r"^(长度|字段长度|最大长度|字数|长度限制|length|max ?length|size)$",
    "list": r"^(字典|代码表|数据字典|码表|字典名称|选项|枚举|值域|取值范围"
    r"|dictionary|codes?|code ?list|options|choices|values)$",
    "hint": r"^(说明|备注|填写说明|填报说明|描述|提示"
    r"|description|remarks?|note|help|hint|comment)$",
    "number": r"^(序号|编号|no\.?|#|index)$",
}
_CODES: Mapping[str, str] = {
    "list": r"^(字典|字典名称|代码表|码表|字典名|dictionary|code ?list|list)$",
    "code": r"^(代码|编码|值|字典值|code|value|key)$",
    "word": r"^(名称|含义|中文名|说明|标签|显示|字典项|label|text|meaning|name)$",
}
_YES = re.compile(r"^(是|必填|√|✓|y|yes|true|1|必|m|必须)$", re.IGNORECASE)
_TYPES: tuple[tuple[str, Mapping[str, Json]], ...] = (
    (r"金额|money|currency|amount|元", {"type": "string", "pattern": r"^-?\d{1,12}(\.\d{1,2})?$"}),
    (r"整数|int|number\(\d+\)|数量|个数|年份", {"type": "integer"}),
    (r"小数|decimal|float|double|numeric|number|数值|数字", {"type": "number"}),
    (r"日期|date|时间|time", {"type": "string", "format": "date"}),
    (r"布尔|是否|是/否|bool|logical|yes", {"type": "boolean"}),
    (r"附件|文件|file|upload|图片|image", {"type": "string", "format": "uuid"}),
    (r"邮箱|email|e-mail", {"type": "string", "format": "email"}),
    (r"网址|url|uri|link", {"type": "string", "format": "uri"}),
    (r"多选|复选|multi|checkbox", {"type": "array"}),
    (r"长文本|多行|text ?area|clob|long ?text|memo", {"type": "string", "maxLength": 2000}),
)
_PLAIN = re.compile(
    r"字符|文本|字符串|varchar|char|text|string|单选|下拉|字典|代码|选择|select|radio"
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    rows: Rows


def read_sheets(path: Path) -> Said:
    """Return a workbook as a schema with its UI schema, title, account and places.

    Raises:
        FileUnreadable: it is no workbook.
        SheetWithoutHeads: no sheet has a head row.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(path)
        sheets = [_sheet(book, name) for name in book.sheet_names]
    except Exception as problem:
        raise FileUnreadable(file=path.name) from problem
    return read_rows({sheet.name: sheet.rows for sheet in sheets}, path.stem)


def _sheet(book: object, name: str) -> _Sheet:
    frame = book.load_sheet(name, header_row=None, dtypes="string", n_rows=MAX_ROWS).to_polars()  # type: ignore[attr-defined]
    rows = [
        ["" if cell is None else str(cell).strip() for cell in row] for row in frame.iter_rows()
    ]
    return _Sheet(name, rows)


def read_rows(sheets: Mapping[str, Rows], title: str) -> Said:
    """Return sheets, as rows of texts, as a schema; see `read_sheets`."""
    reader = _Reader()
    lists = reader.code_lists(sheets)
    for name, rows in sheets.items():
        if name not in reader.of_codes:
            reader.fields(name, rows, lists)
    if not reader.properties:
        raise SheetWithoutHeads(sheet=next(iter(sheets), "—"))
    required: Json = list(reader.required)
    schema = {"type": "object", "required": required, "properties": reader.properties}
    return schema, reader.ui, title, reader.account, reader.places


class _Reader:
    def __init__(self) -> None:
        self.account = Account()
        self.places: list[str] = []
        self.properties: dict[str, Json] = {}
        self.required: list[Json] = []
        self.ui: list[Json] = []
        self.of_codes: set[str] = set()

    def code_lists(self, sheets: Mapping[str, Rows]) -> dict[str, list[Json]]:
        """Return the code lists by name, from the sheets that hold them."""
        lists: dict[str, list[Json]] = {}
        for name, rows in sheets.items():
            at, heads = _heads(rows, _CODES)
            is_fields = _heads(rows, _HEADS)[1].keys() & {"type", "required", "length"}
            if at is None or not {"code", "word"} & heads.keys() or is_fields:
                continue
            if not ({"code", "word"} <= heads.keys()):
                continue
            self.of_codes.add(name)
            last = name
            for row in rows[at + 1 :]:
                last = _cell(row, heads.get("list")) or last
                code, word = _cell(row, heads["code"]), _cell(row, heads["word"])
                if code or word:
                    entry: Json = {"const": code or word, "title": word or code}
                    lists.setdefault(last, []).append(entry)
        return lists

    def fields(self, sheet: str, rows: Rows, lists: Mapping[str, list[Json]]) -> None:
        """Take the fields of one sheet in, as one section."""
        at, heads = _heads(rows, _HEADS)
        if at is None or not {"name", "label"} & heads.keys():
            if any(any(row) for row in rows):
                self._lost(f"/{sheet}", "这张工作表没有表头。", "This sheet has no head row.")
            return
        for index, head in enumerate(rows[at]):
            if head and index not in heads.values():
                self._lost(
                    f"/{sheet}/{at + 1}/{head}", "不认识这一列。", "This column is not known."
                )
        children: list[Json] = []
        for number, row in enumerate(rows[at + 1 :], at + 2):
            key = self._field(sheet, number, row, heads, lists)
            if key is not None:
                child: Json = {"type": "field", "definition": f"/properties/{key}"}
                children.append(child)
        if children:
            self.ui.append({"type": "section", "label": sheet, "children": children})

    def _field(
        self,
        sheet: str,
        number: int,
        row: Sequence[str],
        heads: Mapping[str, int],
        lists: Mapping[str, list[Json]],
    ) -> str | None:
        said = {what: _cell(row, index) for what, index in heads.items()}
        label = said.get("label") or said.get("name") or ""
        if not label:
            return None
        where = f"/{sheet}/{number}"
        schema: dict[str, Json] = {"title": label, **self._type(said, where, label)}
        if said.get("hint"):
            schema["description"] = said["hint"]
        self._length(schema, said, where)
        self._list(schema, said, where, lists)
        key = self._key(said.get("name") or label)
        self.properties[key] = schema
        if _YES.match(said.get("required", "")):
            self.required.append(key)
        for what in heads:
            if said.get(what):
                self._carried(f"{where}/{what}")
        return key

    def _key(self, name: str) -> str:
        key = as_snake(name) if name.isascii() else f"field_{len(self.properties) + 1}"
        return key if key not in self.properties else f"{key}_{len(self.properties) + 1}"

    def _type(self, said: Mapping[str, str], where: str, label: str) -> Mapping[str, Json]:
        told = said.get("type", "").lower()
        kind = _special(label, told)
        if kind is not None:
            return kind
        for pattern, schema in _TYPES:
            if told and re.search(pattern, told):
                return schema
        if told and not _PLAIN.search(told):
            self._lost(
                f"{where}/type", "不认识这种类型，按文本处理。", "An unknown type, taken for text."
            )
        return {"type": "string"}

    def _length(self, schema: dict[str, Json], said: Mapping[str, str], where: str) -> None:
        found = re.search(r"\d+", said.get("length", "") or said.get("type", ""))
        if found and schema.get("type") == "string" and not {"format", "pattern"} & schema.keys():
            schema["maxLength"] = max(1, min(int(found.group()), 10_000))
        elif said.get("length") and not found:
            self._lost(f"{where}/length", "长度不是数字。", "The length is no number.")

    def _list(
        self,
        schema: dict[str, Json],
        said: Mapping[str, str],
        where: str,
        lists: Mapping[str, list[Json]],
    ) -> None:
        told = said.get("list", "")
        if not told:
            if schema.get("type") == "array":
                schema["items"] = {"type": "string", "maxLength": 200}
            return
        entries = lists.get(told) or list(_written(told))
        if len(entries) < 2:
            self._lost(f"{where}/list", "找不到这个代码表。", "There is no such code list.")
            return
        if schema.get("type") == "array":
            schema["items"] = {"type": "string", "oneOf": entries}
        else:
            for key in ("format", "pattern", "maxLength"):
                schema.pop(key, None)
            schema |= {"type": "string", "oneOf": entries}

    def _carried(self, where: str) -> None:
        self.places.append(where)
        self.account.carried(where)

    def _lost(self, where: str, zh: str, en: str) -> None:
        self.places.append(where)
        self.account.lost(where, zh, en)


def _special(label: str, told: str) -> Mapping[str, Json] | None:
    """Return what a label says of a field whose type says nothing."""
    if told and not re.search(r"字符|文本|varchar|char|string|text", told):
        return None
    if re.search(r"邮箱|电子邮件|e-?mail", label, re.IGNORECASE):
        return {"type": "string", "format": "email"}
    return None


def _written(text: str) -> Iterator[Json]:
    """Yield choices written out in one cell: 1-男；2-女, or 男/女."""
    for part in re.split(r"[;；、,，\n|]+|(?<=\S)/(?=\S)", text):
        found = re.match(r"^\s*(\w+)\s*[-:：.=]\s*(\S.*)$", part)
        word = (found[2] if found else part).strip()
        code = found[1] if found else word
        if word:
            yield {"const": code, "title": word}


def _heads(rows: Rows, known: Mapping[str, str]) -> tuple[int | None, dict[str, int]]:
    """Return which row holds the heads (of the first ten), and which column says what."""
    best: tuple[int | None, dict[str, int]] = (None, {})
    for at, row in enumerate(rows[:10]):
        found: dict[str, int] = {}
        for index, cell in enumerate(row):
            plain = re.sub(r"[\s*（(].*$", "", cell.strip()).lower() if cell else ""
            for what, pattern in known.items():
                if plain and what not in found and re.match(pattern, plain):
                    found[what] = index
                    break
        if len(found) > len(best[1]) and len(found) >= 2:
            best = (at, found)
    return best


def _cell(row: Sequence[str], index: int | None) -> str:
    return row[index].strip() if index is not None and index < len(row) else ""
