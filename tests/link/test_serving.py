"""A service knows who calls, lets nobody else in, and ends as it should."""

import json
import shutil
import signal
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from link_machines import POLICE, Call, Server, Start, tls_of
from link_program import app

from federation.link import ask_json
from federation.link.certificates import certify
from federation.link.errors import (
    AddressWrong,
    CertificateMissing,
    LinkBroken,
    LinkGarbled,
    LinkInsecure,
    LinkTruncated,
)
from federation.link.serving import serve

pytestmark = [pytest.mark.slow, pytest.mark.processes]


def connected(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=30))


def raw(sock: socket.socket, head: bytes, body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
    """Speak HTTP by hand; return status and document."""
    length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    with sock:
        sock.sendall(head + length + body)
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    return int(received[9:12]), json.loads(received.partition(b"\r\n\r\n")[2] or b"{}")


def nothing_comes(sock: socket.socket) -> bool:
    """Tell whether the other side leaves without a byte that means anything."""
    with sock:
        try:
            return not sock.recv(65536).startswith(b"HTTP")
        except OSError:
            return True


def lives(server: Server, call: Call) -> bool:
    return ask_json(call(server.url), "/v1/echo", {"a": 1})["document"] == {"a": 1}


# ── who calls ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("folder", "peer"), [("hub", "hefei"), ("water", "node/water"), ("issuer", "issuer/cases")]
)
def test_who_calls_is_read_from_the_certificate(police: Server, call: Call, folder: str, peer: str):
    assert ask_json(call(police.url, by=folder), "/v1/echo", {})["peer"] == peer


SPOOFED = [
    b"Scenarist-Peer",
    b"scenarist-peer",
    b"Scenarist_Peer",
    b"Scenarist.Peer",
    b"SCRIPT_NAME",
]


@pytest.mark.parametrize("name", SPOOFED, ids=str)
def test_no_header_says_who_calls(police: Server, machines: Path, name: bytes):
    sock = connected(police.port, tls_of(machines / "water").client_context())
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n" + name + b": /v1/echo\r\n"
    status, answer = raw(sock, head)
    assert status == 200
    assert answer["peer"] == "node/water"
    assert answer["headers"] == ["scenarist.peer"]
    assert answer["prefix"] == ""


@pytest.mark.parametrize("name", SPOOFED, ids=str)
def test_without_certificates_nobody_is_named(start: Start, name: bytes):
    server = start("-")
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n" + name + b": hefei\r\n"
    status, answer = raw(sock, head)
    assert (status, answer["peer"], answer["headers"], answer["prefix"]) == (200, "", [], "")


def certificate_for(home: Path, folder: Path, *uris: str) -> ssl.SSLContext:
    """Return a client's context with a certificate of the city's authority for these URIs."""
    ca = x509.load_pem_x509_certificate((home / "ca" / "ca.crt").read_bytes())
    ca_key = serialization.load_pem_private_key((home / "ca" / "ca.key").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(u) for u in uris]
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(names or [x509.DNSName("hub.example.org")]), critical=True
        )
        .sign(ca_key, hashes.SHA256())
    )
    files = folder / "key.pem", folder / "crt.pem"
    files[0].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    files[1].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = tls_of(home / "hub").client_context()
    context.load_cert_chain(files[1], files[0])
    return context


@pytest.mark.parametrize(
    "uris",
    [
        (),
        ("https://hub/hefei",),
        ("scenarist://hub/hefei", "scenarist://hub/other"),
        ("scenarist://hub/",),
        ("scenarist://queen/hefei",),
        ("scenarist://hub/hefei/more",),
        ("scenarist:hub/hefei",),
    ],
)
def test_one_who_has_no_single_identity_is_refused(
    police: Server, machines: Path, tmp_path: Path, uris: tuple[str, ...]
):
    sock = connected(police.port, certificate_for(machines, tmp_path, *uris))
    status, answer = raw(sock, b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n")
    assert (status, answer["code"]) == (403, "link.peer-nameless")


def test_one_identity_among_other_names_is_enough(police: Server, machines: Path, tmp_path: Path):
    uris = ("https://example.org", "scenarist://hub/hefei")
    sock = connected(police.port, certificate_for(machines, tmp_path, *uris))
    status, answer = raw(sock, b"POST /v1/echo HTTP/1.1\r\nHost: x\r\n")
    assert (status, answer["peer"]) == (200, "hefei")


# ── who does not get in ──────────────────────────────────────────────────────────────────────────


def test_one_without_a_certificate_does_not_get_in(police: Server, machines: Path, call: Call):
    context = ssl.create_default_context(cafile=machines / "ca" / "ca.crt")
    context.check_hostname = False
    sock = connected(police.port, context)
    sock.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert nothing_comes(sock)
    assert lives(police, call)


@pytest.mark.parametrize("folder", ["hub-expired", "hub-of-another-city"])
def test_one_whose_certificate_does_not_count_does_not_get_in(
    police: Server, machines: Path, call: Call, folder: str
):
    sock = connected(police.port, tls_of(machines / folder).client_context())
    sock.sendall(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert nothing_comes(sock)
    assert lives(police, call)


def test_an_older_tls_is_refused(police: Server, machines: Path):
    context = tls_of(machines / "hub").client_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, OSError)):
        connected(police.port, context)


@pytest.mark.parametrize(
    "words",
    [b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 300, b"\x16\x03\x01\xff\xff", b""],
)
def test_one_who_does_not_speak_tls_gets_nothing(police: Server, call: Call, words: bytes):
    sock = socket.create_connection(("127.0.0.1", police.port), timeout=30)
    sock.sendall(words)
    sock.shutdown(socket.SHUT_WR)
    assert nothing_comes(sock)
    assert lives(police, call)


@pytest.mark.parametrize(
    "words",
    [
        b"nonsense\r\n\r\n",
        b"\x00\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\na\r\n\r\n",
    ],
)
def test_a_caller_who_does_not_speak_http_is_told_nothing(
    police: Server, machines: Path, call: Call, words: bytes
):
    with connected(police.port, tls_of(machines / "hub").client_context()) as sock:
        sock.sendall(words)
        head, _, body = b"".join(iter(lambda: sock.recv(65536), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert body == b""
    assert lives(police, call)


def test_those_who_do_nothing_do_not_keep_others_out(start: Start, machines: Path, call: Call):
    server = start(machines / "police", more=(1, 2))
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
    for sock in idle:
        sock.sendall(b"\x16\x03\x01")  # a handshake that never goes on
    ask_json(call(server.url), "/v1/echo", {}, timeout_s=60)
    for sock in idle:
        sock.close()


# ── where it listens ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104
def test_without_certificates_only_this_machine_is_served(host: str):
    with pytest.raises(LinkInsecure):
        serve(cast("Any", app), host=host, port=0, tls=None)


def test_a_port_that_is_taken_is_named(start: Start, police: Server, machines: Path):
    said = start(machines / "police", port=police.port, fails=True).failed()
    assert said.startswith("link.port-taken")
    assert "Traceback" not in said


def test_an_address_of_another_machine_is_named(machines: Path):
    tls = tls_of(machines / "police")
    for host in ("192.0.2.1", "node.invalid"):
        with pytest.raises(AddressWrong):
            serve(cast("Any", app), host=host, port=0, tls=tls)


def test_missing_certificates_are_named_before_anything_listens(tmp_path: Path):
    with pytest.raises(CertificateMissing):
        serve(cast("Any", app), host="127.0.0.1", port=0, tls=tls_of(tmp_path))


def test_an_expired_certificate_is_named_at_the_start(start: Start, machines: Path):
    said = start(machines / "police-expired", fails=True).failed()
    assert said.startswith("link.certificate-lapsed")


@pytest.mark.parametrize(("host", "url"), [("::1", "[::1]"), ("localhost", "localhost")])
def test_both_families_of_addresses_are_served(
    start: Start, machines: Path, call: Call, host: str, url: str
):
    server = start(machines / "police", host=host)
    answer = ask_json(call(f"https://{url}:{server.port}"), "/v1/echo", {"a": 1})
    assert answer["document"] == {"a": 1}


# ── how it lives and ends ────────────────────────────────────────────────────────────────────────


def test_the_application_is_made_in_the_process_that_serves(police: Server, call: Call):
    assert ask_json(call(police.url), "/v1/echo", {})["process"] != police.process.pid


def test_several_processes_serve_one_port(start: Start, machines: Path, call: Call):
    server = start(machines / "police", more=(2, 1))
    found: set[object] = set()
    for _ in range(500):
        found.add(ask_json(call(server.url), "/v1/echo", {})["process"])
        if len(found) == 2:
            break
    assert len(found) == 2


def test_an_application_that_cannot_be_made_ends_the_service_and_says_why(
    start: Start, machines: Path
):
    said = start(machines / "police", env={"FAILING": "1"}).failed()
    assert "trust.case-closed" in said
    assert "Traceback" not in said


def in_thread(act: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(act()))
    thread.start()
    return thread, found


def wait_for(file: Path) -> None:
    for _ in range(6_000):
        if file.exists():
            return
        threading.Event().wait(0.01)
    pytest.fail(f"{file.name} never came")


def test_a_request_under_way_is_finished_before_the_service_ends(
    start: Start, machines: Path, call: Call, tmp_path: Path
):
    server = start(machines / "police")
    thread, found = in_thread(
        lambda: ask_json(call(server.url), "/v1/waiting", {"folder": str(tmp_path)}, timeout_s=60)
    )
    wait_for(tmp_path / "here")
    server.process.send_signal(signal.SIGTERM)
    (tmp_path / "go").touch()
    thread.join(60)
    assert found == [{"done": True}]
    assert server.process.wait(60) == 0
    assert server.process.stdout is not None
    assert server.process.stdout.read() == "ended\n"  # once: workers do not go on as the caller


def test_a_certificate_that_was_replaced_is_shown_to_the_next_caller(
    start: Start, machines: Path, tmp_path: Path, call: Call
):
    folder = tmp_path / "police"
    shutil.copytree(machines / "police", folder)
    server = start(folder)
    context = tls_of(machines / "hub").client_context()

    def number() -> str:
        with connected(server.port, context) as sock:
            return str((sock.getpeercert() or {})["serialNumber"])

    first = number()
    now = datetime.now(UTC)
    certify(folder, machines / "ca", identity=POLICE, hosts=(), now=now)
    second = number()
    assert first != second
    (folder / "tls" / "tls.crt").write_text("half a file")
    assert number() == second
    certify(folder, machines / "ca", identity=POLICE, hosts=(), now=now)
    assert number() not in {first, second}
    server.process.send_signal(signal.SIGHUP)
    assert lives(server, call)


def test_the_log_quotes_nobody(start: Start, machines: Path, call: Call):
    server = start(machines / "police")
    link = call(server.url)
    secret = "340100195001010008"
    for path in ("/v1/failing", "/v1/broken", "/v1/cut"):
        with pytest.raises((LinkBroken, LinkTruncated, LinkGarbled)):
            ask_json(link, path, {"id": secret})
    with connected(server.port, tls_of(machines / "hub").client_context()) as sock:
        sock.sendall(secret.encode() + b"\r\n\r\n")
        sock.recv(65536)
    server.stop()
    said = server.log.read_text()
    assert "ZeroDivisionError" in said
    assert secret not in said
    assert "Traceback" not in said
