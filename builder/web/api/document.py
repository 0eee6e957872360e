"""Write the OpenAPI 3.1 document: made from the operations and from the matters that run here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from builder.cases.platform import Deployment, Platform
from builder.errors import Lang
from builder.scenario.model import Text
from builder.web.access import ACCESS, ANYONE
from builder.web.api.answers import answers_schema
from builder.web.api.operation import Operation
from builder.web.api.shapes import JsonSchema, Shapes, closed

__all__ = ["document"]

_VERSION = "1.0.0"
_TITLE = Text("场景师开放接口", "Scenarist programming interface")
_ABOUT = Text(
    "由本市已开通事项的声明生成。每个地址与页面走同一条路：同样的权限，同样的校验，同样的留痕。"
    "列表用 next 翻页；每次修改可带 Idempotency-Key，重发不会办两次；出错只有一种格式。",
    "Made from the specs of the matters that run in this city. Every address takes the same way as "
    "the pages: same rights, same checks, same trace. Lists are paged by “next”; a change may "
    "carry an Idempotency-Key, so that sending it again does nothing twice; errors have one shape.",
)
_CHAPTERS: Final[Mapping[str, Text]] = {
    "tokens": Text("令牌", "Tokens"),
    "matters": Text("事项", "Matters"),
    "drafts": Text("草稿", "Drafts"),
    "cases": Text("办件", "Cases"),
    "notices": Text("通知", "Notices"),
    "desk": Text("待办", "Desk"),
    "grants": Text("授权", "Grants"),
    "ledger": Text("一本账", "Ledger"),
    "service": Text("服务", "Service"),
}
_PARTS: Final[Mapping[str, tuple[str, Text]]] = {
    "county": ("^[0-9]{6}$", Text("县（市、区）代码", "county code")),
    "scenario": ("^[a-z][a-z0-9-]*$", Text("事项", "the matter's id")),
    "case_no": ("^[0-9A-Z-]{1,32}$", Text("办件编号", "case number")),
    "task_id": (r"^[a-z0-9.@:_-]{1,96}$", Text("待办", "the task's id")),
    "page_id": ("^[a-z][a-z0-9-]*$", Text("表单页", "the page's id")),
    "grant_id": (r"^[0-9A-Za-z._:-]{1,96}$", Text("授权编号", "the grant's id")),
    "dataset_id": (r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", Text("数据集", "the dataset's id")),
    "token_id": ("^[0-9a-f]{16}$", Text("令牌编号", "the token's id")),
}
_STATUSES: Final[Mapping[int, Text]] = {
    400: Text("内容不是可读的 JSON", "not readable JSON"),
    401: Text("没有令牌或令牌无效", "no token, or one that does not hold"),
    403: Text("没有相应职责或范围", "not this account's duty, or not the token's scope"),
    404: Text("没有，或者不是您的", "none, or not yours"),
    406: Text("只提供 JSON", "JSON only"),
    409: Text("现在不能这样做", "not possible as things stand"),
    412: Text("版本已变", "the version has changed"),
    413: Text("内容太大", "too large"),
    415: Text("只接收 JSON", "takes JSON only"),
    422: Text("内容有误，逐条指出", "something must be mended; each place is named"),
    429: Text("过于频繁", "too many requests"),
    500: Text("系统意外", "a mistake of the program"),
    503: Text("暂时不可用", "not available just now"),
}


def document(platform: Platform, operations: Iterable[Operation], lang: Lang) -> JsonSchema:
    """Return the document, in one language."""
    writer = _Writer(platform, lang)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        for address, entry in writer.entries(operation):
            paths.setdefault(address, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": writer.say(_TITLE),
            "version": _VERSION,
            "description": writer.say(_ABOUT),
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": n, "description": writer.say(t)} for n, t in _CHAPTERS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(writer.schemas().items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


class _Writer:
    """Writes the entries of one document."""

    def __init__(self, platform: Platform, lang: Lang) -> None:
        self._platform = platform
        self._lang = lang
        self._shapes = Shapes()
        self._running = platform.deployments.all()

    def say(self, text: Text) -> str:
        return text.zh if self._lang == "zh" else text.en

    def schemas(self) -> dict[str, JsonSchema]:
        found = {"Fault": _fault(), **self._shapes.known}
        for deployment in self._running:
            scenario = deployment.current
            for form in scenario.forms:
                compiled = deployment.form(scenario, form.id)
                found[_answers_name(deployment, form.id)] = answers_schema(compiled, self._lang)
        return found

    def entries(self, operation: Operation) -> Iterable[tuple[str, JsonSchema]]:
        """Yield the address and the entry; one for each matter where matters differ."""
        if not operation.matters:
            yield _address(operation.path), self._entry(operation, None)
            return
        for deployment in self._running:
            address = _address(operation.path).replace("{county}", deployment.county)
            address = address.replace("{scenario}", deployment.current.id)
            yield address, self._entry(operation, deployment)

    def _entry(self, operation: Operation, deployment: Deployment | None) -> JsonSchema:
        audience = ACCESS[f"api.{operation.name}"]
        name = (
            operation.id
            if deployment is None
            else (f"{operation.id}-{deployment.county}-{deployment.current.id}")
        )
        entry: JsonSchema = {
            "operationId": name,
            "tags": [operation.tag],
            "summary": self._title(operation, deployment),
            "parameters": self._parameters(operation, deployment),
            "responses": self._responses(operation),
        }
        if operation.note:
            entry["description"] = self.say(operation.note)
        if operation.takes:
            entry["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": self._body(operation, deployment)}},
            }
        entry["security"] = [] if audience is ANYONE else [{"token": []}]
        if audience is not ANYONE:
            entry["x-roles"] = sorted(audience)
        if operation.scope:
            entry["x-scope"] = operation.scope
        return entry

    def _title(self, operation: Operation, deployment: Deployment | None) -> str:
        title = self.say(operation.title)
        if deployment is None:
            return title
        what = self.say(deployment.current.meta.title)
        where = self.say(self._platform.city.county_title(deployment.county))
        return f"{title}：{what}（{where}）" if self._lang == "zh" else f"{title}: {what}, {where}"

    def _body(self, operation: Operation, deployment: Deployment | None) -> JsonSchema:
        body = dict(operation.takes or {})
        if operation.body_key is None:
            return body
        inner = dict(body["properties"])
        inner[operation.body_key] = self._answers(operation, deployment)
        return {**body, "properties": inner}

    def _answers(self, operation: Operation, deployment: Deployment | None) -> JsonSchema:
        """Return the schema of answers: of one form, or of any form it may be."""
        if deployment is not None:
            return _ref(_answers_name(deployment, deployment.current.process.form))
        forms = [
            _ref(_answers_name(d, form.id))
            for d in self._running
            for form in d.current.forms
            if (form.id == d.current.process.form) != (operation.tag == "desk")
        ]
        return {"anyOf": forms} if forms else {"type": "object"}

    def _parameters(self, operation: Operation, deployment: Deployment | None) -> list[JsonSchema]:
        found: list[JsonSchema] = []
        for part in () if deployment else operation.parts:
            pattern, title = _PARTS[part]
            schema = {"type": "string", "pattern": pattern}
            found.append(_parameter(part, "path", schema, self.say(title), required=True))
        found += [_parameter(p.name, "query", p.schema, self.say(p.title)) for p in operation.query]
        if operation.changes and ACCESS[f"api.{operation.name}"] is not ANYONE:
            key = {"type": "string", "pattern": "^[!-~]{1,128}$"}
            said = Text("重发同一请求时用同一个键，24 小时内只办一次", "done once in 24 h")
            found.append(_parameter("Idempotency-Key", "header", key, self.say(said)))
        if operation.changes and operation.versioned and operation.status != 201:
            tag = {"type": "string", "pattern": '^("[0-9]{1,9}"|\\*)$'}
            said = Text("只在版本未变时执行", "done only while the version is still this one")
            found.append(_parameter("If-Match", "header", tag, self.say(said)))
        return found

    def _responses(self, operation: Operation) -> JsonSchema:
        good: JsonSchema = {"description": self.say(operation.title)}
        if operation.status != 204:
            kind = operation.list_of or operation.gives or object
            schema = self._shapes.page(kind) if operation.list_of else self._shapes.of(kind)
            good["content"] = {"application/json": {"schema": schema}}
        if operation.versioned and operation.gives:
            good["headers"] = {"ETag": {"schema": {"type": "string"}}}
        found = {str(operation.status): good}
        for status in _faults(operation):
            found[str(status)] = {
                "description": self.say(_STATUSES[status]),
                "content": {"application/json": {"schema": _ref("Fault")}},
            }
            if status == 429:
                found[str(status)]["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        return found


def _faults(operation: Operation) -> list[int]:
    found = {400, 401, 406, 422, 429, 500, 503}
    if ACCESS[f"api.{operation.name}"] is not ANYONE or operation.scope:
        found.add(403)
    if operation.parts:
        found.add(404)
    if operation.changes:
        found |= {403, 404, 409, 413}
    if operation.takes:
        found.add(415)
    if operation.changes and operation.versioned:
        found.add(412)
    return sorted(found)


def _fault() -> JsonSchema:
    """Return the one shape of all errors."""
    text = {"type": "string"}
    return closed(
        {
            "code": {"type": "string", "pattern": r"^[a-z-]+\.[a-z0-9-]+$"},
            "message": text,
            "facts": {"type": "object"},
            "where": {"type": ["string", "null"]},
            "next": text,
            "findings": {"type": "array", "items": _ref("Fault")},
        },
        optional=("findings",),
    )


def _parameter(
    name: str, place: str, schema: JsonSchema, said: str, *, required: bool = False
) -> JsonSchema:
    return {"name": name, "in": place, "required": required, "schema": schema, "description": said}


def _address(path: str) -> str:
    return re.sub(r"<([a-z_]+)>", r"{\1}", path)


def _answers_name(deployment: Deployment, form: str) -> str:
    return f"answers.{deployment.county}.{deployment.current.id}.{form}"


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/components/schemas/{name}"}
