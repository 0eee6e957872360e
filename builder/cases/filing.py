"""Keep the rows that speak of uploaded files, and the files in step with them.

A file is renamed into the deployment's folder inside the transaction that writes its row, under a
lock on its hash; it is destroyed only where no row speaks of it, under the same lock. So whatever
is killed when, no row is without its file, and a file without a row is swept by the worker.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.engine import Row

from builder.cases.platform import Deployment, Platform
from builder.forms.files import FileFacts, ids_of
from builder.scenario.model import Json, Scenario
from builder.store import cases as tables
from builder.uploads.folder import Folder, Incoming
from builder.uploads.kinds import KINDS
from federation.store import exclusive, read, write

__all__ = [
    "add_row",
    "destroy",
    "destroy_later",
    "facts_of",
    "files_of",
    "folder_of",
    "forget_idle",
    "hand_in",
    "held_by_case",
    "keep",
    "missing",
    "named_in",
    "upload_pointers",
]

_COLUMN = tables.upload.c


def folder_of(platform: Platform, deployment: Deployment) -> Folder:
    """Return where a deployment's files are, wherever its rows are kept."""
    return Folder(platform.settings.home / "deployments" / deployment.id / "uploads")


@lru_cache(maxsize=256)
def upload_pointers(scenario: Scenario) -> frozenset[str]:
    """Return the fields of a scenario that are filled with files."""
    controls = (c for form in scenario.forms for c in form.controls())
    return frozenset(c.scope for c in controls if c.widget == "upload" and c.scope)


def files_of(deployment: Deployment, scenario: Scenario, case_no: str) -> dict[str, FileFacts]:
    """Return all files of a draft or case by id; asks nothing where a scenario has none."""
    if not upload_pointers(scenario):
        return {}
    with read(deployment.engine) as conn:
        return _files(conn, case_no)


def _files(conn: Connection, case_no: str) -> dict[str, FileFacts]:
    rows = conn.execute(
        select(tables.upload).where(_COLUMN.case_no == case_no).order_by(_COLUMN.made_at)
    )
    return {row.id: facts_of(row) for row in rows}


def facts_of(row: Row[tuple[object, ...]]) -> FileFacts:
    """Return a row as forms know it."""
    return FileFacts(
        id=row.id,
        case_no=row.case_no,
        pointer=row.pointer,
        account=row.account,
        name=row.name,
        kind=row.kind,
        size_bytes=row.size_bytes,
        sm3=row.sm3,
        state=row.state,
        made_at=row.made_at,
        handed_in=row.handed_in_at,
    )


def held_by_case(conn: Connection, case_no: str) -> tuple[int, int]:
    """Return how many files a case holds, and how many bytes they are."""
    count, size = conn.execute(
        select(func.count(), func.coalesce(func.sum(_COLUMN.size_bytes), 0)).where(
            _COLUMN.case_no == case_no, _COLUMN.state != "refused"
        )
    ).one()
    return int(count), int(size)


def keep(conn: Connection, folder: Folder, incoming: Incoming) -> None:
    """Take a file over inside the transaction that writes its row."""
    exclusive(conn, f"upload:{incoming.sm3}")
    folder.keep(incoming)


def add_row(conn: Connection, file: FileFacts, scanned_at: datetime | None) -> None:
    """Write a file's row."""
    conn.execute(
        insert(tables.upload).values(
            id=file.id,
            case_no=file.case_no,
            account=file.account,
            pointer=file.pointer,
            name=file.name,
            kind=file.kind,
            media=KINDS[file.kind].media,
            size_bytes=file.size_bytes,
            sm3=file.sm3,
            state=file.state,
            made_at=file.made_at,
            scanned_at=scanned_at,
        )
    )


def hand_in(
    conn: Connection, case_no: str, account: str, ids: Collection[str], now: datetime
) -> tuple[str, ...]:
    """Make files part of a case; rows of this person's that no answer names are deleted.

    Returns:
        Hashes to `destroy` once this is committed.
    """
    fresh = (
        _COLUMN.case_no == case_no,
        _COLUMN.account == account,
        _COLUMN.handed_in_at.is_(None),
    )
    conn.execute(update(tables.upload).where(*fresh, _COLUMN.id.in_(ids)).values(handed_in_at=now))
    return forget_idle(conn, case_no, account)


def forget_idle(
    conn: Connection,
    case_no: str,
    account: str | None = None,
    *,
    pointers: Iterable[str] | None = None,
    but: Collection[str] = (),
    before: datetime | None = None,
) -> tuple[str, ...]:
    """Delete the rows of a draft that were never handed in.

    Args:
        conn: a transaction.
        case_no: whose.
        account: only what this person gave.
        pointers: only these fields'.
        but: ids that stay.
        before: only what came before.

    Returns:
        Hashes to `destroy` once this is committed.
    """
    which = [_COLUMN.case_no == case_no, _COLUMN.handed_in_at.is_(None), _COLUMN.id.not_in(but)]
    if account is not None:
        which.append(_COLUMN.account == account)
    if pointers is not None:
        which.append(_COLUMN.pointer.in_(tuple(pointers)))
    if before is not None:
        which.append(_COLUMN.made_at < before)
    hashes = tuple(conn.scalars(select(_COLUMN.sm3).where(*which)))
    if hashes:
        conn.execute(delete(tables.upload).where(*which))
    return hashes


def destroy(platform: Platform, deployment: Deployment, hashes: Sequence[str]) -> int:
    """Destroy files that no row speaks of any more; return how many.

    A file is put aside under the lock and deleted when the look at the rows is committed, so that
    a transaction that fails costs nothing.
    """
    gone = 0
    folder = folder_of(platform, deployment)
    for sm3 in dict.fromkeys(hashes):
        aside: Path | None = None
        try:
            with write(deployment.engine) as conn:
                exclusive(conn, f"upload:{sm3}")
                if conn.scalar(_still_named(sm3)) is None:
                    aside = folder.put_aside(sm3)
        except BaseException:
            if aside is not None:
                folder.put_back(aside, sm3)
            raise
        if aside is not None:
            aside.unlink(missing_ok=True)
            folder.drop(sm3)
            gone += 1
    return gone


def destroy_later(platform: Platform, deployment: Deployment, hashes: Sequence[str]) -> None:
    """Do what `destroy` does when nobody waits for it; the worker does it where this fails."""

    def act() -> None:
        destroy(platform, deployment, hashes)

    if hashes:
        platform.soon(act)


def _still_named(sm3: str) -> Select[Any]:
    return select(_COLUMN.id).where(_COLUMN.sm3 == sm3, _COLUMN.state != "refused").limit(1)


def missing(platform: Platform, deployment: Deployment) -> tuple[int, int]:
    """Return how many files rows speak of, and how many of them are not there, whole."""
    folder = folder_of(platform, deployment)
    with read(deployment.engine) as conn:
        wanted = conn.execute(
            select(_COLUMN.sm3, _COLUMN.size_bytes).where(_COLUMN.state != "refused").distinct()
        ).all()
    gone = sum(not _is_whole(folder.path(row.sm3), row.size_bytes) for row in wanted)
    return len(wanted), gone


def _is_whole(path: Path, size_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == size_bytes


def named_in(answers: Mapping[str, Json], scenario: Scenario) -> tuple[str, ...]:
    """Return the ids that answers by pointer name."""
    return tuple(
        one for pointer in upload_pointers(scenario) for one in ids_of(answers.get(pointer))
    )
