"""Faults of importing a form, and of a document in a foreign form's shape."""

from __future__ import annotations

from builder.errors import Fault

__all__ = [
    "FileNotAForm",
    "FileTooLarge",
    "FileUnreadable",
    "FolderTaken",
    "ForeignAlone",
    "ForeignKeyUnknown",
    "ForeignMissing",
    "ForeignTypeWrong",
    "ForeignUnmapped",
    "IdMalformed",
    "NothingToAsk",
    "PartyUnknown",
    "RefNowhere",
    "SchemaWrong",
    "SheetWithoutHeads",
    "TooManyFields",
]


class FileUnreadable(Fault):
    """A file that cannot be opened as what its name says."""

    code = "import.unreadable"
    http = 422
    zh = "读不出文件“{file}”。"
    en = "The file “{file}” cannot be read."
    next_zh = "请确认它存在，是 JSON 或 .xlsx，没有加密，也没有损坏。"
    next_en = "Check that it is there, is JSON or .xlsx, and is neither locked nor damaged."


class FileTooLarge(Fault):
    """A file beyond what a form can be."""

    code = "import.too-large"
    http = 413
    zh = "文件“{file}”太大：最多 {limit_bytes} 字节。"
    en = "The file “{file}” is too large: at most {limit_bytes} bytes."
    next_zh = "请只留下表单定义。"
    next_en = "Keep only the definition of the form."


class FileNotAForm(Fault):
    """A readable file that holds none of the known shapes."""

    code = "import.not-a-form"
    http = 422
    zh = "“{file}”里没有认得的表单定义。"
    en = "“{file}” holds no form definition that is known."
    next_zh = "可以导入：JSON Schema（可带 ui_schema）、Excel 字段清单、带 fields 的 DocType JSON。"
    next_en = (
        "What can be imported: JSON Schema (with ui_schema), an Excel field list, DocType JSON."
    )


class NothingToAsk(Fault):
    """A form without a single field that can be asked."""

    code = "import.nothing-to-ask"
    http = 422
    zh = "这份定义里没有一个可以填写的字段。"
    en = "There is no field in this definition that could be asked."
    next_zh = "请检查 properties、fields 或字段清单是否为空。"
    next_en = "See whether properties, fields or the field list are empty."


class TooManyFields(Fault):
    """More fields than a form has."""

    code = "import.too-many-fields"
    http = 422
    zh = "字段太多：有 {count} 个，最多 {limit} 个。"
    en = "Too many fields: {count}, at most {limit}."
    next_zh = "请拆成几件事。"
    next_en = "Split it into several matters."


class SchemaWrong(Fault):
    """A place that JSON Schema does not allow."""

    code = "import.schema"
    http = 422
    zh = "此处不是有效的 JSON Schema：{rule}。"
    en = "This is no valid JSON Schema: {rule}."
    next_zh = "请按 2020-12 或 draft-07 改正。"
    next_en = "Correct it by 2020-12 or draft-07."


class RefNowhere(Fault):
    """A reference that leads to nothing in the file."""

    code = "import.ref"
    http = 422
    zh = "引用“{ref}”在文件里找不到。"
    en = "The reference “{ref}” leads to nothing in this file."
    next_zh = "请把被引用的定义放进同一份文件。"
    next_en = "Put the definition into the same file."


class SheetWithoutHeads(Fault):
    """A sheet with rows and no head row that says what they are."""

    code = "import.sheet-heads"
    http = 422
    zh = "工作表“{sheet}”前 10 行里没有表头。"
    en = "Sheet “{sheet}” has no head row among its first ten."
    next_zh = "表头至少要有“名称”或“字段名”一列，最好还有“类型”“必填”“长度”“字典”“说明”。"
    next_en = (
        "Give it at least a column “label” or “field”, better also type, required, length, "
        "dictionary."
    )


class IdMalformed(Fault):
    """An id that no scenario can have."""

    code = "import.id"
    http = 422
    zh = "编号“{id}”只能用小写字母、数字和连字符，以字母开头。"
    en = "The id “{id}” must be small letters, digits and hyphens, starting with a letter."
    next_zh = "例如写成“{near}”。"
    next_en = "Write it as “{near}”, for example."


class PartyUnknown(Fault):
    """A lead department that the ledger does not know."""

    code = "import.party"
    http = 422
    zh = "没有编号为“{party}”的部门。"
    en = "There is no department “{party}”."
    next_zh = "相近的有：{known}。"
    next_en = "The nearest: {known}."


class FolderTaken(Fault):
    """A folder that holds something already."""

    code = "import.folder-taken"
    http = 409
    zh = "目录“{folder}”里已经有内容。"
    en = "The folder “{folder}” holds something already."
    next_zh = "请换一个 --out，或先移走它。"
    next_en = "Choose another --out, or move it away first."


# ── Documents in the foreign shape ───────────────────────────────────────────────────────────────


class ForeignUnmapped(Fault):
    """A scenario that was not imported, so that no document can be in its foreign shape."""

    code = "foreign.unmapped"
    http = 422
    zh = "这件事不是导入的表单，没有“外来格式”。"
    en = "This matter was not imported: it has no foreign shape."
    next_zh = "请按指针给出答案，不加 --foreign。"
    next_en = "Give answers by pointer, without --foreign."


class ForeignKeyUnknown(Fault):
    """A key that the form has not."""

    code = "foreign.key-unknown"
    http = 422
    zh = "表单里没有“{key}”。"
    en = "The form has no “{key}”."
    next_zh = "请删去，或核对写法。相近的有：{known}。"
    next_en = "Remove it, or check its spelling. The nearest: {known}."


class ForeignTypeWrong(Fault):
    """A value of another JSON type."""

    code = "foreign.type"
    http = 422
    zh = "这里应是 {wanted}。"
    en = "There must be {wanted} here."
    next_zh = "请改成这种类型；没有值就整项省去。"
    next_en = "Give that type; leave the key out where there is no value."


class ForeignMissing(Fault):
    """Something that must be there because what it belongs to is."""

    code = "foreign.missing"
    http = 422
    zh = "缺少“{key}”。"
    en = "“{key}” is missing."
    next_zh = "请补上。"
    next_en = "Add it."


class ForeignAlone(Fault):
    """A document that is no object at all."""

    code = "foreign.not-an-object"
    http = 422
    zh = "整份文件应是一个 JSON 对象。"
    en = "The document must be one JSON object."
    next_zh = "请按原表单的格式给出。"
    next_en = "Give it in the shape of the original form."
