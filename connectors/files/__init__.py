"""Read the files of one folder: Parquet, CSV, Excel and Arrow, in Arrow batches.

A resource is a file's name, with or without its ending, or a pattern with ``*`` for parts of one
table (`places`); nothing outside the folder is read, links included. Of a file only the columns
that are needed are kept, and only rows that can still count (`conditions`); what they mean is
computed by the engine. A file that changes while it is read makes no answer.
"""

from connectors.files.connector import FilesConnector, open_source
from connectors.files.options import FilesOptions

__all__ = ["FilesConnector", "FilesOptions", "open_source"]
