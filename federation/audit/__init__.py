"""Write down what was done, so that nobody can change it unnoticed.

A `Journal` appends entries inside the caller's own transaction: no trace, no act. Each entry
carries the SM3 hash of the one before it and is a leaf of a Merkle tree; checkpoints sign the tree
with SM2. `Journal.verify` names any changed byte; `verify_export` does so without the database.
Entries hold no personal values: people appear as pseudonyms (`federation.crypto.Pseudonymiser`).
"""

from federation.audit.chain import Checkpoint, Open, Report
from federation.audit.entry import CLOSED, OPENED, Entry, Receipt, Record
from federation.audit.export import verify_export
from federation.audit.journal import Journal
from federation.audit.tables import checkpoint_table, entry_table
from federation.crypto import Pseudonymiser

__all__ = [
    "CLOSED",
    "OPENED",
    "Checkpoint",
    "Entry",
    "Journal",
    "Open",
    "Pseudonymiser",
    "Receipt",
    "Record",
    "Report",
    "checkpoint_table",
    "entry_table",
    "verify_export",
]
