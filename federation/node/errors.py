"""Faults of a department's node: its configuration, its sources, and what it refuses by form."""

from federation.errors import Fault

__all__ = [
    "BindingUnknown",
    "ConfigMissing",
    "ConfigSchema",
    "ConfigUnreadable",
    "DatasetForeign",
    "DatasetUnbound",
    "FileUnreadable",
    "FolderUnwritable",
    "KeyShared",
    "KeyWrong",
    "LiteralWrong",
    "NodeExists",
    "NothingBound",
    "NowhereToServe",
    "ResourceMissing",
    "ScanOutside",
    "SecretEmpty",
    "SecretInClear",
    "SecretMissing",
    "SecretOutside",
    "SecretShared",
    "SourceFailed",
    "TooManyRows",
]


class ConfigMissing(Fault):
    """No NODE.toml in the folder."""

    code = "node.config-missing"
    http = 500
    zh = "文件夹中没有节点配置 {file}。"
    en = "The folder holds no node configuration {file}."
    next_zh = "请按 docs 中的样例写好配置，或指向正确的文件夹。"
    next_en = "Write one after the example in docs, or point to the right folder."


class ConfigUnreadable(Fault):
    """A configuration that is not TOML."""

    code = "node.config-unreadable"
    http = 500
    zh = "节点配置第 {line} 行无法识别。"
    en = "Line {line} of the node configuration cannot be read as TOML."
    next_zh = "请按 TOML 格式修改该行。"
    next_en = "Correct that line to valid TOML."


class ConfigSchema(Fault):
    """A part of the configuration that its schema refuses."""

    code = "node.config-schema"
    http = 500
    zh = "节点配置此处不符合格式要求：{problem}"
    en = "The node configuration does not follow its schema here: {problem}"
    next_zh = "请按 node.schema.json 改正后重新启动。"
    next_en = "Correct it after node.schema.json and start again."


class BindingUnknown(Fault):
    """A dataset bound to a source that is not configured."""

    code = "node.source-unknown"
    http = 500
    zh = "数据集“{dataset}”绑定的数据源“{source}”没有配置。"
    en = "The dataset “{dataset}” is bound to the source “{source}”, which is not configured."
    next_zh = "请在 [sources] 中添加该数据源，或改正名称。"
    next_en = "Add that source under [sources], or correct the name."


class DatasetForeign(Fault):
    """A dataset bound here that the ledger does not list for this party."""

    code = "node.dataset-foreign"
    http = 500
    zh = "一本账中没有部门 {party} 的数据集“{dataset}”。"
    en = "The ledger lists no dataset “{dataset}” of the department {party}."
    next_zh = "请改正数据集编号，或先在一本账中登记。"
    next_en = "Correct the dataset's id, or enter it in the ledger first."


class DatasetUnbound(Fault):
    """A dataset the policy speaks of that is bound to no source."""

    code = "node.dataset-unbound"
    http = 500
    zh = "规则允许使用数据集“{dataset}”，但节点没有把它绑定到数据源。"
    en = "The policy speaks of the dataset “{dataset}”, which this node binds to no source."
    next_zh = "请在 [datasets] 中绑定，或从规则中去掉。"
    next_en = "Bind it under [datasets], or take it out of the policy."


class KeyWrong(Fault):
    """A trusted key that is no SM2 public key."""

    code = "node.key-wrong"
    http = 500
    zh = "“{name}”的公钥不是 SM2 公钥（以 04 开头的 130 位十六进制）。"
    en = "The key of “{name}” is no SM2 public key (130 hex digits, beginning with 04)."
    next_zh = "请向对方索取公钥，核对后填写。"
    next_en = "Get the public key from them, compare it by another way, and enter it."


class ResourceMissing(Fault):
    """A bound resource whose source does not hold it, or holds too few columns."""

    code = "node.resource-missing"
    http = 500
    zh = "数据集“{dataset}”在数据源中缺少：{missing}。"
    en = "The source of the dataset “{dataset}” lacks: {missing}."
    next_zh = "请核对表名和列名，或修改绑定。"
    next_en = "Check the names of table and columns, or change the binding."


class SecretInClear(Fault):
    """A password that stands in the configuration itself."""

    code = "node.secret-in-clear"
    http = 500
    zh = "数据源“{source}”的 {option} 只能写引用，不能写明文。"
    en = "The {option} of the source “{source}” must be a reference, never the secret itself."
    next_zh = (
        '请改为 {option} = {{ env = "PG_PASSWORD" }} 或 {option} = {{ file = "secrets/pg" }}。'
    )
    next_en = 'Write {option} = {{ env = "PG_PASSWORD" }} or {{ file = "secrets/pg" }}.'


class SecretMissing(Fault):
    """A secret that is not where its reference says."""

    code = "node.secret-missing"
    http = 500
    zh = "没有找到数据源的口令：{place}。"
    en = "The secret of a source was not found: {place}."
    next_zh = "请设置该环境变量，或创建该文件并让节点的运行用户可以读取，然后重试。"
    next_en = "Set that variable, or create that file so that the node's user can read it."


class SecretEmpty(Fault):
    """A secret that is empty, too long or no text."""

    code = "node.secret-empty"
    http = 500
    zh = "数据源的口令不可用（{place}）：内容为空、过长或不是文本。"
    en = "The secret of a source cannot be used ({place}): it is empty, too long or no text."
    next_zh = "请只写入口令本身，一行，UTF-8 编码。"
    next_en = "Write the secret alone, on one line, in UTF-8."


class SecretShared(Fault):
    """A secret's file that others can read or change."""

    code = "node.secret-shared"
    http = 500
    zh = "口令文件 {place} 可被其他用户读取或修改。"
    en = "The secret's file {place} can be read or changed by other users."
    next_zh = "请执行 chmod 600，并确认文件属于节点的运行用户。"
    next_en = "Run chmod 600 on it, and make sure that it belongs to the node's user."


class SecretOutside(Fault):
    """A relative path that leads out of the node's folder."""

    code = "node.secret-outside"
    http = 500
    zh = "口令文件的路径 {place} 指向节点文件夹之外。"
    en = "The path {place} of a secret's file leads out of the node's folder."
    next_zh = "请把文件放在节点文件夹内，或写绝对路径。"
    next_en = "Keep the file in the node's folder, or write an absolute path."


class ScanOutside(Fault):
    """A scan that the purpose does not allow in form."""

    code = "node.scan-outside"
    http = 403
    zh = "用途“{purpose}”只允许查询一个数据集的指定列，条件只能是“等于”或“在列表中”。"
    en = (
        "For the purpose “{purpose}” a question names columns of one dataset, and compares "
        "by equality or a list only."
    )
    next_zh = "请简化查询后重试。"
    next_en = "Make the question simpler and try again."


class KeyShared(Fault):
    """One key trusted in two capacities, which would undo their separation."""

    code = "node.key-shared"
    http = 500
    zh = "“{name}”和“{other}”用了同一把公钥：中台、签发方和数据专员的密钥必须各不相同。"
    en = (
        "“{name}” and “{other}” have the same key: hubs, issuers and stewards must each have "
        "their own."
    )
    next_zh = "请核对公钥，分别填写各自的密钥。"
    next_en = "Check the keys and enter each one's own."


class LiteralWrong(Fault):
    """A column compared with a value of another type."""

    code = "node.literal-type"
    http = 422
    zh = "数据项“{field}”的类型是 {type}，不能与另一类型的值比较。"
    en = (
        "The field “{field}” is of type {type}; it cannot be compared with a value of another type."
    )
    next_zh = "请按数据项的类型给出比较值。"
    next_en = "Give a value of the field's type."


class TooManyRows(Fault):
    """One subject's record has more rows than an answer may hold."""

    code = "node.too-many-rows"
    http = 403
    zh = "一次答复最多 {limit} 行，这次查询超出了。"
    en = "An answer holds {limit} rows at most; this one would be longer."
    next_zh = "请增加条件缩小范围。"
    next_en = "Add conditions to narrow it down."


class SourceFailed(Fault):
    """The department's own database failed; what it said stays at the node."""

    code = "node.source-failed"
    http = 502
    zh = "部门 {party} 的数据源暂时无法读取。"
    en = "The source of the department {party} cannot be read at the moment."
    next_zh = "请稍后重试；仍不行的，请该部门管理员按留痕编号 {entry} 查看原因。"
    next_en = (
        "Try again later; if it stays so, that department's administrator finds the cause under "
        "entry {entry}."
    )


class NothingBound(Fault):
    """A node that offers no dataset yet."""

    code = "node.nothing-bound"
    http = 500
    zh = "部门 {party} 的节点还没有绑定任何数据集。"
    en = "The node of {party} binds no dataset yet."
    next_zh = (
        "请在 NODE.toml 里写明数据源和各数据集所在的表，再检查一次；启动包列出了要绑定的数据集。"
    )
    next_en = (
        "Write into NODE.toml the sources and where each dataset lies, then check again; the kit "
        "lists what is to be bound."
    )


class NowhereToServe(Fault):
    """A node that should be a program of its own and does not say where it listens."""

    code = "node.nowhere-to-serve"
    http = 500
    zh = "部门 {party} 的 NODE.toml 没有写明在哪里监听。"
    en = "The NODE.toml of {party} does not say where its node listens."
    next_zh = "请加上 [serve] 一节，写明 host 和 port；scenarist-node init 会自动写好。"
    next_en = "Add a [serve] table with host and port; scenarist-node init writes it."


class NodeExists(Fault):
    """A folder that holds a node already."""

    code = "node.exists"
    http = 409
    zh = "文件夹 {folder} 里已有节点或其他文件，没有改动任何内容。"
    en = "The folder {folder} holds a node or other files already; nothing was changed."
    next_zh = "请换一个空文件夹；换发证书用 scenarist-node renew。"
    next_en = "Choose an empty folder; to renew a certificate use scenarist-node renew."


class FileUnreadable(Fault):
    """A file given on the command line that holds no JSON document."""

    code = "node.file-unreadable"
    http = 422
    zh = "读不出文件 {file}。"
    en = "The file {file} cannot be read."
    next_zh = "请核对路径；文件应为 UTF-8 编码的 JSON，不要用字处理软件改动。"
    next_en = "Check the path; it should be JSON in UTF-8, not edited by a word processor."


class FolderUnwritable(Fault):
    """A folder or file that cannot be written."""

    code = "node.folder-unwritable"
    http = 500
    zh = "无法写入 {file}：{problem}。"
    en = "{file} cannot be written: {problem}."
    next_zh = "请核对磁盘空间和该用户的写权限。"
    next_en = "Check the disk's space and this user's right to write there."
