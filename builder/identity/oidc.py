"""Speak OpenID Connect with the city's identity provider: authorization code, PKCE, sealed answers.

OpenID Connect Core 1.0 3.1 (code flow), Discovery 1.0, RP-Initiated Logout 1.0, Back-Channel Logout
1.0, RFC 7636 (PKCE), RFC 9207 (the answer names its issuer). Everything is fetched when somebody
signs in, never at start, so that a city runs while its provider does not.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import urllib3

from builder.identity.sso_errors import (
    SsoAnswerWrong,
    SsoMisconfigured,
    SsoRefused,
    SsoSilent,
)
from builder.store.secrets import secret
from builder.store.settings import Settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

__all__ = ["LoggedOut", "OidcConfig", "Provider", "Vouched"]

ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
"""Signatures that are accepted; ``none`` and those by a shared secret are not."""

_TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=7.0)
_MOST_BYTES: Final = 1 << 20
_KEPT_S: Final = 3600.0
_KEYS_AGAIN_S: Final = 10.0
_LEEWAY_S: Final = 60
_FRESH_S: Final = 600
_BACK_CHANNEL: Final = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """As whom this city is known at its identity provider.

    Attributes:
        issuer: the provider, as its tokens name it.
        secret: shared with it; None for a public client, which PKCE protects alone.
        scopes: what is asked for, by spaces.
    """

    issuer: str
    client_id: str
    secret: str | None
    scopes: str

    @classmethod
    def of(cls, settings: Settings) -> OidcConfig:
        """Read it from a city's settings; raises `SecretLost`, `SecretOpen`."""
        reference = settings.oidc_client_secret
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            secret(reference, settings.home) if reference else None,
            settings.oidc_scopes,
        )


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the provider vouches for: who signed in, and what it says of the person.

    Attributes:
        subject: the person's name at the provider, never reused there.
        sid: the provider's own session, where it tells; a logout names it.
        id_token: the sealed statement, given back when the person signs out.
    """

    subject: str
    claims: Mapping[str, Any]
    sid: str | None
    id_token: str


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Who has signed out at the provider: one session there, or all of a person's."""

    subject: str | None
    sid: str | None


class Provider:
    """The city's identity provider. Threads may share it."""

    def __init__(self, config: OidcConfig, clock: Callable[[], datetime]) -> None:
        """Fetch nothing yet.

        Args:
            config: as whom.
            clock: returns now, aware.
        """
        self.config = config
        self._clock = clock
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
        self._lock = threading.Lock()
        self._said: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    # ── what it says of itself ─────────────────────────────────────────────────────────────────

    def metadata(self) -> Mapping[str, Any]:
        """Return what the provider says of itself, an hour old at most.

        Raises:
            SsoSilent: it does not answer.
            SsoMisconfigured: it is another issuer, or lacks something, or uses plain HTTP.
        """
        with self._lock:
            if self._said is not None and time.monotonic() - self._said[0] < _KEPT_S:
                return self._said[1]
            base = self.config.issuer.rstrip("/")
            found = self._fetch_json(f"{base}/.well-known/openid-configuration")
            self._check(found)
            self._said = (time.monotonic(), found)
            return found

    def origins(self) -> tuple[str, ...]:
        """Return where a sign-out may lead a browser: origins, as a content policy names them."""
        places = {self.config.issuer}
        if self._said is not None:
            places |= {str(self._said[1].get("end_session_endpoint") or self.config.issuer)}
        return tuple(sorted({f"{u.scheme}://{u.netloc}" for u in map(urlsplit, places)}))

    def look(self) -> int:
        """Return how many keys the provider signs with; for whoever examines a city."""
        self.metadata()
        return len(self._key_set(fresh=True).keys)

    # ── signing in ─────────────────────────────────────────────────────────────────────────────

    def begin(self, *, back_to: str, state: str, nonce: str, verifier: str, lang: str) -> str:
        """Return the address at which a person signs in.

        Args:
            back_to: where the answer comes.
            state: comes back unchanged.
            nonce: comes back inside the sealed answer.
            verifier: kept here; its hash goes out (PKCE, S256).
            lang: ``zh`` or ``en``.
        """
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        asked = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": back_to,
            "scope": self.config.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call] # authlib ships no types
            "code_challenge_method": "S256",
            "ui_locales": "zh-CN" if lang == "zh" else "en",
        }
        return _with_query(str(self.metadata()["authorization_endpoint"]), asked)

    def finish(
        self, answer: Mapping[str, str], *, back_to: str, nonce: str, verifier: str
    ) -> Vouched:
        """Exchange the answer's code for the provider's sealed statement, and check it.

        Args:
            answer: the parameters the browser came back with; its state was checked already.
            back_to: as at the beginning.
            nonce: as at the beginning.
            verifier: as at the beginning.

        Raises:
            SsoRefused: the provider, or the person, said no.
            SsoAnswerWrong: the answer is not this provider's, not for us, not for this sign-in.
            SsoSilent: the provider does not answer.
        """
        self._check_issuer(answer)
        if answer.get("error"):
            raise SsoRefused(reason=_word(answer["error"]))
        if not answer.get("code"):
            raise SsoAnswerWrong(reason="code")
        tokens = self._exchange(answer["code"], back_to, verifier)
        sealed = tokens.get("id_token")
        if not isinstance(sealed, str):
            raise SsoAnswerWrong(reason="id_token")
        claims = self._opened(sealed, nonce=nonce, access_token=tokens.get("access_token"))
        more = self._userinfo(tokens.get("access_token"), str(claims["sub"]))
        sid = claims.get("sid")
        return Vouched(
            str(claims["sub"]), {**more, **claims}, sid if isinstance(sid, str) else None, sealed
        )

    # ── signing out ────────────────────────────────────────────────────────────────────────────

    def end_address(self, id_token: str, back_to: str) -> str | None:
        """Return where a person signs out at the provider; None where it offers no such thing."""
        place = self.metadata().get("end_session_endpoint")
        if not isinstance(place, str):
            return None
        asked = {
            "id_token_hint": id_token,
            "post_logout_redirect_uri": back_to,
            "client_id": self.config.client_id,
        }
        return _with_query(place, asked)

    def logged_out(self, logout_token: str) -> LoggedOut:
        """Read the provider's own word that somebody has signed out there.

        Raises:
            SsoAnswerWrong: it is not this provider's, not for us, not fresh, or no such word.
        """
        claims = self._decoded(logout_token)
        options = self._expected()
        self._validated(claims, {k: options[k] for k in ("iss", "aud")})
        said = claims.claims
        events, at, id_ = said.get("events"), said.get("iat"), said.get("jti")
        if not isinstance(events, Mapping) or _BACK_CHANNEL not in events:
            raise SsoAnswerWrong(reason="events")
        if "nonce" in said:  # an ID token must never pass for this
            raise SsoAnswerWrong(reason="nonce")
        if not isinstance(id_, str):
            raise SsoAnswerWrong(reason="jti")
        now = self._clock().timestamp()
        if not isinstance(at, int | float) or not -_LEEWAY_S < now - at < _FRESH_S:
            raise SsoAnswerWrong(reason="iat")
        subject, sid = said.get("sub"), said.get("sid")
        if not isinstance(subject, str) and not isinstance(sid, str):
            raise SsoAnswerWrong(reason="sub")
        return LoggedOut(
            subject if isinstance(subject, str) else None, sid if isinstance(sid, str) else None
        )

    # ── checking ───────────────────────────────────────────────────────────────────────────────

    def _check(self, found: Mapping[str, Any]) -> None:
        if str(found.get("issuer", "")).rstrip("/") != self.config.issuer.rstrip("/"):
            raise SsoMisconfigured(problem="issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            place = found.get(name)
            if not isinstance(place, str) or not self._is_as_safe(place):
                raise SsoMisconfigured(problem=name)
        methods = found.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise SsoMisconfigured(problem="code_challenge_methods_supported")

    def _is_as_safe(self, place: str) -> bool:
        """Tell whether a place is reached by HTTPS, or is on this machine as the issuer is."""
        parts, issuer = urlsplit(place), urlsplit(self.config.issuer)
        return parts.scheme == "https" or (
            issuer.scheme == parts.scheme == "http" and parts.hostname == issuer.hostname
        )

    def _check_issuer(self, answer: Mapping[str, str]) -> None:
        """Refuse another provider's answer (RFC 9207): it would send our code elsewhere."""
        said = self.metadata()
        named = answer.get("iss")
        must = said.get("authorization_response_iss_parameter_supported") is True
        if named is None and not must:
            return
        if named is None or named != said["issuer"]:
            raise SsoAnswerWrong(reason="issuer")

    def _expected(self) -> dict[str, dict[str, object]]:
        issuer = str(self.metadata()["issuer"])
        return {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": self.config.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "iat": {"essential": True},
        }

    def _opened(self, sealed: str, *, nonce: str, access_token: object) -> Mapping[str, Any]:
        """Return the claims of an ID token that is this provider's, for us, for this sign-in."""
        params = {"nonce": nonce, "client_id": self.config.client_id, "access_token": access_token}
        return self._validated(self._decoded(sealed), self._expected(), params)

    def _validated(
        self,
        token: Any,
        options: Mapping[str, Mapping[str, object]],
        params: Mapping[str, object] | None = None,
    ) -> Mapping[str, Any]:
        from authlib.oauth2.claims import JWTClaims
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import ClaimError, JoseError

        kind: Any = JWTClaims if params is None else CodeIDToken
        claims = kind(token.claims, token.header, options=dict(options), params=dict(params or {}))
        try:
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY_S)
        except ClaimError as wrong:
            raise SsoAnswerWrong(reason=_word(wrong.claim)) from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise SsoAnswerWrong(reason="claims") from None
        return dict(claims)

    def _decoded(self, sealed: str) -> Any:
        """Return a token whose signature is one of the provider's keys; new keys are looked for."""
        from joserfc import jwt
        from joserfc.errors import ExpiredTokenError, JoseError

        for fresh in (False, True):
            try:
                return jwt.decode(sealed, self._key_set(fresh=fresh), algorithms=list(ALGORITHMS))
            except ExpiredTokenError:
                raise SsoAnswerWrong(reason="exp") from None
            except (JoseError, ValueError, TypeError, KeyError):
                continue
        raise SsoAnswerWrong(reason="signature")

    def _key_set(self, *, fresh: bool) -> KeySet:
        """Return the provider's keys; `fresh`: asked for again, unless that was just done."""
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        place = str(self.metadata()["jwks_uri"])
        with self._lock:
            if self._keys is not None:
                age_s = time.monotonic() - self._keys[0]
                if age_s < (_KEYS_AGAIN_S if fresh else _KEPT_S):
                    return self._keys[1]
            said = self._fetch_json(place)
            try:
                usable = [k for k in said["keys"] if k.get("use", "sig") == "sig"]
                found = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                raise SsoMisconfigured(problem="jwks_uri") from None
            self._keys = (time.monotonic(), found)
            return found

    # ── asking ─────────────────────────────────────────────────────────────────────────────────

    def _exchange(self, code: str, back_to: str, verifier: str) -> Mapping[str, Any]:
        said = self.metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        known = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if self.config.secret is None:
            form["client_id"] = self.config.client_id
        elif "client_secret_basic" in known:
            pair = (_quoted(self.config.client_id), _quoted(self.config.secret))
            headers |= urllib3.make_headers(basic_auth=":".join(pair))
        else:
            form |= {"client_id": self.config.client_id, "client_secret": self.config.secret}
        status, found = self._ask("POST", str(said["token_endpoint"]), headers, urlencode(form))
        if status != 200:
            reason = found.get("error")
            raise SsoRefused(reason=_word(reason) if isinstance(reason, str) else str(status))
        return found

    def _userinfo(self, access_token: object, subject: str) -> Mapping[str, Any]:
        """Return what the provider says of a person beside the token; of this person only."""
        place = self.metadata().get("userinfo_endpoint")
        if not isinstance(place, str) or not isinstance(access_token, str):
            return {}
        if not self._is_as_safe(place):
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        status, found = self._ask("GET", place, headers)
        if status != 200:
            return {}
        if found.get("sub") != subject:
            raise SsoAnswerWrong(reason="userinfo")
        return found

    def _fetch_json(self, place: str) -> Mapping[str, Any]:
        status, found = self._ask("GET", place, {"Accept": "application/json"})
        if status != 200:
            raise SsoSilent(host=_host(place), problem=f"HTTP {status}")
        return found

    def _ask(
        self, method: str, place: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        if body is not None:
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            reply = self._pool.request(
                method, place, headers=headers, body=body, redirect=False, preload_content=False
            )
            data = reply.read(_MOST_BYTES)
            reply.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise SsoSilent(host=_host(place), problem=type(error).__name__) from None
        if reply.status >= 500:
            raise SsoSilent(host=_host(place), problem=f"HTTP {reply.status}")
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise SsoSilent(host=_host(place), problem="JSON")
        return reply.status, found


def _with_query(place: str, asked: Mapping[str, str]) -> str:
    return f"{place}{'&' if urlsplit(place).query else '?'}{urlencode(asked)}"


def _host(place: str) -> str:
    return urlsplit(place).hostname or "?"


def _quoted(text: str) -> str:
    """Return a name or secret as RFC 6749 2.3.1 wants it within basic authentication."""
    return urlencode({"": text})[1:]


def _word(text: object) -> str:
    """Return a code that somebody else sent, if it looks like one: it will be shown."""
    said = str(text)[:40]
    return said if said.replace("_", "").isalnum() and said.isascii() else "?"
