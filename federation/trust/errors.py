"""Faults of trust: who may use what, for which purpose, about whom, by whose approval."""

from federation.errors import Fault

__all__ = [
    "AboveCeiling",
    "AnswerForged",
    "AnswerOther",
    "AnswerUnproven",
    "ApplicantSecond",
    "CaseClosed",
    "CaseTaken",
    "CaseUnknown",
    "DatasetNotOffered",
    "DocumentMalformed",
    "GrantExpired",
    "GrantFields",
    "GrantForged",
    "GrantNotYet",
    "GrantOther",
    "GrantPeriodWrong",
    "GrantRevoked",
    "GrantScenario",
    "GrantStateWrong",
    "GrantTaken",
    "GrantUnknown",
    "GrantUsedUp",
    "GrantWidened",
    "HubUnknown",
    "IssuerConfigWrong",
    "NotGranted",
    "NotYourDecision",
    "PolicyAboveCeiling",
    "PolicyFieldUnknown",
    "PolicyFields",
    "PolicyForeignDataset",
    "PolicyNoSubjectKey",
    "PolicyNone",
    "PolicySchema",
    "PolicyUnreadable",
    "PurposeNotServed",
    "PurposeUnknown",
    "RateExceeded",
    "RelationNotEnough",
    "RelationNotEstablished",
    "RequestMisdirected",
    "RequestReplayed",
    "RequestStale",
    "StatementForged",
    "StatementMissing",
    "StatementStale",
    "SubjectKeyNone",
    "SubjectSecond",
    "SubjectUndeclared",
    "SubjectUnknown",
    "TicketExpired",
    "TicketForged",
    "TicketNameless",
    "TokenExpired",
    "TokenFields",
    "TokenForged",
    "TokenMissing",
]

_ASK_AGAIN_ZH = "请向数据所有部门的数据专员重新申请授权。"
_ASK_AGAIN_EN = "Ask the data steward of the owning department for a new grant."


class DocumentMalformed(Fault):
    """A document between parties lacks something or holds the wrong kind of thing."""

    code = "trust.malformed"
    http = 400
    zh = "收到的文书缺少内容或内容格式不符。"
    en = "The document received lacks something, or holds the wrong kind of value."
    next_zh = "请核对标出的位置；双方系统版本不同时请先升级。"
    next_en = "Check the place that is named; if the two systems differ in version, upgrade first."


class PurposeUnknown(Fault):
    """A purpose that does not exist."""

    code = "trust.purpose-unknown"
    http = 422
    zh = "没有“{purpose}”这种用途，可用的用途有：{known}。"
    en = "There is no purpose “{purpose}”; there are: {known}."
    next_zh = "请改为其中一种用途。"
    next_en = "Choose one of these purposes."


class PurposeNotServed(Fault):
    """A purpose this release does not answer."""

    code = "trust.purpose-not-served"
    http = 403
    zh = "部门节点目前不为“{purpose}”用途提供数据，已开通的用途有：{served}。"
    en = (
        "Department nodes do not answer for the purpose “{purpose}” yet; they answer for: {served}."
    )
    next_zh = "请改用已开通的用途。"
    next_en = "Use one of the purposes that are answered."


class DatasetNotOffered(Fault):
    """A dataset or field the department does not offer."""

    code = "trust.not-offered"
    http = 404
    zh = "部门没有提供数据“{dataset}”。"
    en = "The department does not offer the data “{dataset}”."
    next_zh = "请在一本账中查找正确的数据集和数据项。"
    next_en = "Look up the right dataset and field in the ledger."


class NotGranted(Fault):
    """No grant, or none that is this hub's."""

    code = "trust.not-granted"
    http = 403
    zh = "没有为用途“{purpose}”使用“{dataset}”的授权。"
    en = "There is no grant to use “{dataset}” for the purpose “{purpose}”."
    next_zh = "请向数据所有部门（{party}）申请授权，批准后再试。"
    next_en = "Ask the owning department ({party}) for a grant, then try again once it is approved."


class GrantExpired(Fault):
    """The grant's period is over."""

    code = "trust.grant-expired"
    http = 403
    zh = "授权 {grant} 已于 {day} 到期。"
    en = "The grant {grant} ended on {day}."
    next_zh = _ASK_AGAIN_ZH
    next_en = _ASK_AGAIN_EN


class GrantNotYet(Fault):
    """The grant's period has not begun."""

    code = "trust.grant-not-yet"
    http = 403
    zh = "授权 {grant} 从 {day} 起才生效。"
    en = "The grant {grant} begins on {day} only."
    next_zh = "请在生效之后再试。"
    next_en = "Try again once it has begun."


class GrantRevoked(Fault):
    """The owner took the grant back."""

    code = "trust.grant-revoked"
    http = 403
    zh = "授权 {grant} 已被数据所有部门（{party}）撤销。"
    en = "The owning department ({party}) has revoked the grant {grant}."
    next_zh = "请联系该部门的数据专员了解原因；需要继续使用的，重新申请。"
    next_en = "Ask that department's data steward why; to go on, ask for a new grant."


class GrantUsedUp(Fault):
    """The counted uses of the grant are spent."""

    code = "trust.grant-used-up"
    http = 403
    zh = "授权 {grant} 允许使用 {max_uses} 次，已全部用完。"
    en = "The grant {grant} allows {max_uses} uses; all are spent."
    next_zh = _ASK_AGAIN_ZH
    next_en = _ASK_AGAIN_EN


class GrantOther(Fault):
    """The grant is for another purpose or dataset."""

    code = "trust.grant-other"
    http = 403
    zh = "授权 {grant} 只允许为用途“{granted_purpose}”使用“{granted_dataset}”。"
    en = "The grant {grant} is for “{granted_dataset}” and the purpose “{granted_purpose}” only."
    next_zh = "请改用对应的授权，或为这次的用途另行申请。"
    next_en = "Use the grant that fits, or ask for one for this purpose."


class GrantFields(Fault):
    """Fields, or positions of them, that the grant does not name."""

    code = "trust.grant-fields"
    http = 403
    zh = "授权 {grant} 没有包括“{dataset}”中这样使用的数据项：{fields}。"
    en = "The grant {grant} does not cover this use of fields of “{dataset}”: {fields}."
    next_zh = "请去掉这些数据项，或申请补充授权。"
    next_en = "Leave these fields out, or ask for a wider grant."


class GrantScenario(Fault):
    """The grant is bound to another scenario."""

    code = "trust.grant-scenario"
    http = 403
    zh = "授权 {grant} 只用于另一个场景版本，不能用于当前办件。"
    en = "The grant {grant} is bound to another version of a scenario, not to this case's."
    next_zh = "请为当前场景版本申请授权。"
    next_en = "Ask for a grant for this version of the scenario."


class GrantUnknown(Fault):
    """No grant of this number."""

    code = "trust.grant-unknown"
    http = 404
    zh = "没有编号为 {grant} 的授权。"
    en = "There is no grant {grant}."
    next_zh = "请在授权列表中核对编号。"
    next_en = "Check the number in the list of grants."


class GrantForged(Fault):
    """A decision on a grant that no trusted steward of the owner sealed."""

    code = "trust.grant-forged"
    http = 403
    zh = "这份授权文书不是由本部门认可的数据专员签署的，或签署后被改动过。"
    en = "No data steward this department trusts signed the grant, or it was changed since."
    next_zh = "请由数据所有部门的数据专员用本部门的密钥重新签署。"
    next_en = "Have the owning department's data steward sign it with that department's key."


class GrantTaken(Fault):
    """Another grant already has this number."""

    code = "trust.grant-taken"
    http = 409
    zh = "编号 {grant} 已有内容不同的授权。"
    en = "There already is another grant with the number {grant}."
    next_zh = "请用新的编号重新申请。"
    next_en = "Ask again under a new number."


class GrantWidened(Fault):
    """An approval that gives more than was asked."""

    code = "trust.grant-widened"
    http = 422
    zh = "批准的内容超出了申请 {grant} 的范围。"
    en = "The approval gives more than the request {grant} asks."
    next_zh = "请按申请批准或缩小范围；需要扩大的，由申请方重新申请。"
    next_en = "Approve what is asked or less; for more, the applicant asks again."


class GrantPeriodWrong(Fault):
    """A period that ends before it begins, or has ended."""

    code = "trust.grant-period"
    http = 422
    zh = "授权的结束时间早于开始时间，或已经过去。"
    en = "The grant would end before it begins, or has ended already."
    next_zh = "请填写将来的结束时间，并晚于开始时间。"
    next_en = "Give an end that lies in the future and after the beginning."


class GrantStateWrong(Fault):
    """A decision on a grant that is past it."""

    code = "trust.grant-state"
    http = 409
    zh = "授权 {grant} 当前状态为 {state}，不能这样办理。"
    en = "The grant {grant} is in state {state}; this cannot be done to it now."
    next_zh = "请刷新授权列表后再办理。"
    next_en = "Reload the list of grants, then decide."


class NotYourDecision(Fault):
    """Somebody who may not decide on this grant."""

    code = "trust.not-your-decision"
    http = 403
    zh = "授权 {grant} 应由数据所有部门（{party}）的数据专员办理，且不能由申请人本人办理。"
    en = (
        "A data steward of the owning department ({party}), who did not ask for it, decides on "
        "the grant {grant}."
    )
    next_zh = "请联系该部门的数据专员。"
    next_en = "Turn to that department's data steward."


class PolicyNone(Fault):
    """No rule of the owner for this dataset and purpose."""

    code = "trust.policy-none"
    http = 403
    zh = "数据所有部门（{party}）的规则没有允许为用途“{purpose}”使用“{dataset}”。"
    en = (
        "No rule of the owning department ({party}) allows “{dataset}” for the purpose “{purpose}”."
    )
    next_zh = "请与该部门商定使用规则。"
    next_en = "Settle a rule with that department."


class PolicyFields(Fault):
    """Fields, or positions of them, that no rule of the owner names."""

    code = "trust.policy-fields"
    http = 403
    zh = "数据所有部门（{party}）的规则没有允许这样使用“{dataset}”的数据项：{fields}。"
    en = (
        "No rule of the owning department ({party}) allows this use of fields of "
        "“{dataset}”: {fields}."
    )
    next_zh = "请去掉这些数据项，或与该部门商定使用规则。"
    next_en = "Leave these fields out, or settle a rule with that department."


class RelationNotEnough(Fault):
    """The relation of applicant and subject is not one the rule wants."""

    code = "trust.relation"
    http = 403
    zh = "申请人与当事人的关系目前为“{relation}”，部门（{party}）的规则不允许据此使用“{dataset}”。"
    en = (
        "The relation of applicant and subject is “{relation}”; the department ({party}) does "
        "not give “{dataset}” for that."
    )
    next_zh = "请先完成关系核验，再试一次。"
    next_en = "Have the relation confirmed first, then try again."


class AboveCeiling(Fault):
    """A use that the grade of the field never allows."""

    code = "trust.above-ceiling"
    http = 403
    zh = "数据项“{field}”的级别为 {grade}，不能这样用于“{purpose}”。"
    en = "The field “{field}” is graded {grade}; it cannot be used this way for “{purpose}”."
    next_zh = "请改用级别较低的数据项。"
    next_en = "Use a field of a lower grade."


class SubjectKeyNone(Fault):
    """A dataset that does not say whose record a row is."""

    code = "trust.no-subject-key"
    http = 403
    zh = "数据集“{dataset}”没有标明每条记录属于谁，不能按办件取数。"
    en = "The dataset “{dataset}” does not say whose record a row is, so it cannot serve a case."
    next_zh = "请数据所有部门在一本账中登记主体标识列。"
    next_en = "Have the owning department name the subject's key column in the ledger."


class PolicyUnreadable(Fault):
    """The policy file is missing or no JSON."""

    code = "trust.policy-unreadable"
    http = 500
    zh = "规则文件 {file} 不存在，或不是 JSON。"
    en = "The policy file {file} is missing or is not JSON."
    next_zh = "请恢复该文件或改正格式；在此之前节点不提供任何数据。"
    next_en = "Restore or correct the file; until then the node gives no data."


class PolicySchema(Fault):
    """A part of a policy file that its schema refuses."""

    code = "trust.policy-schema"
    http = 422
    zh = "规则文件此处不符合格式要求：{problem}"
    en = "The policy does not follow its schema here: {problem}"
    next_zh = "请按 policy.schema.json 改正。"
    next_en = "Correct it after policy.schema.json."


class PolicyForeignDataset(Fault):
    """A rule about a dataset the ledger does not list for this party."""

    code = "trust.policy-dataset"
    http = 422
    zh = "一本账中没有部门 {party} 的数据集“{dataset}”。"
    en = "The ledger lists no dataset “{dataset}” of the department {party}."
    next_zh = "请改正数据集编号，或先在一本账中登记。"
    next_en = "Correct the dataset's id, or enter it in the ledger first."


class PolicyFieldUnknown(Fault):
    """A rule about a field the dataset does not have."""

    code = "trust.policy-field"
    http = 422
    zh = "数据集没有数据项“{field}”，最接近的是“{nearest}”。"
    en = "The dataset has no field “{field}”; the nearest is “{nearest}”."
    next_zh = "请改正数据项名称。"
    next_en = "Correct the field's name."


class PolicyNoSubjectKey(Fault):
    """A rule for cases on a dataset that does not say whose record a row is."""

    code = "trust.policy-no-subject"
    http = 422
    zh = "数据集“{dataset}”在一本账中没有主体标识列，不能用于办件或核验。"
    en = "The ledger names no subject key for “{dataset}”, so it cannot serve cases or checks."
    next_zh = "请先在一本账中登记主体标识列。"
    next_en = "Name the subject's key column in the ledger first."


class PolicyAboveCeiling(Fault):
    """A rule that permits more than the grade allows."""

    code = "trust.policy-above-ceiling"
    http = 422
    zh = "数据项“{field}”级别为 {grade}，关系为“{relation}”时规则不能允许：{positions}。"
    en = (
        "The field “{field}” is graded {grade}; for the relation “{relation}” no rule may "
        "allow: {positions}."
    )
    next_zh = "请从规则中去掉这些用法；关系未核实时只允许 filter:applicant 和 reference。"
    next_en = (
        "Take these uses out of the rule; while a relation is only claimed, filter:applicant and "
        "reference are all it may hold."
    )


class TicketForged(Fault):
    """A sign-in that the identity provider did not vouch for."""

    code = "trust.ticket-forged"
    http = 403
    zh = "登录凭证不是由身份认证系统签发的，或签发后被改动过。"
    en = "The identity provider did not issue this sign-in, or it was changed since."
    next_zh = "请退出后重新登录。"
    next_en = "Sign out and sign in again."


class TicketExpired(Fault):
    """A sign-in that is too old."""

    code = "trust.ticket-expired"
    http = 401
    zh = "登录已过期。"
    en = "The sign-in has expired."
    next_zh = "请重新登录，已填写的内容不会丢失。"
    next_en = "Sign in again; what you filled in is kept."


class TicketNameless(Fault):
    """An account without an ID number."""

    code = "trust.ticket-nameless"
    http = 403
    zh = "当前账号没有实名信息，不能作为申请人办事。"
    en = "This account has no verified ID number, so it cannot apply."
    next_zh = "请先完成实名认证，或改用本人账号登录。"
    next_en = "Have your identity verified first, or sign in with your own account."


class TokenMissing(Fault):
    """No case token where one is needed."""

    code = "trust.token-missing"
    http = 403
    zh = "用途“{purpose}”必须出示办件令牌，请求中没有。"
    en = "The purpose “{purpose}” needs a case token; none was shown."
    next_zh = "请从正在办理的办件发起查询。"
    next_en = "Ask from within a running case."


class TokenForged(Fault):
    """A case token of an unknown issuer, or changed since it was sealed."""

    code = "trust.token-forged"
    http = 403
    zh = "办件令牌不是由本部门认可的签发方签发的，或签发后被改动过。"
    en = "No issuer this department trusts sealed the case token, or it was changed since."
    next_zh = "请重新发起查询；仍不行的，请系统管理员核对签发方公钥。"
    next_en = "Ask again; if it stays so, have the administrator check the issuer's public key."


class TokenExpired(Fault):
    """A case token shown too late."""

    code = "trust.token-expired"
    http = 403
    zh = "办件 {case} 的令牌已过期。"
    en = "The token of case {case} has expired."
    next_zh = "请重新发起查询，系统会换取新的令牌。"
    next_en = "Ask again; a new token is fetched."


class TokenFields(Fault):
    """Fields that the case token does not name."""

    code = "trust.token-fields"
    http = 403
    zh = "办件 {case} 的令牌没有包括“{dataset}”的数据项：{fields}。"
    en = "The token of case {case} does not name these fields of “{dataset}”: {fields}."
    next_zh = "请只查询该事项登记过的数据项。"
    next_en = "Ask only for the fields that the matter has declared."


class StatementMissing(Fault):
    """No statement that the case is running."""

    code = "trust.statement-missing"
    http = 403
    zh = "请求没有附上办件正在办理的证明。"
    en = "The request does not carry the statement that the case is running."
    next_zh = "请重新发起查询。"
    next_en = "Ask again."


class StatementForged(Fault):
    """A statement of an unknown issuer, about another case, or changed."""

    code = "trust.statement-forged"
    http = 403
    zh = "办件状态证明不是由认可的签发方签发的，或说的不是这个办件。"
    en = "The statement on the case was not sealed by a trusted issuer, or is about another case."
    next_zh = "请重新发起查询。"
    next_en = "Ask again."


class StatementStale(Fault):
    """A statement older than ten minutes."""

    code = "trust.statement-stale"
    http = 403
    zh = "办件 {case} 的状态证明已超过 10 分钟。"
    en = "The statement that case {case} is running is more than 10 minutes old."
    next_zh = "请重新发起查询，系统会换取新的证明。"
    next_en = "Ask again; a fresh statement is fetched."


class CaseClosed(Fault):
    """The case has ended."""

    code = "trust.case-closed"
    http = 403
    zh = "办件 {case} 已经结束，不能再为它使用数据。"
    en = "The case {case} has ended; no data can be used for it any more."
    next_zh = "需要再次使用数据的，请发起新的办件。"
    next_en = "To use data again, begin a new case."


class CaseUnknown(Fault):
    """A case the issuer does not know."""

    code = "trust.case-unknown"
    http = 404
    zh = "签发方没有登记办件 {case}。"
    en = "The issuer has no case {case}."
    next_zh = "请先登记办件，再申请令牌。"
    next_en = "Open the case first, then ask for its token."


class CaseTaken(Fault):
    """A case number that is in use with other content."""

    code = "trust.case-taken"
    http = 409
    zh = "办件号 {case} 已登记过，内容不同。"
    en = "The case number {case} is already registered with other content."
    next_zh = "请换一个办件号。"
    next_en = "Use another case number."


class SubjectUnknown(Fault):
    """A subject the case did not declare when it was opened."""

    code = "trust.subject-unknown"
    http = 404
    zh = "办件 {case} 没有登记当事人“{subject}”。"
    en = "The case {case} has no subject “{subject}”."
    next_zh = "请使用办件登记过的当事人。"
    next_en = "Use one of the subjects that the case was opened with."


class SubjectUndeclared(Fault):
    """A subject whose ID number is not known yet."""

    code = "trust.subject-undeclared"
    http = 409
    zh = "办件 {case} 的当事人“{subject}”还没有填写证件号码。"
    en = "The ID number of the subject “{subject}” of case {case} has not been given yet."
    next_zh = "请先填写当事人的证件号码。"
    next_en = "Give the subject's ID number first."


class SubjectSecond(Fault):
    """Another subject on a case that is bound to one."""

    code = "trust.subject-second"
    http = 403
    zh = "办件 {case} 已与另一位当事人绑定，不能换成别人。"
    en = "The case {case} is bound to another subject and cannot be turned to somebody else."
    next_zh = "涉及其他当事人的，请发起新的办件。"
    next_en = "For somebody else, begin a new case."


class ApplicantSecond(Fault):
    """Another applicant on a case that is bound to one."""

    code = "trust.applicant-second"
    http = 403
    zh = "办件 {case} 已与另一位申请人绑定。"
    en = "The case {case} is bound to another applicant."
    next_zh = "请由原申请人办理，或发起新的办件。"
    next_en = "Have the first applicant go on, or begin a new case."


class AnswerForged(Fault):
    """A proof of relation that no trusted node sealed."""

    code = "trust.answer-forged"
    http = 403
    zh = "核验结果不是由认可的部门节点签发的，或签发后被改动过。"
    en = "No node the issuer trusts sealed this answer, or it was changed since."
    next_zh = "请重新核验。"
    next_en = "Have the check done again."


class AnswerOther(Fault):
    """A proof of relation for another case or subject."""

    code = "trust.answer-other"
    http = 403
    zh = "核验结果不是针对办件 {case} 的当事人“{subject}”的。"
    en = "The answer is not about the subject “{subject}” of case {case}."
    next_zh = "请为这个办件重新核验。"
    next_en = "Have the check done for this case."


class AnswerUnproven(Fault):
    """An answer that does not establish the relation: no, or not the kind that may establish it."""

    code = "trust.answer-unproven"
    http = 403
    zh = "这个核验结果不能证明关系“{relation}”。"
    en = "This answer does not prove the relation “{relation}”."
    next_zh = "请按规定的部门和数据核验，或到窗口提交证明材料。"
    next_en = "Have it checked with the department that records it, or bring proof to a counter."


class RelationNotEstablished(Fault):
    """A token was asked for fields that need an established relation."""

    code = "trust.relation-not-established"
    http = 403
    zh = "办件 {case} 的当事人“{subject}”与申请人的关系还没有核实。"
    en = (
        "The relation of the subject “{subject}” of case {case} to the applicant is not "
        "established."
    )
    next_zh = "请先完成关系核验。"
    next_en = "Have the relation confirmed first."


class HubUnknown(Fault):
    """A caller whose key is not trusted here."""

    code = "trust.hub-unknown"
    http = 403
    zh = "请求不是由认可的中台签发的，或签发后被改动过。"
    en = "No hub that is trusted here sealed the request, or it was changed since."
    next_zh = "请系统管理员核对中台公钥。"
    next_en = "Have the administrator check the hub's public key."


class RequestMisdirected(Fault):
    """A request that was meant for somebody else."""

    code = "trust.misdirected"
    http = 403
    zh = "请求是发给另一方或由另一方发出的，这里不受理。"
    en = "The request was meant for, or comes from, somebody else; it is not handled here."
    next_zh = "请核对收件方和通道。"
    next_en = "Check whom it is addressed to and the channel it came by."


class RequestStale(Fault):
    """A request that was sealed too long ago, or not yet."""

    code = "trust.request-stale"
    http = 403
    zh = "请求已过有效时间，或双方时钟不一致。"
    en = "The request is past its time, or the two clocks differ."
    next_zh = "请重新发起；仍不行的，请管理员校对两端时钟。"
    next_en = "Ask again; if it stays so, have the clocks of both sides set."


class RequestReplayed(Fault):
    """A request that was handled before."""

    code = "trust.replayed"
    http = 409
    zh = "这个请求已经处理过，同一请求只受理一次。"
    en = "This request was handled before; a request is good for once only."
    next_zh = "请重新发起。"
    next_en = "Ask anew."


class RateExceeded(Fault):
    """Too many requests in a short time."""

    code = "trust.rate"
    http = 429
    zh = "短时间内请求过多，已超过每 {minutes} 分钟 {limit} 次的上限。"
    en = "Too many requests: the limit is {limit} in {minutes} min."
    next_zh = "请稍后再试。"
    next_en = "Try again later."


class IssuerConfigWrong(Fault):
    """The issuer's configuration cannot be used."""

    code = "trust.issuer-config"
    http = 500
    zh = "办件签发方的配置 issuer.json 有误：{problem}。"
    en = "The case issuer's configuration issuer.json is wrong: {problem}."
    next_zh = "请改正该处，或从备份恢复这个文件后重新启动。"
    next_en = "Correct it, or restore the file from a backup, and start again."
