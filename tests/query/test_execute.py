"""The hub believes a node's answer only as far as it is sealed, whole, and what was asked."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pytest
from city import KIN_CHECK, NAMES, WANG, City

from federation.crypto import canonical
from federation.errors import Fault
from federation.link import RECEIPT, InProcessLink, Reply
from federation.link.arrow import read_stream, write_stream
from federation.link.errors import LinkGarbled
from federation.query import Question, execute
from federation.query.errors import SubjectMissing
from federation.trust.errors import AnswerForged

NAME = "SELECT name FROM household"
Change = Callable[[pa.Table, dict[str, str]], tuple[pa.Table, dict[str, str]]]


@dataclass(frozen=True)
class Tampering:
    """A link on which somebody changes what the node answers."""

    inner: InProcessLink
    change: Change

    @property
    def party(self) -> str:
        return self.inner.party

    def send(self, method: str, path: str, body: bytes, *, timeout_s: float) -> Reply:
        reply = self.inner.send(method, path, body, timeout_s=timeout_s)
        if path != "/v1/fragment" or reply.status != 200:
            return reply
        table, _ = read_stream(reply.chunks, self.party)
        table, headers = self.change(table, dict(reply.headers))
        pieces = write_stream(table.schema, table.to_batches())
        return Reply(200, headers, (piece for piece in pieces))


def tamper(city: City, change: Change) -> None:
    link: Any = Tampering(city.link("police"), change)
    city.hub.nodes["police"] = replace(city.hub.nodes["police"], link=link)


def receipt_of(headers: Mapping[str, str]) -> dict[str, Any]:
    opened: dict[str, Any] = json.loads(base64.b64decode(headers[RECEIPT]))
    return opened


def test_an_answer_that_nobody_touched_is_believed(city: City):
    city.running()
    tamper(city, lambda table, headers: (table, headers))
    assert city.ask(NAME).rows() == [{"name": "李某"}]


@pytest.mark.parametrize(
    "change",
    [
        lambda t, h: (t.rename_columns(["other"]), h),
        lambda t, h: (t.append_column("more", pa.array(["x"])), h),
        lambda _t, h: (pa.table({"name": pa.array([7])}), h),
        lambda t, h: (t, {k: v for k, v in h.items() if k != RECEIPT}),
        lambda t, h: (t, {**h, RECEIPT: "no base64!"}),
        lambda t, h: (t, {**h, RECEIPT: base64.b64encode(b"[]").decode()}),
        lambda t, h: (t, {**h, RECEIPT: base64.b64encode(b"[" * 9999).decode()}),
    ],
)
def test_an_answer_of_another_shape_is_not_believed(city: City, change: Change):
    city.running()
    tamper(city, change)
    with pytest.raises(LinkGarbled):
        city.ask(NAME)
    closed = city.hub.journal.search(limit=1)[0]
    assert (closed.kind, closed.facts["outcome"]) == ("closed", "failed")


def test_a_changed_seal_is_not_believed(city: City):
    city.running()

    def change(table: pa.Table, headers: dict[str, str]) -> tuple[pa.Table, dict[str, str]]:
        receipt = receipt_of(headers)
        receipt["body"]["answer"] = True
        return table, {**headers, RECEIPT: base64.b64encode(canonical(receipt)).decode()}

    tamper(city, change)
    with pytest.raises(AnswerForged):
        city.ask("SELECT household_no FROM household WHERE status = 'gone'", "verify")


def test_the_seal_of_an_earlier_answer_is_not_believed(city: City):
    city.running()
    kept: list[str] = []

    def change(table: pa.Table, headers: dict[str, str]) -> tuple[pa.Table, dict[str, str]]:
        kept.append(headers[RECEIPT])
        return table, {**headers, RECEIPT: kept[0]}

    tamper(city, change)
    city.ask(NAME)
    with pytest.raises(LinkGarbled):
        city.ask(NAME)


def test_a_yes_beside_a_sealed_no_is_not_believed(city: City):
    city.running()
    yes = pa.table({"answer": pa.array([True]), "reference": pa.array(["K-1"])})
    tamper(city, lambda _table, headers: (yes, headers))
    with pytest.raises(LinkGarbled):
        city.ask("SELECT household_no FROM household WHERE status = 'gone'", "verify")
    assert city.ask(KIN_CHECK, "verify", params={"applicant_id": WANG}).rows()[0]["answer"] is True


@pytest.mark.parametrize("missing", ["case", "subject"])
def test_a_question_about_nobody_is_not_asked(city: City, missing: str):
    question = Question(NAME, "case", NAMES, case="HF-1", subject="deceased")
    with pytest.raises(SubjectMissing):
        execute(city.hub, city.person(), replace(question, **{missing: None}))


def test_a_chosen_grant_is_used_and_no_other(city: City):
    city.running()
    chosen = city.grant("police", "police.household", "case", max_uses=1)
    answer = city.ask(NAME, grant=chosen.id)
    assert answer.uses[0].grant == chosen.id
    with pytest.raises(Fault) as caught:
        city.ask(NAME, grant=chosen.id)
    assert caught.value.code == "trust.grant-used-up"
    with pytest.raises(Fault) as caught:
        city.ask(NAME, grant="G-nothing")
    assert caught.value.code == "trust.not-granted"


def test_when_the_hubs_journal_cannot_be_written_nothing_is_asked(city: City):
    from sqlalchemy import text

    city.running()
    before = city.kinds()
    with city.hub.writing() as conn:
        conn.execute(
            text(
                "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN"
                " SELECT RAISE(ABORT, 'no room'); END"
            )
        )
    with pytest.raises(Fault) as caught:
        city.ask(NAME)
    assert caught.value.code == "audit.unwritable"
    assert city.kinds() == before


def test_a_policy_that_was_widened_counts_at_once(city: City):
    city.running()
    city.ask(NAME)
    rules: Any = json.loads(json.dumps(city.nodes["police"].policy.to_json()))
    for rule in rules["rules"]:
        if (rule["dataset"], rule["purpose"]) == ("police.household", "case"):
            rule["uses"]["status"] = ["project"]
    city.write_policy("police", rules)
    city.reopen("police")
    granted = city.grant("police", "police.household", "case", uses={"status": ("project",)})
    assert city.ask("SELECT status FROM household", grant=granted.id).rows() == [
        {"status": "registered"}
    ]
