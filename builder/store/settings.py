"""Read a city's settings: one TOML file in its home, every key known, all findings at once."""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from builder.errors import Fault, Findings
from builder.store.errors import (
    CityFileUnreadable,
    SettingsMissing,
    SettingsUnreadable,
    SettingUnknown,
    SettingWrong,
)
from builder.store.secrets import is_reference

__all__ = ["FILE_NAME", "Settings", "read_settings", "write_settings"]

FILE_NAME = "scenarist.toml"
_PASSWORD = "secrets/hub-database"  # noqa: S105 - where it lies


@dataclass(frozen=True, slots=True)
class Settings:
    """How one city runs. Secrets are not here: keys live in `<home>/keys`, mode 0600.

    Attributes:
        home: the folder that holds everything of this city.
        city: code of the city in the county table, e.g. ``"340100"``.
        demo: True shows the demo accounts on the sign-in page and marks every page as a demo.
        hub_url: where the hub's store is, and with PostgreSQL all case stores: ``sqlite:///hub.db``
            or ``postgresql://user@host/database?password_file=secrets/hub`` (or ``password_env=``).
            Relative paths are below `home`.
        case_prefix: letters in front of every case number.
        session_hours: how long a sign-in lasts at most.
        session_idle_minutes: how long it lasts when nothing is done.
        token_hours: how long a program's token may last at most.
        draft_fetch_minutes: how long a fetched answer may be reused inside one draft.
        log_level: ``debug``, ``info``, ``warning`` or ``error``.
        proxy_hops: how many reverse proxies stand in front of the web process.
        secure_cookies: True when the city is served over HTTPS.
        issuer_url: where the case issuer listens; empty where it runs in the hub's own process.
        hotline: the telephone number that pages give to whoever does not get on.
        notice_webhook: where notices are posted as well; empty: nowhere.
        upload_scan: who scans uploaded files, see `builder.uploads.scan`; empty: nobody.
        upload_scan_required: whether what was not scanned yet keeps a matter from being handed in.
        upload_case_mb: how many megabytes of files one case may hold.
        notice_keep_days: how long notices that went out are remembered in the outbox.
        smtp_host: the mail server that notices go out by; empty: none.
        smtp_port: where it listens.
        smtp_security: ``starttls``, ``tls`` from the first byte, or ``none``.
        smtp_user: as whom to sign in there; empty: without signing in.
        smtp_password: where its password lies.
        smtp_from: the sender's address.
        smtp_ca_file: a city's own certificate authority for it; empty: the machine's.
        public_url: how readers reach the city, for addresses that leave it; empty: as they came.
        local_sign_in: False: people sign in by single sign-on only.
        oidc_issuer: the identity provider of single sign-on; empty: none.
        oidc_client_id: as whom this city is known there.
        oidc_client_secret: where the secret shared with it lies; None: a public client.
        oidc_scopes: what is asked for, ``openid`` among it.
        oidc_claims: which claim holds ``account``, ``name``, ``party``, ``roles``, ``id_card``,
            ``phone``, ``email``; what is not named is not taken over.
        oidc_roles: the provider's word for a role → ours; empty: the words are ours.
        oidc_newcomers: ``refuse`` people without an account here, or let them in as ``citizens``.
    """

    home: Path
    city: str = "340100"
    demo: bool = False
    hub_url: str = "sqlite:///hub.db"
    case_prefix: str = "HF"
    session_hours: int = 12
    session_idle_minutes: int = 60
    token_hours: int = 168
    draft_fetch_minutes: int = 60
    log_level: str = "info"
    proxy_hops: int = 0
    secure_cookies: bool = False
    issuer_url: str = ""
    hotline: str = "12345"
    notice_webhook: str = ""
    upload_scan: str = ""
    upload_scan_required: bool = True
    upload_case_mb: int = 100
    notice_keep_days: int = 30
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_user: str = ""
    smtp_password: Mapping[str, str] | None = None
    smtp_from: str = ""
    smtp_ca_file: str = ""
    public_url: str = ""
    local_sign_in: bool = True
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: Mapping[str, str] | None = None
    oidc_scopes: str = "openid profile"
    oidc_claims: Mapping[str, str] = field(default_factory=dict)
    oidc_roles: Mapping[str, str] = field(default_factory=dict)
    oidc_newcomers: str = "refuse"


@dataclass(frozen=True, slots=True)
class _Key:
    test: Callable[[object], bool]
    expected: str


def _is_count(low: int, high: int) -> Callable[[object], bool]:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def _password_of(url: str) -> str | None:
    """Return the password that an address holds itself; None where it holds none."""
    try:
        return make_url(url).password
    except (ArgumentError, ValueError):
        return None  # whoever opens it says what is wrong


_SCANNER = re.compile(r"|clamd://[\w.\[\]:-]+:\d{1,5}|clamd:///\S+|command:/\S.*")


def _is_safe_url(value: object) -> bool:
    """Tell whether this is an HTTPS address, or one of this machine."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or here) and not parts.query


def _is_words(known: tuple[str, ...] | None) -> Callable[[object], bool]:
    """Return a test: a table of words, its keys among those known."""
    return lambda v: (
        isinstance(v, Mapping)
        and all(isinstance(x, str) and x for x in v.values())
        and (known is None or all(k in known for k in v))
    )


_CLAIMS = ("account", "name", "party", "roles", "id_card", "phone", "email")
_SECURITY = ("starttls", "tls", "none")
_SENDER = re.compile(r"[^@\s<>\",;:\\]{1,64}@[A-Za-z0-9.-]{1,180}")
_NEWCOMERS = ("refuse", "citizens")
_LEVELS = ("debug", "info", "warning", "error")
_KEYS: Mapping[str, _Key] = {
    "city": _Key(lambda v: isinstance(v, str) and v.isdigit() and len(v) == 6, "6-digit code"),
    "demo": _Key(lambda v: isinstance(v, bool), "true / false"),
    "hub_url": _Key(
        lambda v: isinstance(v, str) and "://" in v and _password_of(v) is None,
        "sqlite:///… / postgresql://user@host/database?password_file=…",
    ),
    "case_prefix": _Key(lambda v: isinstance(v, str) and v.isalpha() and v.isupper(), "A-Z"),
    "session_hours": _Key(_is_count(1, 72), "1-72"),
    "session_idle_minutes": _Key(_is_count(5, 1440), "5-1440"),
    "token_hours": _Key(_is_count(1, 720), "1-720"),
    "draft_fetch_minutes": _Key(_is_count(1, 1440), "1-1440"),
    "log_level": _Key(lambda v: v in _LEVELS, " / ".join(_LEVELS)),
    "proxy_hops": _Key(_is_count(0, 5), "0-5"),
    "secure_cookies": _Key(lambda v: isinstance(v, bool), "true / false"),
    "issuer_url": _Key(
        lambda v: isinstance(v, str) and (not v or v.startswith("https://")), "https://host:port"
    ),
    "hotline": _Key(
        lambda v: isinstance(v, str) and re.fullmatch(r"[0-9+][0-9-]{2,19}", v) is not None,
        '"12345"',
    ),
    "notice_webhook": _Key(
        lambda v: isinstance(v, str) and (not v or v.startswith(("http://", "https://"))),
        "https://…",
    ),
    "upload_scan": _Key(
        lambda v: isinstance(v, str) and _SCANNER.fullmatch(v) is not None,
        "clamd://host:port / clamd:///path / command:/path",
    ),
    "upload_scan_required": _Key(lambda v: isinstance(v, bool), "true / false"),
    "upload_case_mb": _Key(_is_count(1, 2000), "1-2000"),
    "notice_keep_days": _Key(_is_count(1, 3650), "1-3650"),
    "smtp_host": _Key(lambda v: isinstance(v, str) and not set(v) & set(" /@"), "mail.example"),
    "smtp_port": _Key(_is_count(1, 65535), "1-65535"),
    "smtp_security": _Key(lambda v: v in _SECURITY, " / ".join(_SECURITY)),
    "smtp_user": _Key(lambda v: isinstance(v, str), "…"),
    "smtp_password": _Key(is_reference, '{ env = "NAME" } / { file = "secrets/smtp" }'),
    "smtp_from": _Key(
        lambda v: isinstance(v, str) and (not v or bool(_SENDER.fullmatch(v))), "name@example"
    ),
    "smtp_ca_file": _Key(lambda v: isinstance(v, str), "tls/mail-ca.crt"),
    "public_url": _Key(lambda v: v == "" or _is_safe_url(v), "https://…"),
    "local_sign_in": _Key(lambda v: isinstance(v, bool), "true / false"),
    "oidc_issuer": _Key(lambda v: v == "" or _is_safe_url(v), "https://…"),
    "oidc_client_id": _Key(lambda v: isinstance(v, str), "…"),
    "oidc_client_secret": _Key(is_reference, '{ env = "NAME" } / { file = "secrets/oidc" }'),
    "oidc_scopes": _Key(lambda v: isinstance(v, str) and "openid" in v.split(), "openid profile …"),
    "oidc_claims": _Key(_is_words(_CLAIMS), f"{{ {' / '.join(_CLAIMS)} = … }}"),
    "oidc_roles": _Key(_is_words(None), '{ "…" = "officer" }'),
    "oidc_newcomers": _Key(lambda v: v in _NEWCOMERS, " / ".join(_NEWCOMERS)),
}


def read_settings(home: Path) -> Settings:
    """Return the settings of the city in `home`.

    Raises:
        SettingsMissing: there is no settings file.
        Findings: every key that is unknown or of the wrong kind.
    """
    path = home / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise SettingsMissing(folder=home.name or str(home)) from None
    except OSError:
        raise CityFileUnreadable(file=FILE_NAME) from None
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        raise SettingsUnreadable(line=line, where=FILE_NAME) from None
    try:
        raw: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise SettingsUnreadable(line=_line(str(fault)), where=FILE_NAME) from None
    findings = [f for key, value in raw.items() if (f := _finding(key, value))]
    if findings:
        raise Findings(findings, where=FILE_NAME)
    return Settings(home=home.resolve(), **cast("dict[str, str]", raw))  # type: ignore[arg-type] # each key's kind was just tested


def write_settings(settings: Settings) -> None:
    """Write the settings file, whole or not at all.

    A password in `hub_url` is not written there: it goes into a file that only its owner reads.
    """
    settings = replace(settings, hub_url=_without_password(settings))
    lines = ["# Scenarist: settings of this city. See docs/settings.md."]
    for key in _KEYS:
        value = getattr(settings, key)
        if value is not None:
            lines.append(f"{key} = {_toml(value)}")
    path = settings.home / FILE_NAME
    scratch = path.with_suffix(".new")
    scratch.write_text("\n".join(lines) + "\n", encoding="utf-8")
    scratch.replace(path)


def _toml(value: object) -> str:
    """Return a setting's value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        words = (f"{json.dumps(k)} = {json.dumps(v)}" for k, v in value.items())
        return f"{{ {', '.join(words)} }}" if value else "{}"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _without_password(settings: Settings) -> str:
    secret = _password_of(settings.hub_url)
    if secret is None:
        return settings.hub_url
    place = settings.home / _PASSWORD
    place.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secret)
    url = make_url(settings.hub_url)
    plain = URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
    query = {**url.query, "password_file": _PASSWORD}
    return plain.set(query=query).render_as_string()


def _finding(key: str, value: object) -> Fault | None:
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0) or ["city"]
        return SettingUnknown(key=key, nearest=near[0], where=f"/{key}")
    if not _KEYS[key].test(value):
        return SettingWrong(key=key, expected=_KEYS[key].expected, where=f"/{key}")
    return None


def _line(message: str) -> int:
    words = message.replace(",", " ").replace(")", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words else 0
