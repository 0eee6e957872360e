"""Faults of the hub."""

from federation.errors import Fault

__all__ = ["NodeEnrolled", "NodeRetired", "NodeUnknown"]


class NodeUnknown(Fault):
    """A party that has no node registered at this hub."""

    code = "hub.node-unknown"
    http = 404
    zh = "中台没有登记部门 {party} 的节点。"
    en = "No node of the department {party} is registered at this hub."
    next_zh = "请中台管理员登记该部门节点的地址和公钥。"
    next_en = "Have the hub's administrator register that node's address and public key."


class NodeRetired(Fault):
    """A party whose node was retired: nothing is asked of it any more."""

    code = "hub.node-retired"
    http = 410
    zh = "部门 {party} 的节点已经停用。"
    en = "The node of the department {party} has been retired."
    next_zh = "请按线下方式向该部门核实；恢复使用要重新登记节点。"
    next_en = "Ask that department on paper; to use the node again, enrol it anew."


class NodeEnrolled(Fault):
    """A party that has a node already."""

    code = "hub.node-enrolled"
    http = 409
    zh = "部门 {party} 已经登记了节点。"
    en = "The department {party} has a node already."
    next_zh = "换发证书用 scenarist node renew;要换机器，先用 scenarist node retire 停用旧节点。"
    next_en = (
        "Renew its certificate with scenarist node renew; to move it to another machine, retire "
        "the old node first: scenarist node retire."
    )
