"""A city's pages with something on them: what is owed and given, rests, was called and not sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papers
from sqlalchemy import insert, select

from builder.app import bring
from builder.cases import commands
from builder.cases.commands import Wish
from builder.cases.local import local_files
from builder.identity import terminals
from builder.imports import Wishes, import_document, write_folder
from builder.store import cases as tables
from federation.store import read, resource, write

_CASES = Path(__file__).parents[1] / "cases"
_COUNTY = "340100"
AFTERLIFE, FILES, LICENCE, TABLE = (
    "s23-afterlife", "t07-files", "t08-licence", "t90-key-contacts",
)  # fmt: skip
LEAD = "officer-civil-affairs"
LATER = {
    "deceased_name": "周德福",
    "deceased_id": "340100193602209096",
    "relation": "grandchild",
    "kin_proof": "household_book",
    "kin_proof_no": None,
    "kin_proof_no~later": True,
    "kin_proof_file": {"file": "scan.png"},
    "death_certificate_no": "SW3401009000004",
    "death_date": "2026-10-09",
    "death_place": "home",
    "cremated": True,
    "cremation_no~promise": True,
    "cremation_date": "2026-10-12",
}
"""By somebody whom no register calls kin: a scan given, a number owed, a certificate promised."""


def bring_matters(home: Path, drafts: Path) -> None:
    """Deploy what asks for files, for a licence, and for a table."""
    source = json.loads((_CASES / "foreign_forms" / "key_contacts.json").read_text("utf-8"))
    wishes = Wishes(TABLE, "重要联系人", "Key contacts", "civil-affairs")
    document = import_document(source, "key_contacts", wishes, frozenset())
    write_folder(drafts / TABLE, document, "key_contacts", {})
    for folder in (_CASES / "spec" / FILES, _CASES / "spec" / LICENCE, drafts / TABLE):
        bring(home, folder, None, "designer")


def _certified() -> list[dict[str, Any]]:
    """Return what officers do before the departments pay: accept, and check two certificates."""
    walk = resource(f"specs/scenarios/{AFTERLIFE}/walks/happy.json").read_text("utf-8")
    return [step for step in json.loads(walk)["steps"] if step["do"] == "act"][:3]


@dataclass(frozen=True, slots=True)
class Contents:
    """What there is to be seen in a city, through the product's own commands."""

    platform: Any
    papers: Path

    def who(self, account: str) -> Any:
        return self.platform.accounts.named(account)

    def handed_in(self, account: str, matter: str, answers: Mapping[str, object]) -> str:
        """Hand a matter in; answers may name files among the papers."""
        given = local_files(answers, self.papers)
        deployment = f"{_COUNTY}/{matter}"
        done = commands.apply_from_answers(self.platform, self.who(account), deployment, given)
        return done.case_no

    def act(self, account: str, case: str, task: str, wish: Wish, answers: Any = None) -> None:
        given = local_files(answers or {}, self.papers)
        commands.act_with_answers(self.platform, self.who(account), case, task, wish, given)

    def begun(self, account: str, matter: str) -> str:
        deployment = f"{_COUNTY}/{matter}"
        return commands.open_draft(self.platform, self.who(account), deployment).case_no

    def uploads(self, case: str) -> Sequence[str]:
        """Return the ids of a case's files, as the case store has them."""
        column = tables.upload.c
        with read(self.platform.deployments.of_case(case).engine) as conn:
            rows = conn.execute(select(column.id).where(column.case_no == case))
            return [row.id for row in rows]

    def lose(self, case: str, account: str) -> None:
        """Lay a message aside that could not be sent."""
        at = self.platform.clock()
        with write(self.platform.deployments.of_case(case).engine) as conn:
            conn.execute(
                insert(tables.outbox).values(
                    id="e" * 64, case_no=case, channel="smtp", address=account, payload={},
                    state="dead", attempts=6, made_at=at, next_at=at, done_at=at,
                    fault="notices.refused",
                )
            )  # fmt: skip


def fill_city(platform: Any, folder: Path) -> dict[str, list[str]]:
    """Put something on every page; return the pages by who looks at them."""
    (folder / "scan.png").write_bytes(papers.png((900, 1200)))
    (folder / "proof.pdf").write_bytes(papers.pdf(3))
    city = Contents(platform, folder)
    usual = json.loads(resource(f"specs/scenarios/{AFTERLIFE}/answers.json").read_text("utf-8"))
    later = {**usual, **{f"/application/{k}": v for k, v in LATER.items()}}
    owing = city.handed_in("zhou-ming", AFTERLIFE, later)
    resting = city.handed_in("chen-jing", AFTERLIFE, usual)
    for step in _certified():
        city.act(step["as"], resting, step["task"], Wish("approve"), step["answers"])
    city.act("officer-housing-fund", resting, "pay-fund", Wish("suspend", "账户冻结，等待解冻。"))
    wish = {"/wish/words": "修路灯", "/wish/age": 101, "/wish/sketch~later": True}
    given = {"/wish/proof": {"file": "proof.pdf"}, "/wish/photos": [{"file": "scan.png"}]}
    filed = city.handed_in("zhou-ming", FILES, wish | given)
    city.act("officer-police", filed, "look", Wish("approve"))
    draft, table = city.begun("zhou-ming", FILES), city.begun("zhou-ming", TABLE)
    licence = city.begun("zhou-ming", LICENCE)
    commands.save_answers(
        platform, city.who("zhou-ming"), licence, "words", {"/wish/words": "补办"}
    )
    terminals.call(platform.hub_engine, "A2", platform.clock())
    city.lose(filed, "zhou-ming")
    shown = [
        f"/cases/{case}/files/{file}/preview"
        for case in (owing, filed)
        for file in city.uploads(case)
    ]
    mine = [f"/cases/{owing}", f"/cases/{filed}"]
    mine += [f"{case}/{page}" for case in mine for page in ("receipt", "supplement")]
    return {
        "zhou-ming": [
            "/account/notices",
            *mine,
            *shown,
            f"/drafts/{draft}/pages/papers",
            f"/drafts/{licence}/pages/papers",
            f"/drafts/{table}",
        ],
        LEAD: [
            "/account/notices",
            "/desk/",
            f"/desk/lists/{_COUNTY}/{AFTERLIFE}/applications",
            f"/desk/{owing}/review-kinship.1",
            f"/desk/{filed}/answer.1",
            shown[-1],
        ],
        "chen-jing": ["/account/notices", f"/cases/{resting}"],
        "officer-housing-fund": [f"/desk/{resting}/pay-fund.1"],
        "officer-health": [f"/desk/{resting}/settle-hospital.1"],
        "admin-feixi": ["/kiosk/calls"],
        "auditor": ["/account/notices/undelivered", f"/audit/cases/{owing}"],
    }
