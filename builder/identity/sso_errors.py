"""Faults of single sign-on."""

from builder.errors import Fault

__all__ = [
    "LocalSignInOff",
    "SsoAnswerWrong",
    "SsoMisconfigured",
    "SsoNoAccount",
    "SsoOff",
    "SsoRefused",
    "SsoSilent",
    "SsoStateUnknown",
]


class SsoOff(Fault):
    """This city has no single sign-on."""

    code = "identity.sso-off"
    http = 404
    zh = "这座城市没有接入统一身份认证。"
    en = "This city has no single sign-on."
    next_zh = "请用账号和密码登录。"
    next_en = "Sign in with account and password."


class LocalSignInOff(Fault):
    """This city lets people in by single sign-on only."""

    code = "identity.local-off"
    http = 403
    zh = "这座城市只通过统一身份认证登录。"
    en = "This city signs people in by single sign-on only."
    next_zh = "请在登录页选择“统一身份认证登录”。"
    next_en = "Choose “single sign-on” on the sign-in page."


class SsoSilent(Fault):
    """The identity provider does not answer, or not as one."""

    code = "identity.sso-silent"
    http = 503
    zh = "统一身份认证（{host}）现在没有应答：{problem}。"
    en = "Single sign-on ({host}) does not answer just now: {problem}."
    next_zh = "请稍后再试；若页面上有账号密码登录，可以先用它。"
    next_en = "Try again shortly; where the page offers account and password, use these meanwhile."


class SsoMisconfigured(Fault):
    """The identity provider says something of itself that cannot be used."""

    code = "identity.sso-misconfigured"
    http = 503
    zh = "统一身份认证的配置不能使用：{problem}。"
    en = "The configuration of single sign-on cannot be used: {problem}."
    next_zh = "请管理员核对设置里的 oidc_issuer，再运行 scenarist doctor。"
    next_en = "The administrator checks oidc_issuer in the settings, then runs scenarist doctor."


class SsoRefused(Fault):
    """The provider, or the person there, said no."""

    code = "identity.sso-refused"
    http = 401
    zh = "统一身份认证没有完成登录（{reason}）。"
    en = "Single sign-on did not sign you in ({reason})."
    next_zh = "请重新登录；若一直如此，请把括号里的代码告诉管理员。"
    next_en = "Sign in again; if it stays so, tell your administrator the code in brackets."


class SsoAnswerWrong(Fault):
    """An answer that is not this provider's, not for us, not fresh, or not for this sign-in."""

    code = "identity.sso-answer-wrong"
    http = 401
    zh = "统一身份认证的答复没有通过核验（{reason}），没有登录。"
    en = "The answer of single sign-on did not hold ({reason}); you are not signed in."
    next_zh = "请从登录页重新开始；若一直如此，请把括号里的代码告诉管理员。"
    next_en = "Begin again on the sign-in page; if it stays so, tell your administrator the code."


class SsoStateUnknown(Fault):
    """An answer to a sign-in that this browser did not begin, or that is over."""

    code = "identity.sso-state"
    http = 400
    zh = "这次登录已经过期，或者不是从这个浏览器开始的。"
    en = "This sign-in has run out, or was not begun in this browser."
    next_zh = "请从登录页重新开始。"
    next_en = "Begin again on the sign-in page."


class SsoNoAccount(Fault):
    """The provider vouches for somebody who has no account here, or a closed one."""

    code = "identity.sso-no-account"
    http = 403
    zh = "您在统一身份认证的身份在这里没有可用的账号。"
    en = "You have no account here that goes with your identity at single sign-on."
    next_zh = "请联系本单位管理员开通；办事群众请用个人身份登录。"
    next_en = "Ask your administrator for one; citizens sign in with their personal identity."
