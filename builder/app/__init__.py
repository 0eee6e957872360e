"""Put a city together: its settings, keys, stores, nodes, issuer, hub and pages.

This is the only place where the parts meet. An embedded node shares no object with the hub: it has
its own folder, key, policy, grants and journal, and its link carries the bytes that HTTPS carries.
It is opened when it is first asked, so that starting the web opens no department's database.
"""

from builder.app.bringing import Brought, bring
from builder.app.copying import rehearsal
from builder.app.demo import build_demo
from builder.app.opening import create_web, demo_password, open_platform, opened

__all__ = [
    "Brought",
    "bring",
    "build_demo",
    "create_web",
    "demo_password",
    "open_platform",
    "opened",
    "rehearsal",
]
