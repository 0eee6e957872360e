"""Faults of the ledger: what its files say, and what is looked up in it."""

from federation.errors import Fault

__all__ = [
    "LedgerDatasetUnknown",
    "LedgerFieldUnknown",
    "LedgerPartyUnknown",
]


class LedgerPartyUnknown(Fault):
    """A party the ledger does not have."""

    code = "ledger.party-unknown"
    http = 404
    zh = "台账中没有部门“{party}”。"
    en = "The ledger has no party “{party}”."
    next_zh = "最接近的部门:{near}。"
    next_en = "The nearest parties: {near}."


class LedgerDatasetUnknown(Fault):
    """A dataset the ledger does not have."""

    code = "ledger.dataset-unknown"
    http = 404
    zh = "台账中没有数据集“{dataset}”。"
    en = "The ledger has no dataset “{dataset}”."
    next_zh = "最接近的数据集:{near}。也可以用 scenarist catalog search 查找。"
    next_en = "The nearest datasets: {near}. You can also use scenarist catalog search."


class LedgerFieldUnknown(Fault):
    """A field the ledger does not have."""

    code = "ledger.field-unknown"
    http = 404
    zh = "台账中没有数据项“{field}”。"
    en = "The ledger has no field “{field}”."
    next_zh = "最接近的数据项:{near}。也可以用 scenarist catalog search 查找。"
    next_en = "The nearest fields: {near}. You can also use scenarist catalog search."
