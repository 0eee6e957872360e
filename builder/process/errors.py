"""Name what can be wrong with an action on a case. No facts hold answers."""

from builder.errors import Fault

__all__ = [
    "ActionNotAllowed",
    "AlreadySubmitted",
    "AnswerLate",
    "AnswerOutsideForm",
    "AnswerUnexpected",
    "AssigneeWrong",
    "CalendarDateTwice",
    "CalendarEntryBroken",
    "CalendarUnreadable",
    "CaseEnded",
    "CorrectionEmpty",
    "CorrectionFieldWrong",
    "EventUnknown",
    "ExtendedOnce",
    "ExtensionWrong",
    "FieldNotAsked",
    "LeftWrong",
    "NotOwed",
    "NotPromised",
    "NotSubmitted",
    "NotSuspended",
    "NotTheApplicant",
    "NothingOwed",
    "OwedElsewhere",
    "PartyWrong",
    "ProcessFault",
    "PromiseChecked",
    "QueryNotPending",
    "ReasonMissing",
    "ReturnNotVisited",
    "ReturnTargetWrong",
    "RoleWrong",
    "StartNotAllowed",
    "StillOwed",
    "SupplementEmpty",
    "SupplementReturned",
    "SuspendUntilPast",
    "TaskCancelled",
    "TaskCorrecting",
    "TaskDone",
    "TaskSuspended",
    "TaskUnknown",
    "TransferTargetWrong",
    "UrgeNothing",
    "UrgedToday",
]


class ProcessFault(Fault):
    """Group the faults of an action; they leave the case as it was."""

    http = 409


class EventUnknown(ProcessFault):
    """A stored event that this version does not know."""

    code = "process.event-unknown"
    http = 500
    zh = "办件的第 {seq} 条记录“{kind}”无法识别。"
    en = "Entry {seq} of the case, “{kind}”, is not known to this version."
    next_zh = "请用写入该记录的版本或更新的版本打开。"
    next_en = "Open the case with the version that wrote it, or a newer one."


class CaseEnded(ProcessFault):
    """An action after the end."""

    code = "process.case-ended"
    zh = "该办件已经结束（{status}），不能再操作。"
    en = "This matter has ended ({status}); nothing more can be done to it."
    next_zh = "如需继续办理，请重新提出申请。"
    next_en = "To go on, begin a new application."


class NotSubmitted(ProcessFault):
    """An action before the hand-in."""

    code = "process.not-submitted"
    zh = "该办件尚未提交。"
    en = "This matter has not been handed in yet."
    next_zh = "请申请人先提交申请。"
    next_en = "The applicant hands it in first."


class AlreadySubmitted(ProcessFault):
    """A second hand-in of a matter that is under way."""

    code = "process.already-submitted"
    zh = "该办件已经提交，正在办理。"
    en = "This matter has been handed in and is being handled."
    next_zh = "请在“我的办件”查看进度；如需改动，请联系承办部门退回或要求补正。"
    next_en = "See its progress in “My matters”; to change it, ask the department to return it."


class StartNotAllowed(ProcessFault):
    """A hand-in by somebody who may not begin the matter."""

    code = "process.start-not-allowed"
    http = 403
    zh = "角色“{role}”不能提出该申请。"
    en = "The role “{role}” may not begin this matter."
    next_zh = "请以申请人身份登录后提交。"
    next_en = "Sign in as an applicant and hand it in."


class NotTheApplicant(ProcessFault):
    """What only the applicant may do, done by somebody else."""

    code = "process.not-the-applicant"
    http = 403
    zh = "只有申请人本人可以这样操作。"
    en = "Only the applicant can do this."
    next_zh = "请用提交申请的账户登录。"
    next_en = "Sign in with the account that handed the matter in."


class TaskUnknown(ProcessFault):
    """A task that the case does not have (yet)."""

    code = "process.task-unknown"
    http = 404
    zh = "该办件没有待办“{task}”。"
    en = "This matter has no task “{task}”."
    next_zh = "请刷新待办列表；前面的环节完成后，后面的待办才会出现。"
    next_en = "Reload the worklist; a later task appears when the earlier steps are done."


class TaskDone(ProcessFault):
    """An action on a task that is done."""

    code = "process.task-done"
    zh = "待办“{task}”已经办结。"
    en = "The task “{task}” is already done."
    next_zh = "请刷新页面查看最新进度。"
    next_en = "Reload the page to see how the matter stands."


class TaskCancelled(ProcessFault):
    """An action on a task that was cancelled."""

    code = "process.task-cancelled"
    zh = "待办“{task}”已经取消。"
    en = "The task “{task}” was cancelled."
    next_zh = "办件被退回或结束后，原有待办会取消；请刷新待办列表。"
    next_en = "A return or the end of a matter cancels its tasks; reload the worklist."


class TaskCorrecting(ProcessFault):
    """An action on a task that waits for the applicant's correction."""

    code = "process.task-correcting"
    zh = "待办“{task}”正在等待申请人补正。"
    en = "The task “{task}” waits for the applicant's correction."
    next_zh = "请等申请人补正后再办理；确需终止的，可以不予通过。"
    next_en = "Wait for the correction; where it does not come, the task can be refused."


class PartyWrong(ProcessFault):
    """A task of another party."""

    code = "process.party-wrong"
    http = 403
    zh = "待办“{task}”由部门“{party}”办理。"
    en = "The task “{task}” belongs to the department “{party}”."
    next_zh = "请由该部门的工作人员办理。"
    next_en = "Leave it to that department's officers."


class RoleWrong(ProcessFault):
    """A task of another role."""

    code = "process.role-wrong"
    http = 403
    zh = "待办“{task}”须由角色“{role}”办理。"
    en = "The task “{task}” is for the role “{role}”."
    next_zh = "请换用有该角色的账户，或请管理员授予该角色。"
    next_en = "Use an account with that role, or ask the administrator for it."


class ActionNotAllowed(ProcessFault):
    """An action that the step does not offer."""

    code = "process.action-not-allowed"
    zh = "待办“{task}”不能进行“{action}”操作，可以进行：{allowed}。"
    en = "The task “{task}” does not offer “{action}”; it offers: {allowed}."
    next_zh = "请从可用的操作中选择。"
    next_en = "Choose one of the actions it offers."


class ReasonMissing(ProcessFault):
    """A refusal, a return or a request without a reason."""

    code = "process.reason-missing"
    http = 422
    zh = "没有填写理由。"
    en = "There is no reason given."
    next_zh = "请写明理由，申请人会看到。"
    next_en = "Write the reason; the applicant will read it."


class ReturnTargetWrong(ProcessFault):
    """A return to a step that this task may not return to."""

    code = "process.return-target-wrong"
    http = 422
    zh = "不能退回到“{to}”，可以退回到：{allowed}。"
    en = "This cannot be returned to “{to}”; it can be returned to: {allowed}."
    next_zh = "请从可退回的环节中选择。"
    next_en = "Choose one of those steps."


class ReturnNotVisited(ProcessFault):
    """A return to a step that this case did not pass."""

    code = "process.return-not-visited"
    zh = "该办件没有经过环节“{to}”，不能退回到那里。"
    en = "This matter did not pass the step “{to}”, so it cannot go back there."
    next_zh = "请选择已经办过的环节，或退回申请人。"
    next_en = "Choose a step it did pass, or return it to the applicant."


class CorrectionEmpty(ProcessFault):
    """A request for correction that names no field."""

    code = "process.correction-empty"
    http = 422
    zh = "没有选择需要补正的内容。"
    en = "No field to correct is chosen."
    next_zh = "请至少选择一项。"
    next_en = "Choose at least one."


class CorrectionFieldWrong(ProcessFault):
    """A request to correct what this step does not see or the applicant does not fill."""

    code = "process.correction-field-wrong"
    http = 422
    zh = "这些内容不能要求补正：{fields}。"
    en = "These fields cannot be asked for: {fields}."
    next_zh = "只能选择本环节可见、由申请人填写的内容。"
    next_en = "Choose fields that this step sees and the applicant fills."


class FieldNotAsked(ProcessFault):
    """A correction that changes more than was asked."""

    code = "process.field-not-asked"
    http = 422
    zh = "这些内容未被要求补正，不能改动：{fields}。"
    en = "These fields were not asked for and cannot change: {fields}."
    next_zh = "请只修改要求补正的内容；其他改动请联系承办部门退回。"
    next_en = "Change only what was asked; for more, ask the department to return the matter."


class AnswerOutsideForm(ProcessFault):
    """Values for fields that the form in question does not fill."""

    code = "process.answer-outside-form"
    http = 422
    zh = "这些内容不属于本表单：{fields}。"
    en = "These fields are not part of this form: {fields}."
    next_zh = "请只填写表单上的内容。"
    next_en = "Fill in only what the form asks."


class QueryNotPending(ProcessFault):
    """An answer to a question that nobody waits for."""

    code = "process.query-not-pending"
    zh = "环节“{step}”没有等待答复的查询。"
    en = "The step “{step}” waits for no answer."
    next_zh = "无需处理：该查询已经答复，或办件已退回、结束。"
    next_en = "Nothing to do: it was answered, or the matter was returned or has ended."


class AnswerLate(ProcessFault):
    """An answer to a question that has since been asked anew."""

    code = "process.answer-late"
    zh = "环节“{step}”的查询已经重新发出，这个答复过时了。"
    en = "The step “{step}” has asked anew since; this answer is too old."
    next_zh = "请等待新的答复。"
    next_en = "Wait for the new answer."


class AnswerUnexpected(ProcessFault):
    """An answer that is none, or brings columns nobody asked for."""

    code = "process.answer-unexpected"
    http = 422
    zh = "环节“{step}”的答复不完整或含有未查询的列：{columns}。"
    en = "The answer to the step “{step}” is missing or has columns nobody asked for: {columns}."
    next_zh = "请检查该查询与数据目录是否一致。"
    next_en = "Check that the query and the ledger agree."


class CalendarUnreadable(ProcessFault):
    """A working-day table that cannot be read."""

    code = "process.calendar-unreadable"
    http = 500
    zh = "工作日表“{file}”无法读取。"
    en = "The working-day table “{file}” cannot be read."
    next_zh = "请检查文件是否存在、是否为有效的 JSON。"
    next_en = "Check that the file is there and is valid JSON."


class CalendarEntryBroken(ProcessFault):
    """An entry of the working-day table that is not understood."""

    code = "process.calendar-entry-broken"
    http = 422
    zh = "工作日表的这一处无法理解。"
    en = "This entry of the working-day table is not understood."
    next_zh = (
        "years 为年份列表；days 的每项为 date（年-月-日）和 working（true 或 false）；"
        "day_ends 为时:分。"
    )
    next_en = (
        "years is a list of years; each of days has "
        "date (YYYY-MM-DD) and working (true or false); day_ends is HH:MM."
    )


class CalendarDateTwice(ProcessFault):
    """A date that the working-day table has twice."""

    code = "process.calendar-date-twice"
    http = 422
    zh = "日期 {date} 在工作日表中出现了两次。"
    en = "The date {date} is in the working-day table twice."
    next_zh = "请保留一处。"
    next_en = "Keep one of them."


class TaskSuspended(ProcessFault):
    """An action on a task that rests."""

    code = "process.task-suspended"
    zh = "待办“{task}”已挂起，时限暂停计算。"
    en = "The task “{task}” is suspended; its clock stands still."
    next_zh = "请先恢复办理；确需终止的，可以不予通过。"
    next_en = "Resume it first; where it must end, it can be refused."


class NotSuspended(ProcessFault):
    """A task to resume that does not rest."""

    code = "process.not-suspended"
    zh = "待办“{task}”没有挂起，无需恢复。"
    en = "The task “{task}” is not suspended, so there is nothing to resume."
    next_zh = "请刷新页面查看最新进度。"
    next_en = "Reload the page to see how the matter stands."


class SuspendUntilPast(ProcessFault):
    """A day to rest until that is not to come."""

    code = "process.suspend-until-past"
    http = 422
    zh = "恢复办理的日期须在今天之后。"
    en = "The day to go on must be after today."
    next_zh = "请另选一个日期，或不填日期，由经办人手动恢复。"
    next_en = "Choose a later day, or none and resume by hand."


class AssigneeWrong(ProcessFault):
    """A task that was passed to one person, acted on by another of the same desk."""

    code = "process.assignee-wrong"
    http = 403
    zh = "待办“{task}”已转给指定人员办理。"
    en = "The task “{task}” was passed to one person of this desk."
    next_zh = "请由该人员办理；需要接手的，请先转办给自己或本岗位。"
    next_en = "Leave it to them; to take it over, transfer it to yourself or to the desk first."


class TransferTargetWrong(ProcessFault):
    """A desk or person that a task cannot be passed to."""

    code = "process.transfer-target-wrong"
    http = 422
    zh = "待办“{task}”不能转给所选的部门、岗位或人员。"
    en = "The task “{task}” cannot be passed to that department, role or person."
    next_zh = "请从列出的对象中另选一个。"
    next_en = "Choose another of those listed."


class UrgedToday(ProcessFault):
    """A second reminder of the same task on one working day."""

    code = "process.urged-today"
    zh = "这一环节今天已经催办过。"
    en = "This step has been hurried already today."
    next_zh = "每个环节每个工作日只能催办一次，请下一个工作日再试。"
    next_en = "Once a working day is the most; try again on the next one."


class UrgeNothing(ProcessFault):
    """A reminder of a task at which nobody works now."""

    code = "process.urge-nothing"
    zh = "这一环节现在没有部门在办理，无需催办。"
    en = "No department works at this step now, so there is nobody to hurry."
    next_zh = "请在办件页查看正在等待什么。"
    next_en = "See on the case page what is being waited for."


class LeftWrong(ProcessFault):
    """Answers left open that may not be, or that were given as well."""

    code = "process.left-wrong"
    http = 422
    zh = "这些内容不能以后补交，也不能用承诺代替：{fields}。"
    en = "These answers can neither come later nor be promised: {fields}."
    next_zh = "请填写这些内容；已经填写的，不要再勾选以后补交或承诺。"
    next_en = "Fill them in; leave both ticks off where an answer is given."


class NothingOwed(ProcessFault):
    """A case in which nothing is owed."""

    code = "process.nothing-owed"
    zh = "该办件没有需要补交的内容。"
    en = "Nothing is owed in this matter."
    next_zh = "无需处理。"
    next_en = "There is nothing to do."


class NotOwed(ProcessFault):
    """A decision on an answer that is not owed any more."""

    code = "process.not-owed"
    zh = "这项内容不在待补交之列：已经补交、免于补交，或不再需要。"
    en = "This is owed no more: it came, was waived, or is not asked for."
    next_zh = "请刷新页面查看最新情况。"
    next_en = "Reload the page to see how it stands."


class SupplementEmpty(ProcessFault):
    """A supplement that supplies nothing."""

    code = "process.supplement-empty"
    http = 422
    zh = "没有填写任何需要补交的内容。"
    en = "None of what is owed was filled in."
    next_zh = "请至少补交一项；可以分几次补交。"
    next_en = "Supply at least one; the others may follow."


class SupplementReturned(ProcessFault):
    """A supplement to a matter that was sent back."""

    code = "process.supplement-returned"
    zh = "该办件已退回给您修改，请在修改时一并补交。"
    en = "This matter was returned to you; supply what is owed as you change it."
    next_zh = "请打开退回的申请，填写后重新提交。"
    next_en = "Open the returned application, fill it in and hand it in again."


class StillOwed(ProcessFault):
    """A step that cannot pass before something owed has come."""

    code = "process.still-owed"
    zh = "申请人还有待补交的内容：{fields}。补齐之前，“{task}”不能通过。"
    en = "Still owed by the applicant: {fields}. “{task}” cannot be approved before it comes."
    next_zh = "请等申请人补交，或延长一次期限、免于补交。"
    next_en = "Wait for it, give more time once, or waive it."


class ExtendedOnce(ProcessFault):
    """A second extension."""

    code = "process.extended-once"
    zh = "补交期限已经延长过一次。"
    en = "The time to supply it was extended once already."
    next_zh = "请决定免于补交，或不予通过。"
    next_en = "Waive it, or refuse the matter."


class ExtensionWrong(ProcessFault):
    """An extension longer than the time given at first."""

    code = "process.extension-wrong"
    http = 422
    zh = "延长的期限须为 1 至 {most} 个工作日。"
    en = "The extension is 1 to {most} working days."
    next_zh = "请改为这一范围内的天数。"
    next_en = "Give a number in that range."


class OwedElsewhere(ProcessFault):
    """A decision on what is owed, by a desk that does not see it."""

    code = "process.owed-elsewhere"
    http = 403
    zh = "这项内容不归本环节处理。"
    en = "This step has no say about it."
    next_zh = "请由牵头部门，或使用这项内容的环节决定。"
    next_en = "Leave it to the lead, or to a step that uses it."


class NotPromised(ProcessFault):
    """A finding about a promise that nobody made."""

    code = "process.not-promised"
    zh = "申请人没有就这项内容作出承诺。"
    en = "The applicant made no promise about this."
    next_zh = "请刷新页面查看最新情况。"
    next_en = "Reload the page to see how it stands."


class PromiseChecked(ProcessFault):
    """A second finding about a promise."""

    code = "process.promise-checked"
    zh = "这项承诺已经核查过。"
    en = "This promise has been looked into already."
    next_zh = "核查结论见办理记录。"
    next_en = "The finding is in the history."
