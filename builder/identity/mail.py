"""Remember who wants notices by mail, and in which language. Unless somebody says no: yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Boolean, Column, Engine, String, Table, insert, select, update

from builder.store import hub_metadata
from federation.store import read, write

__all__ = ["LANGUAGES", "MailWish", "keep_wish", "mail_wish", "wish_table"]

LANGUAGES: Final = ("zh", "en", "both")

wish_table = Table(
    "mail_wish",
    hub_metadata,
    Column("account", String(64), primary_key=True),
    Column("wanted", Boolean, nullable=False),
    Column("lang", String(8), nullable=False, comment="zh, en or both"),
    comment="who wants notices by mail; without a row: yes, in Chinese",
)


@dataclass(frozen=True, slots=True)
class MailWish:
    """What somebody chose.

    Attributes:
        wanted: notices go out by mail, where an address is known.
        lang: ``zh``, ``en`` or ``both``.
    """

    wanted: bool = True
    lang: str = "zh"

    @property
    def langs(self) -> tuple[str, ...]:
        """Return the languages a mail is written in, in this order."""
        return ("zh", "en") if self.lang == "both" else (self.lang,)


def mail_wish(engine: Engine, account: str) -> MailWish:
    """Return what an account chose; the usual where it chose nothing."""
    with read(engine) as conn:
        row = conn.execute(select(wish_table).where(wish_table.c.account == account)).one_or_none()
    return MailWish() if row is None else MailWish(row.wanted, row.lang)


def keep_wish(engine: Engine, account: str, wish: MailWish) -> None:
    """Keep what an account chose."""
    values = {"wanted": wish.wanted, "lang": wish.lang if wish.lang in LANGUAGES else "zh"}
    with write(engine) as conn:
        known = conn.execute(
            update(wish_table).where(wish_table.c.account == account).values(**values)
        )
        if not known.rowcount:
            conn.execute(insert(wish_table).values(account=account, **values))
