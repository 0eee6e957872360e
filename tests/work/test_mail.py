"""Notices by mail against a real server: taken, put off, refused for good, and whom they go to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

pytest.importorskip("aiosmtpd")

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ports import free_port
from sqlalchemy import select

from builder.cases.undelivered import count_undelivered, send_again, undelivered
from builder.identity.mail import MailWish, keep_wish
from builder.notices import Notice, open_channels
from builder.notices.errors import ChannelSilent, NoticeRefused
from builder.store import cases as tables
from builder.work import work_once
from federation.crypto import KeyStore
from federation.store import read

MATTER = {"zh": "公民身后“一件事”", "en": "After a death"}
_SECRET = "mail-and-city-know-it"


@dataclass
class Post:
    """A mail server on loopback that keeps what it is sent.

    Attributes:
        replies: what it says to the next recipients, in order; afterwards it takes everything.
        data_replies: what it says to the next messages.
    """

    port: int
    replies: list[str] = field(default_factory=list)
    data_replies: list[str] = field(default_factory=list)
    taken: list = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    was_sealed: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's name
        del server, session, options
        if self.replies:
            return self.replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        del session
        if self.data_replies:
            return self.data_replies.pop(0)
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        self.to += envelope.rcpt_tos
        self.was_sealed.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 Taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A folder with ``cert.pem`` and ``key.pem`` for 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    from ipaddress import ip_address

    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


def _authenticated(_server, _session, _envelope, _mechanism, said) -> AuthResult:
    good = isinstance(said, LoginPassword) and said.password == _SECRET.encode()
    return AuthResult(success=good, handled=False)


def _serve(post: Post, certificate: Path | None, *, from_first_byte: bool = False):
    more = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        if from_first_byte:
            more = {"ssl_context": context}
        else:
            more = {
                "tls_context": context, "require_starttls": True, "auth_required": True,
                "authenticator": _authenticated,
            }  # fmt: skip
    controller = Controller(post, hostname="127.0.0.1", port=post.port, **more)
    controller.start()
    return controller


@pytest.fixture
def post() -> Iterator[Post]:
    made = Post(free_port())
    controller = _serve(made, None)
    yield made
    controller.stop()


@pytest.fixture
def mailing(platform, post):
    """The city sends mails to the server; Chen Jing and the lead department's officer get some."""
    platform.settings = replace(
        platform.settings,
        smtp_host="127.0.0.1",
        smtp_port=post.port,
        smtp_security="none",
        smtp_from="city@example.gov.cn",
        public_url="https://city.example",
    )
    for account, email in (
        ("chen-jing", "chen@example.com"),
        ("officer-civil-affairs", "li@example.gov.cn"),
    ):
        found = platform.accounts.load(account)
        platform.accounts.update(replace(found, email=email))
    return post


def rows(matter):
    with read(matter.deployment.engine) as conn:
        return conn.execute(
            select(tables.outbox)
            .where(tables.outbox.c.case_no == matter.case_no, tables.outbox.c.channel == "smtp")
            .order_by(tables.outbox.c.made_at, tables.outbox.c.id)
        ).all()


def _channel(platform, **settings):
    named = replace(platform.settings, **settings)
    return open_channels(named, KeyStore(platform.settings.home / "keys"))["smtp"]


def _notice(**more) -> Notice:
    content = {
        "case": "HF20261201-AAAAAA", "matter": MATTER, "to": {"account": "chen-jing"},
        "title": {"zh": "秘密", "en": "secret"}, "text": {"zh": "秘密", "en": "secret"},
        "langs": ["zh"], **more,
    }  # fmt: skip
    return Notice("0123abcd", "chen@example.com", content)


# ── what a mail says ─────────────────────────────────────────────────────────────────────────────


def test_a_mail_names_case_and_matter_and_nothing_of_what_was_said(platform, mailing):
    _channel(platform).send(_notice(langs=["zh", "en"]))
    (mail,) = mailing.taken
    assert mail["Message-ID"] == "<0123abcd@example.gov.cn>"
    assert mail["To"] == "chen@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    for text in (plain, html):
        assert "HF20261201-AAAAAA" in text
        assert "公民身后“一件事”" in text
        assert "After a death" in text
        assert "https://city.example/cases/HF20261201-AAAAAA" in text
    assert "HF20261201-AAAAAA" in mail["Subject"]
    assert "秘密" not in str(mail) + plain + html
    assert "secret" not in str(mail) + plain + html


def test_markup_in_a_title_stays_text(platform, mailing):
    bad = {"zh": "<script>x</script>", "en": "<b>"}
    _channel(platform).send(_notice(matter=bad))
    html = mailing.taken[0].get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


# ── what the server's answers mean ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("at", "reply", "fault"),
    [
        ("replies", "450 Greylisted", ChannelSilent),
        ("replies", "550 No such person", NoticeRefused),
        ("replies", "552 Mailbox full", NoticeRefused),
        ("data_replies", "451 Later", ChannelSilent),
        ("data_replies", "554 Looks like spam", NoticeRefused),
    ],
)
def test_what_a_servers_answer_means(platform, mailing, at, reply, fault):
    getattr(mailing, at).append(reply)
    channel = _channel(platform)
    with pytest.raises(fault) as told:
        channel.send(_notice())
    assert "chen@example.com" not in told.value.message("en")
    channel.send(_notice())
    assert len(mailing.taken) == 1


def test_a_server_that_is_not_there_or_no_server_is_asked_later(platform, mailing):
    del mailing
    for settings in ({"smtp_port": free_port()}, {"smtp_security": "starttls"}):
        with pytest.raises(ChannelSilent):
            _channel(platform, **settings).send(_notice())


# ── TLS and passwords ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def sealed(platform, certificate, request) -> Iterator[Post]:
    made = Post(free_port())
    security = getattr(request, "param", "starttls")
    controller = _serve(made, certificate, from_first_byte=security == "tls")
    secret = platform.settings.home / "secrets" / "smtp"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text(_SECRET, encoding="utf-8")
    secret.chmod(0o600)
    platform.settings = replace(
        platform.settings,
        smtp_host="127.0.0.1",
        smtp_port=made.port,
        smtp_security=security,
        smtp_user="" if security == "tls" else "city",
        smtp_password={"file": "secrets/smtp"},
        smtp_from="city@example.gov.cn",
        smtp_ca_file=str(certificate / "cert.pem"),
    )
    yield made
    controller.stop()


@pytest.mark.parametrize("sealed", ["starttls", "tls"], indirect=True)
def test_mails_go_over_tls_with_a_password_from_a_file(platform, sealed):
    _channel(platform).check()
    _channel(platform).send(_notice())
    assert sealed.was_sealed == [True]


def test_a_certificate_of_nobody_known_is_not_talked_to(platform, sealed):
    with pytest.raises(ChannelSilent):
        _channel(platform, smtp_ca_file="").send(_notice())
    assert sealed.taken == []


def test_a_wrong_password_is_the_operators_business_and_loses_no_notice(platform, sealed):
    (platform.settings.home / "secrets" / "smtp").write_text("wrong", encoding="utf-8")
    with pytest.raises(ChannelSilent):
        _channel(platform).send(_notice())
    assert sealed.taken == []


# ── whom it goes to ──────────────────────────────────────────────────────────────────────────────


def test_the_applicant_is_told_of_the_acceptance_and_the_desk_of_what_is_late(
    platform, mailing, handed_in, clock
):
    handed_in.handle("accept")
    work_once(platform, checkpoint=False)
    assert mailing.to == ["chen@example.com"]
    clock.move(days=20)
    for _ in range(3):
        work_once(platform, checkpoint=False)
    assert "li@example.gov.cn" in mailing.to
    assert set(mailing.to) == {"chen@example.com", "li@example.gov.cn"}, "nobody else has one"
    assert {r.state for r in rows(handed_in)} == {"done"}
    assert not any("@" in r.address for r in rows(handed_in)), "the store keeps no mail address"
    desk = next(m for m in mailing.taken if m["To"] == "li@example.gov.cn")
    assert f"/desk/?q={handed_in.case_no}" in desk.get_body(("plain",)).get_content()


def test_who_wants_no_mail_gets_none_and_who_wants_english_gets_english(
    platform, mailing, handed_in
):
    keep_wish(platform.hub_engine, "chen-jing", MailWish(wanted=False))
    handed_in.handle("accept")
    work_once(platform, checkpoint=False)
    assert mailing.taken == []
    assert {r.state for r in rows(handed_in)} == {"done"}
    keep_wish(platform.hub_engine, "chen-jing", MailWish(wanted=True, lang="en"))
    _channel(platform).send(_notice(langs=["en"]))
    assert mailing.taken[0]["Content-Language"] == "en"


def test_a_greylisted_mail_comes_later_under_the_same_id(platform, mailing, handed_in, clock):
    mailing.replies += ["451 Greylisted, come again"]
    handed_in.handle("accept")
    work_once(platform, checkpoint=False)
    (row,) = rows(handed_in)
    assert (row.state, row.fault) == ("waiting", "notices.channel-silent")
    clock.move(minutes=5)
    work_once(platform, checkpoint=False)
    (mail,) = mailing.taken
    assert mail["Message-ID"] == f"<{row.id}@example.gov.cn>"


def test_a_mail_refused_for_good_is_seen_sent_again_and_forgotten_in_the_end(
    platform, mailing, handed_in, clock
):
    mailing.replies += ["550 No such person"]
    handed_in.handle("accept")
    work_once(platform, checkpoint=False)
    assert count_undelivered(platform) == (1, 0)
    (stuck,) = undelivered(platform)
    assert (stuck.state, stuck.fault, stuck.address) == ("dead", "notices.refused", "chen-jing")
    assert undelivered(platform, ["340123"]) == ()
    assert send_again(platform, counties=["340123"]) == 0
    assert send_again(platform, [stuck.id]) == 1
    work_once(platform, checkpoint=False)
    assert len(mailing.taken) == 1
    assert count_undelivered(platform) == (0, 0)
    clock.move(days=platform.settings.notice_keep_days + 1)
    work_once(platform)
    assert [r for r in rows(handed_in) if r.state == "done" and r.id == stuck.id] == []
