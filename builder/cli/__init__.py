"""`scenarist`: every reading command prints one JSON document with --json; faults end with code 1.

Long work shows its progress on stderr, so that stdout can be piped.
"""

from builder.cli.main import main

__all__ = ["main"]
