"""Know people of the demo city who are, for its departments, next of kin of somebody who died.

The case issuer opens no more than fifty matters a day for one person, so that whoever measures
needs many of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.cases import commands
from builder.cases.platform import Platform
from builder.identity import Account
from federation.store import resource

MATTER = "s23-afterlife"
READERS = tuple(f"bench-{n:03}" for n in range(1, 501))
HEAVY = "bench-heavy"
OWN = {**dict.fromkeys(READERS[:40], 3), "chen-jing": 12, HEAVY: 400}
"""Whose the newest matters of a filled city are."""

_PAIRS = """
SELECT k.kin_id_card, a.name, b.name, k.id_card
FROM kinship k
JOIN household a ON a.id_card = k.kin_id_card
JOIN household b ON b.id_card = k.id_card
WHERE k.id_card IN (SELECT id_card FROM health.death_certificate)
  AND k.id_card IN (SELECT id_card FROM civil_affairs.cremation)
  AND k.kin_id_card NOT IN (SELECT id_card FROM health.death_certificate)
  AND a.birth_date < '2006'
GROUP BY k.kin_id_card
ORDER BY k.kin_id_card
"""


@dataclass(frozen=True, slots=True)
class Kin:
    """Somebody who may begin a matter after a death, and what is answered."""

    account: Account
    answers: Mapping[str, Any]


def kin_of(home: Path) -> dict[str, Kin]:
    """Return account → next of kin, as many as `READERS`, and `HEAVY`."""
    nodes = home / "nodes"
    answers = json.loads(resource(f"specs/scenarios/{MATTER}/answers.json").read_text("utf-8"))
    with closing(sqlite3.connect(nodes / "police" / "source.db")) as police:
        for party in ("health", "civil-affairs"):
            name = party.replace("-", "_")
            police.execute(f"ATTACH ? AS {name}", (str(nodes / party / "source.db"),))
        pairs = police.execute(_PAIRS).fetchall()
    found = {}
    for name, (id_card, called, deceased, deceased_id) in zip(
        (*READERS, HEAVY), pairs, strict=False
    ):
        person = {"name": called, "id_card": id_card, "phone": "16000000001"}
        account = Account(name, {"zh": called, "en": name}, None, ("citizen",), person)
        own = {
            "/application/deceased_name": deceased,
            "/application/deceased_id": deceased_id,
        }
        found[name] = Kin(account, {**answers, **own})
    return found


def draft_of(platform: Platform, kin: Kin, pages: tuple[str, ...]) -> str:
    """Begin a matter and fill in some pages; return its number."""
    who = platform.accounts.named(kin.account.account)
    number = commands.open_draft(platform, who, MATTER).case_no
    for page in pages:
        saved = commands.save_answers(platform, who, number, page, kin.answers)
        assert not saved.errors, saved.errors
        number = saved.case_no
    return number
