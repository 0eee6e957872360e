"""Set up mutual TLS: version 1.3, both sides certified by the city's authority, identities checked.

An identity stands in the certificate's SAN URI. Host names are not compared: a node may move to
another address and stays who it is.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from federation.crypto.errors import KeyDamaged
from federation.errors import Fault
from federation.link.certificates import IDENTITY, check_validity, read_certificate
from federation.link.errors import CertificateDamaged, CertificateMissing
from federation.link.tlsfiles import check_key, shown

__all__ = ["Renewed", "Tls", "identity_in", "peer_named"]

_log = logging.getLogger("scenarist.link")


@dataclass(frozen=True, slots=True)
class Tls:
    """The three files by which this machine shows who it is and knows the others.

    Attributes:
        certificate: our own certificate, PEM.
        key: its private key, PEM, for our eyes only.
        authority: certificates of the authorities we accept, PEM.
    """

    certificate: Path
    key: Path
    authority: Path

    @classmethod
    def at(cls, folder: Path, *, now: datetime | None = None) -> Tls:
        """Return the TLS files of a party's folder (``<folder>/tls``), once they are found sound.

        Args:
            folder: the folder of the hub, the node or the issuer.
            now: an aware time; the machine's own, as TLS itself takes it, where none is given.

        Raises:
            CertificateMissing: a file is not there.
            CertificateLapsed: our certificate, or the authority's, is not valid now.
            CertificateDamaged, KeyDamaged, KeyExposed: a file cannot be used.
        """
        tls = folder / "tls"
        found = cls(tls / "tls.crt", tls / "tls.key", tls / "ca.crt")
        found.check(now or datetime.now(UTC))
        return found

    @property
    def identity(self) -> str:
        """Who we are: the identity in our own certificate."""
        return read_certificate(self.certificate).identity

    def check(self, now: datetime) -> None:
        """Do nothing where the three files are sound at this time. Raises as `at`."""
        check_key(self.key)
        for path in (self.certificate, self.authority):
            check_validity(path, now)
        self.client_context()

    def client_context(self) -> ssl.SSLContext:
        """Return a new context for calling others.

        Raises:
            CertificateMissing, CertificateDamaged, KeyDamaged: the files cannot be used.
        """
        return self._context(ssl.PROTOCOL_TLS_CLIENT)

    def server_context(self) -> ssl.SSLContext:
        """Return a new context for being called; raises as `client_context`.

        A caller without a certificate of our authority does not get through. Sessions are never
        resumed, so each connection shows its certificate.
        """
        context = self._context(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0
        return context

    def _context(self, protocol: int) -> ssl.SSLContext:
        for path in (self.certificate, self.key, self.authority):
            if not path.exists():
                raise CertificateMissing(file=shown(path))
        context = ssl.SSLContext(protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # identities are compared, not host names
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        try:
            context.load_verify_locations(self.authority)
        except (ssl.SSLError, OSError):
            raise CertificateDamaged(file=shown(self.authority)) from None
        try:
            context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (ssl.SSLError, OSError):
            raise KeyDamaged(file=shown(self.key)) from None
        return context


class Renewed:
    """The context of TLS files, made anew once they are replaced on disk.

    While what lies there cannot be used (half of it replaced, say), the last good one stays.
    """

    def __init__(self, tls: Tls, make: Callable[[Tls], ssl.SSLContext]) -> None:
        self._tls = tls
        self._make = make
        self._lock = threading.Lock()
        self._stamp: tuple[object, ...] = ()
        self._context: ssl.SSLContext | None = None

    def __call__(self) -> ssl.SSLContext:
        """Return the context as of now; raises as `make` where there was never a good one."""
        with self._lock:
            stamp = tuple(map(_stamp, (self._tls.certificate, self._tls.key, self._tls.authority)))
            if self._context is None or stamp != self._stamp:
                try:
                    self._context = self._make(self._tls)
                except Fault as fault:
                    if self._context is None:
                        raise
                    _log.warning("the earlier certificate is kept: %s", fault)
                self._stamp = stamp
            return self._context


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _no_password() -> str:
    return ""  # an encrypted key is refused; OpenSSL would ask on the terminal


def identity_in(certificate: Mapping[str, Any] | None) -> str | None:
    """Return the identity in a verified certificate, as ``SSLSocket.getpeercert()`` gives it.

    None where there is none, or not exactly one.

    >>> identity_in({"subjectAltName": (("DNS", "a.org"), ("URI", "scenarist://node/police"))})
    'scenarist://node/police'
    >>> identity_in({"subjectAltName": (("DNS", "scenarist://node/police"),)})
    """
    names = (certificate or {}).get("subjectAltName", ())
    ours = [value for kind, value in names if kind == "URI" and value.startswith("scenarist:")]
    return ours[0] if len(ours) == 1 and IDENTITY.fullmatch(ours[0]) else None


def peer_named(identity: str) -> str:
    """Return what the application is told about who calls.

    >>> peer_named("scenarist://hub/hefei"), peer_named("scenarist://node/police")
    ('hefei', 'node/police')
    """
    found = IDENTITY.fullmatch(identity)
    if found is None:
        raise ValueError(f"an identity is scenarist://<kind>/<name>, not {identity!r}")
    return found["name"] if found["kind"] == "hub" else f"{found['kind']}/{found['name']}"
