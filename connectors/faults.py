"""Faults of asking a source: what the scan says, and what the source is."""

from connectors.errors import Fault

__all__ = [
    "KindUnknown",
    "ScanColumnUnknown",
    "ScanDepth",
    "ScanKey",
    "ScanLiteral",
    "ScanNameTaken",
    "ScanNameWrong",
    "ScanOperator",
    "ScanShape",
    "ScanSize",
    "ScanTypes",
    "SourceBroken",
    "SourceBusy",
    "SourceCancelled",
    "SourceClosed",
    "SourceColumnKind",
    "SourceColumnUnknown",
    "SourceColumnUntyped",
    "SourceMissing",
    "SourceNotDatabase",
    "SourceOptions",
    "SourceTableUnknown",
    "SourceUnreadable",
    "SourceValue",
]


class ScanShape(Fault):
    """A part of a scan that is no object, list or text where one must be."""

    code = "scan.shape"
    zh = "查询请求的这一处应为{expected}。"
    en = "This part of the scan must be {expected}."
    next_zh = "请对照 specs/schema/scan.schema.json 修改。"
    next_en = "Compare it with specs/schema/scan.schema.json."


class ScanKey(Fault):
    """A key that the grammar does not have, or lacks."""

    code = "scan.key"
    zh = "查询请求的键不对：多出“{extra}”，缺少“{missing}”。"
    en = "The keys of this part are wrong: too many “{extra}”, missing “{missing}”."
    next_zh = "请对照 specs/schema/scan.schema.json 修改。"
    next_en = "Compare it with specs/schema/scan.schema.json."


class ScanOperator(Fault):
    """An operator, relation or measure outside the closed list."""

    code = "scan.operator"
    zh = "查询请求里没有“{name}”这种运算。"
    en = "There is no operation “{name}” in a scan."
    next_zh = "可用的有：{known}。"
    next_en = "These are known: {known}."


class ScanNameWrong(Fault):
    """A name that no column or dataset of the ledger can have."""

    code = "scan.name-wrong"
    zh = "查询请求里的这个名称不可用：须以小写字母开头，只含小写字母、数字和下划线。"
    en = "This name in the scan cannot be used: lower-case letters, digits and underscores only."
    next_zh = "请改用台账中登记的名称。"
    next_en = "Use the name that the ledger has."


class ScanLiteral(Fault):
    """A constant that does not fit the type it is said to have."""

    code = "scan.literal"
    zh = "查询请求里的常量不符合类型“{type}”。"
    en = "A constant in the scan does not fit the type “{type}”."
    next_zh = "请按该类型填写；小数、日期和时间以文本书写。"
    next_en = "Write it as that type asks; decimals, dates and times are written as text."


class ScanDepth(Fault):
    """A scan that is nested too deeply."""

    code = "scan.depth"
    zh = "查询请求的嵌套超过 {limit} 层。"
    en = "The scan is nested more than {limit} levels deep."
    next_zh = "请把查询拆小。"
    next_en = "Ask in smaller questions."


class ScanSize(Fault):
    """A scan with too many parts."""

    code = "scan.size"
    zh = "查询请求超过 {limit} 个部分。"
    en = "The scan has more than {limit} parts."
    next_zh = "请把查询拆小，例如分批给出取值列表。"
    next_en = "Ask in smaller questions, for instance with the list of values in portions."


class ScanColumnUnknown(Fault):
    """A column that the relation below does not give."""

    code = "scan.column-unknown"
    zh = "这一步没有名为“{column}”的列。"
    en = "This step has no column named “{column}”."
    next_zh = "最接近的名称：{near}。"
    next_en = "The nearest names: {near}."


class ScanNameTaken(Fault):
    """Two columns of one relation under the same name."""

    code = "scan.name-taken"
    zh = "列名“{column}”在同一结果中出现了两次。"
    en = "The column name “{column}” appears twice in one result."
    next_zh = "请先用投影给其中一列改名。"
    next_en = "Rename one of them with a projection first."


class ScanTypes(Fault):
    """An operation on types it is not made for."""

    code = "scan.types"
    zh = "运算“{op}”不能用于类型：{types}。"
    en = "The operation “{op}” cannot be used on these types: {types}."
    next_zh = "请使用类型一致的列和常量。"
    next_en = "Use columns and constants of matching types."


class KindUnknown(Fault):
    """A kind of source that nobody has made a connector for."""

    code = "source.kind-unknown"
    http = 422
    zh = "没有名为“{kind}”的数据源类型。"
    en = "There is no kind of source named “{kind}”."
    next_zh = "可用的类型：{known}。"
    next_en = "These kinds are known: {known}."


class SourceOptions(Fault):
    """Options that a kind of source does not take, or lacks."""

    code = "source.options"
    http = 422
    zh = "数据源类型“{kind}”的配置项“{option}”不对。"
    en = "The option “{option}” of a source of kind “{kind}” is wrong."
    next_zh = "请按说明填写：{expected}。"
    next_en = "Write it as described: {expected}."


class SourceMissing(Fault):
    """The file of a source is not there."""

    code = "source.missing"
    http = 503
    zh = "没有找到数据源文件 {source}。"
    en = "The source file {source} was not found."
    next_zh = "请检查节点配置中的路径，以及磁盘是否已挂载。"
    next_en = "Check the path in the node's configuration and that the disk is mounted."


class SourceUnreadable(Fault):
    """The file of a source cannot be opened."""

    code = "source.unreadable"
    http = 503
    zh = "无法打开数据源 {source}。"
    en = "The source {source} cannot be opened."
    next_zh = "请让节点的运行用户可以读取该文件及其所在文件夹。"
    next_en = "Let the user that runs the node read the file and its folder."


class SourceNotDatabase(Fault):
    """The file of a source is something else."""

    code = "source.not-database"
    http = 503
    zh = "{source} 不是 {kind} 数据库。"
    en = "{source} is no {kind} database."
    next_zh = "请核对节点配置中的路径和数据源类型。"
    next_en = "Check the path and the kind of source in the node's configuration."


class SourceBroken(Fault):
    """The source is damaged, or broke off while it was read."""

    code = "source.broken"
    http = 503
    zh = "读取数据源 {source} 时中断，该数据源可能已损坏。"
    en = "Reading the source {source} broke off; it may be damaged."
    next_zh = "请由数据源管理员检查并从备份恢复，然后重试。"
    next_en = "Have its administrator check it and restore it from a backup, then try again."


class SourceBusy(Fault):
    """Somebody else holds the source locked."""

    code = "source.busy"
    http = 503
    zh = "数据源 {source} 正被其他程序占用。"
    en = "The source {source} is locked by another program."
    next_zh = "请稍后重试；持续出现时请检查是否有未结束的写入。"
    next_en = "Try again shortly; if it goes on, look for a write that never ended."


class SourceCancelled(Fault):
    """The reading was cancelled before its end."""

    code = "source.cancelled"
    http = 409
    zh = "对数据源 {source} 的读取已取消。"
    en = "Reading the source {source} was cancelled."
    next_zh = "需要结果时请重新发起。"
    next_en = "Ask again if the answer is still needed."


class SourceClosed(Fault):
    """The connector was closed before the call."""

    code = "source.closed"
    http = 503
    zh = "数据源 {source} 的连接已关闭。"
    en = "The connection to the source {source} is closed."
    next_zh = "请重新打开连接后再查询。"
    next_en = "Open it again, then ask."


class SourceTableUnknown(Fault):
    """A resource that the source does not have."""

    code = "source.table-unknown"
    http = 422
    zh = "数据源 {source} 中没有表“{table}”。"
    en = "The source {source} has no table “{table}”."
    next_zh = "最接近的名称：{near}。请核对台账与数据源的绑定。"
    next_en = "The nearest names: {near}. Check how the ledger is bound to the source."


class SourceColumnUnknown(Fault):
    """A column of the ledger that the resource does not have."""

    code = "source.column-unknown"
    http = 422
    zh = "数据源 {source} 的表“{table}”中没有列“{column}”。"
    en = "The table “{table}” of the source {source} has no column “{column}”."
    next_zh = "最接近的名称：{near}。请核对台账与数据源的绑定。"
    next_en = "The nearest names: {near}. Check how the ledger is bound to the source."


class SourceColumnUntyped(Fault):
    """A column that is asked for without a type of the ledger."""

    code = "source.column-untyped"
    http = 422
    zh = "表“{table}”的列“{column}”在台账中没有登记类型。"
    en = "The column “{column}” of the table “{table}” has no type in the ledger."
    next_zh = "已登记的最接近的列：{near}。"
    next_en = "The nearest columns that have one: {near}."


class SourceColumnKind(Fault):
    """A column whose own type can hold no values of the ledger's type."""

    code = "source.column-kind"
    http = 422
    zh = "表“{table}”的列“{column}”是 {given}，不能作为台账类型“{type}”读取。"
    en = "The column “{column}” of the table “{table}” is {given}; it cannot be read as “{type}”."
    next_zh = "请更正台账中的类型，或在数据源中建一个把该列转成台账类型的视图并绑定它。"
    next_en = "Correct the type in the ledger, or bind a view in the source that converts it."


class SourceValue(Fault):
    """A value that is not what the ledger says the column holds."""

    code = "source.value"
    http = 502
    zh = "表“{table}”的列“{column}”中有值不符合台账登记的类型“{type}”。"
    en = "The column “{column}” of the table “{table}” holds a value that is not “{type}”."
    next_zh = "请数据源部门更正该值，或更正台账中的类型。"
    next_en = "Have the department correct the value, or correct the type in the ledger."
