"""Make, request, issue and install the certificates by which hub, nodes and issuer know each other.

The city has one certificate authority in a folder of its own (``ca.key``, ``ca.crt``). A party has
a folder with ``tls/tls.key``, ``tls/tls.crt`` and ``tls/ca.crt``; its private key never leaves it.
Who somebody is stands in one SAN URI, ``scenarist://<kind>/<name>``; host names are for the reader.
Keys are ECDSA P-256, what RFC 5280 asks of authorities and leaves is set.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from federation.crypto.errors import KeyDamaged
from federation.link.errors import (
    AuthorityExists,
    AuthorityWrong,
    CertificateDamaged,
    CertificateHostWrong,
    CertificateLapsed,
    CertificateNameless,
    CertificateOfAnotherAuthority,
    CertificateOfAnotherKey,
    CertificateRequestDamaged,
    CertificateRequestWrong,
)
from federation.link.tlsfiles import check_key, content, put, shown

__all__ = [
    "IDENTITY",
    "Certificate",
    "certificate_in",
    "certify",
    "create_authority",
    "install_certificate",
    "issue_certificate",
    "read_certificate",
    "read_certificates",
    "request_certificate",
]

IDENTITY = re.compile(r"scenarist://(?P<kind>hub|node|issuer)/(?P<name>[a-z0-9][a-z0-9._-]{0,127})")
"""What an identity looks like."""

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*", re.I)
_SKEW = timedelta(minutes=5)  # clocks of two machines differ
_LONGEST_NAME = 64  # RFC 5280, ub-common-name
_LONGEST_PEM = 64 * 1024


@dataclass(frozen=True, slots=True)
class Certificate:
    """What stands in a certificate.

    Attributes:
        identity: ``scenarist://<kind>/<name>``; the plain name of an authority.
        hosts: host names and addresses, for the reader.
        not_before: start of validity, UTC.
        not_after: end of validity, UTC.
        fingerprint: SHA-256 of the certificate, hex.
        authority: whether it may issue others.
    """

    identity: str
    hosts: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str
    authority: bool


def create_authority(folder: Path, *, name: str, now: datetime, days: int = 3650) -> None:
    """Make a certificate authority: ``ca.key`` and ``ca.crt`` in this folder.

    Args:
        folder: the authority's own folder, such as ``<home>/ca``.
        name: what people call it, e.g. the city's name.
        now: an aware time.
        days: how long it is valid.

    Raises:
        AuthorityExists: there is one; it is not touched.
        CertificateUnwritable: the operating system refuses.
    """
    if (folder / "ca.crt").exists():
        raise AuthorityExists(file=shown(folder / "ca.crt"))
    key = _key(folder / "ca.key", create=True)
    subject = _name(name)
    builder = (
        _begun(subject, subject, key.public_key(), now, now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    )
    put(folder / "ca.crt", _pem(builder.sign(key, hashes.SHA256())).encode(), 0o644)


def request_certificate(folder: Path, *, identity: str, hosts: Sequence[str]) -> str:
    """Return a request for a certificate, PEM; ``tls/tls.key`` is made where there is none.

    Args:
        folder: the party's folder; the key lies in ``tls`` below it.
        identity: ``scenarist://<kind>/<name>``.
        hosts: names and addresses of this machine.

    Raises:
        CertificateHostWrong: a host is neither a name nor an address.
        KeyExposed, KeyDamaged: the key that is there cannot be used.
        CertificateUnwritable: the operating system refuses.
    """
    if not IDENTITY.fullmatch(identity):
        raise ValueError(f"an identity is scenarist://<kind>/<name>, not {identity!r}")
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier(identity), *(_host(h) for h in dict.fromkeys(hosts))]
    )
    key = _key(folder / "tls" / "tls.key", create=True)
    request = x509.CertificateSigningRequestBuilder(_name(identity.removeprefix("scenarist://")))
    request = request.add_extension(names, critical=False)
    signed = request.sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def issue_certificate(
    authority: Path, request: str, *, identity: str, now: datetime, days: int = 365
) -> str:
    """Return the certificate that a request asks for, PEM, issued by the authority of this folder.

    It never outlives the authority. Nothing but identity, hosts and key is taken from the request.

    Raises:
        CertificateRequestDamaged: it is no request, its signature is wrong, or its key not P-256.
        CertificateRequestWrong: it asks for another identity.
        CertificateMissing, AuthorityWrong, KeyExposed, KeyDamaged: the authority is not whole.
        CertificateLapsed: the authority has expired.
    """
    issuer, key = _authority(authority, now)
    asked = _request(request)
    key_asked = asked.public_key()
    names = _names(asked.extensions)
    if not isinstance(key_asked, ec.EllipticCurvePublicKey) or key_asked.curve.name != "secp256r1":
        raise CertificateRequestDamaged
    if (found := _identity(names)) != identity:
        raise CertificateRequestWrong(found=found or "?", expected=identity)
    until = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    subject = _name(identity.removeprefix("scenarist://"))
    builder = (
        _begun(subject, issuer.subject, key_asked, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(identity), *(_host(h) for h in _hosts(names))]
            ),
            critical=False,
        )
    )
    return _pem(builder.sign(key, hashes.SHA256()))


def install_certificate(folder: Path, certificate: str, authority: str) -> None:
    """Put a certificate and its authority's beside the key, as ``tls/tls.crt`` and ``tls/ca.crt``.

    Args:
        folder: the party's folder.
        certificate: PEM.
        authority: PEM; may hold several authorities, while one replaces another.

    Raises:
        CertificateDamaged, CertificateNameless: one of the two is no certificate of ours.
        CertificateOfAnotherKey: it was issued for another key.
        CertificateOfAnotherAuthority: none of the authorities issued it.
        CertificateMissing, KeyExposed, KeyDamaged: there is no key to go with it.
        CertificateUnwritable: the operating system refuses.
    """
    tls = folder / "tls"
    leaf, roots = _parsed(certificate, "tls.crt")[0], _parsed(authority, "ca.crt")
    identity = _read(leaf, "tls.crt").identity
    key = _key(tls / "tls.key", create=False)
    if leaf.public_key() != key.public_key():
        raise CertificateOfAnotherKey(identity=identity, file=shown(tls / "tls.key"))
    if not any(_issued(leaf, root) for root in roots):
        raise CertificateOfAnotherAuthority(identity=identity)
    put(tls / "ca.crt", "".join(_pem(root) for root in roots).encode(), 0o644)
    put(tls / "tls.crt", _pem(leaf).encode(), 0o644)


def certify(
    folder: Path,
    authority: Path,
    *,
    identity: str,
    hosts: Sequence[str],
    now: datetime,
    days: int = 365,
) -> None:
    """Request, issue and install at once, where the party and the authority share a machine.

    Raises as the steps do.
    """
    request = request_certificate(folder, identity=identity, hosts=hosts)
    issued = issue_certificate(authority, request, identity=identity, now=now, days=days)
    install_certificate(folder, issued, content(authority / "ca.crt").decode("ascii", "replace"))


def certificate_in(pem: str) -> Certificate:
    """Return what stands in a certificate given as PEM; raises as `read_certificate`."""
    return _read(_parsed(pem, "tls.crt")[0], "tls.crt")


def read_certificate(path: Path) -> Certificate:
    """Return what stands in a certificate file.

    Raises:
        CertificateMissing: there is no such file.
        CertificateDamaged: it holds no certificate.
        CertificateNameless: it holds one without exactly one identity.
    """
    return read_certificates(path)[0]


def read_certificates(path: Path) -> tuple[Certificate, ...]:
    """Return what stands in each certificate of a file; raises as `read_certificate`."""
    text = content(path).decode("ascii", "replace")
    return tuple(_read(found, shown(path)) for found in _parsed(text, shown(path)))


# ── parts ────────────────────────────────────────────────────────────────────────────────────────


def _begun(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    until: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:_LONGEST_NAME] or "?")])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if not _HOST.fullmatch(text):
        raise CertificateHostWrong(host=text[:_LONGEST_NAME])
    return x509.DNSName(text)


def _names(extensions: x509.Extensions) -> x509.SubjectAlternativeName:
    try:
        return extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return x509.SubjectAlternativeName([])


def _identity(names: x509.SubjectAlternativeName) -> str | None:
    """Return the one identity among these names; None where there is none, or more than one."""
    found = names.get_values_for_type(x509.UniformResourceIdentifier)
    ours = [uri for uri in found if uri.startswith("scenarist:")]
    return ours[0] if len(ours) == 1 and IDENTITY.fullmatch(ours[0]) else None


def _hosts(names: x509.SubjectAlternativeName) -> tuple[str, ...]:
    return (
        *names.get_values_for_type(x509.DNSName),
        *(str(a) for a in names.get_values_for_type(x509.IPAddress)),
    )


def _request(pem: str) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_pem_x509_csr(pem[:_LONGEST_PEM].encode())
        _ = request.extensions
        sound = request.is_signature_valid
    except (ValueError, TypeError, x509.DuplicateExtension):
        raise CertificateRequestDamaged from None
    if not sound:
        raise CertificateRequestDamaged
    return request


def _parsed(pem: str, file: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem[:_LONGEST_PEM].encode())
    except (ValueError, TypeError):
        raise CertificateDamaged(file=file) from None


def _read(certificate: x509.Certificate, file: str) -> Certificate:
    try:
        names = _names(certificate.extensions)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        raise CertificateDamaged(file=file) from None
    identity = str(common[0].value) if constraints.ca and common else _identity(names)
    if not identity:
        raise CertificateNameless(file=file)
    return Certificate(
        identity,
        _hosts(names),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        certificate.fingerprint(hashes.SHA256()).hex(),
        constraints.ca,
    )


def _issued(leaf: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path = folder / "ca.crt"
    certificate = _parsed(content(path).decode("ascii", "replace"), shown(path))[0]
    if not _read(certificate, shown(path)).authority:
        raise AuthorityWrong(file=shown(path))
    key = _key(folder / "ca.key", create=False)
    if certificate.public_key() != key.public_key():
        raise AuthorityWrong(file=shown(path))
    check_validity(path, now)
    return certificate, key


def check_validity(path: Path, now: datetime) -> None:
    """Raise `CertificateLapsed` where no certificate of a file is valid now."""
    found = read_certificates(path)
    if not any(c.not_before <= now <= c.not_after for c in found):
        since, until = found[0].not_before.date(), found[0].not_after.date()
        raise CertificateLapsed(file=shown(path), since=since.isoformat(), until=until.isoformat())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key(path: Path, *, create: bool) -> ec.EllipticCurvePrivateKey:
    if create and not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        put(path, pem, 0o600, once=True)
    check_key(path)
    try:
        key = serialization.load_pem_private_key(content(path), None)
    except (ValueError, TypeError):
        raise KeyDamaged(file=shown(path)) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise KeyDamaged(file=shown(path))
    return key
