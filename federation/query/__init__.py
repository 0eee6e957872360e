"""Answer questions at the hub: the one door, `execute`, behind every entry.

A question is parsed (closed list of SQL), resolved against the ledger, decided with friendly
reasons, rewritten to a `Scan`, sealed into a fragment and sent to the node, which decides again by
its own code. Every step is one module here.
"""

from federation.query.execute import execute
from federation.query.flow import uses
from federation.query.question import Answer, CasePapers, Platform, Question, Use, Value

__all__ = ["Answer", "CasePapers", "Platform", "Question", "Use", "Value", "execute", "uses"]
