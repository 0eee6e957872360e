"""Send notices by mail: one message for one person, nothing of the matter's content in it.

A mail says that there is something new, for which case and which matter, and where to read it; what
it is stands behind the sign-in. ``Message-ID`` is the notice's id, so that a repetition is known.
A refusal for good (5xx to this address or message) means never; everything else means later.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any, Final

from builder.notices.channel import Notice
from builder.notices.errors import ChannelSilent, NoticeRefused
from builder.store.secrets import secret
from builder.store.settings import Settings
from federation.crypto import KeyStore

__all__ = ["NAME", "Smtp", "open_smtp"]

NAME: Final = "smtp"
_TIMEOUT_S: Final = 15.0
_FINAL: Final = 500
"""From this reply code on a refusal is for good (RFC 5321 4.2.1)."""

_WORDS: Final = {
    "zh": (
        "办件 {case} 有新通知：{matter}",
        "您好：",
        "办件 {case}（{matter}）有一条新通知，请登录查看。",
        "这封邮件由系统发出，请勿回复。不想再收到，请登录后在“通知”页关闭邮件。",
    ),
    "en": (
        "New notice on case {case}: {matter}",
        "Hello,",
        "There is a new notice on case {case} ({matter}). Please sign in to read it.",
        "This is an automatic message; please do not reply. Turn mails off on the page “notices”.",
    ),
}
"""Subject, greeting, what there is, what else."""


class Smtp:
    """A mail server. Threads may share it: every message has a connection of its own."""

    def __init__(self, settings: Settings) -> None:
        """Connect when the first notice is sent.

        Raises:
            SecretLost, SecretOpen: the password is not where the settings say.
        """
        self._host = settings.smtp_host
        self._port = settings.smtp_port
        self._security = settings.smtp_security
        self._user = settings.smtp_user
        reference = settings.smtp_password
        self._password = secret(reference, settings.home) if reference else ""
        self._sender = settings.smtp_from
        self._public_url = settings.public_url.rstrip("/")
        ca = settings.home / settings.smtp_ca_file if settings.smtp_ca_file else None
        self._tls: Callable[[], ssl.SSLContext] = lambda: ssl.create_default_context(cafile=ca)

    def send(self, notice: Notice) -> None:
        """Send a notice; see `Channel.send`. Its content names the languages: ``langs``."""
        message = self._message(notice)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, _),) = refused.recipients.values()
            raise self._fault(code) from None
        except smtplib.SMTPDataError as refused:
            raise self._fault(refused.smtp_code) from None
        except smtplib.SMTPResponseException as refused:  # greeting, sign-in, sender: our business
            raise self._silent(f"SMTP {refused.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as problem:  # ssl's errors among the latter
            raise self._silent(type(problem).__name__) from None

    def check(self) -> None:
        """Sign in at the server and leave; raises `ChannelSilent`. For whoever examines a city."""
        try:
            with self._connected() as server:
                server.noop()
        except smtplib.SMTPResponseException as refused:
            raise self._silent(f"SMTP {refused.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as problem:
            raise self._silent(type(problem).__name__) from None

    def close(self) -> None:
        """Nothing is kept open."""

    def _connected(self) -> smtplib.SMTP:
        if self._security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=_TIMEOUT_S, context=self._tls()
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_S)
        try:
            if self._security == "starttls":
                server.starttls(context=self._tls())
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _fault(self, code: int) -> ChannelSilent | NoticeRefused:
        if code >= _FINAL:
            return NoticeRefused(channel=NAME, host=self._host, status=code)
        return self._silent(f"SMTP {code}")

    def _silent(self, problem: str) -> ChannelSilent:
        return ChannelSilent(channel=NAME, host=self._host, problem=problem)

    def _message(self, notice: Notice) -> EmailMessage:
        content: Any = notice.content
        said = content["langs"]
        langs = [lang for lang in said if lang in _WORDS] or ["zh"]
        case, matter = str(content["case"]), content["matter"]
        texts = [_said(lang, case, str(matter[lang])) for lang in langs]
        address = self._address(case, content)
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = Address(addr_spec=notice.address)
        message["Subject"] = " / ".join(subject for subject, *_ in texts)
        domain = self._sender.rpartition("@")[2].strip(">") or "localhost"
        message["Message-ID"] = f"<{notice.id}@{domain}>"
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(_plain(texts, address))
        message.add_alternative(_html(langs, texts, address), subtype="html")
        message["Content-Language"] = ", ".join("zh-CN" if x == "zh" else x for x in langs)
        return message

    def _address(self, case: str, content: Any) -> str | None:
        """Return where to read it; None where the settings do not say how the city is reached."""
        if not self._public_url:
            return None
        is_own = "account" in content["to"]
        return (
            f"{self._public_url}/cases/{case}" if is_own else f"{self._public_url}/desk/?q={case}"
        )


def open_smtp(settings: Settings, _keys: KeyStore) -> Smtp | None:
    """Return the mail server of the settings; None where there is none."""
    return Smtp(settings) if settings.smtp_host else None


def _said(lang: str, case: str, matter: str) -> tuple[str, ...]:
    return tuple(text.format(case=case, matter=matter) for text in _WORDS[lang])


def _plain(texts: Sequence[Sequence[str]], address: str | None) -> str:
    parts = []
    for _, hello, what, end in texts:
        parts.append("\n\n".join((hello, what, *([address] if address else []), end)))
    return "\n\n----\n\n".join(parts) + "\n"


def _html(langs: Sequence[str], texts: Sequence[Sequence[str]], address: str | None) -> str:
    parts = []
    for lang, (_, hello, what, end) in zip(langs, texts, strict=True):
        link = f'<p><a href="{escape(address)}">{escape(address)}</a></p>' if address else ""
        tongue = "zh-CN" if lang == "zh" else lang
        parts.append(
            f'<div lang="{tongue}"><p>{escape(hello)}</p><p>{escape(what)}</p>{link}'
            f"<p><small>{escape(end)}</small></p></div>"
        )
    first = "zh-CN" if langs[0] == "zh" else langs[0]
    body = "<hr>".join(parts)
    return f'<!doctype html><html lang="{first}"><meta charset="utf-8"><body>{body}</body></html>\n'
