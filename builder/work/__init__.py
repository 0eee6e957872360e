"""Do what nobody waits for: ask again, let time pass, tell others, sign checkpoints, forget drafts.

What is to be done stands in the case stores, in the transaction that made it necessary: questions
with the time of their next attempt, the next moment of each case, messages not yet sent. `worker`
finds what is due and claims it, `queue` (huey) hands it to threads, `handlers` does it, `lanes`
keeps one slow department from taking all threads. Any number of workers may run.
"""

from builder.work.running import run, work_once, work_until
from builder.work.worker import Worker

__all__ = ["Worker", "run", "work_once", "work_until"]
