"""Say states, outcomes and events in a reader's words, zh and en side by side."""

from __future__ import annotations

from collections.abc import Mapping

from builder.scenario.model import Text

__all__ = [
    "ACTIONS",
    "AUDIT_KINDS",
    "DEADLINES",
    "EVENTS",
    "LIST_HEADS",
    "OUTCOMES",
    "PAPERS",
    "PARTY_STATES",
    "STATUSES",
    "TASK_STATES",
    "TOLD",
    "UNKNOWN",
    "YES_NO",
]

STATUSES: Mapping[str, Text] = {
    "draft": Text("填写中", "Being filled in"),
    "running": Text("办理中", "In progress"),
    "correcting": Text("待补正", "Waiting for your correction"),
    "suspended": Text("已挂起", "Suspended"),
    "owing": Text("待补交材料", "Waiting for what is owed"),
    "returned": Text("已退回，待修改", "Returned for changes"),
    "completed": Text("已办结", "Completed"),
    "rejected": Text("不予办理", "Refused"),
    "withdrawn": Text("已撤回", "Withdrawn"),
}

PARTY_STATES: Mapping[str, Text] = {
    "waiting": Text("未到此步", "Not yet its turn"),
    "working": Text("办理中", "In progress"),
    "correcting": Text("等待补正", "Waiting for a correction"),
    "suspended": Text("已挂起", "Suspended"),
    "moved": Text("已转办", "Passed on"),
    "done": Text("已办结", "Done"),
    "rejected": Text("不予办理", "Refused"),
    "skipped": Text("无需办理", "Not needed"),
    "cancelled": Text("已终止", "Ended"),
    "unanswered": Text("等待部门数据答复", "Waiting for a department's data"),
}

OUTCOMES: Mapping[str, Text] = {
    "answered": Text("已答复", "Answered"),
    "empty": Text("无此记录", "No such record"),
    "refused": Text("已拒绝", "Refused"),
    "failed": Text("未能答复", "Could not answer"),
    "completed": Text("完成", "Completed"),
}

ACTIONS: Mapping[str, Text] = {
    "submit": Text("提交", "Submit"),
    "approve": Text("通过", "Approve"),
    "reject": Text("不予办理", "Refuse"),
    "return": Text("退回", "Return"),
    "correct": Text("要求补正", "Ask for a correction"),
    "suspend": Text("挂起", "Suspend"),
    "resume": Text("恢复办理", "Resume"),
    "transfer": Text("转办", "Pass on"),
    "urge": Text("催办", "Hurry"),
    "extend": Text("延长补交期限", "Extend the time"),
    "waive": Text("免于补交", "Waive"),
    "verify": Text("核查承诺", "Look into the promise"),
}

EVENTS: Mapping[str, Text] = {
    "submitted": Text("提交了申请", "The application was handed in"),
    "task_opened": Text("开始“{step}”", "“{step}” began"),
    "task_done.approve": Text("“{step}”已通过", "“{step}” was approved"),
    "task_done.submit": Text("“{step}”已提交", "“{step}” was submitted"),
    "task_done.reject": Text("“{step}”不予办理", "“{step}” was refused"),
    "task_done.return": Text("“{step}”已退回", "“{step}” was returned"),
    "returned": Text("退回修改", "Returned for changes"),
    "correction_asked": Text("“{step}”要求补正", "“{step}” asks for a correction"),
    "corrected": Text("已补正", "The correction was handed in"),
    "query_answered": Text("“{step}”已得到答复", "“{step}” was answered"),
    "query_failed": Text(
        "“{step}”暂无答复，稍后自动重试", "“{step}” got no answer yet; it is retried"
    ),
    "query_given_up": Text(
        "“{step}”一直没有答复，改由人工核对", "“{step}” was not answered; it is looked up by hand"
    ),
    "reminded": Text(
        "“{step}”即将到期，已提醒经办人", "“{step}” is due soon; its desk was reminded"
    ),
    "overdue": Text("“{step}”已超过办理期限", "“{step}” is past its due time"),
    "escalated": Text("“{step}”超期未办，已督办", "“{step}” is late; it was escalated"),
    "deferred": Text("“{step}”以后补交", "“{step}” is to be supplied later"),
    "promised": Text("“{step}”以书面承诺代替", "“{step}” was promised instead"),
    "promise_dropped": Text("不再就“{step}”作承诺", "“{step}” is promised no more"),
    "supplemented": Text("已补交“{step}”", "“{step}” was supplied"),
    "owed_dropped": Text("“{step}”不再需要补交", "“{step}” is asked for no more"),
    "owed_reminded": Text("提醒补交“{step}”", "Reminded of “{step}”"),
    "owed_overdue": Text("“{step}”超过补交期限", "“{step}” is past the day it was due"),
    "owed_extended": Text("“{step}”的补交期限已延长", "More time was given for “{step}”"),
    "owed_waived": Text("“{step}”免于补交", "“{step}” was waived"),
    "awaiting_owed": Text(
        "各环节均已办结，只差补交“{step}”", "All steps are done; only “{step}” is still owed"
    ),
    "promise_due": Text(
        "提醒核查关于“{step}”的承诺", "The promise about “{step}” is to be checked"
    ),
    "promise_checked.true": Text(
        "关于“{step}”的承诺已核查属实", "The promise about “{step}” was found true"
    ),
    "promise_checked.false": Text(
        "关于“{step}”的承诺经核查不属实", "The promise about “{step}” was found untrue"
    ),
    "suspended.officer": Text("“{step}”已挂起，时限暂停", "“{step}” was suspended"),
    "suspended.owed": Text(
        "有内容逾期未补交，“{step}”暂停办理", "“{step}” stands still: something owed is late"
    ),
    "resumed": Text("“{step}”恢复办理", "“{step}” goes on"),
    "transferred": Text("“{step}”已转给{to}办理", "“{step}” was passed on to {to}"),
    "urged.applicant": Text("申请人催办“{step}”", "The applicant asked to hurry “{step}”"),
    "urged.officer": Text("牵头部门催办“{step}”", "The lead asked to hurry “{step}”"),
    "branch_skipped": Text("“{step}”按情况无需办理", "“{step}” is not needed here"),
    "document_issued": Text("出具文书：{step}", "Issued: {step}"),
    "document_voided": Text("文书作废：{step}", "Voided: {step}"),
    "notice_sent": Text("已通知您：{step}", "You were told: {step}"),
    "rejected": Text("办件以不予办理结束", "The case ended with a refusal"),
    "withdrawn": Text("申请已撤回", "The application was withdrawn"),
    "completed": Text("全部办结", "Everything is done"),
}

DEADLINES: Mapping[str, tuple[Text, Text]] = {
    "reminded": (
        Text("待办即将到期：{step}", "Due soon: {step}"),
        Text(
            "办件 {case} 的“{step}”应在 {due} 前办结，请及时办理。",
            "“{step}” of case {case} is due at {due}.",
        ),
    ),
    "overdue": (
        Text("待办已超期：{step}", "Late: {step}"),
        Text(
            "办件 {case} 的“{step}”应在 {due} 前办结，现已超期，请尽快办理。",
            "“{step}” of case {case} was due at {due} and is late. Please handle it now.",
        ),
    ),
    "escalated": (
        Text("超期督办：{step}", "Escalated: {step}"),
        Text(
            "办件 {case} 的“{step}”由{party}办理，应在 {due} 前办结，至今未办，请督促或接手。",
            "“{step}” of case {case}, handled by {party}, was due at {due} and is still open. "
            "Please see to it.",
        ),
    ),
}
"""What desks are told when a task's day is near, over, or long over: title and text."""

TOLD: Mapping[str, tuple[Text, Text]] = {
    "owed_reminded.applicant": (
        Text("请及时补交：{field}", "Please supply: {field}"),
        Text(
            "办件 {case} 还差“{field}”，请在 {due} 前补交。"
            "在“我的办件”打开该办件，点“去补交”即可。",
            "Case {case} still lacks “{field}”. Supply it by {due}: open the case under “my "
            "matters” and choose “supply it now”.",
        ),
    ),
    "owed_overdue.applicant": (
        Text("已超过补交期限：{field}", "Past its day: {field}"),
        Text(
            "办件 {case} 的“{field}”应在 {due} 前补交，现已超过期限。请尽快补交；有困难的，"
            "请联系承办部门申请延长。",
            "“{field}” of case {case} was due by {due}. Please supply it soon, or ask the "
            "department for more time.",
        ),
    ),
    "owed_overdue.desk": (
        Text("申请人逾期未补交：{field}", "Owed and late: {field}"),
        Text(
            "办件 {case} 的“{field}”应在 {due} 前补交，至今没有收到。请决定延长一次、"
            "免于补交，或不予办理。",
            "“{field}” of case {case} was due by {due} and has not come. Give more time once, "
            "waive it, or refuse the matter.",
        ),
    ),
    "supplemented.desk": (
        Text("申请人已补交：{field}", "Supplied: {field}"),
        Text("办件 {case} 已补交“{field}”。", "“{field}” of case {case} was supplied."),
    ),
    "owed_extended.applicant": (
        Text("补交期限已延长：{field}", "More time: {field}"),
        Text(
            "办件 {case} 的“{field}”改为在 {due} 前补交。理由：{reason}",
            "“{field}” of case {case} is now due by {due}. Reason: {reason}",
        ),
    ),
    "owed_waived.applicant": (
        Text("不用再补交：{field}", "No longer owed: {field}"),
        Text(
            "办件 {case} 的“{field}”免于补交。理由：{reason}",
            "“{field}” of case {case} was waived. Reason: {reason}",
        ),
    ),
    "awaiting_owed.applicant": (
        Text("只差补交：{field}", "Only this is missing: {field}"),
        Text(
            "办件 {case} 的各个环节都已办完，补交“{field}”后即可办结。",
            "All steps of case {case} are done. It is finished once “{field}” is supplied.",
        ),
    ),
    "awaiting_owed.desk": (
        Text("只差申请人补交：{field}", "Only this is missing: {field}"),
        Text(
            "办件 {case} 的各个环节都已办完，还差“{field}”。",
            "All steps of case {case} are done; “{field}” is still owed.",
        ),
    ),
    "promise_due.desk": (
        Text("请核查承诺：{field}", "Look into the promise: {field}"),
        Text(
            "办件 {case} 的申请人就“{field}”作了书面承诺，请核查是否属实，并记下结论。",
            "In case {case} the applicant promised about “{field}”. Look into it and record "
            "what was found.",
        ),
    ),
    "promise_checked.applicant": (
        Text("承诺经核查不属实：{field}", "Found untrue: {field}"),
        Text(
            "办件 {case} 中关于“{field}”的承诺经核查不属实。说明：{reason}。"
            "如有异议，请联系承办部门。",
            "Your promise about “{field}” in case {case} was found untrue: {reason}. If you "
            "disagree, talk to the department.",
        ),
    ),
    "promise_checked.desk": (
        Text("承诺经核查不属实：{field}", "Found untrue: {field}"),
        Text(
            "办件 {case} 中关于“{field}”的承诺经核查不属实。说明：{reason}。请决定如何处理。",
            "The promise about “{field}” in case {case} was found untrue: {reason}. Decide what "
            "follows.",
        ),
    ),
    "promise_open.desk": (
        Text("办结时尚未核查的承诺：{field}", "Not yet looked into: {field}"),
        Text(
            "办件 {case} 已办结，关于“{field}”的承诺还没有核查，请按规定做事后核查。",
            "Case {case} is finished, and the promise about “{field}” was not looked into yet. "
            "Do so as the rules ask.",
        ),
    ),
    "transferred.desk": (
        Text("转来待办：{step}", "Passed on to you: {step}"),
        Text(
            "办件 {case} 的“{step}”由{party}转来。理由：{reason}",
            "“{step}” of case {case} was passed on by the {party}. Reason: {reason}",
        ),
    ),
    "urged.desk": (
        Text("催办：{step}", "Please hurry: {step}"),
        Text(
            "有人催办办件 {case} 的“{step}”，请尽快办理。",
            "Somebody asks for “{step}” of case {case} to be handled soon.",
        ),
    ),
    "withdrawn.desk": (
        Text("申请人已撤回申请", "The applicant withdrew"),
        Text(
            "办件 {case} 已由申请人撤回。贵部门已经办完：{step}。"
            "已办结的事项仍然有效，如需处理请按规定办理。",
            "Case {case} was taken back by its applicant. Your department had finished: {step}. "
            "It stands; deal with it as the rules ask.",
        ),
    ),
    "suspended.applicant": (
        Text("已挂起：{step}", "Suspended: {step}"),
        Text(
            "办件 {case} 的“{step}”暂停办理，期间不计时。理由：{reason}",
            "“{step}” of case {case} stands still, and its clock with it. Reason: {reason}",
        ),
    ),
    "resumed.desk": (
        Text("恢复办理：{step}", "It goes on: {step}"),
        Text(
            "办件 {case} 的“{step}”已恢复办理，请继续。",
            "“{step}” of case {case} goes on. Please continue.",
        ),
    ),
}
"""What people are told of what is owed, promised, passed on, hurried or at rest: title and text."""

AUDIT_KINDS: Mapping[str, Text] = {
    "opened": Text("开始用数", "Use of data begun"),
    "closed": Text("用数结束", "Use of data ended"),
    "refused": Text("拒绝用数", "Use of data refused"),
    "asked": Text("提出查询", "Question asked"),
    "answered": Text("得到答复", "Question answered"),
    "grant-asked": Text("申请授权", "Grant asked"),
    "grant-approved": Text("批准授权", "Grant approved"),
    "grant-refused": Text("不批准授权", "Grant refused"),
    "grant-revoked": Text("收回授权", "Grant revoked"),
    "node-invited": Text("发出节点启动包", "Start-up kit given out"),
    "node-enrolled": Text("登记节点", "Node enrolled"),
    "node-renewed": Text("换发节点证书", "Node's certificate renewed"),
    "node-retired": Text("停用节点", "Node retired"),
    "backup-taken": Text("取走备份", "Backup taken"),
    "restored": Text("从备份恢复", "Restored from a backup"),
    "grant-stored": Text("授权入库", "Grant kept at the node"),
    "case-pinned": Text("办件锁定当事人", "Case pinned to its subject"),
    "case-opened": Text("登记办件", "Case registered"),
    "case-closed": Text("办件关闭", "Case closed"),
    "case-declared": Text("登记当事人", "Subject declared"),
    "case-established": Text("确认关系", "Relation established"),
    "draft-begun": Text("开始填写", "Application begun"),
    "draft-saved": Text("保存填写", "Application saved"),
    "draft-moved": Text("更正当事人，换号", "Subject corrected, number changed"),
    "draft-discarded": Text("放弃填写", "Application discarded"),
    "draft-expired": Text("到期删除未提交的申请", "Application never handed in deleted"),
    "case-submitted": Text("提交申请", "Application handed in"),
    "case-acted": Text("办理环节", "Task acted on"),
    "case-supplemented": Text("补交材料", "Owed answer supplied"),
    "case-urged": Text("催办", "Task hurried"),
    "case-withdrawn": Text("撤回申请", "Application withdrawn"),
    "case-asked": Text("流程查询", "Question of the process"),
    "document-issued": Text("出具文书", "Document issued"),
    "document-voided": Text("文书作废", "Document voided"),
    "document-fetched": Text("取用文书", "Document fetched"),
    "list-exported": Text("导出清单", "List exported"),
    "case-due": Text("期限到了", "A time limit came"),
    "signed-in": Text("登录", "Signed in"),
    "sign-in-refused": Text("登录被拒", "Sign-in refused"),
    "signed-out": Text("退出", "Signed out"),
    "sign-in-ended": Text("结束别处的登录", "Sign-ins elsewhere ended"),
    "notices-sent-again": Text("重发通知", "Notices sent again"),
    "password-changed": Text("修改密码", "Password changed"),
    "account-added": Text("新增账号", "Account added"),
    "account-changed": Text("变更账号", "Account changed"),
    "account-closed": Text("停用账号", "Account closed"),
    "account-reopened": Text("恢复账号", "Account opened again"),
    "account-password-set": Text("重置密码", "Password set anew"),
    "deployed": Text("部署场景", "Matter deployed"),
    "audit-verified": Text("校验日志", "Journals verified"),
    "audit-read": Text("查阅日志", "Journals read"),
}

PAPERS: Mapping[str, Text] = {
    "receipt": Text("收件回执", "Receipt"),
    "receipt_says": Text(
        "您提交的申请已收到。是否受理，由收件部门审查后通知您。请妥善保管本回执。",
        "Your application was received. Whether it is accepted you are told after a first look. "
        "Please keep this receipt.",
    ),
    "receipt_note": Text(
        "凭受理编号可在“我的办件”或任一政务服务窗口查询进度；需要补正或有结果时会主动通知您。",
        "Follow it under “My matters” or at any counter by its number; you are told when something "
        "must be corrected and when there is a result.",
    ),
    "case_no": Text("受理编号", "Case number"),
    "matter": Text("申请事项", "Matter"),
    "applicant": Text("申请人", "Applicant"),
    "received": Text("提交时间", "Handed in"),
    "lead": Text("收件部门", "Received by"),
    "parties": Text("办理部门", "Handled by"),
    "items": Text("包含事项", "Parts"),
    "owed": Text("以后补交", "To be supplied later"),
    "promised": Text("书面承诺代替", "Promised instead"),
    "seal": Text("材料校验码（SM3）", "Checksum of the answers (SM3)"),
    "blank_note": Text(
        "手工填写的，请用黑色签字笔，字迹清楚；选项在方框内打“√”。网上办理不需要打印本表。",
        "By hand: write clearly in black and tick the boxes. Online, this form is not needed.",
    ),
}
"""What documents of the house itself say."""

LIST_HEADS: Mapping[str, Text] = {
    "case_no": Text("受理编号", "Case number"),
    "submitted": Text("提交时间", "Handed in"),
    "status": Text("办件状态", "Status"),
    "matter": Text("事项", "Matter"),
    "task": Text("环节", "Task"),
    "applicant": Text("申请人", "Applicant"),
    "opened": Text("到达时间", "Opened"),
    "due": Text("办理期限", "Due"),
    "done": Text("办结时间", "Done"),
    "state": Text("状态", "State"),
}

TASK_STATES: Mapping[str, Text] = {
    "open": Text("待办", "Open"),
    "overdue": Text("逾期", "Overdue"),
    "correcting": Text("等待补正", "Waiting for a correction"),
    "suspended": Text("挂起", "Suspended"),
    "done": Text("已办", "Done"),
    "cancelled": Text("已终止", "Ended"),
}

YES_NO: Mapping[bool, Text] = {True: Text("是", "Yes"), False: Text("否", "No")}
UNKNOWN = Text("未能查询", "Could not be asked")
