"""Faults of signing in, of passwords and of looking after accounts."""

from builder.errors import Fault

__all__ = [
    "AccountLocked",
    "AccountTaken",
    "AccountUnknown",
    "PasswordCommon",
    "PasswordLong",
    "PasswordNamed",
    "PasswordNotCurrent",
    "PasswordNotRepeated",
    "PasswordSame",
    "PasswordShort",
    "SignInEnded",
    "SignInRefused",
]


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
    zh = "密码连续输错次数过多，账号在这里暂停登录 {minutes} 分钟。"
    en = "Too many wrong passwords in a row: signing in here is paused for {minutes} minutes."
    next_zh = "请稍后再试，或联系本单位管理员重置密码。"
    next_en = "Try again later, or ask your administrator to reset the password."


class AccountUnknown(Fault):
    """An account named on the command line that does not exist."""

    code = "identity.unknown"
    http = 404
    zh = "没有账号“{account}”，最接近的是：{nearest}。"
    en = "There is no account “{account}”; the nearest are: {nearest}."
    next_zh = "请改用上面的账号，或用 scenarist account list 查看全部账号。"
    next_en = "Use one of these, or list all with scenarist account list."


class AccountTaken(Fault):
    """A name that an account has already."""

    code = "identity.taken"
    http = 409
    zh = "账号“{account}”已经存在。"
    en = "There is an account “{account}” already."
    next_zh = "请换一个账号名；已停用的账号可以用 scenarist account reopen 恢复。"
    next_en = "Choose another name; a closed account is opened again by scenarist account reopen."


class PasswordShort(Fault):
    """A password that can be guessed by trying all."""

    code = "identity.password-short"
    http = 422
    zh = "新密码太短，至少要 {least} 个字符。"
    en = "The new password is too short: at least {least} characters."
    next_zh = "可以用几个不相干的词连起来，长比复杂更安全，也更好记。"
    next_en = "Join a few unrelated words: long is safer than complicated, and easier to remember."


class PasswordLong(Fault):
    """A password longer than anyone types."""

    code = "identity.password-long"
    http = 422
    zh = "新密码太长，最多 {most} 个字符。"
    en = "The new password is too long: at most {most} characters."
    next_zh = "请换一个短一些的。"
    next_en = "Choose a shorter one."


class PasswordCommon(Fault):
    """A password that everybody tries first."""

    code = "identity.password-common"
    http = 422
    zh = "这个密码太常见，别人一猜就中。"
    en = "This password is among those that are tried first."
    next_zh = "请不要用键盘顺序、重复的字符或常见的词加数字；可以用几个不相干的词连起来。"
    next_en = "Use no keyboard order, no repetition, no common word with digits; join a few words."


class PasswordNamed(Fault):
    """A password that holds the sign-in name."""

    code = "identity.password-named"
    http = 422
    zh = "密码里不能含有账号名。"
    en = "The password may not contain the account's name."
    next_zh = "请换一个与账号无关的密码。"
    next_en = "Choose one that has nothing to do with the account."


class PasswordSame(Fault):
    """The new password is the present one."""

    code = "identity.password-same"
    http = 422
    zh = "新密码和现在的密码相同。"
    en = "The new password is the present one."
    next_zh = "请换一个没有用过的密码。"
    next_en = "Choose one that was not in use."


class PasswordNotRepeated(Fault):
    """The two fields of the new password differ."""

    code = "identity.password-not-repeated"
    http = 422
    zh = "两次输入的新密码不一样。"
    en = "The two entries of the new password differ."
    next_zh = "请把新密码重新输入两遍。"
    next_en = "Enter the new password twice again."


class PasswordNotCurrent(Fault):
    """The present password is not right."""

    code = "identity.password-not-current"
    http = 422
    zh = "现在的密码不正确。"
    en = "The present password is not right."
    next_zh = "请重新输入现在的密码；忘记了请联系本单位管理员重置。"
    next_en = "Enter it again; if you forgot it, ask your administrator to reset it."


class SignInEnded(Fault):
    """A sign-in that is over already, or is not one's own: both read the same."""

    code = "identity.sign-in-ended"
    http = 404
    zh = "这次登录已经结束。"
    en = "This sign-in is over already."
    next_zh = "请刷新“登录记录”查看仍然有效的登录。"
    next_en = "Reload “sign-ins” to see those that still hold."
