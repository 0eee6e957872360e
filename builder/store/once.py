"""Answer a repeated request as the first one was answered: keys of programs, kept for a day.

A row is written before the work begins and filled in after it, so that a program that hears nothing
may send the same request again: it gets the same answer, in any process, after any restart. What
was answered may name a person, so it lies here sealed under the web's own secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Column, Engine, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from builder.store import hub_metadata
from federation.store import Instant, read, write

__all__ = ["KEPT", "Kept", "Once", "once_table"]

KEPT = timedelta(hours=24)
_WORK = timedelta(minutes=2)

once_table = Table(
    "api_once",
    hub_metadata,
    Column("account", String(64), primary_key=True),
    Column("key", String(64), primary_key=True, comment="hash of the program's own key"),
    Column("request", String(64), nullable=False, comment="hash of what was asked"),
    Column("state", String(8), nullable=False, comment="working or done"),
    Column("status", Integer, nullable=True),
    Column("answer", Text, nullable=True, comment="headers and body, sealed by the web's secret"),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    comment="programs' requests that change something, for a day",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: str


class Once:
    """Which requests were already taken on, and how they were answered."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], secret: bytes) -> None:
        self._engine = engine
        self._clock = clock
        key = hmac.digest(secret, b"scenarist answers of programs", hashlib.sha256)
        self._seal = Fernet(base64.urlsafe_b64encode(key))

    def begin(
        self, account: str, key: str, request: bytes
    ) -> Kept | Literal["new", "other", "working", "unknown"]:
        """Take a request on, or say what became of the one with this key.

        Returns:
            ``new``: do it, then `finish` or `forget`; what was answered, if it was done;
            ``other``: the key belongs to another request; ``working``: it is being done right now;
            ``unknown``: whoever did it stopped before the answer, so that nobody here can tell.
        """
        now = self._clock()
        place, asked = _hash(key.encode()), _hash(request)
        try:
            with write(self._engine) as conn:
                conn.execute(delete(once_table).where(once_table.c.expires_at <= now))
                conn.execute(
                    insert(once_table).values(
                        account=account,
                        key=place,
                        request=asked,
                        state="working",
                        begun_at=now,
                        expires_at=now + KEPT,
                    )
                )
        except IntegrityError:
            return self._known(account, place, asked, now)
        return "new"

    def finish(self, account: str, key: str, answer: Kept) -> None:
        """Keep what was answered."""
        plain = json.dumps({"headers": dict(answer.headers), "body": answer.body})
        sealed = self._seal.encrypt(plain.encode()).decode()
        with write(self._engine) as conn:
            conn.execute(
                update(once_table)
                .where(once_table.c.account == account, once_table.c.key == _hash(key.encode()))
                .values(state="done", status=answer.status, answer=sealed)
            )

    def forget(self, account: str, key: str) -> None:
        """Let a request be sent again: it was not done."""
        with write(self._engine) as conn:
            conn.execute(
                delete(once_table).where(
                    once_table.c.account == account, once_table.c.key == _hash(key.encode())
                )
            )

    def _known(
        self, account: str, place: str, asked: str, now: datetime
    ) -> Kept | Literal["new", "other", "working", "unknown"]:
        with read(self._engine) as conn:
            row = conn.execute(
                select(once_table).where(once_table.c.account == account, once_table.c.key == place)
            ).one_or_none()
        if row is None:
            return "working"  # forgotten this moment: the program's next try begins anew
        if row.request != asked:
            return "other"
        if row.state != "done":
            return "working" if now - row.begun_at < _WORK else "unknown"
        try:
            plain = json.loads(self._seal.decrypt(row.answer.encode()))
        except InvalidToken:
            return "unknown"  # sealed under an earlier secret
        return Kept(row.status, plain["headers"], plain["body"])


def _hash(plain: bytes) -> str:
    return hashlib.sha256(plain).hexdigest()
