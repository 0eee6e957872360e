"""Faults of the journal: what cannot be written, and what verification finds."""

from federation.errors import Fault

__all__ = [
    "CheckpointForged",
    "CheckpointMismatch",
    "CheckpointUntrusted",
    "EntriesMissing",
    "EntryChanged",
    "EntryMisplaced",
    "ExportLineChanged",
    "ExportUnfinished",
    "JournalBroken",
    "JournalUnwritable",
    "PersonalValueRefused",
]


class PersonalValueRefused(ValueError):
    """A programming error: an entry would have carried somebody's number in the clear."""


class JournalUnwritable(Fault):
    """The entry could not be written, so what it would have recorded does not happen."""

    code = "audit.unwritable"
    http = 503
    zh = "留痕无法写入（{reason}），因此本次操作没有执行。"
    en = "The audit entry could not be written ({reason}), so nothing was done."
    next_zh = "请按所列原因恢复数据库后重试；不留痕的操作一律不执行。"
    next_en = "Mend the database as the reason says and try again; nothing is done without a trace."


class JournalBroken(Fault):
    """A checkpoint would sign entries that do not verify."""

    code = "audit.broken"
    http = 500
    zh = "留痕在第 {seq} 条处校验不通过，不能签署检查点。"
    en = "The journal does not verify at entry {seq}, so no checkpoint is signed."
    next_zh = "请运行 scenarist audit verify 查看全部问题，保留数据库文件备查。"
    next_en = "Run scenarist audit verify for all findings, and keep the database file as evidence."


class EntryChanged(Fault):
    """A stored value differs from what the hash covers."""

    code = "audit.entry-changed"
    http = 500
    zh = "第 {seq} 条留痕的“{field}”被改动。"
    en = "In audit entry {seq} the field “{field}” was changed."
    next_zh = "请保留数据库文件，与导出件或备份中的同一条核对。"
    next_en = "Keep the database file and compare the entry with an export or a backup."


class EntriesMissing(Fault):
    """Entries that must exist are not there."""

    code = "audit.entries-missing"
    http = 500
    zh = "缺少第 {first} 至第 {last} 条留痕。"
    en = "The audit entries {first} to {last} are missing."
    next_zh = "请保留数据库文件，从备份或导出件找回这些条目。"
    next_en = "Keep the database file and look for these entries in a backup or an export."


class EntryMisplaced(Fault):
    """An entry is genuine in itself but does not follow the one before it."""

    code = "audit.entry-misplaced"
    http = 500
    zh = "第 {seq} 条留痕与前一条不相接：“{field}”对不上，条目被插入、调换或替换。"
    en = (
        "Audit entry {seq} does not follow the one before it: “{field}” differs; "
        "an entry was inserted, moved or replaced."
    )
    next_zh = "请保留数据库文件，与导出件或备份中的顺序核对。"
    next_en = "Keep the database file and compare the order with an export or a backup."


class CheckpointMismatch(Fault):
    """The entries are not those that were signed."""

    code = "audit.checkpoint-mismatch"
    http = 500
    zh = "前 {seq} 条留痕与已签署的检查点不符：“{field}”不同。"
    en = (
        "The first {seq} audit entries are not those that the checkpoint signed: “{field}” differs."
    )
    next_zh = "改动发生在上一个相符的检查点之后，请与导出件或备份核对。"
    next_en = (
        "The change lies after the last checkpoint that agrees; compare with an export or a backup."
    )


class CheckpointForged(Fault):
    """A checkpoint's signature does not belong to it."""

    code = "audit.checkpoint-forged"
    http = 500
    zh = "第 {seq} 条处的检查点签名不成立。"
    en = "The signature of the checkpoint at entry {seq} does not hold."
    next_zh = "该检查点的内容、公钥或签名被改动，请与导出件或备份核对。"
    next_en = "Its content, key or signature was changed; compare with an export or a backup."


class CheckpointUntrusted(Fault):
    """A checkpoint was signed by a key nobody vouched for."""

    code = "audit.checkpoint-untrusted"
    http = 500
    zh = "第 {seq} 条处的检查点由未知的密钥 {key} 签署。"
    en = "The checkpoint at entry {seq} was signed by the unknown key {key}."
    next_zh = "若密钥曾经更换，请把旧公钥一并交给校验；否则该检查点是伪造的。"
    next_en = (
        "If the key was replaced, give the old public key too; otherwise the checkpoint is forged."
    )


class ExportLineChanged(Fault):
    """A line of an export is not what was written."""

    code = "audit.export-line-changed"
    http = 422
    zh = "导出件第 {line} 行无法识别或被改动。"
    en = "Line {line} of the export cannot be read or was changed."
    next_zh = "请重新导出，或与另一份导出件核对。"
    next_en = "Export again, or compare with another export."


class ExportUnfinished(Fault):
    """An export breaks off."""

    code = "audit.export-unfinished"
    http = 422
    zh = "导出件不完整：应有 {expected} 条留痕，实际 {found} 条。"
    en = "The export breaks off: {expected} audit entries were announced, {found} are there."
    next_zh = "请重新导出或重新传送该文件。"
    next_en = "Export again, or transfer the file again."
