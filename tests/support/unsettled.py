"""Serve a city whose hand-ins do not ask the questions that follow: only for measuring.

In a city the worker asks what a hand-in could not.
"""

import os
from pathlib import Path

from builder.app import create_web
from builder.cases import drafting

drafting.settle = lambda *_: None
app = create_web(Path(os.environ["SCENARIST_HOME"]))
