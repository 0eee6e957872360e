"""Store moments, amounts and documents so that every database gives back what was put in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Dialect, String, Text, TypeDecorator

from federation.store.encoding import canonical

__all__ = ["Amount", "Instant", "Json", "instant_text"]

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_STORED = timezone(timedelta(hours=8))


def instant_text(moment: datetime) -> str:
    """Return the stored spelling of a moment: ISO 8601, microseconds, always ``+08:00``.

    One offset and one length, so that the order of the texts is the order of the moments.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(_STORED).isoformat(timespec="microseconds")


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, kept as ISO 8601 text; it comes back in Asia/Shanghai."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse a moment without a zone; write the others in one spelling."""
        del dialect
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read the text back as an aware datetime."""
        del dialect
        return None if value is None else datetime.fromisoformat(value).astimezone(_SHANGHAI)


class Amount(TypeDecorator[Decimal]):
    """An exact decimal, kept as text with all its places; SQL arithmetic is not meant."""

    impl = String(48)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write a finite decimal without an exponent."""
        del dialect
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError("an amount is a finite decimal")
        return f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read the text back exactly."""
        del dialect
        return None if value is None else Decimal(value)


class Json(TypeDecorator[Any]):
    """A JSON document, kept as canonical text, so that equal documents are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write canonical JSON; None stays SQL's NULL."""
        del dialect
        return None if value is None else canonical(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Parse the text."""
        del dialect
        return None if value is None else json.loads(value)
