"""Faults of signing in."""

from builder.errors import Fault

__all__ = ["AccountLocked", "AccountUnknown", "SignInRefused"]


class SignInRefused(Fault):
    """Unknown account and wrong password read the same: whether an account exists is a secret."""

    code = "identity.refused"
    http = 401
    zh = "账号或密码不正确。"
    en = "The account or the password is not right."
    next_zh = "请核对后重新输入；忘记密码请联系本单位管理员。"
    next_en = "Check both and try again; if you forgot the password, ask your administrator."


class AccountLocked(Fault):
    """Too many wrong passwords in a row."""

    code = "identity.locked"
    http = 429
    zh = "密码连续输错次数过多，账号暂停登录 {minutes} 分钟。"
    en = "Too many wrong passwords in a row: signing in is paused for {minutes} minutes."
    next_zh = "请稍后再试，或联系本单位管理员重置密码。"
    next_en = "Try again later, or ask your administrator to reset the password."


class AccountUnknown(Fault):
    """An account named on the command line that does not exist."""

    code = "identity.unknown"
    http = 404
    zh = "没有账号“{account}”，最接近的是：{nearest}。"
    en = "There is no account “{account}”; the nearest are: {nearest}."
    next_zh = "请改用上面的账号，或用 scenarist doctor 查看全部演示账号。"
    next_en = "Use one of these, or list the demo accounts with scenarist doctor."
