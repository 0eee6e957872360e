"""Faults of applying, handling and looking up cases."""

from builder.errors import Fault

__all__ = [
    "ActionNotAllowed",
    "AnswersMissing",
    "CaseChanged",
    "CaseUnknown",
    "CountyUnknown",
    "DeploymentUnknown",
    "DocumentGone",
    "DocumentLanguage",
    "DocumentNotHere",
    "DraftChanged",
    "DraftIncomplete",
    "FormUnreadable",
    "ListFormat",
    "ListUnknown",
    "MayNotAct",
    "MayNotSee",
    "MayNotStart",
    "NoticesUndelivered",
    "PageUnknown",
    "StepBroken",
    "TaskUnknown",
    "WalkFailed",
    "WalkUnreadable",
]


class DeploymentUnknown(Fault):
    """A matter that is not offered here."""

    code = "cases.no-such-matter"
    http = 404
    zh = "这里没有事项“{matter}”。"
    en = "There is no matter “{matter}” here."
    next_zh = "已开通的事项有：{known}。"
    next_en = "These are offered: {known}."


class CountyUnknown(Fault):
    """A county, district or county-level city that this city does not have."""

    code = "cases.no-such-county"
    http = 404
    zh = "没有县（市、区）“{county}”。"
    en = "There is no county “{county}” here."
    next_zh = "名称最接近的有：{nearest}；也可以用六位代码。"
    next_en = "The nearest names are: {nearest}; the six-digit code will do too."


class CaseUnknown(Fault):
    """No such case, or not one for this reader: both read the same."""

    code = "cases.no-such-case"
    http = 404
    zh = "没有找到办件 {case}，或者您无权查看。"
    en = "Case {case} was not found, or it is not yours to see."
    next_zh = "请核对编号；在“我的办件”或“待办”里可以看到与您有关的办件。"
    next_en = "Check the number; “My matters” and the worklist show every case that concerns you."


class TaskUnknown(Fault):
    """No such task for this reader."""

    code = "cases.no-such-task"
    http = 404
    zh = "没有找到这个待办，或者它不属于您的部门。"
    en = "This task was not found, or it is not your department's."
    next_zh = "请回到“待办”列表重新打开。"
    next_en = "Go back to the worklist and open it from there."


class PageUnknown(Fault):
    """A page that is not on the applicant's path."""

    code = "cases.no-such-page"
    http = 404
    zh = "表单里没有“{page}”这一页，或者按目前的回答不需要填写。"
    en = "The form has no page “{page}”, or your answers so far do not call for it."
    next_zh = "请从“我的办件”继续填写。"
    next_en = "Continue from “My matters”."


class MayNotStart(Fault):
    """Someone whose role does not begin this matter."""

    code = "cases.may-not-start"
    http = 403
    zh = "您的账号不能申请“{matter}”。"
    en = "Your account cannot apply for “{matter}”."
    next_zh = "请用个人账号登录后申请。"
    next_en = "Sign in with a personal account to apply."


class MayNotAct(Fault):
    """An officer of another department or role."""

    code = "cases.may-not-act"
    http = 403
    zh = "这一步由{party}办理，您不能操作。"
    en = "This step is handled by {party}; you cannot act on it."
    next_zh = "如需办理，请联系该部门的经办人。"
    next_en = "Contact an officer of that department."


class MayNotSee(Fault):
    """A page for another kind of reader."""

    code = "cases.may-not-see"
    http = 403
    zh = "您的账号没有查看此页的权限。"
    en = "Your account may not see this page."
    next_zh = "请用有相应职责的账号登录。"
    next_en = "Sign in with an account that has this duty."


class ActionNotAllowed(Fault):
    """An action that this step does not offer."""

    code = "cases.no-such-action"
    http = 422
    zh = "这一步不能执行“{action}”。"
    en = "This step does not offer “{action}”."
    next_zh = "可以执行的有：{known}。"
    next_en = "It offers: {known}."


class DraftChanged(Fault):
    """Saved in another window meanwhile."""

    code = "cases.draft-changed"
    http = 409
    zh = "这份申请刚在另一个窗口里保存过，本页不是最新的。"
    en = "This application was saved in another window; this page is out of date."
    next_zh = "请重新打开本页，核对后再保存；另一个窗口里保存的内容都在。"
    next_en = "Open the page again, check it and save; what the other window saved is all there."


class CaseChanged(Fault):
    """Somebody else acted meanwhile."""

    code = "cases.case-changed"
    http = 409
    zh = "刚才有人处理过这个办件，您看到的不是最新状态，本次操作没有执行。"
    en = "Somebody has just acted on this case; what you saw is out of date and nothing was done."
    next_zh = "请刷新页面，看过最新状态后再操作。"
    next_en = "Reload the page, look at where it stands now, and act again."


class DraftIncomplete(Fault):
    """Handed in before every page was good."""

    code = "cases.incomplete"
    http = 422
    zh = "“{page}”这一页还没有填完整。"
    en = "The page “{page}” is not complete yet."
    next_zh = "请打开该页补全后再提交。"
    next_en = "Open that page, complete it, then hand in."


class AnswersMissing(Fault):
    """An answer file that is not what `start` needs."""

    code = "cases.answer-file"
    http = 422
    zh = "答案文件无法使用：{problem}。"
    en = "The answer file cannot be used: {problem}."
    next_zh = '文件应为 JSON 对象，键为字段指针，如 {{"/application/deceased_name": "…"}}。'
    next_en = (
        'It must be a JSON object keyed by pointer, e.g. {{"/application/deceased_name": "…"}}.'
    )


class FormUnreadable(Fault):
    """A post that no page of ours sends."""

    code = "cases.unreadable-form"
    http = 400
    zh = "提交的内容无法识别。"
    en = "What was sent could not be read."
    next_zh = "请重新打开页面后再填写。"
    next_en = "Open the page again and fill it in."


class WalkUnreadable(Fault):
    """A walk file that is not a walk."""

    code = "cases.walk-unreadable"
    http = 422
    zh = "走查文件“{walk}”无法使用：{problem}。"
    en = "The walk “{walk}” cannot be used: {problem}."
    next_zh = "请按 specs/schema/walk.schema.json 修改。"
    next_en = "Correct it to specs/schema/walk.schema.json."


class WalkFailed(Fault):
    """Something a walk expected was not there."""

    code = "cases.walk-failed"
    http = 422
    zh = "走查“{walk}”第 {step} 步（{doing}）不符：应为 {expected}，实为 {found}。"
    en = "Walk “{walk}”, step {step} ({doing}): expected {expected}, found {found}."
    next_zh = "请检查场景、部门绑定或走查本身。"
    next_en = "Check the scenario, the bindings or the walk itself."


class DocumentGone(Fault):
    """A document after its time of keeping."""

    code = "cases.document-gone"
    http = 410
    zh = "这件事的文书保存到 {until}，现在已过保存期，不能再下载。"
    en = "The documents of this matter were kept until {until}; they can no longer be fetched."
    next_zh = "请使用您已下载的原件；需要证明的，可向办理部门申请查档。"
    next_en = "Use the original you fetched, or ask the department for a search of its archives."


class DocumentNotHere(Fault):
    """No such document, or not this reader's: both read the same."""

    code = "cases.document-unknown"
    http = 404
    zh = "没有这份文书，或者您不能查看它。"
    en = "There is no such document, or you may not see it."
    next_zh = "请核对编号；您自己的文书在“我的办件”里。"
    next_en = "Check the number; your own documents are under “My matters”."


class DocumentLanguage(Fault):
    """A document in a language it was not issued in."""

    code = "cases.document-language"
    http = 404
    zh = "文书 {number} 没有这种文本，可选：{known}。"
    en = "Document {number} is not issued in this form; there are: {known}."
    next_zh = "请从列出的文本中选择。"
    next_en = "Choose one of those listed."


class ListUnknown(Fault):
    """No such registry, or not this desk's: both read the same."""

    code = "cases.no-such-list"
    http = 404
    zh = "没有这个台账，或者您的部门在这件事里没有环节。"
    en = "There is no such registry, or your department has no step in its matter."
    next_zh = "请从“台账”页选择。"
    next_en = "Choose one on the page “Registries”."


class ListFormat(Fault):
    """A format that lists are not exported in."""

    code = "cases.no-such-format"
    http = 404
    zh = "清单不能导出成这种格式。"
    en = "Lists are not exported in this format."
    next_zh = "可以选：{known}。"
    next_en = "There are: {known}."


class StepBroken(Fault):
    """A mistake in the program kept something from being done by itself."""

    code = "cases.step-broken"
    http = 500
    zh = "系统自动处理这一步时出错（事件号 {incident}）。"
    en = "Something went wrong when this step was to be done by itself (incident {incident})."
    next_zh = "系统稍后会再试；若一直如此，请把事件号告诉管理员。"
    next_en = "It is tried again later; if it stays so, give the incident number to the operator."


class NoticesUndelivered(Fault):
    """Messages that were laid aside: the other side refused them for good."""

    code = "cases.notices-undelivered"
    http = 500
    zh = "有 {dead} 条通知被对方拒收，已搁置；另有 {late} 条超过一小时还没有发出。"
    en = "{dead} notices were refused for good and laid aside; {late} more wait for over an hour."
    next_zh = "用 scenarist notices list 查看；改好地址或设置后，用 scenarist notices again 重发。"
    next_en = (
        "See scenarist notices list; mend addresses or settings, then scenarist notices again."
    )
