"""Faults of a database server: reaching it, signing in, and what it refuses.

What the server itself says never goes further: PostgreSQL quotes values in its messages.
"""

from connectors.errors import Fault

__all__ = [
    "ServerCrowded",
    "ServerDatabaseUnknown",
    "ServerDenied",
    "ServerEncoding",
    "ServerHostUnknown",
    "ServerLost",
    "ServerMethod",
    "ServerNotAdmitted",
    "ServerRefused",
    "ServerSchemaUnknown",
    "ServerSignIn",
    "ServerSilent",
    "ServerSlow",
    "ServerStarting",
    "ServerTls",
    "ServerTrouble",
    "ServerUnreachable",
]


class ServerHostUnknown(Fault):
    """A host name that no name service knows."""

    code = "source.host-unknown"
    http = 503
    zh = "找不到数据库主机“{host}”：域名无法解析。"
    en = "The database host “{host}” was not found: its name cannot be resolved."
    next_zh = "请核对 NODE.toml 中的 host，或直接填写 IP 地址。"
    next_en = "Check host in NODE.toml, or enter the IP address."


class ServerUnreachable(Fault):
    """Nothing listens at the host and port."""

    code = "source.unreachable"
    http = 503
    zh = "连不上数据库 {host}:{port}：该端口没有服务应答。"
    en = "The database at {host}:{port} cannot be reached: nothing answers at that port."
    next_zh = "请确认数据库已启动并监听该地址和端口，防火墙已放行本机。"
    next_en = (
        "Make sure that it runs and listens at that address and port, and that no firewall blocks "
        "this machine."
    )


class ServerSilent(Fault):
    """The host did not answer in time."""

    code = "source.silent"
    http = 503
    zh = "连接数据库 {host}:{port} 超时：{seconds} 秒内没有应答。"
    en = "Connecting to the database at {host}:{port} timed out: no answer in {seconds} seconds."
    next_zh = "请检查网络和防火墙；网络确实较慢的，可调大 connect_timeout_s。"
    next_en = "Check network and firewall; on a slow network raise connect_timeout_s."


class ServerSignIn(Fault):
    """The server answers, and refuses name or password."""

    code = "source.sign-in"
    http = 503
    zh = "主机可达；用户名或密码错（用户“{user}”）。"
    en = "The host can be reached; user name or password is wrong (user “{user}”)."
    next_zh = "请核对 user 和 password 所指的口令；必要时请数据库管理员重设。"
    next_en = "Check user, and the secret that password refers to; have it reset if need be."


class ServerMethod(Fault):
    """The server asks for a way of signing in that the driver does not have."""

    code = "source.sign-in-method"
    http = 503
    zh = "主机可达；驱动不支持数据库 {source} 要求的登录认证方式。"
    en = "The host can be reached; the driver lacks the way of signing in that {source} asks for."
    next_zh = (
        "请数据库管理员为该用户改用 scram-sha-256 或 md5;openGauss 需将 password_encryption_type "
        "设为 1 后重设口令。"
    )
    next_en = (
        "Have scram-sha-256 or md5 set for this user; in openGauss set password_encryption_type to "
        "1, then the password anew."
    )


class ServerNotAdmitted(Fault):
    """The server answers, and lets this machine or user in by no rule."""

    code = "source.not-admitted"
    http = 503
    zh = "主机可达；数据库不允许用户“{user}”从本机连接数据库“{database}”。"
    en = (
        "The host can be reached; it does not let the user “{user}” connect from this machine to "
        "the database “{database}”."
    )
    next_zh = "请数据库管理员在 pg_hba.conf 中放行本机地址，或按要求设置 sslmode。"
    next_en = "Have this machine's address added to pg_hba.conf, or set sslmode as it asks."


class ServerDatabaseUnknown(Fault):
    """The server has no such database."""

    code = "source.database-unknown"
    http = 503
    zh = "主机可达；其中没有名为“{database}”的数据库。"
    en = "The host can be reached; it has no database named “{database}”."
    next_zh = "请核对 NODE.toml 中的 database。"
    next_en = "Check database in NODE.toml."


class ServerSchemaUnknown(Fault):
    """The database has no such schema, or shows none of it."""

    code = "source.schema-unknown"
    http = 503
    zh = "数据库“{database}”中没有名为“{schema}”的模式。"
    en = "The database “{database}” has no schema named “{schema}”."
    next_zh = "最接近的名称：{near}。请核对 NODE.toml 中的 schema。"
    next_en = "The nearest names: {near}. Check schema in NODE.toml."


class ServerTls(Fault):
    """The encrypted connection could not be made as asked."""

    code = "source.tls"
    http = 503
    zh = "与数据库 {host}:{port} 的加密连接未能按 sslmode={sslmode} 建立。"
    en = "No encrypted connection to {host}:{port} could be made as sslmode={sslmode} asks."
    next_zh = "请核对服务器是否启用 TLS，以及 sslrootcert、sslcert、sslkey 的路径和有效期。"
    next_en = (
        "Check that the server has TLS on, and the paths and dates of sslrootcert, sslcert, sslkey."
    )


class ServerCrowded(Fault):
    """The server has no connection left."""

    code = "source.crowded"
    http = 503
    zh = "主机可达；数据库 {source} 的连接数已用完。"
    en = "The host can be reached; the database {source} has no connection left."
    next_zh = "请稍后重试；经常出现时请调小 connections，或请数据库管理员调大上限。"
    next_en = "Try again shortly; if it happens often lower connections, or have the limit raised."


class ServerStarting(Fault):
    """The server is starting up or shutting down."""

    code = "source.starting"
    http = 503
    zh = "主机可达；数据库 {source} 正在启动或关闭。"
    en = "The host can be reached; the database {source} is starting up or shutting down."
    next_zh = "请稍后重试。"
    next_en = "Try again shortly."


class ServerRefused(Fault):
    """The server answers, and refuses the connection for a reason of its own."""

    code = "source.refused"
    http = 503
    zh = "主机可达；数据库 {source} 拒绝了连接。"
    en = "The host can be reached; the database {source} refused the connection."
    next_zh = "原因在数据库自己的日志中，请数据库管理员查看。"
    next_en = "The reason is in the database's own log; have its administrator look."


class ServerLost(Fault):
    """The connection broke off."""

    code = "source.lost"
    http = 503
    zh = "与数据库 {source} 的连接中断，读取未完成。"
    en = "The connection to the database {source} broke off before the reading was done."
    next_zh = "请重试，下次读取会重新连接；持续出现时请检查网络和数据库状态。"
    next_en = (
        "Try again, the next reading connects anew; if it goes on, check network and database."
    )


class ServerSlow(Fault):
    """The server took longer than it may."""

    code = "source.slow"
    http = 503
    zh = "数据库 {source} 在 {seconds} 秒内没有读完。"
    en = "The database {source} did not finish reading within {seconds} seconds."
    next_zh = "请为查询的主键列建索引，或调大 timeout_s。"
    next_en = "Put an index on the key column that is asked for, or raise timeout_s."


class ServerDenied(Fault):
    """The role may not read the table."""

    code = "source.denied"
    http = 503
    zh = "用户“{user}”无权读取模式“{schema}”中的表“{table}”。"
    en = "The user “{user}” may not read the table “{table}” of the schema “{schema}”."
    next_zh = "请数据库管理员授予该用户模式的 USAGE 和表的 SELECT 权限，不要授予更多。"
    next_en = "Have USAGE on the schema and SELECT on the table granted to it, and no more."


class ServerEncoding(Fault):
    """The database holds text that is none in its own encoding."""

    code = "source.encoding-broken"
    http = 502
    zh = "数据库 {source} 中有文字不符合该库的编码，无法转为 UTF-8。"
    en = "The database {source} holds text that does not fit its encoding and is no UTF-8."
    next_zh = "请数据库管理员更正这些文字，或导出后以 UTF-8 重建该库。"
    next_en = "Have that text corrected, or the database exported and made anew in UTF-8."


class ServerTrouble(Fault):
    """The server failed while it computed an answer, for instance in a view."""

    code = "source.trouble"
    http = 503
    zh = "数据库 {source} 读取时报错（SQLSTATE {state}）。"
    en = "The database {source} reported an error while it read (SQLSTATE {state})."
    next_zh = "绑定的是视图的，请检查其定义；详情在数据库自己的日志中。"
    next_en = "Where a view is bound, check its definition; more is in the database's own log."
