"""Faults of expressions: each names the construct, its place, and what to write instead."""

from builder.errors import Fault

__all__ = [
    "ExpressionArguments",
    "ExpressionBareName",
    "ExpressionCast",
    "ExpressionComment",
    "ExpressionDate",
    "ExpressionEmpty",
    "ExpressionFault",
    "ExpressionFunction",
    "ExpressionHyphen",
    "ExpressionInterval",
    "ExpressionList",
    "ExpressionLongName",
    "ExpressionName",
    "ExpressionNotPushed",
    "ExpressionNumber",
    "ExpressionParameter",
    "ExpressionPattern",
    "ExpressionPlaces",
    "ExpressionQuotes",
    "ExpressionRefused",
    "ExpressionSubquery",
    "ExpressionSyntax",
    "ExpressionTooLarge",
    "ExpressionTypes",
]


class ExpressionFault(Fault):
    """What is wrong with an expression. Facts `line` and `column` count from 1."""

    http = 422


class ExpressionSyntax(ExpressionFault):
    """Text that is no expression."""

    code = "expr.syntax"
    zh = "表达式第 {line} 行第 {column} 个字“{found}”附近无法识别。"
    en = "The expression cannot be read near “{found}”, line {line}, character {column}."
    next_zh = "请按 SQL 条件的写法修改，如 application.relation = 'child'。"
    next_en = "Write it as an SQL condition, e.g. application.relation = 'child'."


class ExpressionEmpty(ExpressionFault):
    """Nothing but blanks."""

    code = "expr.empty"
    zh = "表达式是空的。"
    en = "The expression is empty."
    next_zh = "请填写条件；不需要条件时删去这一项。"
    next_en = "Write a condition, or remove the entry where none is needed."


class ExpressionTooLarge(ExpressionFault):
    """An expression too long or too deep."""

    code = "expr.too-large"
    zh = "表达式过长或嵌套过深（最多 {most} 字、{deepest} 层、{parts} 个部分）。"
    en = (
        "The expression is too long or too deep "
        "(at most {most} characters, {deepest} levels, {parts} parts)."
    )
    next_zh = "请拆成几个条件，或先算出中间结果再引用。"
    next_en = "Split it up, or compute a part in a field of its own and name that."


class ExpressionComment(ExpressionFault):
    """A comment inside an expression."""

    code = "expr.comment"
    zh = "表达式第 {line} 行第 {column} 个字处有注释。"
    en = "There is a comment at line {line}, character {column} of the expression."
    next_zh = "请删去注释；减去负数时在两个减号之间加空格或括号。"
    next_en = "Remove it; to subtract a negative number, part the two minus signs by a bracket."


class ExpressionRefused(ExpressionFault):
    """A construct outside the closed list."""

    code = "expr.not-allowed"
    zh = "表达式第 {line} 行第 {column} 个字：不能使用“{construct}”。"
    en = "Line {line}, character {column}: “{construct}” cannot be used in an expression."
    next_zh = (
        "可用：比较、AND/OR/NOT、IN、BETWEEN、IS NULL、CASE、+ - * /、|| 和函数：{functions}。"
    )
    next_en = (
        "Use comparisons, AND/OR/NOT, IN, BETWEEN, IS NULL, CASE, + - * /, || and: {functions}."
    )


class ExpressionPattern(ExpressionFault):
    """LIKE and its relatives."""

    code = "expr.pattern"
    zh = "表达式第 {line} 行第 {column} 个字：不能用模式匹配“{construct}”。"
    en = "Line {line}, character {column}: pattern matching “{construct}” cannot be used."
    next_zh = "请改用 starts_with(字段, '开头')、contains(字段, '其中一段') 或 IN (…)。"
    next_en = "Use starts_with(field, 'start'), contains(field, 'part') or IN (…)."


class ExpressionSubquery(ExpressionFault):
    """A query inside an expression."""

    code = "expr.subquery"
    zh = "表达式第 {line} 行第 {column} 个字：不能写子查询。"
    en = "Line {line}, character {column}: a query cannot stand inside an expression."
    next_zh = "请在场景的 queries 里定义查询，这里写 查询.列。"
    next_en = "Define it among the scenario's queries and write query.column here."


class ExpressionParameter(ExpressionFault):
    """A placeholder."""

    code = "expr.parameter"
    zh = "表达式第 {line} 行第 {column} 个字：“{construct}”是占位符，表达式里没有参数。"
    en = "Line {line}, character {column}: “{construct}” is a placeholder; there are none here."
    next_zh = "请直接写 实体.字段；部署时绑定的参数写 params.参数名。"
    next_en = "Write entity.field; what a deployment binds is params.name."


class ExpressionInterval(ExpressionFault):
    """Date arithmetic by intervals."""

    code = "expr.interval"
    zh = "表达式第 {line} 行第 {column} 个字：不能写 INTERVAL。"
    en = "Line {line}, character {column}: INTERVAL cannot be used."
    next_zh = "请用 add_days(日期, 天数)、add_months(日期, 月数) 或 days_between(起, 止)。"
    next_en = "Use add_days(date, n), add_months(date, n) or days_between(start, end)."


class ExpressionCast(ExpressionFault):
    """A cast to a type that expressions do not have."""

    code = "expr.cast"
    zh = "表达式第 {line} 行第 {column} 个字：不能转换为“{type}”。"
    en = "Line {line}, character {column}: cannot cast to “{type}”."
    next_zh = (
        "可转换为 INT、DECIMAL(位数, 小数位)（整数部分至多 18 位、小数至多 6 位）、DATE、TEXT。"
    )
    next_en = (
        "Cast to INT, DECIMAL(digits, places) with at most 18 digits before the point and 6 "
        "behind it, DATE or TEXT."
    )


class ExpressionQuotes(ExpressionFault):
    """Text in the wrong quotes."""

    code = "expr.quotes"
    zh = "表达式第 {line} 行第 {column} 个字：文字“{text}”的引号不对。"
    en = "Line {line}, character {column}: the text “{text}” is in the wrong quotes."
    next_zh = "文字请用英文单引号，如 'child'；文字里的单引号写两次。"
    next_en = "Put text in straight single quotes, e.g. 'child'; double a quote inside it."


class ExpressionBareName(ExpressionFault):
    """A name without its entity."""

    code = "expr.bare-name"
    zh = "表达式第 {line} 行第 {column} 个字：“{name}”没有写明属于哪个实体。"
    en = "Line {line}, character {column}: “{name}” does not say which entity it is of."
    next_zh = "字段请写成 实体.字段，如 application.{name}；文字请加单引号：'{name}'。"
    next_en = (
        "Write a field as entity.field, e.g. application.{name}; put text in quotes: '{name}'."
    )


class ExpressionHyphen(ExpressionFault):
    """A name with a hyphen, which SQL reads as a subtraction."""

    code = "expr.hyphen"
    zh = "表达式第 {line} 行第 {column} 个字：“-{name}”会读成减去“{name}”。"
    en = "Line {line}, character {column}: “-{name}” reads as a subtraction of “{name}”."
    next_zh = "表达式里的名称用下划线，如 application.has_fund。"
    next_en = "Names in expressions use underscores, e.g. application.has_fund."


class ExpressionLongName(ExpressionFault):
    """A name of more than two parts."""

    code = "expr.long-name"
    zh = "表达式第 {line} 行第 {column} 个字：“{name}”的层次过多。"
    en = "Line {line}, character {column}: “{name}” has too many parts."
    next_zh = "字段请写成 实体.字段 两层。"
    next_en = "Write a field as entity.field, two parts."


class ExpressionDate(ExpressionFault):
    """A date literal that the calendar does not have."""

    code = "expr.date"
    zh = "表达式第 {line} 行第 {column} 个字：没有“{date}”这一天。"
    en = "Line {line}, character {column}: there is no day “{date}”."
    next_zh = "日期请写成 DATE '2026-01-31'。"
    next_en = "Write a day as DATE '2026-01-31'."


class ExpressionNumber(ExpressionFault):
    """A number with too many digits."""

    code = "expr.number"
    zh = "表达式第 {line} 行第 {column} 个字：数“{number}”的位数过多。"
    en = "Line {line}, character {column}: the number “{number}” has too many digits."
    next_zh = "整数部分至多 18 位、小数部分至多 6 位，不写指数。"
    next_en = "A number has at most 18 digits before the point and 6 behind it, and no exponent."


class ExpressionPlaces(ExpressionFault):
    """`round` to something that is not a fixed number of places."""

    code = "expr.places"
    zh = "表达式第 {line} 行第 {column} 个字：round 的小数位数须是 0 到 6 的整数。"
    en = "Line {line}, character {column}: round takes a whole number of places from 0 to 6."
    next_zh = "如 round(application.amount, 2)。"
    next_en = "For example round(application.amount, 2)."


class ExpressionList(ExpressionFault):
    """An empty or nested list behind IN."""

    code = "expr.list"
    zh = "表达式第 {line} 行第 {column} 个字：IN 后面须有 1 到 {most} 个值。"
    en = "Line {line}, character {column}: IN takes a list of 1 to {most} values."
    next_zh = "如 application.relation IN ('child', 'spouse')。"
    next_en = "For example application.relation IN ('child', 'spouse')."


class ExpressionFunction(ExpressionFault):
    """A function that does not exist."""

    code = "expr.no-such-function"
    zh = "表达式第 {line} 行第 {column} 个字：没有函数“{function}”。"
    en = "Line {line}, character {column}: there is no function “{function}”."
    next_zh = "可以改用：{near}。"
    next_en = "Try: {near}."


class ExpressionArguments(ExpressionFault):
    """A function with too few or too many arguments."""

    code = "expr.arguments"
    zh = "表达式第 {line} 行第 {column} 个字：“{function}”要 {wanted} 个参数，这里是 {found} 个。"
    en = (
        "Line {line}, character {column}: the function “{function}” takes {wanted} arguments, "
        "here it has {found}."
    )
    next_zh = "请补全或删去参数。"
    next_en = "Add or remove arguments."


class ExpressionName(ExpressionFault):
    """A field that does not exist."""

    code = "expr.no-such-name"
    zh = "表达式第 {line} 行第 {column} 个字：“{name}”不存在。"
    en = "Line {line}, character {column}: “{name}” does not exist."
    next_zh = "可以写：{near}。"
    next_en = "Try: {near}."


class ExpressionTypes(ExpressionFault):
    """Types that do not go together."""

    code = "expr.types"
    zh = "表达式第 {line} 行第 {column} 个字：“{part}”要的是{wanted}，这里是{found}。"
    en = "Line {line}, character {column}: “{part}” takes {wanted}, here it has {found}."
    next_zh = "请让两边同类：文字对文字、数对数、日期对日期；条件须是“是/否”。需要时用 CAST 转换。"
    next_en = (
        "Compare like with like: text, numbers, dates; a condition is yes or no. "
        "Convert with CAST where that is meant."
    )


class ExpressionNotPushed(ExpressionFault):
    """Something that an engine cannot compute with the same answer."""

    code = "expr.not-pushed"
    zh = "“{part}”不能在 {dialect} 里得到同样的结果。"
    en = "“{part}” cannot be computed by {dialect} with the same answer."
    next_zh = "请先取回数据，在平台上计算这一部分。"
    next_en = "Fetch the rows and compute this part on the platform."
