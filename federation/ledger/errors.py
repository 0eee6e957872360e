"""Faults of the ledger."""

from federation.errors import Fault

__all__ = [
    "CatalogDuplicate",
    "CatalogForeign",
    "CatalogGradeLow",
    "CatalogGradeSum",
    "CatalogShape",
    "CatalogSubjectKey",
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
    next_zh = "最接近的是:{near}。也可以用 scenarist catalog search 查找。"
    next_en = "The nearest are: {near}. Or look it up with scenarist catalog search."


class FieldUnknown(Fault):
    """No such field in a dataset."""

    code = "ledger.no-such-field"
    http = 404
    zh = "数据集 {dataset} 没有数据项“{field}”。"
    en = "The dataset {dataset} has no field “{field}”."
    next_zh = "最接近的是:{near}。"
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
    zh = "目录文件 {file} 的这一处不符合规定:{problem}。"
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
    next_zh = "请改编号,或放到所属部门的文件里。"
    next_en = "Rename it, or move it to its owner's file."


class CatalogSubjectKey(Fault):
    """A subject key that is no field."""

    code = "ledger.subject-key"
    http = 422
    zh = "数据集“{dataset}”的主体标识“{field}”不在它的数据项里。"
    en = "The subject key “{field}” of the dataset “{dataset}” is not one of its fields."
    next_zh = "请改为该数据集的某个数据项,或去掉。"
    next_en = "Name one of its fields, or leave it out."


class CatalogGradeLow(Fault):
    """Personal information graded as public."""

    code = "ledger.grade-low"
    http = 422
    zh = "数据项“{field}”是个人信息,级别不能低于 L2。"
    en = "The field “{field}” is personal information; its grade cannot be below L2."
    next_zh = "请提高级别,或说明它为何不是个人信息。"
    next_en = "Raise the grade, or mark it as not personal if it is not."


class CatalogGradeSum(Fault):
    """A dataset graded lower than one of its fields."""

    code = "ledger.grade-sum"
    http = 422
    zh = "数据集“{dataset}”的级别 {grade} 低于其数据项“{field}”的级别 {higher}。"
    en = "The dataset “{dataset}” is graded {grade}, below its field “{field}” ({higher})."
    next_zh = "数据集的级别应不低于其中最高的数据项(GB/T 43697)。"
    next_en = "A dataset is graded at least as high as its highest field (GB/T 43697)."
