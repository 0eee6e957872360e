"""Kill this process right before its N-th commit, as a power cut would: tests put it on the path.

``SCENARIST_CRASH`` names a file. While it exists and holds a number N, commits are counted; the
N-th is not made: the file is taken away (whoever runs next lives) and the process kills itself.
Every commit is noted by one byte in ``<file>.commits``, so that a test knows how many there are.
"""

import os
import signal
from pathlib import Path

_FILE = os.environ.get("SCENARIST_CRASH")

if _FILE:
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    _armed = Path(_FILE)
    _noted = Path(f"{_FILE}.commits")
    _seen = []

    @event.listens_for(Engine, "commit")
    def _commit(_conn):
        try:
            at = int(_armed.read_text())
        except (OSError, ValueError):
            _seen.clear()
            return
        _seen.append(at)
        with _noted.open("ab") as notes:
            notes.write(b".")
        if len(_seen) == at:
            _armed.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
