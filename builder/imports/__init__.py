"""Make scenarios of forms that others wrote, and read documents in those forms' own shape.

Pure but for reading the file and writing the folder. A foreign form is read as JSON Schema with a
UI schema, whatever it is (an Excel field list and DocType JSON are said as such first), laid open
(`schema_tree`), read as questions (`fields`, `layout`, `conditions`) and written as a scenario
(`build`, `folder`). What became of every keyword of the source is in the `report`.
"""

from builder.imports.folder import write_folder
from builder.imports.foreign import ForeignRead, is_imported, read_foreign, write_foreign
from builder.imports.reading import Imported, Wishes, import_document, import_file
from builder.imports.report import Report

__all__ = [
    "ForeignRead",
    "Imported",
    "Report",
    "Wishes",
    "import_document",
    "import_file",
    "is_imported",
    "read_foreign",
    "write_folder",
    "write_foreign",
]
