"""Save what a city, a node or an issuer keeps, and bring it back proven.

An archive is a tar file (packed with Zstandard, encrypted under a passphrase where that is asked)
of plain files and of rows as lines of JSON, with a signed list of contents at its end. Nothing is
restored from an archive before every byte of it was checked. `federation.node.backup` and
`builder.app.backup` say which files and stores belong to whom.
"""

from federation.backup.folders import new_folder, require_kind, restore_files, restore_stores
from federation.backup.manifest import (
    FileKept,
    JournalKept,
    Manifest,
    StoreKept,
    TableKept,
    is_safe,
)
from federation.backup.reading import Archive, open_archive, read_passphrase
from federation.backup.single import (
    Restored,
    plain_files,
    prove_all,
    restore_single,
    save_single,
)
from federation.backup.stores import (
    RESTORED,
    Moment,
    Restoring,
    Snapshot,
    StorePart,
    holding,
    note,
    prove,
    restoring,
    save,
    undo,
)
from federation.backup.writing import ArchiveWriter, Written, archive

__all__ = [
    "RESTORED",
    "Archive",
    "ArchiveWriter",
    "FileKept",
    "JournalKept",
    "Manifest",
    "Moment",
    "Restored",
    "Restoring",
    "Snapshot",
    "StoreKept",
    "StorePart",
    "TableKept",
    "Written",
    "archive",
    "holding",
    "is_safe",
    "new_folder",
    "note",
    "open_archive",
    "plain_files",
    "prove",
    "prove_all",
    "read_passphrase",
    "require_kind",
    "restore_files",
    "restore_single",
    "restore_stores",
    "restoring",
    "save",
    "save_single",
    "undo",
]
