"""Faults of the way between hub and nodes."""

from federation.errors import Fault

__all__ = [
    "LinkBroken",
    "LinkGarbled",
    "LinkRefused",
    "LinkTimeout",
    "LinkTruncated",
    "LinkUnreachable",
    "RequestNotJson",
    "RequestTooLarge",
    "RouteUnknown",
]


class LinkUnreachable(Fault):
    """The other side cannot be reached now."""

    code = "link.unreachable"
    http = 503
    zh = "现在联系不上 {party}。"
    en = "{party} cannot be reached now."
    next_zh = "系统稍后会自动重试,已填写的内容不会丢失;急需办理的可手工填写。"
    next_en = "It is tried again by itself and nothing is lost; in a hurry, fill it in by hand."


class LinkTimeout(Fault):
    """The other side took longer than the time given."""

    code = "link.timeout"
    http = 504
    zh = "{party} 没有在 {timeout_s} 秒内答复。"
    en = "{party} did not answer within {timeout_s} seconds."
    next_zh = "系统稍后会自动重试,无需重复操作。"
    next_en = "It is tried again by itself; there is nothing to do."


class LinkTruncated(Fault):
    """An answer that broke off."""

    code = "link.truncated"
    http = 502
    zh = "{party} 的答复中途断开,收到的部分已丢弃。"
    en = "The answer of {party} broke off; what had arrived was thrown away."
    next_zh = "请重新查询;反复出现时请系统管理员检查网络和该部门节点。"
    next_en = "Ask again; if it keeps happening, have the network and that node checked."


class LinkGarbled(Fault):
    """An answer that is not what was agreed."""

    code = "link.garbled"
    http = 502
    zh = "{party} 的答复无法识别。"
    en = "The answer of {party} cannot be understood."
    next_zh = "请系统管理员核对该部门节点的地址和版本。"
    next_en = "Have the address and the version of that node checked."


class LinkBroken(Fault):
    """The other side failed inside; it says nothing more on purpose."""

    code = "link.broken"
    http = 502
    zh = "{party} 处理请求时出错。"
    en = "{party} failed while handling the request."
    next_zh = "请稍后重试;仍不行的,请该部门管理员查看节点日志。"
    next_en = (
        "Try again later; if it stays so, that department's administrator reads the node's log."
    )


class LinkRefused(Fault):
    """A refusal whose code this release does not know."""

    code = "link.refused"
    http = 502
    zh = "{party} 拒绝了请求,代码 {refusal}。"
    en = "{party} refused the request with the code {refusal}."
    next_zh = "请把代码告诉系统管理员;双方系统版本不同时请先升级。"
    next_en = (
        "Tell the administrator the code; if the two systems differ in version, upgrade first."
    )


class RouteUnknown(Fault):
    """No such address or method at this service."""

    code = "link.route-unknown"
    http = 404
    zh = "这里没有提供这个接口。"
    en = "There is nothing at this address."
    next_zh = "请核对接口地址和方法。"
    next_en = "Check the address and the method."


class RequestTooLarge(Fault):
    """A request body above the limit."""

    code = "link.too-large"
    http = 413
    zh = "请求超过了 {limit_bytes} 字节的上限。"
    en = "The request is larger than the limit of {limit_bytes} bytes."
    next_zh = "请缩小请求后重试。"
    next_en = "Make the request smaller and try again."


class RequestNotJson(Fault):
    """A request body that is no JSON object."""

    code = "link.not-json"
    http = 400
    zh = "请求正文不是 JSON 对象。"
    en = "The body of the request is not a JSON object."
    next_zh = "请按 application/json 发送一个对象。"
    next_en = "Send one object as application/json."
