"""Faults of sending notices."""

from builder.errors import Fault

__all__ = ["ChannelSilent", "NoticeRefused"]


class ChannelSilent(Fault):
    """The other side did not take a notice now."""

    code = "notices.channel-silent"
    http = 503
    zh = "通知渠道“{channel}”（{host}）没有收下这条通知：{problem}。"
    en = "The channel “{channel}” ({host}) did not take this notice: {problem}."
    next_zh = "系统会自动重发；若一直如此，请检查设置中的地址、网络和对方服务。"
    next_en = "It is sent again by itself; if it stays so, check the address in the settings, the network and the service."  # noqa: E501 - one sentence


class NoticeRefused(Fault):
    """The other side refused a notice for good."""

    code = "notices.refused"
    http = 422
    zh = "通知渠道“{channel}”（{host}）拒收这条通知，状态码 {status}。"
    en = "The channel “{channel}” ({host}) refused this notice with status {status}."
    next_zh = "这条通知不再重发；请核对设置中的地址和双方约定的密钥。"
    next_en = "It is not sent again; check the address in the settings and the shared key."
