"""Make the Flask application of one city from its platform."""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined

from builder.cases.platform import Platform
from builder.forms.render import Renderer
from builder.identity import Tokens
from builder.identity.sso import open_sso
from builder.store.once import Once
from builder.web.account import account
from builder.web.api import api, exempt_from_form_tokens
from builder.web.assets import add_assets, read_manifest
from builder.web.audit import audit
from builder.web.auth import auth
from builder.web.citizen import citizen
from builder.web.context import Web, add_context
from builder.web.desk import desk
from builder.web.documents import documents
from builder.web.files import file_address, files
from builder.web.kiosk import add_kiosk, kiosk
from builder.web.limits import Limits
from builder.web.lists import lists
from builder.web.log import add_log
from builder.web.refusals import add_refusals
from builder.web.security import add_security, check_table
from builder.web.site import site
from builder.web.sso import sso
from builder.web.steward import steward
from builder.web.texts import read_texts
from federation.ledger import Search
from federation.store import resource

__all__ = ["create_app"]


def create_app(
    platform: Platform,
    *,
    secret: bytes,
    demo_password: str | None = None,
    limits: Limits | None = None,
) -> Flask:
    """Return the city's web application.

    Args:
        platform: everything the pages reach out to.
        secret: seals browser sessions; the same in every process of this city.
        demo_password: shown with the demo accounts where the settings say it is a demo.
        limits: how often a reader may post; the usual where not given.
    """
    app = Flask(
        "builder.web",
        template_folder=str(resource("templates/layout.html").parent),
        static_folder=None,
    )
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    texts = read_texts(resource("templates/text/zh.toml").parent)
    single = open_sso(
        platform.settings,
        platform.city.parties,
        platform.hub_engine,
        platform.accounts,
        platform.clock,
    )
    app.extensions["scenarist"] = Web(
        platform=platform,
        texts=texts,
        easy_texts={language: words.easy() for language, words in texts.items()},
        renderer=Renderer(texts, file_address=file_address),
        ledger=Search(platform.catalog),
        assets=read_manifest(resource("static/manifest.json").parent),
        demo_password=demo_password,
        tokens=Tokens(
            platform.hub_engine, platform.accounts, platform.clock, platform.random_bytes
        ),
        once=Once(platform.hub_engine, platform.clock, secret),
        sso=single,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined] # of the default provider
    app.json.sort_keys = False  # type: ignore[attr-defined] # the shape has an order people read
    add_assets(app, resource("static/manifest.json").parent)
    add_log(app, platform.settings.log_level)
    add_context(app)
    add_kiosk(app)
    add_security(
        app,
        platform.settings,
        secret,
        limits or Limits(),
        form_targets=single.provider.origins if single else lambda: (),
    )
    add_refusals(app)
    for blueprint in (
        site,
        auth,
        sso,
        account,
        citizen,
        files,
        kiosk,
        desk,
        lists,
        documents,
        steward,
        audit,
        api,
    ):
        app.register_blueprint(blueprint)
    exempt_from_form_tokens(app)
    app.extensions["csrf"].exempt("builder.web.sso.back_channel")  # sealed by the provider itself
    check_table(app)
    return app
