"""Faults of enrolling a node and of deciding on grants by file."""

from federation.errors import Fault

__all__ = [
    "AsksWrong",
    "DecisionsWrong",
    "EnrolledWrong",
    "EnrolmentCodeExpired",
    "EnrolmentCodeWrong",
    "EnrolmentKeyWrong",
    "EnrolmentWrong",
    "KitExpired",
    "KitWrong",
    "StewardKeyUnknown",
]


class KitWrong(Fault):
    """A file that is no start-up kit, or was changed since the hub sealed it."""

    code = "trust.kit-wrong"
    http = 422
    zh = "这不是启动包，或者启动包被改动过。"
    en = "This is no start-up kit, or it was changed since the hub sealed it."
    next_zh = "请向中台管理员重新索取启动包，不要修改其中的 kit.json。"
    next_en = "Ask the hub's administrator for the kit again, and leave its kit.json as it is."


class KitExpired(Fault):
    """A start-up kit that is too old."""

    code = "trust.kit-expired"
    http = 410
    zh = "启动包已于 {until} 过期。"
    en = "The start-up kit expired on {until}."
    next_zh = "请中台管理员用 scenarist node kit 重新生成一份。"
    next_en = "Have the hub's administrator make a new one: scenarist node kit."


class EnrolmentWrong(Fault):
    """A file that is no enrolment, or was changed since the node sealed it."""

    code = "trust.enrolment-wrong"
    http = 422
    zh = "这不是节点的登记文件，或者文件被改动过。"
    en = "This is no node's enrolment, or it was changed since the node sealed it."
    next_zh = "请该部门重新发送 enrol.json（scenarist-node init 或 renew 所写），不要修改。"
    next_en = (
        "Have the department send the enrol.json again that scenarist-node init or renew wrote, "
        "unchanged."
    )


class EnrolmentCodeWrong(Fault):
    """A one-time code that is unknown or was used."""

    code = "trust.enrolment-code"
    http = 403
    zh = "部门 {party} 的启动包已用过，或已被新的启动包取代。"
    en = "The start-up kit of {party} was used already, or a newer one took its place."
    next_zh = "如该部门尚未登记，请用 scenarist node kit {party} 重新生成启动包。"
    next_en = "If the department is not enrolled yet, make a new kit: scenarist node kit {party}."


class EnrolmentCodeExpired(Fault):
    """A one-time code that came too late."""

    code = "trust.enrolment-expired"
    http = 410
    zh = "部门 {party} 的启动包已过期。"
    en = "The start-up kit of {party} has expired."
    next_zh = "请用 scenarist node kit {party} 重新生成启动包。"
    next_en = "Make a new kit: scenarist node kit {party}."


class EnrolmentKeyWrong(Fault):
    """A renewal that was sealed by another key than the one registered."""

    code = "trust.enrolment-key"
    http = 403
    zh = "这份续期申请不是部门 {party} 已登记的节点签署的。"
    en = "This renewal was not sealed by the node that is registered for {party}."
    next_zh = "请在已登记的节点上运行 scenarist-node renew；节点密钥已更换的，先停用再重新登记。"
    next_en = (
        "Run scenarist-node renew on the node that is registered; where its key is another one "
        "now, retire the old node and enrol the new one."
    )


class EnrolledWrong(Fault):
    """An answer of the hub that is none, was changed, or is meant for another node."""

    code = "trust.enrolled-wrong"
    http = 422
    zh = "这不是中台给本节点的登记结果，或者文件被改动过。"
    en = "This is not the hub's answer to this node, or it was changed on the way."
    next_zh = "请核对文件来自本节点登记的中台，并请对方重新发送 enrolled.json。"
    next_en = "Check that it came from the hub this node knows, and ask for enrolled.json again."


class AsksWrong(Fault):
    """A file that holds no grants to decide on, or was changed since the hub sealed it."""

    code = "trust.asks-wrong"
    http = 422
    zh = "这不是中台给本部门的授权申请文件，或者文件被改动过。"
    en = "This file holds no grants asked of this department, or it was changed on the way."
    next_zh = "请中台重新导出：scenarist grant export。"
    next_en = "Have the hub export it again: scenarist grant export."


class DecisionsWrong(Fault):
    """A file that holds no decisions on grants."""

    code = "trust.decisions-wrong"
    http = 422
    zh = "这不是授权决定文件，或者文件被改动过。"
    en = "This file holds no decisions on grants, or it was changed on the way."
    next_zh = "请该部门重新运行 scenarist-node decide 并发送结果。"
    next_en = "Have the department run scenarist-node decide again and send what it writes."


class StewardKeyUnknown(Fault):
    """A department whose steward's key is on its own machine only."""

    code = "trust.steward-elsewhere"
    http = 409
    zh = "部门 {party} 的审批密钥只在该部门自己的机器上，不能在这里作决定。"
    en = "The key that {party} decides with is on the department's own machine only."
    next_zh = (
        "请用 scenarist grant export 导出申请，由该部门运行 scenarist-node decide，"
        "再用 scenarist grant take 收回结果。"
    )
    next_en = (
        "Export what is asked with scenarist grant export, have the department run "
        "scenarist-node decide, and bring the result in with scenarist grant take."
    )
