"""Faults of expressions."""

from builder.errors import Fault

__all__ = [
    "ExpressionArguments",
    "ExpressionFunction",
    "ExpressionName",
    "ExpressionRefused",
    "ExpressionSyntax",
    "ExpressionTooLarge",
    "ExpressionTypes",
]


class ExpressionSyntax(Fault):
    """Text that is no expression."""

    code = "expr.syntax"
    http = 422
    zh = "表达式第 {line} 行第 {column} 个字附近无法识别。"
    en = "The expression cannot be read near line {line}, character {column}."
    next_zh = "请按 SQL 条件的写法修改,如 application.relation = 'child'。"
    next_en = "Write it as an SQL condition, e.g. application.relation = 'child'."


class ExpressionTooLarge(Fault):
    """An expression too long or too deep."""

    code = "expr.too-large"
    http = 422
    zh = "表达式过长或嵌套过深(最多 {most} 字、{deepest} 层)。"
    en = "The expression is too long or too deep (at most {most} characters, {deepest} levels)."
    next_zh = "请拆成几个条件,或改用判定表。"
    next_en = "Split it up, or use a decision table."


class ExpressionRefused(Fault):
    """A construct outside the closed list."""

    code = "expr.not-allowed"
    http = 422
    zh = "表达式里不能使用“{construct}”。"
    en = "“{construct}” cannot be used in an expression."
    next_zh = "可用:比较、AND/OR/NOT、IN、BETWEEN、IS NULL、CASE、四则运算、|| 和函数:{functions}。"
    next_en = (
        "Use comparisons, AND/OR/NOT, IN, BETWEEN, IS NULL, CASE, arithmetic, || and: {functions}."
    )


class ExpressionFunction(Fault):
    """A function that does not exist."""

    code = "expr.no-such-function"
    http = 422
    zh = "没有函数“{function}”。"
    en = "There is no function “{function}”."
    next_zh = "最接近的是:{near}。"
    next_en = "The nearest are: {near}."


class ExpressionArguments(Fault):
    """A function with too few or too many arguments."""

    code = "expr.arguments"
    http = 422
    zh = "函数“{function}”需要 {fewest} 到 {most} 个参数,这里是 {found} 个。"
    en = "The function “{function}” takes {fewest} to {most} arguments, here it has {found}."
    next_zh = "请补全或删去参数。"
    next_en = "Add or remove arguments."


class ExpressionName(Fault):
    """A field that does not exist."""

    code = "expr.no-such-name"
    http = 422
    zh = "表达式里的“{name}”不存在。"
    en = "The expression names “{name}”, which does not exist."
    next_zh = "最接近的是:{near}。"
    next_en = "The nearest are: {near}."


class ExpressionTypes(Fault):
    """Types that do not go together."""

    code = "expr.types"
    http = 422
    zh = "“{part}”里的类型不能这样用:{found}。"
    en = "The types in “{part}” do not go together: {found}."
    next_zh = "两边应为同类,如文字对文字、数对数、日期对日期;条件应为是/否。"
    next_en = "Compare like with like: text, numbers, dates; a condition is yes or no."
