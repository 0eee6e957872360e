"""Faults of bringing matters to a county, and of building a city's data from recipes."""

from builder.errors import Fault

__all__ = [
    "CountyOfAnother",
    "EngineFailed",
    "LeadUnknown",
    "MayNotDeploy",
    "RecipeDatasetUnknown",
    "RecipeNameUnknown",
    "RecipePersonWrong",
    "RecipeSchema",
    "RecipeUnreadable",
    "ServerFailed",
    "SourceBusy",
]


class MayNotDeploy(Fault):
    """Someone whose role does not bring matters to a county."""

    code = "deploy.may-not"
    http = 403
    zh = "账号“{account}”不能部署场景。"
    en = "The account “{account}” may not deploy a matter."
    next_zh = "请用场景设计员或县（市、区）管理员的账号。"
    next_en = "Use the account of a designer or of a county's administrator."


class CountyOfAnother(Fault):
    """A county's administrator who would bring a matter to another county, or is bound to none."""

    code = "deploy.county-of-another"
    http = 403
    zh = "账号“{account}”只能在自己的县（市、区）部署，登记的是：{county}。"
    en = "The account “{account}” deploys in its own county only, which is: {county}."
    next_zh = (
        "请改用该县（市、区）的账号；没有登记的，由运维用 scenarist account roles --county 登记。"
    )
    next_en = "Use an account of that county; bind one with scenarist account roles --county."


class LeadUnknown(Fault):
    """A scenario led by a party that runs no node here: nobody could keep its cases."""

    code = "deploy.lead-unknown"
    http = 422
    zh = "牵头部门“{party}”在这座城市没有节点，办件无处存放。"
    en = "The lead party “{party}” runs no node in this city, so nobody could keep the cases."
    next_zh = "请把 /scenario/lead 改为有节点的部门；最接近的是：{nearest}。"
    next_en = "Let /scenario/lead name a party with a node; the nearest are: {nearest}."


class RecipeUnreadable(Fault):
    """A recipe file is missing or is no JSON."""

    code = "recipe.unreadable"
    http = 422
    zh = "无法读取演示数据配方“{file}”：文件不存在，或不是 JSON。"
    en = "The demo data recipe “{file}” cannot be read: it is missing or is not JSON."
    next_zh = "请检查文件是否存在、是否为 UTF-8 编码的 JSON。"
    next_en = "Check that the file exists and is JSON in UTF-8."


class RecipeSchema(Fault):
    """A recipe breaks its schema."""

    code = "recipe.schema"
    http = 422
    zh = "演示数据配方不符合语法：{problem}"
    en = "The demo data recipe breaks its grammar: {problem}"
    next_zh = "请对照 specs/schema/recipe.schema.json 修改这一处。"
    next_en = "Change this place by specs/schema/recipe.schema.json."


class RecipeDatasetUnknown(Fault):
    """A recipe fills a dataset that the ledger does not hold."""

    code = "recipe.dataset-unknown"
    http = 422
    zh = "配方写入的数据集“{dataset}”不在一本账里，最接近的是“{nearest}”。"
    en = "The ledger holds no dataset “{dataset}”, which the recipe fills; nearest: “{nearest}”."
    next_zh = "请改用一本账中的数据集，或先在 specs/catalog 登记。"
    next_en = "Use a dataset of the ledger, or register it in specs/catalog first."


class RecipeNameUnknown(Fault):
    """A recipe names a set, list, column or attribute that does not exist."""

    code = "recipe.name-unknown"
    http = 422
    zh = "配方中的“{name}”没有定义，最接近的是“{nearest}”。"
    en = "“{name}” in the recipe is not defined; the nearest is “{nearest}”."
    next_zh = "请改正名称，或先定义它；被引用的列要写在前面。"
    next_en = (
        "Correct the name, or define it first; a column must stand before the one that uses it."
    )


class RecipePersonWrong(Fault):
    """A planted person's ID number is not valid, or says another birth date or sex."""

    code = "recipe.person-wrong"
    http = 422
    zh = "预置人物“{person}”的身份证号码与出生日期、性别或校验码不符。"
    en = "The ID number of “{person}” does not agree with birth date, sex or check character."
    next_zh = "请核对身份证号码、born 与 sex。"
    next_en = "Check id_card, born and sex."


class SourceBusy(Fault):
    """A department's database cannot be written."""

    code = "city.source-busy"
    http = 409
    zh = "无法写入“{party}”的演示数据库：文件被占用，或磁盘已满。"
    en = "The demo database of “{party}” cannot be written: it is in use, or the disk is full."
    next_zh = "请停止正在运行的演示，确认磁盘空间后重试；原有数据没有改动。"
    next_en = (
        "Stop the running demo, check the disk space and try again; the old data are unchanged."
    )


class EngineFailed(Fault):
    """A demo department's data could not be moved into the engine it should have."""

    code = "city.engine-failed"
    http = 500
    zh = "“{party}”的演示数据没能写入 {engine}。"
    en = "The demo data of “{party}” could not be written into {engine}."
    next_zh = "请检查磁盘空间和数据库服务后重试；原来的数据文件还在。"
    next_en = "Check the disk space and the database server, then try again; the old file is there."


class ServerFailed(Fault):
    """The demo city's own PostgreSQL server cannot be set up or used."""

    code = "city.server-failed"
    http = 500
    zh = "演示用的 PostgreSQL 服务在“{step}”这一步失败：{problem}。"
    en = "The demo's PostgreSQL server failed at “{step}”: {problem}."
    next_zh = "请确认已安装 PostgreSQL，且其用户能访问城市目录；也可以不用它，数据留在 SQLite 里。"
    next_en = (
        "See that PostgreSQL is installed and its user can reach the city's folder; "
        "the demo also runs without it, on SQLite."
    )
