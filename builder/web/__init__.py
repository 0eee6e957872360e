"""Show the platform to people: Flask pages for citizens, desks, stewards and auditors.

- `application`: `create_app`, which puts the parts below together;
- `access`: one table that says who may open which route;
- `context`, `texts`, `assets`: what every page needs: reader, language, look, words;
- `security`, `refusals`, `log`: the doors, every fault as a page or JSON, one log line a request;
- `site`, `auth`, `citizen`, `desk`, `steward`, `audit`: the pages, one file per kind of reader.

Pages decide nothing: commands and views of `builder.cases` do. They work without JavaScript.
"""

from builder.web.application import create_app
from builder.web.limits import Limits

__all__ = ["Limits", "create_app"]
