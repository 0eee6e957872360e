"""Faults of the state that the product keeps for itself."""

from federation.errors import Fault

__all__ = [
    "RowsRefused",
    "RowsUnreadable",
    "StoreBusy",
    "StoreCrowded",
    "StoreDamaged",
    "StoreDiskFailing",
    "StoreDriverMissing",
    "StoreForeign",
    "StoreFull",
    "StoreMissing",
    "StoreNewer",
    "StoreOlder",
    "StorePasswordMissing",
    "StoreReadOnly",
    "StoreTaken",
    "StoreUnreachable",
    "StoreUrlWrong",
]


class StoreMissing(Fault):
    """The database file or its folder is not there."""

    code = "store.missing"
    http = 500
    zh = "没有找到数据库 {store}。"
    en = "The database {store} was not found."
    next_zh = (
        "请检查路径和挂载的磁盘，或从备份恢复这个文件；演示城市可以用 scenarist demo --fresh 重建。"
    )
    next_en = (
        "Check the path and that its disk is mounted, or restore the file from a backup; "
        "a demo city can be rebuilt: scenarist demo --fresh."
    )


class StoreReadOnly(Fault):
    """The database cannot be written."""

    code = "store.read-only"
    http = 503
    zh = "数据库 {store} 只能读取，不能写入。"
    en = "The database {store} can be read but not written."
    next_zh = "请让运行本程序的用户对该文件及其所在文件夹有写权限，并确认磁盘没有以只读方式挂载。"
    next_en = (
        "Give the user that runs this program write permission on the file and its folder, "
        "and check that the disk is not mounted read-only."
    )


class StoreBusy(Fault):
    """Another writer held the database longer than we wait."""

    code = "store.busy"
    http = 503
    zh = "数据库 {store} 正被另一项写入占用。"
    en = "The database {store} is held by another write."
    next_zh = "请稍后重试；若一直如此，请停掉占用该文件的备份或管理工具。"
    next_en = (
        "Try again shortly; if it stays so, stop the backup or admin tool that holds the file."
    )


class StoreDamaged(Fault):
    """The file is not a database, or its pages are broken."""

    code = "store.damaged"
    http = 500
    zh = "文件 {store} 不是数据库，或者已经损坏。"
    en = "The file {store} is not a database, or it is damaged."
    next_zh = "请保留该文件备查，再用 scenarist restore 从备份恢复。"
    next_en = "Keep the file for inspection, then bring a backup back with scenarist restore."


class StoreDiskFailing(Fault):
    """The operating system reported an error while reading or writing."""

    code = "store.disk-failing"
    http = 503
    zh = "读写数据库 {store} 时磁盘出错。"
    en = "The disk reported an error while the database {store} was read or written."
    next_zh = "请检查磁盘和挂载点的状态（系统日志会有记录），排除后重启程序。"
    next_en = (
        "Check the disk and its mount point (the system log says more), "
        "then start the program again."
    )


class StoreFull(Fault):
    """No room to write."""

    code = "store.full"
    http = 507
    zh = "数据库 {store} 所在磁盘已满，这次写入没有保存。"
    en = "The disk of the database {store} is full; this write was not kept."
    next_zh = "请腾出磁盘空间后重试，此前的数据没有受影响。"
    next_en = "Free some disk space and try again; what was stored before is unharmed."


class StoreNewer(Fault):
    """The schema was written by a later release."""

    code = "store.newer-schema"
    http = 500
    zh = "数据库 {store} 的结构版本 {found} 比本程序认识的 {known} 更新。"
    en = "The database {store} has schema {found}; the latest this program knows is {known}."
    next_zh = "请升级本程序，或恢复升级之前的备份。"
    next_en = "Upgrade this program, or restore the backup made before the upgrade."


class StoreOlder(Fault):
    """The schema has not been brought up to this release."""

    code = "store.older-schema"
    http = 500
    zh = "数据库 {store} 的结构版本 {found} 早于本程序需要的 {known}。"
    en = "The database {store} has schema {found}; this program needs {known}."
    next_zh = "请先备份，再启动服务或工作进程一次，由它完成升级。"
    next_en = "Back it up, then start the server or the worker once: it brings the schema up."


class StoreForeign(Fault):
    """The database holds somebody else's tables."""

    code = "store.foreign"
    http = 500
    zh = "数据库 {store} 里已有同名的表 {tables}，但不是本程序建立的。"
    en = "The database {store} already has tables named {tables} that this program did not make."
    next_zh = "请换一个空的数据库或模式，已有的表未被改动。"
    next_en = "Point to an empty database or schema; the existing tables were not touched."


class StoreUnreachable(Fault):
    """The database server does not answer."""

    code = "store.unreachable"
    http = 503
    zh = "连接不上数据库 {store}。"
    en = "The database {store} cannot be reached."
    next_zh = "请检查服务器是否运行、地址、库名和账号是否正确、网络是否放行。"
    next_en = (
        "Check that the server runs, that address, database and account are right, "
        "and that the network lets it through."
    )


class StoreUrlWrong(Fault):
    """The database address cannot be read, or names a kind we do not support."""

    code = "store.url-wrong"
    http = 500
    zh = "数据库地址无法识别，支持的写法以 {kinds} 开头。"
    en = "The database address cannot be read; it starts with one of {kinds}."
    next_zh = "请改正设置中的地址，例如 sqlite:////var/lib/scenarist/hub.db。"
    next_en = (
        "Correct the address in the settings, for example sqlite:////var/lib/scenarist/hub.db."
    )


class StoreTaken(Fault):
    """A store would be filled where one is already."""

    code = "store.taken"
    http = 409
    zh = "数据库 {store} 里已经有表 {tables}，不能再往里恢复。"
    en = "The database {store} already holds the tables {tables}; nothing is restored over them."
    next_zh = "请另指定一个空的数据库或模式；确认不再需要旧表之后，也可以先行删除。"
    next_en = (
        "Name an empty database or schema; or drop the old tables first, once it is certain that "
        "nobody needs them."
    )


class RowsUnreadable(Fault):
    """A table's rows cannot be read to their end."""

    code = "store.rows-unreadable"
    http = 500
    zh = "数据库 {store} 的表 {table} 无法逐行读出。"
    en = "The rows of the table {table} in the database {store} cannot be read to their end."
    next_zh = "请保留该数据库备查，从较早的备份恢复，或请数据库管理员检查这张表。"
    next_en = (
        "Keep the database for inspection and restore an earlier backup, "
        "or have an administrator check this table."
    )


class RowsRefused(Fault):
    """Rows of a backup do not fit the table they belong to."""

    code = "store.rows-refused"
    http = 422
    zh = "备份里表 {table} 的数据与数据库 {store} 不符，没有写入。"
    en = "The rows of the table {table} in the backup do not fit {store}; nothing was written."
    next_zh = "请用写出这份备份的同一版本程序恢复，或改用另一份备份。"
    next_en = "Restore it with the release that wrote it, or take another backup."


class StoreDriverMissing(Fault):
    """The driver of PostgreSQL is not installed."""

    code = "store.driver-missing"
    http = 500
    zh = "没有安装连接 PostgreSQL 所需的 psycopg。"
    en = "psycopg, which connects to PostgreSQL, is not installed."
    next_zh = "请运行 pip install 'scenarist[postgres]' 后重新启动。"
    next_en = "Run pip install 'scenarist[postgres]' and start again."


class StorePasswordMissing(Fault):
    """The password of a database does not lie where the settings say."""

    code = "store.password-missing"
    http = 500
    zh = "数据库口令应存放在 {place}，但那里没有可读取的内容。"
    en = "The database's password should lie in {place}, and nothing can be read there."
    next_zh = "请设置该环境变量，或写好该文件（仅运行本程序的用户可读），再重新启动。"
    next_en = (
        "Set that variable, or write that file (readable to this program's user only), "
        "and start again."
    )


class StoreCrowded(Fault):
    """All connections to a database are in use."""

    code = "store.crowded"
    http = 503
    zh = "数据库 {store} 的连接已全部占用。"
    en = "All connections to the database {store} are in use."
    next_zh = "请稍后重试；若一直如此，请减少进程或线程数，或让数据库允许更多连接。"
    next_en = (
        "Try again shortly; if it stays so, run fewer processes or threads, "
        "or let the database take more connections."
    )
