"""Tell from SQLSTATE, or from libpq's own words, which fault a trouble is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from connectors.errors import Fault
from connectors.faults import SourceBusy
from connectors.postgresql.faults import (
    ServerCrowded,
    ServerDatabaseUnknown,
    ServerDenied,
    ServerEncoding,
    ServerHostUnknown,
    ServerLost,
    ServerMethod,
    ServerNotAdmitted,
    ServerRefused,
    ServerSignIn,
    ServerSilent,
    ServerSlow,
    ServerStarting,
    ServerTls,
    ServerTrouble,
    ServerUnreachable,
)
from connectors.postgresql.options import PostgresOptions
from connectors.postgresql.session import TroubleError

__all__ = ["named"]

_Make = Callable[[PostgresOptions], Fault]


def named(trouble: TroubleError, options: PostgresOptions, table: str) -> Fault:
    """Return the fault that a trouble is; nothing of its text is in it.

    Args:
        trouble: what the driver said.
        options: how the database is reached.
        table: what was read; empty for the catalogue.
    """
    state = trouble.state
    if state == "42501":
        return ServerDenied(user=options.user, schema=options.schema, table=table or "—")
    if state == "57014" or _is_late(trouble, options):
        return _slow(options)
    make = _STATES.get(state) or _STATES.get(state[:2])
    if make is not None:
        return make(options)
    if state:
        return ServerTrouble(source=options.source, state=state)
    return _unstated(trouble, options)


def _is_late(trouble: TroubleError, options: PostgresOptions) -> bool:
    return not trouble.state and trouble.elapsed_s >= options.timeout_s


def _unstated(trouble: TroubleError, options: PostgresOptions) -> Fault:
    """Name a trouble that has no SQLSTATE: of connecting, or in the middle of a stream."""
    text = trouble.text
    for patterns, make in _PATTERNS:
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns):
            return make(options)
    if trouble.is_alive:
        return ServerTrouble(source=options.source, state="—")
    if "Failed to connect" in text:
        return ServerRefused(source=options.source)
    return ServerLost(source=options.source)


def _host_unknown(options: PostgresOptions) -> Fault:
    return ServerHostUnknown(host=options.host)


def _unreachable(options: PostgresOptions) -> Fault:
    return ServerUnreachable(host=options.host, port=options.port)


def _silent(options: PostgresOptions) -> Fault:
    return ServerSilent(host=options.host, port=options.port, seconds=options.connect_timeout_s)


def _tls(options: PostgresOptions) -> Fault:
    return ServerTls(host=options.host, port=options.port, sslmode=options.sslmode)


def _sign_in(options: PostgresOptions) -> Fault:
    return ServerSignIn(user=options.user)


def _method(options: PostgresOptions) -> Fault:
    return ServerMethod(source=options.source)


def _not_admitted(options: PostgresOptions) -> Fault:
    return ServerNotAdmitted(user=options.user, database=options.database)


def _database_unknown(options: PostgresOptions) -> Fault:
    return ServerDatabaseUnknown(database=options.database)


def _crowded(options: PostgresOptions) -> Fault:
    return ServerCrowded(source=options.source)


def _starting(options: PostgresOptions) -> Fault:
    return ServerStarting(source=options.source)


def _encoding(options: PostgresOptions) -> Fault:
    return ServerEncoding(source=options.source)


def _slow(options: PostgresOptions) -> Fault:
    return ServerSlow(source=options.source, seconds=options.timeout_s)


def _lost(options: PostgresOptions) -> Fault:
    return ServerLost(source=options.source)


def _busy(options: PostgresOptions) -> Fault:
    return SourceBusy(source=options.source)


_STATES: Mapping[str, _Make] = MappingProxyType(
    {
        "28P01": _sign_in,
        "28": _not_admitted,
        "3D000": _database_unknown,
        "53300": _crowded,
        "55P03": _busy,
        "40P01": _busy,
        "57P03": _starting,
        "57": _lost,
        "08": _lost,
        "22021": _encoding,
        "22P05": _encoding,
    }
)
"""SQLSTATE, or its class → fault."""
_PATTERNS: tuple[tuple[tuple[str, ...], _Make], ...] = (
    (("invalid byte sequence", "has no equivalent in encoding", "无效的.*编码字节顺序"), _encoding),
    (("could not translate host name",), _host_unknown),
    (("statement timeout", "语句执行超时"), _slow),
    (("lock timeout", "锁超时"), _busy),
    (("authentication method .* not supported", "SASL authentication mechanisms"), _method),
    (
        (
            "password authentication failed",
            "no password supplied",
            "invalid username/password",
            r'role "[^"]*" does not exist',
            "Password *认证失败",
            "密码认证失败",
            '角色 *["“][^"”]*["”] *不存在',
        ),
        _sign_in,
    ),
    ((r'database "[^"]*" does not exist', '数据库 *["“][^"”]*["”] *不存在'), _database_unknown),
    (
        (
            r"pg_hba\.conf",
            "not permitted to log in",
            "permission denied for database",
            "not currently accepting connections",
            "不允许角色.*登录",
            "数据库.*权限不够",
            "不接受(联|连)接",
        ),
        _not_admitted,
    ),
    (
        (
            "too many (clients|connections)",
            "connection slots",
            "太多的客户",
            "连接太多",
            "连接位置",
        ),
        _crowded,
    ),
    (
        (
            "starting up",
            "shutting down",
            "recovery mode",
            "not yet accepting",
            "启动中",
            "停止中",
            "恢复模式",
        ),
        _starting,
    ),
    (("timeout expired",), _silent),
    ((r"\bSSL\b", "certificate"), _tls),
    (
        (
            "Connection refused",
            "No route to host",
            "Network is unreachable",
            "No such file or directory",
            "is the server running",
        ),
        _unreachable,
    ),
    (("terminating connection", "closed the connection", "no connection", "管理员命令中断"), _lost),
)
"""libpq's words, and the server's in English or Chinese → fault. Connecting gives no SQLSTATE."""
