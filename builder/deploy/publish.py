"""Publish a deployment's case store as datasets of its home party's node: case data are data too.

Built-in: ``case``, ``step`` and ``event``. Each entity of the scenario becomes one more dataset,
read through a view over the answers, so that nothing is kept twice; its fields carry the grades the
spec gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, text

from builder.scenario.model import Entity, Scenario, ValueType
from federation.ledger import Dataset, Field, Grade, Text

__all__ = ["case_datasets", "create_views", "source_name"]

_TYPES: dict[ValueType, str] = {
    "text": "text",
    "int": "int",
    "decimal": "decimal(18,2)",
    "bool": "bool",
    "date": "date",
    "timestamp": "timestamp",
}
_POSTGRESQL = {
    "decimal(18,2)": "numeric(18,2)",
    "int": "bigint",
    "bool": "boolean",
    "timestamp": "timestamptz",
}
_PLAIN = "业务记录"

_BUILT_IN: dict[str, tuple[Text, tuple[tuple[str, str, str, str], ...]]] = {
    "case": (
        Text("办件", "Cases"),
        (
            ("case_no", "text", "受理编号", "Case number"),
            ("status", "text", "状态", "Status"),
            ("submitted_at", "timestamp", "提交时间", "Handed in"),
            ("updated_at", "timestamp", "更新时间", "Updated"),
            ("ended_at", "timestamp", "办结时间", "Ended"),
        ),
    ),
    "step": (
        Text("环节", "Steps"),
        (
            ("case_no", "text", "受理编号", "Case number"),
            ("step", "text", "环节", "Step"),
            ("party", "text", "部门", "Party"),
            ("state", "text", "状态", "State"),
            ("opened_at", "timestamp", "开始时间", "Opened"),
            ("due_at", "timestamp", "期限", "Due"),
            ("done_at", "timestamp", "完成时间", "Done"),
        ),
    ),
    "event": (
        Text("事件", "Events"),
        (
            ("case_no", "text", "受理编号", "Case number"),
            ("seq", "int", "序号", "Number"),
            ("at", "timestamp", "时间", "When"),
            ("kind", "text", "种类", "Kind"),
            ("step", "text", "环节", "Step"),
        ),
    ),
}
_TABLES = {"case": "case", "step": "task", "event": "event"}


def source_name(deployment: str) -> str:
    """Return what the home node calls a deployment's case store among its sources."""
    return f"cases-{deployment.replace('/', '-')}"


def case_datasets(scenario: Scenario, party: str, county: str | None = None) -> tuple[Dataset, ...]:
    """Return the datasets of a deployment's case store, as the ledger holds them.

    Args:
        scenario: the version deployed.
        party: the home party.
        county: code of the county; None where the city itself runs the matter.
    """
    prefix = f"{party.replace('-', '_')}.{scenario.id.replace('-', '_')}"
    prefix += f"_{county}" if county else ""
    title = scenario.meta.title
    built_in = (
        _dataset(
            f"{prefix}_{name}",
            party,
            Text(f"{title.zh}:{words.zh}", f"{title.en}: {words.en}"),
            f"published_{name}",
            tuple(_built_in_field(*f) for f in fields),
            None,
            scenario,
        )
        for name, (words, fields) in _BUILT_IN.items()
    )
    records = (
        _dataset(
            f"{prefix}_{entity.id}",
            party,
            Text(f"{title.zh}:{entity.title.zh}", f"{title.en}: {entity.title.en}"),
            f"record_{entity.id}",
            tuple(_fields(entity)),
            _subject_key(scenario, entity),
            scenario,
        )
        for entity in scenario.entities
    )
    return (*built_in, *records)


def create_views(conn: Connection, scenario: Scenario) -> None:
    """Create (or replace) the views that the node reads."""
    for name, (_, fields) in _BUILT_IN.items():
        columns = ", ".join(_column(conn.dialect.name, f[0], f[1]) for f in fields)
        _replace(conn, f"published_{name}", f'SELECT {columns} FROM "{_TABLES[name]}"')
    for entity in scenario.entities:
        types = {f.name: f.type for f in _entity_fields(entity)}
        _replace(conn, f"record_{entity.id}", _record(conn.dialect.name, entity.id, types))


def _replace(conn: Connection, view: str, select: str) -> None:
    conn.execute(text(f'DROP VIEW IF EXISTS "{view}"'))
    conn.execute(text(f'CREATE VIEW "{view}" AS {select}'))


def _column(dialect: str, name: str, ledger_type: str) -> str:
    """Return a column of ours as the ledger types it; moments are texts in our tables."""
    if dialect == "sqlite" or ledger_type != "timestamp":
        return f'"{name}"'
    return f'"{name}"::timestamptz AS "{name}"'


def _record(dialect: str, entity: str, columns: Mapping[str, str]) -> str:
    """Return the SQL that reads one entity's answers; all names are snake_case by the spec's rule.

    On SQLite through `json_each`: a reader that trusts no schema refuses `json_extract` in a view
    (before 3.41), and should not have to trust ours.
    """
    if dialect == "sqlite":
        found = [f"MAX(CASE WHEN key = '{n}' THEN value END) AS \"{n}\"" for n in columns]
        record = f"json_each(answers, '$.{entity}')"
        rest = f'FROM "case" LEFT JOIN {record} GROUP BY case_no'
    else:
        found = [
            f"NULLIF(answers::jsonb #>> '{{{entity},{n}}}', '')::{_POSTGRESQL.get(t, t)} AS \"{n}\""
            for n, t in columns.items()
        ]
        rest = 'FROM "case"'
    return f"SELECT {', '.join(['case_no', *found])} {rest}"


def _fields(entity: Entity) -> list[Field]:
    return [
        _built_in_field("case_no", "text", "受理编号", "Case number"),
        *(_entity_fields(entity)),
    ]


def _entity_fields(entity: Entity) -> Iterator[Field]:
    for field in entity.fields.values():
        if field.type not in _TYPES:
            continue
        title = (
            Text(field.title.zh, field.title.en) if field.title else Text(field.name, field.name)
        )
        grade = Grade(field.grade)
        yield Field(field.name, title, _TYPES[field.type], _PLAIN, grade, grade > Grade.L1, title)


def _built_in_field(name: str, kind: str, zh: str, en: str) -> Field:
    title = Text(zh, en)
    return Field(name, title, kind, _PLAIN, Grade.L2, False, title)


def _subject_key(scenario: Scenario, entity: Entity) -> str | None:
    """Return the field that says whose record this is, where a subject's key lies here."""
    for subject in scenario.subjects:
        _, _, rest = subject.key.partition(f"/{entity.id}/")
        if rest in entity.fields:
            return rest
    return None


def _dataset(
    dataset: str,
    party: str,
    title: Text,
    resource: str,
    fields: tuple[Field, ...],
    subject_key: str | None,
    scenario: Scenario,
) -> Dataset:
    domain = Text(scenario.meta.domain.zh, scenario.meta.domain.en)
    matter = Text(scenario.meta.title.zh, scenario.meta.title.en)
    return Dataset(
        id=dataset,
        party=party,
        title=title,
        definition=title,
        path=(Text("政务服务", "Government services"), domain, matter, title),
        resource=resource,
        share_type="不予",
        grade=max(f.grade for f in fields),
        refresh="realtime",
        fields=fields,
        subject_key=subject_key,
        authoritative=True,
    )
