"""Save a whole city while it runs, and bring it back, on SQLite or on PostgreSQL.

One moment for all stores: writers of the case stores are held off while the snapshots are taken
(milliseconds), in the order case stores, hub, issuer, nodes. A case is known to the hub and open at
the issuer before its draft exists, and it ends in its case store before issuer and nodes hear of
it. So nothing that a case store says leads to what the others do not hold, and no case that still
runs there has ended elsewhere. Reading the rows takes as long as it takes; nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select, update

import builder
from builder.app.bringing import republish_cases
from builder.app.places import HUB, ISSUER, now_in_shanghai, read_file
from builder.cases.platform import deployment_table
from builder.deploy.publish import source_name
from builder.errors import Fault
from builder.store.errors import CityFileUnreadable
from builder.store.opening import case_engine, case_url, hub_engine
from builder.store.settings import Settings, read_settings, write_settings
from builder.store.trees import case_tree, hub_tree
from builder.uploads.folder import Folder
from federation.audit import Entry, Journal
from federation.backup import (
    Archive,
    ArchiveWriter,
    Manifest,
    Moment,
    Restored,
    Snapshot,
    StoreKept,
    StorePart,
    Written,
    archive,
    holding,
    new_folder,
    open_archive,
    plain_files,
    prove_all,
    require_kind,
    restore_files,
    restore_stores,
    save,
    undo,
)
from federation.crypto import KeyStore
from federation.hub.tables import hub_entry
from federation.node.backup import add_node, add_sources, node_part
from federation.node.config import load_config
from federation.store import read, revision, write
from federation.trust.backup import issuer_part

__all__ = ["Restored", "Saved", "back_up", "check_backup", "restore_city"]

_CITY = "city"
_CASE, _NODE = "case/", "node/"
_FOLDERS = ("keys", "ca", "tls", "stewards", "secrets")
_SESSIONS = frozenset({"session", "api_token", "api_once"})
"""Sign-ins are not saved: one that was ended since would come back to life."""

Say = Callable[[str, str], None]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup of a city that lies whole on the disk.

    Attributes:
        written: the archive.
        broken: journals that did not verify; they were saved as they are.
        unnoted: why the hub's journal does not say that a backup was taken; None where it does.
    """

    written: Written
    broken: tuple[str, ...]
    unnoted: Fault | None


def back_up(
    home: Path,
    target: Path,
    *,
    say: Say,
    passphrase: bytes | None = None,
    with_keys: bool = True,
    with_sources: bool = False,
    clock: Clock = now_in_shanghai,
) -> Saved:
    """Save a city; it may be running.

    Args:
        home: the city's folder.
        target: the archive; ``.zst`` at its end packs it.
        say: told of each step, in zh and en.
        passphrase: encrypts the archive.
        with_keys: False leaves private keys out: the archive can be verified, but not act.
        with_sources: take the departments' SQLite databases along that lie in the city's folder.
        clock: returns now, aware.

    Raises:
        SettingsMissing, Findings: there is no city.
        Fault: of stores, keys and `federation.backup.errors`, as they say.
    """
    settings = read_settings(home)
    signer = KeyStore(settings.home / "keys").signer(HUB, create=False)
    at = clock()
    manifest = Manifest(
        _CITY, settings.city, builder.__version__, "", "", (), (), (), has_keys=with_keys
    )
    with (
        archive(target, manifest, signer, at=at, passphrase=passphrase) as writer,
        ExitStack() as stack,
    ):
        taken = _snapshots(stack, settings, signer.public_key)
        say("保存设置和密钥", "Saving settings and keys")
        cases = [s.part.name.removeprefix(_CASE) for s in taken if s.part.tree is case_tree]
        _add_files(writer, settings.home, cases, with_sources=with_sources)
        for shot in taken:
            say(f"保存 {shot.part.name}", f"Saving {shot.part.name}")
            save(writer, shot, at)
    written = writer.written
    assert written is not None  # noqa: S101 - set at the end of the block
    broken = tuple(
        s.journal.name for s in written.manifest.stores if s.journal and not s.journal.intact
    )
    return Saved(written, broken, _noted(settings, written, at))


def check_backup(
    source: Path, *, passphrase: bytes | None = None, expected: str | None = None
) -> Archive:
    """Read every byte of a backup against its sums and signature; writes nothing.

    Raises:
        Fault: of `federation.backup.errors`, as they say.
    """
    return open_archive(source, passphrase=passphrase, expected=expected)


def restore_city(
    source: Path,
    home: Path,
    *,
    say: Say,
    hub_url: str | None = None,
    passphrase: bytes | None = None,
    expected: str | None = None,
    keep_broken: bool = False,
    clock: Clock = now_in_shanghai,
) -> Restored:
    """Bring a city back into a new folder, its journals proven; nothing is left when it fails.

    Args:
        source: the archive.
        home: must be missing or empty.
        say: told of each step, in zh and en.
        hub_url: where hub and cases are kept from now on; None for where they were.
        passphrase: what the archive was encrypted under.
        expected: the hash of its list of contents, as it was written down.
        keep_broken: accept journals that were broken when they were saved.
        clock: returns now, aware.

    Raises:
        Fault: of stores and `federation.backup.errors`, as they say.
    """
    say("核对备份的每一个字节", "Checking every byte of the backup")
    saved = open_archive(source, passphrase=passphrase, expected=expected)
    require_kind(saved, _CITY, source.name)
    with new_folder(home) as scratch, ExitStack() as stack:
        restore_files(saved, scratch)
        settings = _settings(scratch, hub_url)
        undoing = stack.enter_context(ExitStack())
        say("恢复各个库", "Restoring the stores")
        parts = restore_stores(
            saved,
            _Places(settings, stack),
            source.name,
            lambda part: undoing.callback(undo, part, scratch),
        )
        _list_anew(parts, settings)
        republish_cases(scratch)
        say("校验每一本日志", "Verifying every journal")
        entries = prove_all(saved, parts, clock(), keep_broken=keep_broken)
        undoing.pop_all()
    return Restored(saved.manifest, saved.digest, entries)


# ── What belongs to a city ───────────────────────────────────────────────────────────────────────


def _snapshots(stack: ExitStack, settings: Settings, key: str) -> list[Snapshot]:
    """Take one moment's snapshots of all stores."""
    hub = _hub_part(settings, key)
    stack.callback(hub.engine.dispose)
    cases = {i: _case_part(settings, i, key, hub) for i in _deployed(hub)}
    others = [*_issuer_part(settings.home), *_node_parts(settings.home)]
    for part in (*cases.values(), *others):
        stack.callback(part.engine.dispose)
        revision(part.engine, part.tree)  # opened before anybody is held off
    moment = Moment(stack)
    with holding(cases.values()):
        taken = [moment.snapshot(part) for part in cases.values()]
        taken.append(moment.snapshot(hub))
        for late in set(_deployed(hub, taken[-1].conn)) - set(cases):  # deployed just now
            part = _case_part(settings, late, key, hub)
            stack.callback(part.engine.dispose)
            taken.append(moment.snapshot(part))
        taken += [moment.snapshot(part) for part in others]
    return taken


def _deployed(hub: StorePart, conn: Connection | None = None) -> list[str]:
    query = select(deployment_table.c.id).order_by(deployment_table.c.id)
    if conn is not None:
        return list(conn.scalars(query))
    with read(hub.engine) as fresh:
        return list(fresh.scalars(query))


def _hub_part(settings: Settings, key: str, *, create: bool = False) -> StorePart:
    engine = hub_engine(settings, create=create)
    return StorePart(HUB, engine, hub_tree, HUB, key, without=_SESSIONS)


def _case_part(
    settings: Settings, deployment: str, key: str, hub: StorePart, *, create: bool = False
) -> StorePart:
    engine = case_engine(settings, deployment, hub=hub.engine, create=create)
    return StorePart(f"{_CASE}{deployment}", engine, case_tree, f"case:{deployment}", key)


def _issuer_part(home: Path) -> Iterator[StorePart]:
    """Yield the issuer's store, where the issuer lives on this machine."""
    folder = home / ISSUER
    if not (folder / "issuer.db").exists():
        return
    said = read_file(folder / "issuer.json")
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str):
        raise CityFileUnreadable(file="issuer.json")
    key = KeyStore(folder / "keys").signer(ISSUER, create=False).public_key
    yield issuer_part(folder, f"issuer:{name}", key)


def _node_parts(home: Path) -> Iterator[StorePart]:
    """Yield the store of every node that lives on this machine."""
    for folder in sorted((home / "nodes").glob("*/")):
        if (folder / "node.db").exists():
            key = KeyStore(folder / "keys").signer("node", create=False).public_key
            yield node_part(folder, folder.name, key)


def _add_files(
    writer: ArchiveWriter, home: Path, cases: Iterable[str], *, with_sources: bool
) -> None:
    deployments = tuple(cases)
    stores = [source_name(deployment) for deployment in deployments]
    for deployment in deployments:
        _add_uploads(writer, home, deployment)
    for folder in (home, home / ISSUER):
        below = "" if folder is home else f"{ISSUER}/"
        for name, path in plain_files(folder, _FOLDERS) if folder.is_dir() else ():
            writer.add_file(f"{below}{name}", path)
    for folder in sorted((home / "nodes").glob("*/")):
        below = f"{folder.relative_to(home).as_posix()}/"
        add_node(writer, folder, below=below)
        with suppress(Fault):  # a node that cannot start is saved as it is
            add_sources(writer, folder, load_config(folder), wanted=with_sources, below=below)
        for source in stores:  # a case store is in the archive already
            writer.left_out.pop(f"{below}{source}", None)


def _add_uploads(writer: ArchiveWriter, home: Path, deployment: str) -> None:
    """Add the files that a case store's rows speak of: they were there before the snapshot was.

    A file is never written over; one that was destroyed since belonged to a draft that is gone.
    """
    folder = Folder(home / "deployments" / deployment / "uploads")
    for sm3 in folder.held():
        path = folder.path(sm3)
        if path.exists():
            writer.add_file(path.relative_to(home).as_posix(), path)


# ── Bringing back ────────────────────────────────────────────────────────────────────────────────


class _Places:
    """Say where each store is filled, by its name; what was opened is closed with the stack."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._hub = _hub_part(settings, "", create=True)

    def __call__(self, kept: StoreKept) -> StorePart:
        part = self._part(kept)
        self._stack.callback(part.engine.dispose)
        return part

    def _part(self, kept: StoreKept) -> StorePart:
        name, home = kept.name, self._settings.home
        label, key = (kept.journal.name, kept.journal.key) if kept.journal else ("", "")
        if name == HUB:
            return replace(self._hub, key=key)
        if name == ISSUER:
            return issuer_part(_made(home / ISSUER), label, key, create=True)
        if name.startswith(_NODE):
            party = name.removeprefix(_NODE)
            return node_part(_made(home / "nodes" / party), party, key, create=True)
        return _case_part(self._settings, name.removeprefix(_CASE), key, self._hub, create=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _settings(home: Path, hub_url: str | None) -> Settings:
    settings = read_settings(home)
    if hub_url is not None:
        settings = replace(settings, hub_url=hub_url)
        write_settings(settings)
    return settings


def _list_anew(parts: list[StorePart], settings: Settings) -> None:
    """Let the hub's list say where the case stores are now."""
    table = deployment_table
    hub = next(part for part in parts if part.name == HUB)
    with write(hub.engine) as conn:
        for deployment in conn.scalars(select(table.c.id)).all():
            place = case_url(settings, deployment)
            conn.execute(update(table).where(table.c.id == deployment).values(url=place))


def _noted(settings: Settings, written: Written, at: datetime) -> Fault | None:
    """Write into the hub's journal that its rows left in an archive; return why not."""
    engine = hub_engine(settings)
    manifest = written.manifest
    facts = {"manifest": written.digest, "taken_at": manifest.taken_at, "keys": manifest.has_keys}
    try:
        with write(engine) as conn:
            entry = Entry("backup-taken", at, "operator", facts)
            Journal(engine, hub_entry, name=HUB).append(conn, entry)
    except Fault as fault:
        return fault
    finally:
        engine.dispose()
    return None
