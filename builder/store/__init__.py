"""Keep the hub's own state and each deployment's case store.

Two schemas live here: `hub_metadata` (accounts, deployments, where a case lives; the platform's hub
tables join it) and `case_metadata` (one store per deployment: drafts, cases, events, tasks, and the
deployment's own audit journal, so that what happened and the record of it share one transaction).
Each table is declared in the module that owns it.
"""

from builder.store.cases import case_metadata
from federation.store import hub_metadata

__all__ = ["case_metadata", "hub_metadata"]
