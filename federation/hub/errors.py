"""Faults of the hub."""

from federation.errors import Fault

__all__ = ["NodeUnknown"]


class NodeUnknown(Fault):
    """A party that has no node registered at this hub."""

    code = "hub.node-unknown"
    http = 404
    zh = "中台没有登记部门 {party} 的节点。"
    en = "No node of the department {party} is registered at this hub."
    next_zh = "请中台管理员登记该部门节点的地址和公钥。"
    next_en = "Have the hub's administrator register that node's address and public key."
