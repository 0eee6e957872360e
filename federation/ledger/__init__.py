"""Keep the ledger (一本账): what data exist, whose they are, how sensitive, since when.

`Catalog` holds the datasets (L4) and fields (L5) of all parties under their L1–L3 path; `load`
reads them from the parties' files with every finding at once; `Search` finds them by any two
characters.
"""

from federation.ledger.catalog import (
    Catalog,
    Code,
    Dataset,
    Field,
    Grade,
    Owner,
    RowCount,
    Text,
)
from federation.ledger.load import load_catalog, read_party
from federation.ledger.search import Hit, Search
from federation.ledger.stats import Stats, Target, count

__all__ = [
    "Catalog",
    "Code",
    "Dataset",
    "Field",
    "Grade",
    "Hit",
    "Owner",
    "RowCount",
    "Search",
    "Stats",
    "Target",
    "Text",
    "count",
    "load_catalog",
    "read_party",
]
