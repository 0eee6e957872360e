"""Faults of asking: SQL outside the closed list, unknown names, wrong values."""

from federation.errors import Fault

__all__ = [
    "ColumnRepeated",
    "ColumnUnknown",
    "ParameterMissing",
    "ParameterUnknown",
    "SqlNotOne",
    "SqlOutside",
    "SqlTooLarge",
    "SqlUnreadable",
    "SubjectMissing",
    "TableUnknown",
    "ValueWrong",
]

_FORM_ZH = "请写成：SELECT 数据项 FROM 数据集 WHERE 数据项 = 值 AND 数据项 IN (值, 值)。"
_FORM_EN = "Write it as: SELECT field FROM dataset WHERE field = value AND field IN (value, value)."


class SqlTooLarge(Fault):
    """A query that is too long or too deep to check."""

    code = "query.too-large"
    http = 413
    zh = "查询过长或括号嵌套过深（最多 {limit} 个字符）。"
    en = "The query is too long or too deeply nested (at most {limit} characters)."
    next_zh = "请拆成几个查询。"
    next_en = "Split it into several queries."


class SqlUnreadable(Fault):
    """Text that is no SQL."""

    code = "query.unreadable"
    http = 422
    zh = "查询无法识别。"
    en = "The query cannot be read."
    next_zh = _FORM_ZH
    next_en = _FORM_EN


class SqlNotOne(Fault):
    """Not exactly one statement."""

    code = "query.not-one"
    http = 422
    zh = "一次只能提交一个查询语句。"
    en = "A query is exactly one statement."
    next_zh = "请只保留一个 SELECT 语句。"
    next_en = "Keep one SELECT statement only."


class SqlOutside(Fault):
    """Something that is not on the closed list."""

    code = "query.outside"
    http = 422
    zh = "查询中不能使用 {part}。"
    en = "A query cannot use {part}."
    next_zh = _FORM_ZH
    next_en = _FORM_EN


class TableUnknown(Fault):
    """A dataset the question may not use, or that does not exist; both read the same."""

    code = "query.table-unknown"
    http = 422
    zh = "这里没有可查询的数据集“{table}”，最接近的是：{nearest}。"
    en = "There is no dataset “{table}” to ask here; the nearest are: {nearest}."
    next_zh = "请改用列出的名称；需要别的数据集时，先在场景的 datasets 中声明。"
    next_en = (
        "Use one of these names; to use another dataset, declare it in the scenario's datasets."
    )


class ColumnUnknown(Fault):
    """A field the dataset does not have."""

    code = "query.column-unknown"
    http = 422
    zh = "数据集“{table}”没有数据项“{column}”，最接近的是：{nearest}。"
    en = "The dataset “{table}” has no field “{column}”; the nearest are: {nearest}."
    next_zh = "请改用列出的名称，或在一本账中查找。"
    next_en = "Use one of these names, or look it up in the ledger."


class ColumnRepeated(Fault):
    """Two columns of the answer with one name."""

    code = "query.column-repeated"
    http = 422
    zh = "查询结果中有两列同名：“{column}”。"
    en = "Two columns of the answer have the name “{column}”."
    next_zh = "请用 AS 给其中一列另取名称。"
    next_en = "Give one of them another name with AS."


class ParameterUnknown(Fault):
    """A parameter nobody gave a value for."""

    code = "query.parameter-unknown"
    http = 422
    zh = "参数“:{parameter}”没有给出，已给出的参数：{known}。"
    en = "No value was given for the parameter “:{parameter}”; given are: {known}."
    next_zh = "请在 params 中给出该参数，或改正名称。"
    next_en = "Give it in params, or correct the name."


class ParameterMissing(Fault):
    """A parameter whose value is not known yet."""

    code = "query.parameter-empty"
    http = 409
    zh = "参数“:{parameter}”还没有值，现在无法查询。"
    en = "The parameter “:{parameter}” has no value yet, so the question cannot be asked now."
    next_zh = "请先填写对应的内容。"
    next_en = "Fill in what it stands for first."


class ValueWrong(Fault):
    """A value that is not of the field's type."""

    code = "query.value-wrong"
    http = 422
    zh = "数据项“{column}”的类型是 {type}，给出的值不是这个类型。"
    en = "The field “{column}” is of type {type}; the value given is not."
    next_zh = "请按该类型给出值，例如日期写成 2026-01-31。"
    next_en = "Give a value of that type; a date, for instance, as 2026-01-31."


class SubjectMissing(Fault):
    """A question about one person's record that does not say for which case and subject."""

    code = "query.subject-missing"
    http = 422
    zh = "用途“{purpose}”的查询必须说明办件和当事人。"
    en = "A question for the purpose “{purpose}” must name the case and the subject."
    next_zh = "请从正在办理的办件发起查询，或给出 case 和 subject。"
    next_en = "Ask from within a running case, or give case and subject."
