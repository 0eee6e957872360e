"""Faults of the web's own: what no room below can know about."""

from __future__ import annotations

from builder.errors import Fault

__all__ = [
    "FormExpired",
    "GrantMissing",
    "MayNotOpen",
    "MethodWrong",
    "NotAtKiosk",
    "NotReady",
    "PageMissing",
    "PasswordChangeNeeded",
    "PeopleOnly",
    "RemarkMissing",
    "RequestUnreadable",
    "SignInNeeded",
    "TooLarge",
    "TooMany",
    "Unexpected",
]


class RequestUnreadable(Fault):
    """A request no page of ours sends."""

    code = "web.unreadable"
    http = 400
    zh = "这个请求无法识别。"
    en = "This request could not be read."
    next_zh = "请从页面上的链接或按钮重新操作。"
    next_en = "Try again from a link or a button on the page."


class FormExpired(Fault):
    """A post without the page's own token: an old page, or another site's."""

    code = "web.form-expired"
    http = 400
    zh = "页面打开太久，或登录状态已改变，这次提交没有执行。"
    en = "The page was open too long, or you signed in again meanwhile; nothing was done."
    next_zh = "请返回上一页并刷新，然后重新提交；已经保存的内容都在。"
    next_en = "Go back, reload the page and send it again; what was saved is still there."


class SignInNeeded(Fault):
    """A page for people who are signed in."""

    code = "web.sign-in-needed"
    http = 401
    zh = "请先登录。"
    en = "Sign in first."
    next_zh = "登录后会回到这一页。"
    next_en = "After signing in you will be back on this page."


class MayNotOpen(Fault):
    """A page for another kind of reader."""

    code = "web.may-not-open"
    http = 403
    zh = "您的账号不能打开这一页。"
    en = "Your account may not open this page."
    next_zh = "请从导航进入您可以使用的页面，或换用有相应职责的账号登录。"
    next_en = "Use the navigation for the pages you may use, or sign in with another account."


class PasswordChangeNeeded(Fault):
    """A password that somebody else has set opens nothing but its own change."""

    code = "web.password-change-needed"
    http = 403
    zh = "这个密码是管理员设的，请先换成您自己的密码。"
    en = "Your administrator set this password: choose your own first."
    next_zh = "打开“修改密码”，换好以后就可以继续。"
    next_en = "Open “change password”; after that you can go on."


class NotAtKiosk(Fault):
    """A page that a kiosk does not offer."""

    code = "web.not-at-kiosk"
    http = 403
    zh = "这一步不能在自助机上办。"
    en = "This cannot be done at a kiosk."
    next_zh = "请用手机或电脑办理，或者按“叫工作人员”。"
    next_en = "Use your phone or a computer, or press “call an attendant”."


class PeopleOnly(Fault):
    """Somebody on duty at a public screen."""

    code = "web.people-only"
    http = 403
    zh = "自助机只供群众办事，工作账号不能在这里登录，已为您退出。"
    en = "Kiosks are for applicants: work accounts cannot be used here, and you were signed out."
    next_zh = "请在自己的办公电脑上登录。"
    next_en = "Sign in on your own computer at work."


class PageMissing(Fault):
    """An address that leads nowhere."""

    code = "web.no-such-page"
    http = 404
    zh = "没有这一页。"
    en = "There is no such page."
    next_zh = "请核对网址，或从首页进入。"
    next_en = "Check the address, or start from the home page."


class MethodWrong(Fault):
    """An address used in a way it does not offer."""

    code = "web.wrong-method"
    http = 405
    zh = "这个网址不能这样使用。"
    en = "This address cannot be used like that."
    next_zh = "请从页面上的链接或按钮重新操作。"
    next_en = "Try again from a link or a button on the page."


class TooLarge(Fault):
    """A post beyond any page of ours."""

    code = "web.too-large"
    http = 413
    zh = "提交的内容太大，超过了 {limit_kib} KiB。"
    en = "What was sent is too large: the limit is {limit_kib} KiB."
    next_zh = "请缩短填写的内容后再提交。"
    next_en = "Shorten what you wrote and send it again."


class TooMany(Fault):
    """More requests than a person makes."""

    code = "web.too-many"
    http = 429
    zh = "操作过于频繁，已暂停受理。"
    en = "Too many requests in a short time; they are paused."
    next_zh = "请过一分钟再试；已经保存的内容都在。"
    next_en = "Try again in a minute; what was saved is still there."


class NotReady(Fault):
    """A part the pages need does not answer now."""

    code = "web.not-ready"
    http = 503
    zh = "服务暂时不可用。"
    en = "The service is not available just now."
    next_zh = "请稍后再试；已经保存的内容都在。"
    next_en = "Try again shortly; what was saved is still there."


class Unexpected(Fault):
    """A mistake of the program."""

    code = "web.unexpected"
    http = 500
    zh = "系统出了意外，这次操作没有完成。事件编号 {incident}。"
    en = "Something unexpected happened and this was not completed. Incident {incident}."
    next_zh = "请稍后再试；若再次出现，请把事件编号告诉管理员。已经保存的内容都在。"
    next_en = (
        "Try again later; if it happens again, give the incident number to your administrator. "
        "What was saved is still there."
    )


class GrantMissing(Fault):
    """No such grant, or not one of the reader's department: both read the same."""

    code = "web.no-such-grant"
    http = 404
    zh = "没有找到这个授权，或者它不属于您的部门。"
    en = "This grant was not found, or it is not your department's."
    next_zh = "请从“授权”列表重新打开。"
    next_en = "Open it again from the list of grants."


class RemarkMissing(Fault):
    """A refusal or a revocation without a reason."""

    code = "web.remark-missing"
    http = 422
    zh = "请写明理由：申请方会看到。"
    en = "Give the reason: whoever asked will read it."
    next_zh = "在“理由”里写一句话，然后再提交。"
    next_en = "Write a sentence in “Reason”, then send it again."
