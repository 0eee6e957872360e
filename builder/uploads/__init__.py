"""Take files in, keep them by their content, look at what they are, show what is safe to show.

A file's name decides nothing. `kinds` is the closed list of what can be taken; `looking` proves by
parsing that a file is one of them; `apart` does that, and previews, in a process of its own with
little memory, little time and no secrets. `folder` keeps files under the SM3 of their bytes;
`scan` asks a virus scanner. Who may put in or read a file is decided by `builder.cases`.
"""

from builder.uploads.folder import Folder, Incoming
from builder.uploads.kinds import KINDS, Kind, kind_titles
from builder.uploads.names import clean_name

__all__ = ["KINDS", "Folder", "Incoming", "Kind", "clean_name", "kind_titles"]
