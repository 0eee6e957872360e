"""Name what can be wrong with a spec; one class a problem, its facts never more than names."""

from builder.errors import Fault

__all__ = [
    "ApplicantTaskActions",
    "BasisUnknown",
    "BranchEmpty",
    "BranchNever",
    "BranchShadowed",
    "ChoiceRefused",
    "ColumnTwice",
    "ColumnUndeclared",
    "ColumnUnknown",
    "ColumnsMisplaced",
    "ComputeAndPrefill",
    "ComputeTypeDiffers",
    "ConditionLoop",
    "ConditionNotBool",
    "CorrectNothing",
    "DatasetFieldUnknown",
    "DatasetNotShared",
    "DatasetPartyAbsent",
    "DatasetUnknown",
    "DatasetUnused",
    "DatasetWithoutSubject",
    "DefaultTypeDiffers",
    "DeferNotApplicants",
    "DeferNotRequired",
    "DeferNotTyped",
    "DeferRemindEarly",
    "DeferSubject",
    "ElseNotLast",
    "ElseTwice",
    "EntityUnknown",
    "EntryTwice",
    "EscalationOrder",
    "EscalationToApplicant",
    "EscalationWithoutDue",
    "FieldSchemaBroken",
    "FieldUnknown",
    "FieldsUnneeded",
    "FirstPageConditional",
    "FloatRefused",
    "FolderNameDiffers",
    "FormUnknown",
    "FormUnused",
    "GradeBelowLedger",
    "GradeSealed",
    "HoldUnknown",
    "IdTwice",
    "ItemUnhandled",
    "ItemUnknown",
    "KebabExpected",
    "KeyMissing",
    "KeyTwice",
    "KeyUnknown",
    "KioskOptionElsewhere",
    "KioskPageUnreachable",
    "LeadIsPartner",
    "LedgerFieldUnknown",
    "LedgerIdMalformed",
    "NameIsKeyword",
    "NameNotUsable",
    "NamePathMalformed",
    "NameTaken",
    "NotJson",
    "NoticeUnknown",
    "NumberNotFinite",
    "NumberOutOfRange",
    "OfficerRewrites",
    "ParallelReads",
    "ParallelWrites",
    "ParamUnbound",
    "ParamUnused",
    "PartyOutsideRole",
    "PartyUnknown",
    "PlanRowMalformed",
    "PointerMalformed",
    "PrefillTypeDiffers",
    "PurposeUndeclared",
    "PurposeUnneeded",
    "QueryUnknown",
    "QueryUnused",
    "ReassignedOutside",
    "RefOutside",
    "RejectOutsideBranch",
    "RelationCircle",
    "RelationMissing",
    "RelationNeedless",
    "RetentionOrder",
    "ReturnNotEarlier",
    "ReturnToMissing",
    "ReturnToUnused",
    "RoleUnknown",
    "ScopeForbidden",
    "ScopeMissing",
    "ScopeReadOnly",
    "ScopeTwice",
    "ShapeWrong",
    "SnakeExpected",
    "SourceMissing",
    "SourceTooDeep",
    "SourceTooLarge",
    "SpecFault",
    "SqlBroken",
    "SqlNotPlain",
    "SqlStar",
    "StartRoleMissing",
    "StepIdReserved",
    "StepUnknown",
    "SubjectFilterWritten",
    "SubjectKeyNotAsked",
    "SubjectUnknown",
    "TableUnknown",
    "TaskHasNoYes",
    "TaskPartyMissing",
    "TaskPartyOfApplicant",
    "TextEmpty",
    "TextNotEnglish",
    "TextNotUnicode",
    "TextTooLong",
    "TitleKindDiffers",
    "TooFew",
    "TooMany",
    "TransferUnused",
    "TransferWrong",
    "TypeDiffersFromLedger",
    "TypeWrong",
    "ValueUnknown",
    "VerifiedByWrong",
    "VerifyColumns",
    "VersionMalformed",
    "WidgetTypeWrong",
]


class SpecFault(Fault):
    """Group the findings about a spec; `where` is a JSON pointer, the fact `file_line` its line."""

    http = 422


class SourceMissing(SpecFault):
    """A file of a spec that is not there or may not be read."""

    code = "scenario.source-missing"
    http = 404
    zh = "找不到或无法读取文件“{file}”。"
    en = "The file “{file}” is not there or cannot be read."
    next_zh = "请检查路径和权限。"
    next_en = "Check its path and permissions."


class SourceTooLarge(SpecFault):
    """A file of a spec beyond the size limit."""

    code = "scenario.source-too-large"
    http = 413
    zh = "文件“{file}”超过了 {limit_bytes} 字节。"
    en = "The file “{file}” is larger than {limit_bytes} bytes."
    next_zh = "场景说明不应这么大：请确认没有把数据写进来。"
    next_en = "A spec is never that large: check that no data got into it."


class SourceTooDeep(SpecFault):
    """JSON nested beyond reason."""

    code = "scenario.source-too-deep"
    zh = "文件“{file}”的嵌套超过了 {limit} 层。"
    en = "The file “{file}” is nested more than {limit} levels deep."
    next_zh = "请减少嵌套。"
    next_en = "Nest less deeply."


class NotJson(SpecFault):
    """A file of a spec that is not JSON in UTF-8."""

    code = "scenario.not-json"
    zh = "文件“{file}”第 {line} 行第 {column} 列不是有效的 JSON（UTF-8）。"
    en = "The file “{file}” is not valid JSON in UTF-8 at line {line}, column {column}."
    next_zh = "请在这一处附近检查逗号、引号和括号。"
    next_en = "Look for a comma, quote or bracket near there."


class KeyTwice(SpecFault):
    """One key twice in one object."""

    code = "scenario.key-twice"
    zh = "“{key}”在同一处写了两次（第 {first_line} 行和第 {line} 行）。"
    en = "“{key}” is written twice in the same place (lines {first_line} and {line})."
    next_zh = "请保留一处。"
    next_en = "Keep one of them."


class NumberNotFinite(SpecFault):
    """NaN, an infinity or an absurdly long number."""

    code = "scenario.number-not-finite"
    zh = "这里的数不是有限的数。"
    en = "The number here is not finite."
    next_zh = '请写成普通的数；金额写成文本，如 "12.50"。'
    next_en = 'Write an ordinary number; write money as text such as "12.50".'


class TextNotUnicode(SpecFault):
    """Half a surrogate pair."""

    code = "scenario.text-not-unicode"
    zh = "这里的文本含有不完整的字符。"
    en = "The text here holds half a character."
    next_zh = "请重新输入这段文本。"
    next_en = "Type the text again."


class FolderNameDiffers(SpecFault):
    """A folder that is not named as its scenario."""

    code = "scenario.folder-name-differs"
    zh = "文件夹“{folder}”与场景编号“{id}”不一致。"
    en = "The folder “{folder}” and the scenario's id “{id}” differ."
    next_zh = "请让两者一致。"
    next_en = "Make them the same."


class KeyUnknown(SpecFault):
    """A key the spec language does not have."""

    code = "scenario.key-unknown"
    zh = "这里没有“{key}”这个键。"
    en = "There is no key “{key}” here."
    next_zh = "可以写的键（最接近的在前）：{known}；自己的附注请以 x- 开头。"
    next_en = (
        "Keys that may stand here, the nearest first: {known}; begin notes of your own with x-."
    )


class KeyMissing(SpecFault):
    """A key that must be there."""

    code = "scenario.key-missing"
    zh = "这里缺少“{key}”。"
    en = "“{key}” is missing here."
    next_zh = "请补上“{key}”。"
    next_en = "Add “{key}”."


class TypeWrong(SpecFault):
    """A value of the wrong JSON type."""

    code = "scenario.type-wrong"
    zh = "这里的值类型不对，应为 {expected}。"
    en = "The value here has the wrong type; it must be {expected}."
    next_zh = "请改成 {expected}。"
    next_en = "Make it {expected}."


class ValueUnknown(SpecFault):
    """A word that is none of those allowed."""

    code = "scenario.value-unknown"
    zh = "这里不能写“{value}”。"
    en = "“{value}” cannot stand here."
    next_zh = "可以写（最接近的在前）：{known}。"
    next_en = "What can, the nearest first: {known}."


class KebabExpected(SpecFault):
    """An id that is not kebab-case."""

    code = "scenario.kebab-expected"
    zh = "编号“{value}”只能用小写字母、数字和连字符，以字母开头。"
    en = "The id “{value}” must be small letters, digits and hyphens, starting with a letter."
    next_zh = "例如写成“{near}”。"
    next_en = "Write it as “{near}”, for example."


class SnakeExpected(SpecFault):
    """A name that expressions could not read."""

    code = "scenario.snake-expected"
    zh = "名称“{value}”只能用小写字母、数字和下划线，以字母开头，因为表达式要用到它。"
    en = (
        "The name “{value}” must be small letters, digits and underscores, starting with a "
        "letter, because expressions use it."
    )
    next_zh = "例如写成“{near}”。"
    next_en = "Write it as “{near}”, for example."


class VersionMalformed(SpecFault):
    """A version that is not semver."""

    code = "scenario.version-malformed"
    zh = "版本号“{value}”不是“主.次.修订”的形式。"
    en = "The version “{value}” is not of the form major.minor.patch."
    next_zh = "例如 1.0.0。"
    next_en = "For example 1.0.0."


class PointerMalformed(SpecFault):
    """A pointer that is not /entity/field."""

    code = "scenario.pointer-malformed"
    zh = "“{value}”不是指向字段的指针。"
    en = "“{value}” is no pointer to a field."
    next_zh = "请写成 /实体/字段，例如 /application/name。"
    next_en = "Write /entity/field, for example /application/name."


class PlanRowMalformed(SpecFault):
    """A plan row that is not a letter and two digits."""

    code = "scenario.plan-row-malformed"
    zh = "“{value}”不是行动方案的行号。"
    en = "“{value}” is no row of the action plan."
    next_zh = "例如 S23。"
    next_en = "For example S23."


class LedgerIdMalformed(SpecFault):
    """A ledger id of the wrong shape."""

    code = "scenario.ledger-id-malformed"
    zh = "“{value}”不是一本账的编号。"
    en = "“{value}” is no id of the ledger."
    next_zh = "数据集写成 部门.表，数据项写成 部门.表.列，例如 police.household.name。"
    next_en = (
        "A dataset is party.table, a field party.table.column, for example police.household.name."
    )


class NamePathMalformed(SpecFault):
    """A name path that is not entity.field."""

    code = "scenario.name-path-malformed"
    zh = "“{value}”不是“实体.字段”的形式。"
    en = "“{value}” is not of the form entity.field."
    next_zh = "例如 applicant.id_card。"
    next_en = "For example applicant.id_card."


class TextEmpty(SpecFault):
    """An empty text."""

    code = "scenario.text-empty"
    zh = "这里的文本是空的。"
    en = "The text here is empty."
    next_zh = "请填写；中文和英文都要有。"
    next_en = "Fill it in; both zh and en are needed."


class TextTooLong(SpecFault):
    """A text beyond its limit."""

    code = "scenario.text-too-long"
    zh = "这里的文本超过了 {limit} 个字符。"
    en = "The text here is longer than {limit} characters."
    next_zh = "请缩短。"
    next_en = "Shorten it."


class TooFew(SpecFault):
    """A list that is too short."""

    code = "scenario.too-few"
    zh = "这里至少要有 {limit} 项。"
    en = "There must be at least {limit} here."
    next_zh = "请补足。"
    next_en = "Add what is missing."


class TooMany(SpecFault):
    """A list that is too long."""

    code = "scenario.too-many"
    zh = "这里最多只能有 {limit} 项。"
    en = "There can be at most {limit} here."
    next_zh = "请删去多余的。"
    next_en = "Remove some."


class EntryTwice(SpecFault):
    """The same entry twice in a list."""

    code = "scenario.entry-twice"
    zh = "这个列表里有重复的项。"
    en = "This list holds the same entry twice."
    next_zh = "请去掉重复的。"
    next_en = "Remove the repetition."


class NumberOutOfRange(SpecFault):
    """A number beyond its limit."""

    code = "scenario.number-out-of-range"
    zh = "这里的数超出了限度 {limit}。"
    en = "The number here is beyond its limit of {limit}."
    next_zh = "请改到限度以内。"
    next_en = "Bring it within the limit."


class ShapeWrong(SpecFault):
    """Any other breach of the JSON Schema."""

    code = "scenario.shape-wrong"
    zh = "这里不符合“{rule}”的要求。"
    en = "What stands here breaks the rule “{rule}”."
    next_zh = "请对照 specs/schema/scenario.schema.json 修改。"
    next_en = "Compare it with specs/schema/scenario.schema.json."


class FloatRefused(SpecFault):
    """A field of JSON type number."""

    code = "scenario.float-refused"
    zh = "字段类型不能是 number，浮点数会丢失精度。"
    en = "A field cannot have the type number: floats lose precision."
    next_zh = "整数用 integer；金额和量值用 string 加 format: decimal。"
    next_en = "Use integer, or string with format: decimal for money and measures."


class IdTwice(SpecFault):
    """The same id twice where it must be unique."""

    code = "scenario.id-twice"
    zh = "编号“{id}”重复了。"
    en = "The id “{id}” is used twice."
    next_zh = "请改成不同的编号。"
    next_en = "Give one of them another id."


class NameIsKeyword(SpecFault):
    """A name that SQL reserves."""

    code = "scenario.name-is-keyword"
    zh = "“{name}”是 SQL 保留字，表达式读不懂它。"
    en = "“{name}” is a word that SQL reserves; expressions would misread it."
    next_zh = "请换一个名称，例如“{near}”。"
    next_en = "Choose another name, for example “{near}”."


class NameTaken(SpecFault):
    """An entity or query that shadows another name of expressions."""

    code = "scenario.name-taken"
    zh = "名称“{name}”已被占用，表达式会分不清。"
    en = "The name “{name}” is taken; expressions could not tell the two apart."
    next_zh = "请换一个名称：实体、查询以及内置的 applicant、params 不能同名。"
    next_en = (
        "Choose another: entities, queries and the built-in applicant and params need names "
        "of their own."
    )


class StepIdReserved(SpecFault):
    """A step with the id of the hand-in."""

    code = "scenario.step-id-reserved"
    zh = "环节编号“{id}”已保留给申请人提交。"
    en = "The step id “{id}” is reserved for the applicant's hand-in."
    next_zh = "请换一个编号。"
    next_en = "Choose another id."


class KioskOptionElsewhere(SpecFault):
    """An option of a kiosk on another channel."""

    code = "scenario.kiosk-option-elsewhere"
    zh = "“{key}”只用于自助机，渠道“{channel}”没有这一项。"
    en = "“{key}” is for kiosks; the channel “{channel}” has no such option."
    next_zh = "请删去它，或写到 id 为 kiosk 的渠道里。"
    next_en = "Remove it, or give it to the channel with the id kiosk."


class KioskPageUnreachable(SpecFault):
    """A page that nothing on the kiosk leads to."""

    code = "scenario.kiosk-page-unreachable"
    zh = "自助机上没有页面通向“{page}”。"
    en = "Nothing on the kiosk leads to “{page}”."
    next_zh = "请在 pages 里加上“{needs}”，或去掉“{page}”。"
    next_en = "Add “{needs}” to pages, or remove “{page}”."


class PartyUnknown(SpecFault):
    """A party that takes no part."""

    code = "scenario.party-unknown"
    zh = "部门“{party}”不是牵头部门，也不在配合部门之列。"
    en = "The party “{party}” is neither the lead nor a partner."
    next_zh = "参与的部门（最接近的在前）：{known}；或把它加入 partners。"
    next_en = "Taking part, the nearest first: {known}; or add it to partners."


class LeadIsPartner(SpecFault):
    """The lead listed among the partners."""

    code = "scenario.lead-is-partner"
    zh = "牵头部门“{party}”又列在配合部门里。"
    en = "The lead “{party}” is also listed as a partner."
    next_zh = "请从 partners 中去掉。"
    next_en = "Remove it from partners."


class RoleUnknown(SpecFault):
    """A role that is not defined."""

    code = "scenario.role-unknown"
    zh = "没有角色“{role}”。"
    en = "There is no role “{role}”."
    next_zh = "已有的角色（最接近的在前）：{known}。"
    next_en = "Roles there are, the nearest first: {known}."


class FormUnknown(SpecFault):
    """A form that is not defined."""

    code = "scenario.form-unknown"
    zh = "没有表单“{form}”。"
    en = "There is no form “{form}”."
    next_zh = "已有的表单（最接近的在前）：{known}。"
    next_en = "Forms there are, the nearest first: {known}."


class ItemUnknown(SpecFault):
    """A service item that is not defined."""

    code = "scenario.item-unknown"
    zh = "没有事项“{item}”。"
    en = "There is no service item “{item}”."
    next_zh = "已有的事项（最接近的在前）：{known}。"
    next_en = "Items there are, the nearest first: {known}."


class QueryUnknown(SpecFault):
    """A query that is not defined."""

    code = "scenario.query-unknown"
    zh = "没有查询“{query}”。"
    en = "There is no query “{query}”."
    next_zh = "已有的查询（最接近的在前）：{known}。"
    next_en = "Queries there are, the nearest first: {known}."


class NoticeUnknown(SpecFault):
    """A notice that is not defined."""

    code = "scenario.notice-unknown"
    zh = "没有告知“{notice}”。"
    en = "There is no notice “{notice}”."
    next_zh = "已有的告知（最接近的在前）：{known}。"
    next_en = "Notices there are, the nearest first: {known}."


class DocumentUnknown(SpecFault):
    """A document that is not defined."""

    code = "scenario.document-unknown"
    zh = "没有文书“{document}”。"
    en = "There is no document “{document}”."
    next_zh = "已有的文书（最接近的在前）：{known}。"
    next_en = "Documents there are, the nearest first: {known}."


class DocumentUnused(SpecFault):
    """A document that no step issues."""

    code = "scenario.document-unused"
    zh = "文书“{document}”没有环节出具。"
    en = "No step issues the document “{document}”."
    next_zh = "请在流程里加一个 issue 环节，或删去这份文书。"
    next_en = "Add an issue step to the process, or remove the document."


class DocumentEmpty(SpecFault):
    """A document that says nothing."""

    code = "scenario.document-empty"
    zh = "文书“{document}”没有内容：body 和 fields 都没有写。"
    en = "The document “{document}” says nothing: it has neither body nor fields."
    next_zh = "请写正文 body，或列出要印的字段 fields。"
    next_en = "Write its body, or list the fields that it prints."


class PlaceholderUnknown(SpecFault):
    """A field in braces that there is not."""

    code = "scenario.placeholder-unknown"
    zh = "花括号里的“{name}”不是字段、参数或查询的列。"
    en = "“{name}” in braces is no field, parameter or column of a query."
    next_zh = "最接近的名称：{known}。"
    next_en = "The nearest names: {known}."


class SubjectUnknown(SpecFault):
    """A subject that is not defined."""

    code = "scenario.subject-unknown"
    zh = "没有主体“{subject}”。"
    en = "There is no subject “{subject}”."
    next_zh = "已有的主体（最接近的在前）：{known}。"
    next_en = "Subjects there are, the nearest first: {known}."


class BasisUnknown(SpecFault):
    """A legal basis that is not defined."""

    code = "scenario.basis-unknown"
    zh = "没有依据“{basis}”。"
    en = "There is no legal basis “{basis}”."
    next_zh = "已有的依据（最接近的在前）：{known}。"
    next_en = "Legal bases there are, the nearest first: {known}."


class EntityUnknown(SpecFault):
    """An entity that is not defined."""

    code = "scenario.entity-unknown"
    zh = "没有实体“{entity}”。"
    en = "There is no entity “{entity}”."
    next_zh = "已有的实体（最接近的在前）：{known}。"
    next_en = "Entities there are, the nearest first: {known}."


class FieldUnknown(SpecFault):
    """A pointer or name that reaches no field."""

    code = "scenario.field-unknown"
    zh = "“{field}”没有指向任何字段。"
    en = "“{field}” reaches no field."
    next_zh = "可用的字段（最接近的在前）：{known}。"
    next_en = "Fields there are, the nearest first: {known}."


class StepUnknown(SpecFault):
    """A step that is not in the process."""

    code = "scenario.step-unknown"
    zh = "流程中没有环节“{step}”。"
    en = "The process has no step “{step}”."
    next_zh = "可退回的环节（最接近的在前）：{known}。"
    next_en = "Steps to return to, the nearest first: {known}."


class StartRoleMissing(SpecFault):
    """A matter that nobody may begin."""

    code = "scenario.start-role-missing"
    zh = "没有可以发起申请的角色。"
    en = "No role may begin this matter."
    next_zh = "请给申请人的角色写上 start: true。"
    next_en = "Write start: true on the applicant's role."


class ItemUnhandled(SpecFault):
    """A service item that no task handles."""

    code = "scenario.item-unhandled"
    zh = "事项“{item}”没有任何待办来办理。"
    en = "No task handles the service item “{item}”."
    next_zh = "请在办理它的待办上写 item，或删去该事项。"
    next_en = "Name it as the item of a task, or remove it."


class FormUnused(SpecFault):
    """A form that nobody fills."""

    code = "scenario.form-unused"
    zh = "表单“{form}”没有人填写。"
    en = "Nobody fills the form “{form}”."
    next_zh = "请在待办上引用它，或删去。"
    next_en = "Use it in a task, or remove it."


class QueryUnused(SpecFault):
    """A query that asks for data nobody needs."""

    code = "scenario.query-unused"
    zh = "查询“{query}”没有用处：流程、免填、核验和条件都没有用到它。"
    en = "Nothing uses the query “{query}”: no step, prefill, relation or condition."
    next_zh = "按最小必要原则删去，或在需要处引用。"
    next_en = "Remove it, as only necessary data may be asked for, or use it."


class DatasetUnused(SpecFault):
    """A dataset that no query reads."""

    code = "scenario.dataset-unused"
    zh = "数据集“{dataset}”没有任何查询使用。"
    en = "No query uses the dataset “{dataset}”."
    next_zh = "按最小必要原则删去：它会成为授权申请的一部分。"
    next_en = "Remove it: it would become part of the grant request."


class FieldsUnneeded(SpecFault):
    """Fields of a dataset that no query reads."""

    code = "scenario.fields-unneeded"
    zh = "没有查询用到这些数据项：{fields}。"
    en = "No query uses these fields: {fields}."
    next_zh = "按最小必要原则删去，授权申请只包含用到的数据项。"
    next_en = "Remove them, so that the grant asks only for what is used."


class PurposeUnneeded(SpecFault):
    """A purpose that no query of the dataset has."""

    code = "scenario.purpose-unneeded"
    zh = "数据集“{dataset}”的用途“{purpose}”没有查询用到。"
    en = "No query uses the dataset “{dataset}” for the purpose “{purpose}”."
    next_zh = "请删去该用途。"
    next_en = "Remove the purpose."


class TextNotEnglish(SpecFault):
    """English text that is Chinese."""

    code = "scenario.text-not-english"
    zh = "英文里含有汉字。"
    en = "The English text holds Chinese characters."
    next_zh = "请写英文译文。"
    next_en = "Write the English translation."


class TitleKindDiffers(SpecFault):
    """A title whose last word names another kind of project."""

    code = "scenario.title-kind-differs"
    zh = "标题以“{word}”结尾，但类别是“{kind}”。"
    en = "The title ends in “{word}”, but the kind is “{kind}”."
    next_zh = (
        "按项目建设分类规范：基础综合为平台，行业跨层级为系统，单项业务为应用，硬件为采购，"
        "复杂巨大为工程；请改标题或类别。"
    )
    next_en = (
        "By the naming norm a 平台 is basic and comprehensive, a 系统 spans an industry or "
        "levels, an 应用 is one business, a 采购 is hardware, a 工程 is complex or huge; "
        "change the title or the kind."
    )


class FieldSchemaBroken(SpecFault):
    """A field's JSON Schema that is none."""

    code = "scenario.field-schema-broken"
    zh = "字段“{field}”的 JSON Schema 无效（{rule}）。"
    en = "The JSON Schema of the field “{field}” is not valid ({rule})."
    next_zh = "请对照 JSON Schema 2020-12 修改。"
    next_en = "Mend it by JSON Schema 2020-12."


class RefOutside(SpecFault):
    """A reference that leaves the entity."""

    code = "scenario.ref-outside"
    zh = "引用“{ref}”指向实体之外。"
    en = "The reference “{ref}” leads outside the entity."
    next_zh = "只能引用 #/$defs/ 下的定义。"
    next_en = "Refer only to definitions under #/$defs/."


class LedgerFieldUnknown(SpecFault):
    """A ledger field that does not exist."""

    code = "scenario.ledger-field-unknown"
    zh = "一本账里没有数据项“{field}”。"
    en = "The ledger has no field “{field}”."
    next_zh = "最接近的在前：{known}。"
    next_en = "The nearest first: {known}."


class GradeBelowLedger(SpecFault):
    """A grade lower than the ledger's."""

    code = "scenario.grade-below-ledger"
    zh = "字段定为 {grade}，低于一本账中的 {ledger_grade}。"
    en = "The field is graded {grade}, below the ledger's {ledger_grade}."
    next_zh = "请至少定为 {ledger_grade}。"
    next_en = "Grade it at least {ledger_grade}."


class TypeDiffersFromLedger(SpecFault):
    """A type that cannot hold the ledger's values."""

    code = "scenario.type-differs-from-ledger"
    zh = "字段类型 {type} 与一本账中的 {ledger_type} 不符。"
    en = "The field's type {type} does not fit the ledger's {ledger_type}."
    next_zh = "请改成一致的类型。"
    next_en = "Make the types agree."


class ScopeReadOnly(SpecFault):
    """A control that would fill what sign-in brings."""

    code = "scenario.scope-read-only"
    zh = "“{scope}”来自登录身份，不能由表单填写。"
    en = "“{scope}” comes from sign-in and cannot be filled in."
    next_zh = "请改用自己实体的字段，或用 compute 引用它。"
    next_en = "Use a field of your own, or refer to it with compute."


class ScopeTwice(SpecFault):
    """Two controls of one form for one field."""

    code = "scenario.scope-twice"
    zh = "字段“{scope}”在同一表单里有两个控件。"
    en = "The field “{scope}” has two controls in one form."
    next_zh = "请保留一个；需要分情况时合并条件。"
    next_en = "Keep one; join their conditions if need be."


class ScopeMissing(SpecFault):
    """A control that needs a field and has none."""

    code = "scenario.scope-missing"
    zh = "控件“{widget}”需要 scope。"
    en = "A “{widget}” needs a scope."
    next_zh = "请写明它填写的字段。"
    next_en = "Name the field it fills."


class ScopeForbidden(SpecFault):
    """A control that carries no value and names a field."""

    code = "scenario.scope-forbidden"
    zh = "控件“{widget}”不填写任何字段，不能有 scope。"
    en = "A “{widget}” fills no field and can have no scope."
    next_zh = "请删去 scope，或换用别的控件。"
    next_en = "Remove the scope, or use another widget."


class ColumnsMisplaced(SpecFault):
    """A table without columns, or columns of something that is no table."""

    code = "scenario.columns-misplaced"
    zh = "控件“{widget}”的 columns 不对：表格必须写列，其他控件不能写。"
    en = "Wrong columns for a “{widget}”: a table needs them, nothing else has any."
    next_zh = "请给表格写上 columns，或从其他控件中删去。"
    next_en = "Give the table its columns, or remove them from the other control."


class WidgetTypeWrong(SpecFault):
    """A widget that cannot fill a field of this type."""

    code = "scenario.widget-type-wrong"
    zh = "控件“{widget}”不能填写 {type} 类型的字段。"
    en = "A “{widget}” cannot fill a field of type {type}."
    next_zh = "它能填写：{known}。"
    next_en = "It fills: {known}."


class ChoiceRefused(SpecFault):
    """A choice that the field would refuse."""

    code = "scenario.choice-refused"
    zh = "选项“{value}”不符合字段“{scope}”的定义。"
    en = "The choice “{value}” is not allowed by the field “{scope}”."
    next_zh = "请让选项与字段的 enum 一致。"
    next_en = "Make the choices and the field's enum agree."


class ComputeAndPrefill(SpecFault):
    """A value that is both computed and prefilled."""

    code = "scenario.compute-and-prefill"
    zh = "compute 和 prefill 不能同时使用。"
    en = "A control cannot have both compute and prefill."
    next_zh = "请保留一个。"
    next_en = "Keep one of them."


class ColumnUnknown(SpecFault):
    """A column that the query does not bring."""

    code = "scenario.column-unknown"
    zh = "查询“{query}”没有列“{column}”。"
    en = "The query “{query}” has no column “{column}”."
    next_zh = "它的列（最接近的在前）：{known}。"
    next_en = "Its columns, the nearest first: {known}."


class PrefillTypeDiffers(SpecFault):
    """A prefill of another type than its field."""

    code = "scenario.prefill-type-differs"
    zh = "免填列的类型 {column_type} 与字段的类型 {type} 不符。"
    en = "The prefilling column is {column_type}, the field {type}."
    next_zh = "请让两者一致。"
    next_en = "Make the types agree."


class OfficerRewrites(SpecFault):
    """An officer's form that fills what the applicant said."""

    code = "scenario.officer-rewrites"
    zh = "表单“{form}”会改写申请人填写的“{scope}”。"
    en = "The form “{form}” would overwrite what the applicant said in “{scope}”."
    next_zh = "经办人只能要求补正；请填写到另一个实体。"
    next_en = "Officers ask for a correction instead; fill a field of another entity."


class SubjectKeyNotAsked(SpecFault):
    """A subject whose key nobody fills."""

    code = "scenario.subject-key-not-asked"
    zh = "主体“{subject}”的关键字段“{pointer}”不在申请表单里。"
    en = "The key “{pointer}” of the subject “{subject}” is not asked in the applicant's form."
    next_zh = "请在申请表单中加入该字段。"
    next_en = "Ask for it there."


class ConditionLoop(SpecFault):
    """Conditions or computations that depend on each other in a circle."""

    code = "scenario.condition-loop"
    zh = "条件或计算互相依赖，成了一个圈：{names}。"
    en = "Conditions or computations depend on each other in a circle: {names}."
    next_zh = "请去掉其中一个依赖。"
    next_en = "Remove one of the dependencies."


class FirstPageConditional(SpecFault):
    """A page of no visible use."""

    code = "scenario.first-page-conditional"
    zh = "表单“{form}”的第一页不能带条件，否则可能无页可填。"
    en = "The first page of the form “{form}” cannot have a condition: there might be no page left."
    next_zh = "请去掉第一页的 when。"
    next_en = "Remove the first page's when."


class ConditionNotBool(SpecFault):
    """A condition that is not true or false."""

    code = "scenario.condition-not-bool"
    zh = "条件的结果是 {type}，应为是或否。"
    en = "The condition gives {type}, not true or false."
    next_zh = "请写成比较，例如 application.x = TRUE。"
    next_en = "Write a comparison, for example application.x = TRUE."


class ComputeTypeDiffers(SpecFault):
    """A computation of another type than its field."""

    code = "scenario.compute-type-differs"
    zh = "计算结果是 {result}，字段是 {type}。"
    en = "The computation gives {result}, the field is {type}."
    next_zh = "请让两者一致。"
    next_en = "Make them agree."


class NameNotUsable(SpecFault):
    """A list or object named in an expression."""

    code = "scenario.name-not-usable"
    zh = "“{name}”是列表或对象，表达式不能使用。"
    en = "“{name}” is a list or an object, which expressions cannot use."
    next_zh = "请使用单值字段。"
    next_en = "Use a field with a single value."


class ElseTwice(SpecFault):
    """More than one branch without condition in a choice."""

    code = "scenario.else-twice"
    zh = "选择“{step}”有不止一个无条件的分支。"
    en = "The choice “{step}” has more than one branch without condition."
    next_zh = "只能有一个兜底分支。"
    next_en = "Only one branch can catch the rest."


class ElseNotLast(SpecFault):
    """A branch without condition that is not last."""

    code = "scenario.else-not-last"
    zh = "无条件的分支“{branch}”不是最后一个。"
    en = "The branch “{branch}” without condition is not the last."
    next_zh = "请移到最后。"
    next_en = "Move it to the end."


class BranchNever(SpecFault):
    """A branch that no case can take."""

    code = "scenario.branch-never"
    zh = "分支“{branch}”永远走不到。"
    en = "No case can take the branch “{branch}”."
    next_zh = "它的条件不依赖任何答案；请改条件，或删去该分支。"
    next_en = "Its condition depends on no answer: change it, or remove the branch."


class BranchShadowed(SpecFault):
    """A branch whose condition an earlier one has."""

    code = "scenario.branch-shadowed"
    zh = "分支“{branch}”的条件与前面的“{earlier}”相同，走不到。"
    en = "The branch “{branch}” has the condition of the earlier “{earlier}” and is never taken."
    next_zh = "请改条件，或删去该分支。"
    next_en = "Change the condition, or remove the branch."


class BranchEmpty(SpecFault):
    """A parallel branch with nothing in it."""

    code = "scenario.branch-empty"
    zh = "并行分支“{branch}”里没有环节。"
    en = "The parallel branch “{branch}” holds no step."
    next_zh = "请加入环节，或删去该分支。"
    next_en = "Put a step in, or remove it."


class TaskHasNoYes(SpecFault):
    """A task that cannot be finished well."""

    code = "scenario.task-has-no-yes"
    zh = "待办“{task}”既不能通过也不能提交，办件会停在这里。"
    en = "The task “{task}” offers neither approve nor submit; a case would stop there."
    next_zh = "请在 actions 中加入 approve 或 submit。"
    next_en = "Add approve or submit to its actions."


class ReturnToMissing(SpecFault):
    """A return that leads nowhere."""

    code = "scenario.return-to-missing"
    zh = "待办“{task}”可以退回，但没有写退回到哪里。"
    en = "The task “{task}” may return a case but does not say where to."
    next_zh = "请写 return_to，例如 apply。"
    next_en = "Write return_to, for example apply."


class ReturnToUnused(SpecFault):
    """Return targets on a task that cannot return."""

    code = "scenario.return-to-unused"
    zh = "待办“{task}”写了 return_to，但不能退回。"
    en = "The task “{task}” has return_to but cannot return."
    next_zh = "请在 actions 中加入 return，或删去 return_to。"
    next_en = "Add return to its actions, or remove return_to."


class ReturnNotEarlier(SpecFault):
    """A return to a step that does not come before on the way."""

    code = "scenario.return-not-earlier"
    zh = "环节“{step}”不在待办“{task}”之前的路径上。"
    en = "The step “{step}” does not come before the task “{task}” on its way."
    next_zh = "只能退回到同一路径上更早的待办，或 apply。"
    next_en = "A case can go back only to an earlier task on its way, or to apply."


class RejectOutsideBranch(SpecFault):
    """A refusal of a branch by a task in none."""

    code = "scenario.reject-outside-branch"
    zh = "待办“{task}”不在任何分支里，on_reject 不能是 branch。"
    en = "The task “{task}” lies in no branch, so on_reject cannot be branch."
    next_zh = "请改为 case。"
    next_en = "Make it case."


class CorrectNothing(SpecFault):
    """A task that may ask for corrections and sees nothing to correct."""

    code = "scenario.correct-nothing"
    zh = "待办“{task}”可以要求补正，但看不到任何由申请人填写的内容。"
    en = "The task “{task}” may ask for corrections but sees nothing the applicant typed."
    next_zh = "请在 visible 中加入申请表单的字段，或去掉 correct。"
    next_en = "Add fields of the applicant's form to visible, or remove correct."


class ApplicantTaskActions(SpecFault):
    """An applicant's own task with an officer's actions."""

    code = "scenario.applicant-task-actions"
    zh = "申请人的待办“{task}”只能提交，不能：{actions}。"
    en = "The applicant's own task “{task}” can only be submitted, not: {actions}."
    next_zh = "请把 actions 改为 submit。"
    next_en = "Make its actions submit only."


class TaskPartyMissing(SpecFault):
    """An officer's task without a party."""

    code = "scenario.task-party-missing"
    zh = "待办“{task}”没有写由哪个部门办理。"
    en = "The task “{task}” does not say which party handles it."
    next_zh = "请写 party。"
    next_en = "Write party."


class TaskPartyOfApplicant(SpecFault):
    """An applicant's own task with a party."""

    code = "scenario.task-party-of-applicant"
    zh = "申请人的待办“{task}”不能写部门。"
    en = "The applicant's own task “{task}” cannot have a party."
    next_zh = "请删去 party。"
    next_en = "Remove party."


class PartyOutsideRole(SpecFault):
    """A task for a role whose people are of another party."""

    code = "scenario.party-outside-role"
    zh = "角色“{role}”的人员不在部门“{party}”。"
    en = "The people of the role “{role}” are not of the party “{party}”."
    next_zh = "请改角色的 party（* 为任何参与部门），或改待办的部门。"
    next_en = "Change the role's party (* for any taking part) or the task's."


class EscalationWithoutDue(SpecFault):
    """Escalation of a task that has no due time."""

    code = "scenario.escalation-without-due"
    zh = "待办“{task}”写了 escalate，但没有办理期限，不会超期。"
    en = "The task “{task}” has escalate but no due time, so it is never late."
    next_zh = "请写 due_days，或删去 escalate。"
    next_en = "Write due_days, or remove escalate."


class EscalationOrder(SpecFault):
    """A later rung that comes before an earlier one."""

    code = "scenario.escalation-order"
    zh = "待办“{task}”的 escalate 没有按超期天数从小到大排列。"
    en = "The rungs of escalate of the task “{task}” are not in the order of their days."
    next_zh = "请按 after 从小到大排列。"
    next_en = "Order them by after, the smallest first."


class EscalationToApplicant(SpecFault):
    """Escalation to who applied."""

    code = "scenario.escalation-to-applicant"
    zh = "待办“{task}”超期后不能提请申请人的角色“{role}”督办。"
    en = "A late task “{task}” cannot be escalated to the applicant's role “{role}”."
    next_zh = "请写一个部门的角色。"
    next_en = "Name a role of a party."


class ReassignedOutside(SpecFault):
    """Reassignment to another party, or of the applicant's own task."""

    code = "scenario.reassigned-outside"
    zh = "待办“{task}”超期后只能改派给本部门的另一角色。"
    en = "A late task “{task}” can be reassigned only to another role of its own party."
    next_zh = "请删去 party，或把 do 改为 notify。"
    next_en = "Remove party, or make it do: notify."


class ParallelWrites(SpecFault):
    """Two branches side by side that fill the same."""

    code = "scenario.parallel-writes"
    zh = "并行分支“{branch}”和“{other}”都会写入“{name}”，先后不同结果就不同。"
    en = (
        "The parallel branches “{branch}” and “{other}” both write “{name}”; the order would "
        "decide."
    )
    next_zh = "请写到不同的字段，或改为先后进行。"
    next_en = "Write to different fields, or do one after the other."


class ParallelReads(SpecFault):
    """A condition that hangs on what a branch beside it does."""

    code = "scenario.parallel-reads"
    zh = "分支“{branch}”中的条件用到了并行分支“{other}”才产生的“{name}”，先后不同结果就不同。"
    en = (
        "A condition in the branch “{branch}” uses “{name}”, which the parallel branch "
        "“{other}” brings; the order would decide."
    )
    next_zh = "请把该条件移到并行之后。"
    next_en = "Move the condition behind the parallel step."


class SqlBroken(SpecFault):
    """SQL that cannot be read."""

    code = "scenario.sql-broken"
    zh = "查询“{query}”的 SQL 无法读懂。"
    en = "The SQL of the query “{query}” cannot be read."
    next_zh = "写成 SELECT 列 FROM 数据集 WHERE 列 = :参数。"
    next_en = "Write SELECT columns FROM dataset WHERE column = :parameter."


class SqlNotPlain(SpecFault):
    """SQL beyond the closed list."""

    code = "scenario.sql-not-plain"
    zh = "查询“{query}”用了不允许的写法：{construct}。"
    en = "The query “{query}” uses what is not allowed: {construct}."
    next_zh = "只能从一个数据集取列，WHERE 只用 AND 连接的比较、IN 和 IS NULL。"
    next_en = (
        "Select columns of one dataset; WHERE holds comparisons, IN and IS NULL, joined by AND."
    )


class SqlStar(SpecFault):
    """SELECT *."""

    code = "scenario.sql-star"
    zh = "查询“{query}”用了 *。"
    en = "The query “{query}” uses *."
    next_zh = "按最小必要原则逐列写明。"
    next_en = "Name each column: only necessary data may be asked for."


class TableUnknown(SpecFault):
    """A table that is none of the declared datasets."""

    code = "scenario.table-unknown"
    zh = "查询“{query}”用到的“{table}”不是本场景声明的数据集。"
    en = "The query “{query}” reads “{table}”, which is no dataset of this scenario."
    next_zh = "已声明的数据集（最接近的在前）：{known}。"
    next_en = "Declared datasets, the nearest first: {known}."


class ColumnUndeclared(SpecFault):
    """A column outside the declared fields."""

    code = "scenario.column-undeclared"
    zh = "查询“{query}”用到的列“{column}”不在数据集的 fields 里。"
    en = "The query “{query}” uses the column “{column}”, which is not among the dataset's fields."
    next_zh = "已声明的数据项（最接近的在前）：{known}。"
    next_en = "Declared fields, the nearest first: {known}."


class ColumnTwice(SpecFault):
    """The same column twice in one SELECT."""

    code = "scenario.column-twice"
    zh = "查询“{query}”两次取了列“{column}”。"
    en = "The query “{query}” selects the column “{column}” twice."
    next_zh = "请保留一个。"
    next_en = "Keep one."


class VerifyColumns(SpecFault):
    """A check that selects more than its reference."""

    code = "scenario.verify-columns"
    zh = "核验查询“{query}”只能取一列作为凭证号。"
    en = "The check “{query}” can select one column only, as its reference."
    next_zh = "请只保留凭证号那一列。"
    next_en = "Keep the column with the reference number."


class ParamUnbound(SpecFault):
    """A parameter of the SQL that is not bound."""

    code = "scenario.param-unbound"
    zh = "查询“{query}”的参数“:{param}”没有赋值。"
    en = "The parameter “:{param}” of the query “{query}” has no value."
    next_zh = "请在 params 中写明它取自哪个字段。"
    next_en = "Say in params which field it takes."


class ParamUnused(SpecFault):
    """A bound parameter that the SQL does not use."""

    code = "scenario.param-unused"
    zh = "查询“{query}”没有用到参数“{param}”。"
    en = "The query “{query}” does not use the parameter “{param}”."
    next_zh = "请从 params 中删去。"
    next_en = "Remove it from params."


class SubjectFilterWritten(SpecFault):
    """A filter on the subject's key, which the node adds itself."""

    code = "scenario.subject-filter-written"
    zh = "查询“{query}”自己按“{column}”筛选了主体。"
    en = "The query “{query}” filters the subject by “{column}” itself."
    next_zh = "请删去这个条件：部门节点会按办件令牌自己加上。"
    next_en = "Remove the condition: the department's node adds it from the case token."


class PurposeUndeclared(SpecFault):
    """A query for a purpose its dataset does not declare."""

    code = "scenario.purpose-undeclared"
    zh = "数据集“{dataset}”没有声明用途“{purpose}”。"
    en = "The dataset “{dataset}” does not declare the purpose “{purpose}”."
    next_zh = "请在 datasets 中加入该用途。"
    next_en = "Add it under datasets."


class RelationMissing(SpecFault):
    """A subject other than the applicant without an established relation."""

    code = "scenario.relation-missing"
    zh = "主体“{subject}”不是申请人，但没有写关系如何核验。"
    en = (
        "The subject “{subject}” is not the applicant, but nothing says how the relation is "
        "verified."
    )
    next_zh = "请写 relation：to 和 verified_by。"
    next_en = "Write relation with to and verified_by."


class RelationNeedless(SpecFault):
    """A relation on the applicant."""

    code = "scenario.relation-needless"
    zh = "主体“{subject}”就是申请人，不需要 relation。"
    en = "The subject “{subject}” is the applicant and needs no relation."
    next_zh = "请删去 relation。"
    next_en = "Remove relation."


class RelationCircle(SpecFault):
    """A relation that does not lead to the applicant."""

    code = "scenario.relation-circle"
    zh = "主体“{subject}”的关系没有通到申请人。"
    en = "The relation of the subject “{subject}” does not lead to the applicant."
    next_zh = "请让 to 最终指向申请人。"
    next_en = "Let to lead to the applicant in the end."


class VerifiedByWrong(SpecFault):
    """A relation verified by a query that cannot do so."""

    code = "scenario.verified-by-wrong"
    zh = "“{query}”不能核验主体“{subject}”的关系。"
    en = "“{query}” cannot verify the relation of the subject “{subject}”."
    next_zh = "请用以该主体为 subject、用途为 verify 的查询。"
    next_en = "Use a query of purpose verify about that very subject."


class DatasetUnknown(SpecFault):
    """A dataset that the ledger does not have."""

    code = "scenario.dataset-unknown"
    zh = "一本账里没有数据集“{dataset}”。"
    en = "The ledger has no dataset “{dataset}”."
    next_zh = "最接近的在前：{known}。"
    next_en = "The nearest first: {known}."


class DatasetFieldUnknown(SpecFault):
    """A field that the dataset does not have."""

    code = "scenario.dataset-field-unknown"
    zh = "数据集“{dataset}”没有数据项“{field}”。"
    en = "The dataset “{dataset}” has no field “{field}”."
    next_zh = "最接近的在前：{known}。"
    next_en = "The nearest first: {known}."


class DatasetPartyAbsent(SpecFault):
    """A dataset of a party that takes no part."""

    code = "scenario.dataset-party-absent"
    zh = "数据集“{dataset}”属于部门“{party}”，它没有参与本场景。"
    en = "The dataset “{dataset}” belongs to “{party}”, which takes no part in this matter."
    next_zh = "请把该部门加入 partners。"
    next_en = "Add the party to partners."


class DatasetNotShared(SpecFault):
    """A dataset its owner does not share."""

    code = "scenario.dataset-not-shared"
    zh = "数据集“{dataset}”的共享类型是“不予共享”。"
    en = "The dataset “{dataset}” is of the share type 不予共享: not shared."
    next_zh = "请改用别的数据集，或先与数源部门商定。"
    next_en = "Use another dataset, or settle it with the owner first."


class DatasetWithoutSubject(SpecFault):
    """A dataset whose records belong to no one person."""

    code = "scenario.dataset-without-subject"
    zh = "数据集“{dataset}”没有主体键，不能按一个人或一家企业取数。"
    en = (
        "The dataset “{dataset}” has no subject key, so no one subject's record can be found in it."
    )
    next_zh = "请改用有主体键的数据集。"
    next_en = "Use a dataset that has one."


class GradeSealed(SpecFault):
    """A field too sensitive to leave its node."""

    code = "scenario.grade-sealed"
    zh = "数据项“{field}”的分级是 {grade}，不能离开部门。"
    en = "The field “{field}” is graded {grade} and cannot leave its department."
    next_zh = "请去掉该数据项。"
    next_en = "Remove the field."


class DefaultTypeDiffers(SpecFault):
    """A parameter's default of another type."""

    code = "scenario.default-type-differs"
    zh = "参数“{parameter}”的默认值不是 {type}。"
    en = "The default of the parameter “{parameter}” is not of type {type}."
    next_zh = "请改默认值或类型。"
    next_en = "Change the default or the type."


class RetentionOrder(SpecFault):
    """Drafts kept longer than cases."""

    code = "scenario.retention-order"
    zh = "草稿保存得比办件还久。"
    en = "Drafts are kept longer than cases."
    next_zh = "请让 drafts_days 不大于 cases_days。"
    next_en = "Let drafts_days be at most cases_days."


class DeferNotRequired(SpecFault):
    """A control that may be left open or promised, but need not be answered at all."""

    code = "scenario.defer-not-required"
    zh = "控件“{control}”不是必填，无需写 {key}。"
    en = "The control “{control}” is not required, so {key} is not needed."
    next_zh = "请加上 required，或删去 {key}。"
    next_en = "Make it required, or remove {key}."


class DeferNotApplicants(SpecFault):
    """A control of an officer's form that could be left open or promised."""

    code = "scenario.defer-not-applicants"
    zh = "控件“{control}”不在申请人的表单里，不能写 {key}。"
    en = "The control “{control}” is not in the applicant's form and cannot have {key}."
    next_zh = "容缺和承诺只用于申请人填写的内容；请删去 {key}。"
    next_en = "Only what the applicant fills can be owed or promised; remove {key}."


class DeferNotTyped(SpecFault):
    """A control that may be left open or promised, but that nobody fills in."""

    code = "scenario.defer-not-typed"
    zh = "控件“{control}”不由申请人填写，不能写 {key}。"
    en = "Nobody fills in the control “{control}”, so it cannot have {key}."
    next_zh = "请删去 {key}，或去掉 compute 并写明 scope。"
    next_en = "Remove {key}, or remove compute and give it a scope."


class DeferSubject(SpecFault):
    """The field that says whose records are asked for, left open."""

    code = "scenario.defer-subject"
    zh = "“{scope}”指明查谁的数据，不能以后补交，也不能用承诺代替。"
    en = "“{scope}” says whose records are asked for; it cannot be owed or promised."
    next_zh = "请删去 {key}。"
    next_en = "Remove {key}."


class HoldUnknown(SpecFault):
    """A step to hold that is no task of the process."""

    code = "scenario.hold-unknown"
    zh = "hold 里的“{step}”不是流程中的待办。相近的有：{known}。"
    en = "“{step}” in hold is no task of the process. Near it: {known}."
    next_zh = "请改为某个待办环节的 id。"
    next_en = "Name a task step of the process."


class DeferRemindEarly(SpecFault):
    """A reminder before the time has even begun."""

    code = "scenario.defer-remind-early"
    zh = "补交期限是 {days} 个工作日，不能提前 {remind} 个工作日提醒。"
    en = "The time to supply it is {days} working days; a reminder {remind} ahead is too early."
    next_zh = "请把 remind 改为小于 days 的数，或写 null。"
    next_en = "Make remind smaller than days, or null."


class TransferUnused(SpecFault):
    """Parties to transfer to, of a task that does not transfer."""

    code = "scenario.transfer-unused"
    zh = "待办“{task}”写了 transfer_to，但 actions 里没有 transfer。"
    en = "The task “{task}” has transfer_to, but transfer is not among its actions."
    next_zh = "请在 actions 里加上 transfer，或删去 transfer_to。"
    next_en = "Add transfer to its actions, or remove transfer_to."


class TransferWrong(SpecFault):
    """A party that cannot take a task over."""

    code = "scenario.transfer-wrong"
    zh = "待办“{task}”不能转给“{party}”：它不参与本事项、就是承办部门自己，或没有可以办理的角色。"
    en = (
        "The task “{task}” cannot be passed on to “{party}”: it takes no part in the matter, has "
        "the task already, or has no role that could act."
    )
    next_zh = "请写参与本事项的其他部门；本部门的其他人员和角色无需列出。"
    next_en = "Name another party of the matter; people and roles of its own party need no mention."
