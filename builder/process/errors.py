"""Name what can be wrong with an action on a case. No facts hold answers."""

from builder.errors import Fault

__all__ = ["EventUnknown", "ProcessFault"]


class ProcessFault(Fault):
    """Group the faults of an action; they leave the case as it was."""

    http = 409


class EventUnknown(ProcessFault):
    """A stored event that this version does not know."""

    code = "process.event-unknown"
    http = 500
    zh = "办件的第 {seq} 条记录“{kind}”无法识别。"
    en = "Entry {seq} of the case, “{kind}”, is not known to this version."
    next_zh = "请用写入该记录的版本或更新的版本打开。"
    next_en = "Open the case with the version that wrote it, or a newer one."
