"""A city's authority certifies its parties, and nobody else."""

import hashlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from federation.crypto.errors import KeyDamaged, KeyExposed
from federation.errors import Fault
from federation.link.certificates import (
    certify,
    create_authority,
    install_certificate,
    issue_certificate,
    read_certificate,
    request_certificate,
)
from federation.link.errors import (
    AuthorityExists,
    AuthorityWrong,
    CertificateDamaged,
    CertificateHostWrong,
    CertificateLapsed,
    CertificateMissing,
    CertificateNameless,
    CertificateOfAnotherAuthority,
    CertificateOfAnotherKey,
    CertificateRequestDamaged,
    CertificateRequestWrong,
    CertificateUnwritable,
)
from federation.link.tls import Renewed, Tls

NOW = datetime.now(UTC).replace(microsecond=0)
POLICE = "scenarist://node/police"
HOSTS = ("node1.example.org", "192.0.2.7", "2001:db8::7")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    create_authority(tmp_path / "ca", name="合肥市", now=NOW)
    return tmp_path


@pytest.fixture
def police(home: Path) -> Path:
    certify(home / "police", home / "ca", identity=POLICE, hosts=HOSTS, now=NOW)
    return home / "police"


def parsed(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def csr(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, *uris: str) -> str:
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    if uris:
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(u) for u in uris])
        builder = builder.add_extension(names, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


# ── what stands in them ──────────────────────────────────────────────────────────────────────────


def test_a_certificate_says_whose_it_is_and_until_when(police: Path):
    found = read_certificate(police / "tls" / "tls.crt")
    assert found.identity == POLICE
    assert found.hosts == HOSTS
    assert found.not_before <= NOW
    assert found.not_after == NOW + timedelta(days=365)
    assert not found.authority


def test_the_fingerprint_is_that_of_the_whole_certificate(police: Path):
    pem = (police / "tls" / "tls.crt").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem)
    assert (
        read_certificate(police / "tls" / "tls.crt").fingerprint == hashlib.sha256(der).hexdigest()
    )


def test_an_authority_is_one_and_says_its_name(home: Path):
    found = read_certificate(home / "ca" / "ca.crt")
    assert (found.identity, found.authority) == ("合肥市", True)
    assert found.not_after == NOW + timedelta(days=3650)


def test_an_authority_may_issue_and_its_certificates_may_not(home: Path, police: Path):
    ca, leaf = parsed(home / "ca" / "ca.crt"), parsed(police / "tls" / "tls.crt")
    for certificate, is_authority in ((ca, True), (leaf, False)):
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert constraints.critical
        assert usage.critical
        assert constraints.value.ca is is_authority
        assert usage.value.key_cert_sign is is_authority
        assert usage.value.digital_signature is not is_authority
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_a_party_may_call_and_be_called(police: Path):
    leaf = parsed(police / "tls" / "tls.crt")
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}


def test_keys_are_on_p_256(police: Path):
    key = parsed(police / "tls" / "tls.crt").public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def test_no_certificate_outlives_its_authority(home: Path):
    later = NOW + timedelta(days=3600)
    certify(home / "police", home / "ca", identity=POLICE, hosts=(), now=later)
    found = read_certificate(home / "police" / "tls" / "tls.crt")
    assert found.not_after == NOW + timedelta(days=3650)


def test_two_certificates_never_have_one_number(home: Path, police: Path):
    first = parsed(police / "tls" / "tls.crt").serial_number
    certify(police, home / "ca", identity=POLICE, hosts=HOSTS, now=NOW)
    assert parsed(police / "tls" / "tls.crt").serial_number != first


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_private_keys_are_for_their_owner_only(home: Path, police: Path):
    for key in (home / "ca" / "ca.key", police / "tls" / "tls.key"):
        assert key.stat().st_mode & 0o777 == 0o600
        assert key.parent.stat().st_mode & 0o777 == 0o700


def test_the_private_key_stays_when_the_certificate_is_renewed(home: Path, police: Path):
    before = (police / "tls" / "tls.key").read_bytes()
    certify(police, home / "ca", identity=POLICE, hosts=HOSTS, now=NOW)
    assert (police / "tls" / "tls.key").read_bytes() == before


def test_nothing_is_left_lying_about(home: Path, police: Path):
    assert sorted(p.name for p in (police / "tls").iterdir()) == ["ca.crt", "tls.crt", "tls.key"]
    assert sorted(p.name for p in (home / "ca").iterdir()) == ["ca.crt", "ca.key"]


def test_of_two_requests_at_once_both_are_for_the_same_key(tmp_path: Path):
    def act(_n: int) -> bytes:
        request = request_certificate(tmp_path, identity=POLICE, hosts=())
        key = x509.load_pem_x509_csr(request.encode()).public_key()
        return key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(act, range(8)))) == 1


def test_an_authority_is_never_replaced(home: Path):
    before = [(home / "ca" / name).read_bytes() for name in ("ca.key", "ca.crt")]
    with pytest.raises(AuthorityExists):
        create_authority(home / "ca", name="另一个", now=NOW)
    assert [(home / "ca" / name).read_bytes() for name in ("ca.key", "ca.crt")] == before


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "police").write_text("a file where a folder should be")
    with pytest.raises(CertificateUnwritable) as caught:
        request_certificate(tmp_path / "police", identity=POLICE, hosts=())
    assert caught.value.facts == {"file": "police/tls/tls.key"}


# ── what an authority refuses ────────────────────────────────────────────────────────────────────


def issue(home: Path, request: str) -> str:
    return issue_certificate(home / "ca", request, identity=POLICE, now=NOW)


@pytest.mark.parametrize(
    "uris",
    [
        ("scenarist://node/water",),
        ("scenarist://hub/police",),
        (),
        (POLICE, "scenarist://hub/hefei"),
        (POLICE, POLICE),
        ("scenarist://node/police/",),
        ("SCENARIST://node/police",),
        ("https://node/police",),
    ],
)
def test_a_request_for_another_identity_is_refused(home: Path, uris: tuple[str, ...]):
    with pytest.raises(CertificateRequestWrong) as caught:
        issue(home, csr(ec.generate_private_key(ec.SECP256R1()), *uris))
    assert caught.value.facts["expected"] == POLICE


def test_only_what_is_known_is_taken_from_a_request(home: Path):
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    names = [x509.UniformResourceIdentifier(POLICE), x509.RFC822Name("a@example.org")]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    request = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    issued = x509.load_pem_x509_certificate(issue(home, request).encode())
    assert not issued.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    found = issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert found.get_values_for_type(x509.RFC822Name) == []


def test_a_request_with_another_kind_of_key_is_refused(home: Path):
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        with pytest.raises(CertificateRequestDamaged):
            issue(home, csr(key, POLICE))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_what_is_no_request_is_refused(home: Path, text: str):
    with pytest.raises(CertificateRequestDamaged):
        issue(home, text)


def test_a_request_that_was_changed_is_refused(home: Path):
    request = csr(ec.generate_private_key(ec.SECP256R1()), POLICE)
    der = bytearray(ssl.PEM_cert_to_DER_cert(request.replace("CERTIFICATE REQUEST", "CERTIFICATE")))
    der[der.index(b"police")] ^= 1
    pem = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    with pytest.raises(CertificateRequestDamaged):
        issue(home, pem)


def test_an_authority_that_has_expired_issues_nothing(home: Path):
    request = csr(ec.generate_private_key(ec.SECP256R1()), POLICE)
    with pytest.raises(CertificateLapsed):
        issue_certificate(home / "ca", request, identity=POLICE, now=NOW + timedelta(days=3651))


def test_a_party_cannot_issue(home: Path, police: Path):
    for name, source in (("ca.key", "tls.key"), ("ca.crt", "tls.crt")):
        (home / "ca" / name).write_bytes((police / "tls" / source).read_bytes())
    with pytest.raises(AuthorityWrong):
        issue(home, csr(ec.generate_private_key(ec.SECP256R1()), POLICE))


def test_an_authority_with_another_key_issues_nothing(home: Path, tmp_path: Path):
    create_authority(tmp_path / "other", name="另一个", now=NOW)
    (home / "ca" / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    with pytest.raises(AuthorityWrong):
        issue(home, csr(ec.generate_private_key(ec.SECP256R1()), POLICE))


@pytest.mark.parametrize(
    "host",
    ["", "a b", "http://a", "a:443", "名", "-a", "a..b", "x" * 300, "*.example.org", "[::1]"],
)
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str):
    with pytest.raises(CertificateHostWrong):
        request_certificate(tmp_path, identity=POLICE, hosts=[host])


@pytest.mark.parametrize("host", ["localhost", "node_1", "A.example.org", "10.0.0.1", "::1", "1a"])
def test_hosts_are_names_and_addresses(tmp_path: Path, host: str):
    assert request_certificate(tmp_path, identity=POLICE, hosts=[host, host])


@pytest.mark.parametrize(
    "identity",
    ["police", "scenarist://node/", "scenarist://cat/x", "scenarist://node/A", "x://y/z"],
)
def test_an_identity_has_one_form(tmp_path: Path, identity: str):
    with pytest.raises(ValueError, match="an identity is"):
        request_certificate(tmp_path, identity=identity, hosts=())


# ── what a party refuses to install ──────────────────────────────────────────────────────────────


def test_a_certificate_for_another_key_is_not_installed(home: Path, police: Path):
    before = (police / "tls" / "tls.crt").read_bytes()
    other = issue(home, csr(ec.generate_private_key(ec.SECP256R1()), POLICE))
    with pytest.raises(CertificateOfAnotherKey) as caught:
        install_certificate(police, other, (home / "ca" / "ca.crt").read_text())
    assert caught.value.facts["identity"] == POLICE
    assert (police / "tls" / "tls.crt").read_bytes() == before


def test_a_certificate_of_another_authority_is_not_installed(home: Path, police: Path):
    create_authority(home / "other", name="合肥市", now=NOW)
    with pytest.raises(CertificateOfAnotherAuthority):
        install_certificate(
            police,
            (police / "tls" / "tls.crt").read_text(),
            (home / "other" / "ca.crt").read_text(),
        )


def test_while_authorities_change_both_may_be_installed(home: Path, police: Path):
    create_authority(home / "new", name="合肥市", now=NOW)
    both = (home / "new" / "ca.crt").read_text() + (home / "ca" / "ca.crt").read_text()
    install_certificate(police, (police / "tls" / "tls.crt").read_text(), both)
    assert (police / "tls" / "ca.crt").read_text().count("BEGIN CERTIFICATE") == 2
    Tls.at(police, now=NOW)


def test_while_one_authority_takes_over_the_old_one_may_run_out(home: Path):
    later = NOW + timedelta(days=3660)
    create_authority(home / "new", name="合肥市", now=NOW + timedelta(days=3600))
    certify(home / "police", home / "new", identity=POLICE, hosts=(), now=later)
    files = home / "police" / "tls"
    both = (home / "ca" / "ca.crt").read_text() + (files / "ca.crt").read_text()
    install_certificate(home / "police", (files / "tls.crt").read_text(), both)
    Tls.at(home / "police", now=later)
    with pytest.raises(CertificateLapsed):
        Tls.at(home / "police", now=later + timedelta(days=9999))


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_not_installed(home: Path, police: Path, text: str):
    authority = (home / "ca" / "ca.crt").read_text()
    leaf = (police / "tls" / "tls.crt").read_text()
    for certificate, issuer in ((text, authority), (leaf, text)):
        with pytest.raises(CertificateDamaged):
            install_certificate(police, certificate, issuer)


def test_a_certificate_is_not_installed_where_nothing_was_requested(home: Path, police: Path):
    with pytest.raises(CertificateMissing) as caught:
        install_certificate(
            home / "water",
            (police / "tls" / "tls.crt").read_text(),
            (home / "ca" / "ca.crt").read_text(),
        )
    assert caught.value.facts == {"file": "water/tls/tls.key"}


# ── the three files together ─────────────────────────────────────────────────────────────────────


def test_sound_files_are_found(police: Path):
    assert Tls.at(police).identity == POLICE


@pytest.mark.parametrize("name", ["tls.key", "tls.crt", "ca.crt"])
def test_a_missing_file_is_named(police: Path, name: str):
    (police / "tls" / name).unlink()
    with pytest.raises(CertificateMissing) as caught:
        Tls.at(police)
    assert caught.value.facts == {"file": f"police/tls/{name}"}


@pytest.mark.parametrize(
    ("name", "fault"),
    [("tls.key", KeyDamaged), ("tls.crt", CertificateDamaged), ("ca.crt", CertificateDamaged)],
)
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff\x00", b"-----BEGIN X-----"])
def test_a_damaged_file_is_named(police: Path, name: str, fault: type[Fault], content: bytes):
    (police / "tls" / name).write_bytes(content)
    with pytest.raises(fault) as caught:
        Tls.at(police)
    assert caught.value.facts == {"file": f"police/tls/{name}"}


def test_a_key_that_others_can_read_is_refused(police: Path):
    (police / "tls" / "tls.key").chmod(0o640)
    with pytest.raises(KeyExposed):
        Tls.at(police)


@pytest.mark.parametrize("days", [-2, 366])
def test_a_certificate_that_is_not_valid_now_is_named(police: Path, days: int):
    with pytest.raises(CertificateLapsed) as caught:
        Tls.at(police, now=NOW + timedelta(days=days))
    assert caught.value.facts["file"] == "police/tls/tls.crt"


def test_a_key_that_does_not_fit_is_named(home: Path, police: Path):
    certify(home / "water", home / "ca", identity="scenarist://node/water", hosts=(), now=NOW)
    (police / "tls" / "tls.key").write_bytes((home / "water" / "tls" / "tls.key").read_bytes())
    with pytest.raises(KeyDamaged):
        Tls.at(police)


def test_a_certificate_without_an_identity_is_named(police: Path):
    key = ec.generate_private_key(ec.SECP256R1())
    plain = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = plain.public_bytes(serialization.Encoding.PEM)
    (police / "tls" / "tls.crt").write_bytes(pem)
    with pytest.raises(CertificateNameless):
        Tls.at(police)


def test_a_context_is_made_anew_once_its_files_are_replaced(home: Path, police: Path):
    contexts = Renewed(Tls.at(police), Tls.client_context)
    first = contexts()
    assert contexts() is first
    certify(police, home / "ca", identity=POLICE, hosts=HOSTS, now=NOW)
    second = contexts()
    assert second is not first
    (police / "tls" / "tls.crt").write_bytes(b"half a file")
    assert contexts() is second
    certify(police, home / "ca", identity=POLICE, hosts=HOSTS, now=NOW)
    assert contexts() is not second
