"""An identity provider on loopback that says what a test wants it to say: honest, or not."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey
from ports import free_port

CLIENT = "scenarist"


class RogueProvider:
    """A provider by hand.

    Attributes:
        mint: claims → the sealed token that the token endpoint gives out.
        claims: what the next token says, beside issuer, audience, times and nonce.
        asked: forms that came to the token endpoint.
        down: answers nothing but 503.
    """

    def __init__(self, clock: Callable[[], object]) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.clock = clock
        self.keys = [new_key("one")]
        self.claims: dict[str, object] = {"sub": "p-1"}
        self.nonce = ""
        self.mint: Callable[[Mapping[str, object]], str] = self.sealed
        self.said: dict[str, object] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.looked = 0
        self.down = False
        self.token_status = 200
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def metadata(self) -> Mapping[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end",
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
            **self.said,
        }

    def usual(self) -> dict[str, object]:
        """Return the claims of an honest token."""
        now = int(self.clock().timestamp())
        return {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.nonce,
            **self.claims,
        }  # fmt: skip

    def sealed(self, claims: Mapping[str, object], *, alg: str = "ES256", key=None) -> str:
        key = key or self.keys[-1]
        return jwt.encode({"alg": alg, "kid": key.kid}, dict(claims), key)

    @staticmethod
    def unsealed(claims: Mapping[str, object]) -> str:
        """Return a token with ``alg: none``, as it must never be taken."""
        parts = ({"alg": "none"}, dict(claims))
        return ".".join(_b64(json.dumps(p).encode()) for p in parts) + "."

    def rotate(self, name: str) -> None:
        self.keys = [new_key(name)]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def new_key(name: str) -> ECKey:
    """Return a key pair to seal with."""
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


def sealed_by_secret(claims: Mapping[str, object], secret: bytes) -> str:
    """Return a token whose seal anybody who knows the secret could have made (HS256)."""
    parts = ({"alg": "HS256", "kid": "one"}, dict(claims))
    text = ".".join(_b64(json.dumps(p).encode()) for p in parts)
    return f"{text}.{_b64(hmac.digest(secret, text.encode(), 'sha256'))}"


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _handler(provider: RogueProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/.well-known/"):
                self._say(provider.metadata())
            elif self.path == "/jwks":
                provider.looked += 1
                self._say({"keys": [k.as_dict(private=False) for k in provider.keys]})
            else:
                self._say({}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            provider.asked.append(parse_qs(body))
            if provider.token_status != 200:
                self._say({"error": "invalid_grant"}, provider.token_status)
                return
            sealed = provider.mint(provider.usual())
            self._say({"id_token": sealed, "access_token": "a", "token_type": "Bearer"})

        def _say(self, what: object, status: int = 200) -> None:
            data = json.dumps(what).encode()
            self.send_response(503 if provider.down else status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    return Handler
