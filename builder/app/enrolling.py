"""Take departments' nodes into a city, and the case issuer's trust along with them."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from builder.app.opening import opened
from builder.app.places import CA, HUB, ISSUER, now_in_shanghai
from builder.cases.platform import Platform
from builder.store.errors import HomeUnusable
from federation.crypto import KeyStore
from federation.hub.enrolment import Admitted, Registrar
from federation.hub.errors import NodeUnknown
from federation.hub.registry import Registered
from federation.ledger import load_catalog
from federation.link.certificates import certify, create_authority
from federation.link.place import Place
from federation.node.folder import accept, begin
from federation.trust.enrol import open_kit
from federation.trust.issuer_config import FILE_NAME as ISSUER_FILE
from federation.trust.issuer_config import trust_node

__all__ = ["City", "city_of", "enrol_here", "has_authority", "write_kit"]

_CALLED = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class City:
    """A city as its administrator enrols nodes in it.

    Attributes:
        platform: the city, open.
        registrar: who keeps the register.
    """

    platform: Platform
    registrar: Registrar

    def kit(self, party: str, *, by: str) -> dict[str, object]:
        """Return a start-up kit for a department; raises as `Registrar.kit`.

        Raises:
            NodeUnknown: the ledger knows no such department.
        """
        owner = self.platform.catalog.owners.get(party)
        if owner is None:
            raise NodeUnknown(party=party)
        self._has_authority()
        return self.registrar.kit(party, {"zh": owner.title.zh, "en": owner.title.en}, by=by)

    def admit(self, enrolment: Mapping[str, object], *, by: str) -> Admitted:
        """Register a node, let the issuer believe it, ask its owner again for what it had given.

        Raises as `Registrar.admit`.
        """
        self._has_authority()
        admitted = self.registrar.admit(enrolment, by=by)
        self._tell_issuer(admitted.node)
        return admitted

    def renew(self, enrolment: Mapping[str, object], *, by: str) -> Admitted:
        """Certify a registered node anew; raises as `Registrar.renew`."""
        self._has_authority()
        return self.registrar.renew(enrolment, by=by)

    def retire(self, party: str, *, reason: str, by: str) -> Registered:
        """Ask a node never again; the issuer believes it no longer. Raises as the registrar."""
        node = self.registrar.retire(party, reason=reason, by=by)
        self._tell_issuer(node)
        return node

    def _has_authority(self) -> None:
        found = self.platform
        has_authority(found.settings.home, found.city.title.en, found.clock())

    def _tell_issuer(self, node: Registered) -> None:
        """Change the issuer's own list, where its folder lies here and it has one."""
        file = self.platform.settings.home / ISSUER / ISSUER_FILE
        if file.exists():
            trust_node(file, node.party, None if node.is_retired else node.public_key)


@contextmanager
def city_of(home: Path) -> Iterator[City]:
    """Open a city for its administrator."""
    with opened(home) as platform:
        signer = KeyStore(platform.settings.home / "keys").signer(HUB, create=False)
        issuer = platform.hub.issuer
        registrar = Registrar(
            hub=HUB,
            engine=platform.hub_engine,
            signer=signer,
            journal=platform.journal,
            catalog=load_catalog(),  # without case stores, which lie at the hub
            issuer=(issuer.name, issuer.public_key),
            authority=platform.settings.home / CA,
            clock=platform.clock,
        )
        yield City(platform, registrar)


def has_authority(home: Path, name: str, now: datetime) -> None:
    """Make the city's certificate authority, and the hub's own certificate, where they are not."""
    if not (home / CA / "ca.crt").exists():
        create_authority(home / CA, name=name, now=now)
    if not (home / "tls" / "tls.crt").exists():
        certify(home, home / CA, identity=f"scenarist://hub/{HUB}", hosts=[_CALLED], now=now)


def write_kit(kit: Mapping[str, object], party: str, folder: Path) -> None:
    """Write a kit as a folder: ``kit.json`` and what to do with it, in zh and en.

    Raises:
        HomeUnusable: the folder holds something, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise HomeUnusable(folder=folder.name)
        text = json.dumps(kit, ensure_ascii=False, indent=1)
        (folder / "kit.json").write_text(f"{text}\n", encoding="utf-8")
        (folder / "README.txt").write_text(_README.format(party=party), encoding="utf-8")
    except OSError as error:
        raise HomeUnusable(folder=folder.name) from error


def enrol_here(
    home: Path, party: str, host: str, port: int, now: datetime | None = None
) -> Registered:
    """Set up and enrol a department's node on the hub's own machine, in ``nodes/<party>``.

    What was there of a retired node is kept in ``retired``. Binding sources and writing the policy
    are left to do.

    Raises as `City.kit`, `begin`, `City.admit` and `accept`.
    """
    at = now or now_in_shanghai()
    folder = home / "nodes" / party
    with city_of(home) as city:
        kit = open_kit(city.kit(party, by="scenarist"), at)
        if folder.exists():
            _set_aside(folder, home / "retired" / f"{party}-{secrets.token_hex(4)}")
        enrolment = begin(kit, folder, Place(host, port), hosts=[host], now=at)
        admitted = city.admit(enrolment, by="scenarist")
    accept(folder, admitted.document)
    shutil.copytree(folder / "stewards", home / "stewards" / party, dirs_exist_ok=True)
    return admitted.node


def _set_aside(folder: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    folder.rename(target)


_README = """\
本部门节点启动包（{party}）· start-up kit for the node of {party}
================================================================

kit.json 里有一次性登记码，14 天内有效；请勿转发给他人。
kit.json holds a one-time code, good for 14 days; do not pass it on.

1. 在本部门自己的机器上安装 scenarist，然后
   On the department's own machine, install scenarist, then

     scenarist-node init . /srv/scenarist/{party} --host <本机地址 · this machine's address>

   与中台管理员通电话，核对屏幕上的两个指纹。
   Compare both fingerprints on the screen with the hub's administrator over the telephone.

2. 把 enrol.json 发给中台管理员（其中没有私钥）
   Send enrol.json to the hub's administrator (it holds no private key)

3. 收到 enrolled.json 后 · With the enrolled.json you get

     scenarist-node accept enrolled.json /srv/scenarist/{party}

4. 在 NODE.toml 填写数据源和数据集，在 policy.json 写明允许什么；检查，启动
   Bind sources and datasets in NODE.toml, say in policy.json what is permitted; check; start

     scenarist-node check /srv/scenarist/{party}/NODE.toml
     scenarist-node /srv/scenarist/{party}/NODE.toml

5. 审批授权申请（审批密钥不出本机）· Decide on what is asked (the key you decide with stays here)

     scenarist-node decide /srv/scenarist/{party} ask.json --approve --as <账号> > decision.json
"""
