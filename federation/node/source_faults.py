"""Faults that looking at a node's own sources finds."""

from federation.errors import Fault

__all__ = ["ColumnMissing", "LawBroken", "SourceMoving"]


class ColumnMissing(Fault):
    """A field of the ledger that the bound table does not have."""

    code = "node.column-missing"
    http = 500
    zh = "源表“{table}”缺“{title}”（{column}）。"
    en = "The table “{table}” lacks “{title}” ({column})."
    next_zh = "候选（相似度）：{near}。请建一个以 {column} 为列名的视图并绑定它，或更正台账。"
    next_en = (
        "Candidates (likeness): {near}. Bind a view that names the column {column}, or correct the "
        "ledger."
    )


class LawBroken(Fault):
    """A source that answers otherwise than the same rows do in memory."""

    code = "node.law-broken"
    http = 500
    zh = "数据源对“{table}”的答复与本地计算不一致：{law}(列 {column})。"
    en = "The source answers about “{table}” otherwise than the same rows do: {law} ({column})."
    next_zh = "请暂不绑定该表，并把数据源的类型和版本告知平台维护者。"
    next_en = "Do not bind it yet, and tell the maintainers kind and version of the source."


class SourceMoving(Fault):
    """Rows that changed between two readings."""

    code = "node.source-moving"
    http = 503
    zh = "检查期间“{table}”的数据在变化，无法比对。"
    en = "The rows of “{table}” changed during the check; they could not be compared."
    next_zh = "请在没有写入的时段重新检查。"
    next_en = "Check again while nobody writes to it."
