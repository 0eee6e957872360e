"""Look whether a machine and a city are in order, and say of what is not how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from builder.app import open_platform
from builder.app.processes import here
from builder.cases import filing
from builder.cases.errors import NoticesUndelivered
from builder.cases.platform import Deployment, Platform
from builder.cases.undelivered import count_undelivered
from builder.cli.checks import Check, attempt, failed
from builder.cli.errors import CertificateOld, ClockApart, FilesMissing, StoreUnsound
from builder.cli.preflight import machine, ports
from builder.cli.supervise import running
from builder.errors import Fault
from builder.identity.oidc import OidcConfig, Provider
from builder.notices.smtp import Smtp
from builder.scenario.model import Text
from builder.store.settings import Settings
from builder.uploads.scan import open_scanner
from federation.audit import Journal
from federation.link import InProcessLink, Link, fetch_json
from federation.link.certificates import read_certificate
from federation.store import read, store_name

__all__ = ["Check", "examine"]

_CITY = Text("城市", "City")
_TRUST = Text("信任边界", "Trust boundary")
_SKEW = timedelta(seconds=30)
_SOON = timedelta(days=30)
_PROBE_S = 3.0


def examine(home: Path) -> list[Check]:
    """Return what was looked at and what was found; nothing here raises."""
    checks = list(machine(home))
    try:
        platform = open_platform(home)
    except Fault as fault:
        return [*checks, failed(_CITY, fault)]
    try:
        checks.append(Check(_CITY, True, _about(platform)))
        checks += _stores(platform)
        checks += _uploads(platform)
        checks += _journals(platform)
        checks += _certificates(platform.settings.home, platform.clock())
        checks += _ports(platform)
        checks += _nodes(platform)
        checks += _sign_on(platform)
        checks += _notices(platform)
        checks.append(Check(_TRUST, True, _trust(platform)))
    finally:
        platform.close()
    return checks


def _about(platform: Platform) -> Text:
    title = platform.city.title
    n, d = len(platform.deployments.all()), len(platform.catalog.datasets)
    return Text(f"{title.zh}：{n} 个事项，{d} 个数据集", f"{title.en}: {n} matters, {d} datasets")


# ── stores and journals ──────────────────────────────────────────────────────────────────────────


def _stores(platform: Platform) -> Iterator[Check]:
    stores = {"hub": platform.hub_engine}
    stores |= {d.id: d.engine for d in platform.deployments.all()}
    for name, engine in stores.items():
        yield attempt(Text(f"数据库 {name}", f"Database {name}"), _sound(engine))


def _sound(engine: Engine) -> Callable[[], Text]:
    def look() -> Text:
        with read(engine) as conn:
            if engine.dialect.name == "sqlite":
                said = conn.execute(text("PRAGMA quick_check(1)")).scalar()
                if said != "ok":
                    raise StoreUnsound(store=store_name(engine))
                return Text("SQLite，逐页检查通过", "SQLite, every page sound")
            version = str(conn.execute(text("SHOW server_version")).scalar()).split()[0]
            return Text(f"PostgreSQL {version}，可以连接", f"PostgreSQL {version}, reachable")

    return look


def _uploads(platform: Platform) -> Iterator[Check]:
    """Yield whether every file that a row speaks of is there, and whether the scanner answers."""
    for deployment in platform.deployments.all():
        if filing.upload_pointers(deployment.current):
            what = Text(f"上传的文件 {deployment.id}", f"Files {deployment.id}")
            yield attempt(what, _all_there(platform, deployment))
    what = Text("病毒查杀", "Virus scanner")
    setting = platform.settings.upload_scan
    if setting:
        yield attempt(what, lambda: _scanner_says(setting))
    else:
        said = Text(
            "没有设置 upload_scan，文件不查杀", "none is set (upload_scan): files go unscanned"
        )
        yield Check(what, True, said)


def _all_there(platform: Platform, deployment: Deployment) -> Callable[[], Text]:
    def look() -> Text:
        count, missing = filing.missing(platform, deployment)
        if missing:
            raise FilesMissing(deployment=deployment.id, count=missing)
        return Text(f"{count} 个，都在", f"{count}, all there")

    return look


def _scanner_says(setting: str) -> Text:
    scanner = open_scanner(setting)
    assert scanner is not None  # noqa: S101 - the setting is not blank
    said = scanner.ping()
    return Text(said, said)


def _journals(platform: Platform) -> Iterator[Check]:
    """A journal whose last entry lies ahead of the clock shows that the clock went back."""
    what = Text("时钟与日志", "Clock and journals")
    yield attempt(what, lambda: _not_ahead(platform))


def _not_ahead(platform: Platform) -> Text:
    now = platform.clock()
    for name, journal in platform.journals.items():
        if name.startswith("node:"):
            continue  # each node's own operator looks at that: scenarist-node --check
        latest = _latest(journal)
        if latest is not None and latest > now + _SKEW:
            raise ClockApart(whose=name, seconds=round((latest - now).total_seconds()))
    return Text("没有晚于现在的记录", "no entry lies ahead of now")


def _latest(journal: Journal) -> datetime | None:
    found = journal.search(limit=1)
    return found[0].at if found else None


# ── certificates ─────────────────────────────────────────────────────────────────────────────────


def _certificates(home: Path, now: datetime) -> Iterator[Check]:
    places = [home / "ca" / "ca.crt", *sorted(home.glob("**/tls/tls.crt"))]
    for path in places:
        if path.is_file():
            name = path.parent.parent.name if path.name == "tls.crt" else "CA"
            name = "hub" if path.parent.parent == home and name != "CA" else name
            yield attempt(Text(f"证书 {name}", f"Certificate {name}"), _lasting(path, now))


def _lasting(path: Path, now: datetime) -> Callable[[], Text]:
    def look() -> Text:
        until = read_certificate(path).not_after
        if until < now + _SOON:
            raise CertificateOld(file=path.parent.parent.name, until=f"{until:%Y-%m-%d}")
        return Text(f"有效至 {until:%Y-%m-%d}", f"valid until {until:%Y-%m-%d}")

    return look


# ── ports ────────────────────────────────────────────────────────────────────────────────────────


def _ports(platform: Platform) -> Iterator[Check]:
    """Yield of every program of this machine's whether its port is free or its own."""
    home = platform.settings.home
    programs = {found.name: (found.host, found.port) for found in here(home)}
    ours = {port for name, (_, port) in programs.items() if _answers(platform, name)}
    known = (program["port"] for program in running(home).values())
    ours |= {port for port in known if isinstance(port, int)}  # a worker listens nowhere
    yield from ports(programs, ours)


def _answers(platform: Platform, program: str) -> bool:
    party = program.removeprefix("node:")
    try:
        link = platform.hub.issuer.link if party == program else platform.hub.link(party)
        fetch_json(link, "/v1/health", timeout_s=_PROBE_S)
    except Fault:
        return False
    return True


# ── nodes ────────────────────────────────────────────────────────────────────────────────────────


def _nodes(platform: Platform) -> Iterator[Check]:
    issuer = platform.hub.issuer
    yield attempt(Text("办件签发方", "Case issuer"), lambda: _clock_of(issuer.link, platform))
    for party in platform.hub.nodes:
        title = platform.city.party_title(party)
        what = Text(f"节点 {title.zh}", f"Node {title.en}")
        yield attempt(what, _offered(platform, party))


def _offered(platform: Platform, party: str) -> Callable[[], Text]:
    def look() -> Text:
        _clock_of(platform.hub.link(party), platform)
        offer = platform.hub.offer(party)
        rows = sum(d.rows or 0 for d in offer.datasets)
        n = len(offer.datasets)
        return Text(f"{n} 个数据集，{rows:,} 行", f"{n} datasets, {rows:,} rows")

    return look


def _sign_on(platform: Platform) -> Iterator[Check]:
    """Look whether the city's identity provider, where it has one, says what it should."""
    settings = platform.settings
    if settings.oidc_issuer:
        yield attempt(
            Text("单点登录（OIDC）", "Single sign-on (OIDC)"), lambda: _provider(platform)
        )


def _provider(platform: Platform) -> Text:
    provider = Provider(OidcConfig.of(platform.settings), platform.clock)
    keys, host = provider.look(), urlsplit(provider.config.issuer).netloc
    return Text(f"{host} 应答正常，{keys} 把签名公钥", f"{host} answers, with {keys} signing keys")


def _notices(platform: Platform) -> Iterator[Check]:
    """Look whether notices leave the house, where a channel for them is named."""
    yield attempt(Text("对外通知", "Notices outside"), lambda: _told(platform))
    settings = platform.settings
    if settings.smtp_host:
        yield attempt(Text("邮件服务器", "Mail server"), lambda: _mail(settings))


def _told(platform: Platform) -> Text:
    dead, late = count_undelivered(platform)
    if dead or late:
        raise NoticesUndelivered(dead=dead, late=late)
    return Text("没有积压", "nothing is held up")


def _mail(settings: Settings) -> Text:
    Smtp(settings).check()
    return Text(f"{settings.smtp_host} 可以登录", f"{settings.smtp_host} lets us in")


def _clock_of(link: Link, platform: Platform) -> Text:
    """Compare the other side's clock with ours; half the way there and back is allowed for."""
    before = platform.clock()
    said = fetch_json(link, "/v1/health", timeout_s=_PROBE_S).get("now")
    after = platform.clock()
    theirs = datetime.fromisoformat(said) if isinstance(said, str) else after
    apart = theirs - (before + (after - before) / 2)
    if abs(apart) > _SKEW:
        raise ClockApart(whose=link.party, seconds=round(apart.total_seconds()))
    took = (after - before).total_seconds() * 1000
    return Text(f"应答 {took:.0f} 毫秒，时钟一致", f"answers in {took:.0f} ms, clocks agree")


def _trust(platform: Platform) -> Text:
    apart = [n for n in platform.hub.nodes.values() if not isinstance(n.link, InProcessLink)]
    if not apart:
        return Text(
            "本城市所有节点嵌入在一个进程里：一个进程不是信任边界，密钥都在这台机器上。",
            "All nodes of this city are embedded in one process: one process is not a trust "
            "boundary, and all keys lie on this machine.",
        )
    return Text(
        f"{len(apart)} 个节点是独立程序（双向 TLS），其余 {len(platform.hub.nodes) - len(apart)} 个"
        "嵌入在枢纽里；放在同一台机器上的密钥不构成信任边界。",
        f"{len(apart)} nodes are programs of their own (mutual TLS), the other "
        f"{len(platform.hub.nodes) - len(apart)} are embedded in the hub; keys that lie on one "
        "machine are no trust boundary.",
    )
