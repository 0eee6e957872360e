"""Know what data exist: one ledger (一本账) of datasets and fields, with owner, grade and meaning.

The ledger is data under ``specs/catalog/``, one file per party in the form of
``specs/schema/catalog.schema.json``. It holds no row of anybody's data and no place where one could
be read: what a dataset is called at its department is bound at that department's node.
"""

from federation.ledger.catalog import (
    Catalog,
    Code,
    CodeList,
    Dataset,
    Field,
    Party,
    RowCount,
    Text,
)
from federation.ledger.grade import Grade

__all__ = [
    "Catalog",
    "Code",
    "CodeList",
    "Dataset",
    "Field",
    "Grade",
    "Party",
    "RowCount",
    "Text",
]
