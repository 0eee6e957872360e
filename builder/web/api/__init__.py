"""Serve programs under ``/api/v1``: JSON, bearer tokens, one error shape, an OpenAPI document.

- `operation`: what an operation is; `accounts applying following desk stewards` declare them;
- `door`: what comes in is checked, done once, answered in one shape;
- `shapes`, `answers`: JSON Schema from the views' own types and from the matters' own forms;
- `document`: the OpenAPI document from all of these; `pages`: the reference for people.

There is no second way around rights: operations call the commands and views that pages call.
"""

from builder.web.api.blueprint import api, exempt_from_form_tokens

__all__ = ["api", "exempt_from_form_tokens"]
