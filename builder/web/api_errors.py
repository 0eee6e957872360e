"""Faults that programs meet: what the pages' own words would not fit."""

from __future__ import annotations

from builder.errors import Fault

__all__ = [
    "AddressMissing",
    "BodyMisfit",
    "BodyUnreadable",
    "CursorWrong",
    "KeyReused",
    "KeyWrong",
    "MediaTypeWrong",
    "MethodMissing",
    "NotAcceptable",
    "OutcomeUnknown",
    "ParameterWrong",
    "RequestInFlight",
    "RoleMissing",
    "ScopeMissing",
    "ScopeUnknown",
    "TokenMissing",
    "TokenUnknown",
    "TokenWrong",
    "VersionOld",
    "VersionUnreadable",
]


class AddressMissing(Fault):
    """An address below the interface that leads nowhere."""

    code = "api.no-such-address"
    http = 404
    zh = "接口里没有这个地址。"
    en = "The interface has no such address."
    next_zh = "请对照 /api/v1/openapi.json 核对地址。"
    next_en = "Check the address against /api/v1/openapi.json."


class MethodMissing(Fault):
    """An address used by a method it does not offer."""

    code = "api.wrong-method"
    http = 405
    zh = "这个地址不接受这种请求方法。"
    en = "This address does not take that method."
    next_zh = "可用的方法见回应的 Allow 头。"
    next_en = "The answer's Allow header names the methods."


class TokenMissing(Fault):
    """Something for programs that signed in."""

    code = "api.token-missing"
    http = 401
    zh = "请求没有带令牌。"
    en = "The request carries no token."
    next_zh = "请先用 POST /api/v1/tokens 领取令牌，再放进 Authorization: Bearer 头。"
    next_en = "Get a token by POST /api/v1/tokens and send it as Authorization: Bearer."


class TokenWrong(Fault):
    """A token that does not hold: ended, revoked, mistyped, or of a closed account; all alike."""

    code = "api.token-wrong"
    http = 401
    zh = "令牌无效、已到期或已撤销。"
    en = "The token is not valid, has ended or was revoked."
    next_zh = "请重新用 POST /api/v1/tokens 领取令牌。"
    next_en = "Get a new one by POST /api/v1/tokens."


class RoleMissing(Fault):
    """Something for accounts with other duties."""

    code = "api.role-missing"
    http = 403
    zh = "您的账号没有使用这个接口的职责。"
    en = "Your account does not have the duty this takes."
    next_zh = "请换用有相应职责的账号；每个接口所需的职责见文档。"
    next_en = "Use an account that has it; the reference says which duty each address takes."


class ScopeMissing(Fault):
    """A token that was given for less."""

    code = "api.scope-missing"
    http = 403
    zh = "这个令牌的范围里没有“{scope}”。"
    en = "This token was not given the scope “{scope}”."
    next_zh = "请重新领取令牌，在 scopes 里写上它。"
    next_en = "Get another token and name it under scopes."


class ScopeUnknown(Fault):
    """A scope this account cannot give away."""

    code = "api.no-such-scope"
    http = 422
    zh = "您的账号没有范围“{scope}”。"
    en = "Your account does not have the scope “{scope}”."
    next_zh = "可以选用的有：{known}。"
    next_en = "It may use: {known}."


class TokenUnknown(Fault):
    """No such token of this account."""

    code = "api.no-such-token"
    http = 404
    zh = "您没有这个编号的令牌，或者它已经失效。"
    en = "You have no token of this id, or it has ended."
    next_zh = "GET /api/v1/tokens 会列出仍然有效的令牌。"
    next_en = "GET /api/v1/tokens lists those that hold."


class BodyUnreadable(Fault):
    """A body that is no JSON."""

    code = "api.not-json"
    http = 400
    zh = "请求的内容不是能读取的 JSON。"
    en = "The body is not readable JSON."
    next_zh = "请发送 UTF-8 编码的 JSON：键不重复，数字有限，层次不超过 {levels} 层。"
    next_en = "Send JSON in UTF-8: no key twice, finite numbers, at most {levels} levels deep."


class BodyMisfit(Fault):
    """A place of a body that breaks the document's schema."""

    code = "api.misfit"
    http = 422
    zh = "这里不符合接口文档的要求：{rule}。"
    en = "This does not fit the interface's description: {rule}."
    next_zh = "请对照 /api/v1/openapi.json 修改 where 所指的位置。"
    next_en = "Change the place that “where” names, after /api/v1/openapi.json."


class ParameterWrong(Fault):
    """A parameter of the address that is unknown, doubled, or breaks its schema."""

    code = "api.parameter"
    http = 422
    zh = "网址参数“{name}”不能这样用。"
    en = "The parameter “{name}” cannot be used like that."
    next_zh = "这个地址的参数有：{known}；取值见接口文档。"
    next_en = "This address takes: {known}; the reference says with which values."


class CursorWrong(Fault):
    """A cursor this list did not give."""

    code = "api.cursor"
    http = 422
    zh = "翻页标记 after 无法识别。"
    en = "The cursor “after” could not be read."
    next_zh = "请从第一页开始，只使用回应里 next 给出的地址。"
    next_en = "Begin at the first page and use only what “next” gives."


class MediaTypeWrong(Fault):
    """A body of another kind."""

    code = "api.media-type"
    http = 415
    zh = "这个地址只接收 {kind}。"
    en = "This address takes {kind} only."
    next_zh = "请把 Content-Type 设为 {kind}。"
    next_en = "Set Content-Type to {kind}."


class NotAcceptable(Fault):
    """A reader that takes nothing we could give."""

    code = "api.not-acceptable"
    http = 406
    zh = "这个地址只提供 {kind}。"
    en = "This address gives {kind} only."
    next_zh = "请在 Accept 头里接受 {kind}。"
    next_en = "Accept {kind}."


class KeyWrong(Fault):
    """A key that cannot be one."""

    code = "api.key"
    http = 422
    zh = "Idempotency-Key 应为 1 至 128 个可见的 ASCII 字符。"
    en = "An Idempotency-Key is 1 to 128 visible ASCII characters."
    next_zh = "建议每次操作用一个新的 UUID。"
    next_en = "A new UUID for each operation will do."


class KeyReused(Fault):
    """A key that belongs to another request."""

    code = "api.key-reused"
    http = 422
    zh = "这个 Idempotency-Key 已经用在另一个请求上，本次没有执行。"
    en = "This Idempotency-Key was used for another request; nothing was done."
    next_zh = "每次操作请用新的键；只有原样重发才用原来的键。"
    next_en = "Use a new key for each operation, and the old one only to send the same again."


class RequestInFlight(Fault):
    """The same request, not answered yet."""

    code = "api.in-flight"
    http = 409
    zh = "同一个请求正在处理，本次没有再执行。"
    en = "The same request is being worked on; it was not begun a second time."
    next_zh = "请过几秒用同一个键重发，会得到同一个回应。"
    next_en = "Send it again in a few seconds with the same key: you get the one answer."


class OutcomeUnknown(Fault):
    """The same request, whose worker stopped before it answered."""

    code = "api.outcome-unknown"
    http = 409
    zh = "同一个请求没有答复完就中断了，不能确定是否已经执行。"
    en = "The same request was cut off before its answer; whether it was done is not known."
    next_zh = "请先查看现在的状态（如 GET /api/v1/cases），需要时换一个新的键重新提交。"
    next_en = "Look at where things stand (such as GET /api/v1/cases), then use a new key."


class VersionOld(Fault):
    """Changed since the version that was named."""

    code = "api.version-old"
    http = 412
    zh = "它在您读取之后又有了变化，本次没有执行。"
    en = "It has changed since you read it; nothing was done."
    next_zh = "请重新读取，核对后用新的 ETag 再提交。"
    next_en = "Read it again, check it, and send with the new ETag."


class VersionUnreadable(Fault):
    """An If-Match that is none of our ETags."""

    code = "api.version-unreadable"
    http = 412
    zh = "If-Match 里没有这里给出过的 ETag，本次没有执行。"
    en = "If-Match names no ETag given here; nothing was done."
    next_zh = "请把 GET 回应里的 ETag 原样放进 If-Match。"
    next_en = "Copy the ETag of the GET answer into If-Match."
