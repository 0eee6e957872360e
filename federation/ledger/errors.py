"""Faults of the ledger."""

from federation.errors import Fault

__all__ = [
    "CatalogDay",
    "CatalogDuplicate",
    "CatalogEmpty",
    "CatalogFileName",
    "CatalogForeign",
    "CatalogGradeLow",
    "CatalogGradeSum",
    "CatalogOpen",
    "CatalogParentUnknown",
    "CatalogPathDiffers",
    "CatalogShape",
    "CatalogSubjectKey",
    "CatalogSubjectText",
    "CatalogType",
    "CatalogUnreadable",
    "DatasetUnknown",
    "FieldUnknown",
]


class DatasetUnknown(Fault):
    """No such dataset."""

    code = "ledger.no-such-dataset"
    http = 404
    zh = "一本账里没有数据集“{dataset}”。"
    en = "The ledger has no dataset “{dataset}”."
    next_zh = "最接近的是：{near}。也可以用 scenarist catalog search 查找。"
    next_en = "The nearest are: {near}. Or look it up with scenarist catalog search."


class FieldUnknown(Fault):
    """No such field in a dataset."""

    code = "ledger.no-such-field"
    http = 404
    zh = "数据集 {dataset} 没有数据项“{field}”。"
    en = "The dataset {dataset} has no field “{field}”."
    next_zh = "最接近的是：{near}。"
    next_en = "The nearest are: {near}."


class CatalogUnreadable(Fault):
    """A catalogue file that is not JSON."""

    code = "ledger.unreadable"
    http = 500
    zh = "目录文件 {file} 第 {line} 行不是有效的 JSON。"
    en = "Line {line} of the catalogue file {file} is not valid JSON."
    next_zh = "请修改该行。"
    next_en = "Correct that line."


class CatalogShape(Fault):
    """A catalogue entry that its schema refuses."""

    code = "ledger.shape"
    http = 422
    zh = "目录文件 {file} 的这一处不符合规定：{problem}。"
    en = "This place of the catalogue file {file} is not as its schema asks: {problem}."
    next_zh = "请按 specs/schema/catalog.schema.json 修改。"
    next_en = "Correct it to specs/schema/catalog.schema.json."


class CatalogDuplicate(Fault):
    """The same id twice."""

    code = "ledger.duplicate"
    http = 422
    zh = "“{id}”出现了两次。"
    en = "“{id}” stands here twice."
    next_zh = "请删除其一或改名。"
    next_en = "Remove or rename one of them."


class CatalogForeign(Fault):
    """A dataset id that does not begin with its owner."""

    code = "ledger.foreign"
    http = 422
    zh = "数据集“{dataset}”的编号应以“{prefix}.”开头。"
    en = "The id of the dataset “{dataset}” must begin with “{prefix}.”."
    next_zh = "请改编号，或放到所属部门的文件里。"
    next_en = "Rename it, or move it to its owner's file."


class CatalogSubjectKey(Fault):
    """A subject key that is no field."""

    code = "ledger.subject-key"
    http = 422
    zh = "数据集“{dataset}”的主体标识“{field}”不在它的数据项里。"
    en = "The subject key “{field}” of the dataset “{dataset}” is not one of its fields."
    next_zh = "请改为该数据集的某个数据项，或去掉。"
    next_en = "Name one of its fields, or leave it out."


class CatalogGradeLow(Fault):
    """Personal information graded as public."""

    code = "ledger.grade-low"
    http = 422
    zh = "数据项“{field}”是个人信息，级别不能低于 L2。"
    en = "The field “{field}” is personal information; its grade cannot be below L2."
    next_zh = "请提高级别，或说明它为何不是个人信息。"
    next_en = "Raise the grade, or mark it as not personal if it is not."


class CatalogGradeSum(Fault):
    """A dataset graded lower than one of its fields."""

    code = "ledger.grade-sum"
    http = 422
    zh = "数据集“{dataset}”的级别 {grade} 低于其数据项“{field}”的级别 {higher}。"
    en = "The dataset “{dataset}” is graded {grade}, below its field “{field}” ({higher})."
    next_zh = "数据集的级别应不低于其中最高的数据项（GB/T 43697）。"
    next_en = "A dataset is graded at least as high as its highest field (GB/T 43697)."


class CatalogEmpty(Fault):
    """A catalogue without a file."""

    code = "ledger.empty"
    http = 500
    zh = "文件夹 {folder} 中没有目录文件。"
    en = "There is no catalogue file in the folder {folder}."
    next_zh = "请检查路径；每个部门一个文件，如 police.json。"
    next_en = "Check the path; there is one file for each party, such as police.json."


class CatalogFileName(Fault):
    """A file whose name is not its party's."""

    code = "ledger.file-name"
    http = 422
    zh = "目录文件 {file} 中写的部门是“{party}”。"
    en = "The catalogue file {file} says that its party is “{party}”."
    next_zh = "请把文件改名为 {party}.json，或更正其中的部门。"
    next_en = "Rename the file to {party}.json, or correct the party in it."


class CatalogParentUnknown(Fault):
    """A party above that has no file."""

    code = "ledger.parent-unknown"
    http = 422
    zh = "部门“{party}”的上级“{parent}”不在一本账里。"
    en = "The ledger does not have “{parent}”, the party above “{party}”."
    next_zh = "最接近的是：{near}。也可以先为上级部门建一个目录文件。"
    next_en = "The nearest are: {near}. Or write a catalogue file for that party first."


class CatalogType(Fault):
    """A decimal with more digits than the ledger holds."""

    code = "ledger.type"
    http = 422
    zh = "数据项“{field}”的类型“{type}”超出范围。"
    en = "The type “{type}” of the field “{field}” is out of range."
    next_zh = "总位数为 1 至 38，小数位不超过总位数和 18。"
    next_en = "1 to 38 digits; after the point no more than those, and no more than 18."


class CatalogDay(Fault):
    """A day that is in no calendar."""

    code = "ledger.day"
    http = 422
    zh = "数据集“{dataset}”的行数统计日期不存在。"
    en = "The day on which the rows of “{dataset}” were counted does not exist."
    next_zh = "请填写真实的日期，如 2024-05-31。"
    next_en = "Write a real day, such as 2024-05-31."


class CatalogSubjectText(Fault):
    """A subject key that is no text."""

    code = "ledger.subject-text"
    http = 422
    zh = "数据集“{dataset}”的主体标识“{field}”的类型是“{type}”。"
    en = "The subject key “{field}” of the dataset “{dataset}” has the type “{type}”."
    next_zh = "身份证号码和统一社会信用代码是文本，请改为 text。"
    next_en = "ID numbers and credit codes are text: make it text."


class CatalogOpen(Fault):
    """Sensitive data that are shared with everybody."""

    code = "ledger.open"
    http = 422
    zh = "数据集“{dataset}”为无条件共享，但级别是 {grade}。"
    en = "The dataset “{dataset}” is shared unconditionally, but its grade is {grade}."
    next_zh = "无条件共享的数据不得高于 L2:请改为有条件共享，或复核级别。"
    next_en = (
        "Data shared unconditionally are L2 at most: share it conditionally, or review the grade."
    )


class CatalogPathDiffers(Fault):
    """One place in the tree under two English names."""

    code = "ledger.path-differs"
    http = 422
    zh = "同一目录“{path}”有不同的英文名：{names}。"
    en = "One place in the tree, “{path}”, has different English names: {names}."
    next_zh = "请统一英文名。"
    next_en = "Choose one of them."
