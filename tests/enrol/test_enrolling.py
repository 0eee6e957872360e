"""A department's node is taken in by three files, and by nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from bureau import PARTY, REASON, tampered

from builder.app import open_platform
from federation.crypto import KeyStore, generate_signer, seal
from federation.errors import Fault
from federation.hub.errors import NodeEnrolled, NodeRetired, NodeUnknown
from federation.ledger import load_catalog
from federation.link.certificates import read_certificate
from federation.link.errors import (
    CertificateOfAnotherAuthority,
    CertificateOfAnotherKey,
    CertificateRequestWrong,
    UrlWrong,
)
from federation.node.config import load_config
from federation.node.errors import NodeExists
from federation.node.folder import accept, renewal
from federation.node.node import Node
from federation.trust.enrol import open_enrolment, open_kit
from federation.trust.enrol_errors import (
    EnrolledWrong,
    EnrolmentCodeExpired,
    EnrolmentCodeWrong,
    EnrolmentKeyWrong,
    EnrolmentWrong,
    KitExpired,
    KitWrong,
    StewardKeyUnknown,
)

pytestmark = pytest.mark.slow


def node_signer(folder):
    return KeyStore(folder / "keys").signer("node", create=False)


def journal(city):
    return [r.kind for r in city.registrar.journal.search(limit=20)]


def test_kit_init_enrol_accept_make_a_node_that_the_hub_knows(city, bureau):
    kit = city.kit(PARTY, by="admin")
    enrolment = bureau.begin(kit, port=8543)
    admitted = city.admit(enrolment, by="admin")
    bureau.accept(admitted)
    node = next(n for n in city.registrar.listed() if n.party == PARTY)
    certificate = read_certificate(bureau.folder / "tls" / "tls.crt")
    assert node.url == "https://127.0.0.1:8543"
    assert node.public_key == node_signer(bureau.folder).public_key
    assert certificate.identity == node.identity
    assert certificate.fingerprint == node.fingerprint
    assert node.certified_until == certificate.not_after
    assert {"node-retired", "node-invited", "node-enrolled"} <= set(journal(city))


def test_a_new_node_opens_binds_nothing_and_permits_nothing(city, bureau):
    bureau.begin(city.kit(PARTY, by="admin"))
    node = Node.open(bureau.folder, clock=lambda: bureau.now)
    assert (dict(node.config.sources), dict(node.config.datasets)) == ({}, {})
    assert not node.policy.rules
    assert node.check() == ()
    node.close()


def test_the_folder_tells_which_datasets_and_columns_to_bind(city, bureau):
    bureau.begin(city.kit(PARTY, by="admin"))
    text = (bureau.folder / "NODE.toml").read_text(encoding="utf-8")
    ledger = load_catalog().of(PARTY)
    assert ledger
    for dataset in ledger:
        assert f'[datasets."{dataset.id}"]' in text
        assert all(f.name in text for f in dataset.fields)
    kept_at_the_hub = {d.id for d in city.platform.catalog.of(PARTY)} - {d.id for d in ledger}
    assert kept_at_the_hub
    assert not any(d in text for d in kept_at_the_hub)


def test_the_examples_in_the_folder_are_a_configuration_once_uncommented(city, bureau):
    bureau.begin(city.kit(PARTY, by="admin"))
    file = bureau.folder / "NODE.toml"
    head, _, rest = file.read_text(encoding="utf-8").partition("\n# ── ")
    first = '[sources.main]\nkind = "sqlite"\npath = "/data/bureau.db"\n'
    bound = rest[rest.index('# [datasets."') :].replace("# [", "[").replace("# source", "source")
    file.write_text(f"{head}\n{first}{bound.replace('# resource', 'resource')}", encoding="utf-8")
    assert set(load_config(bureau.folder).datasets) >= {"civil_affairs.cremation"}


def test_private_keys_stay_and_are_for_nobody_elses_eyes(city, bureau):
    enrolment = json.dumps(bureau.begin(city.kit(PARTY, by="admin")))
    assert "PRIVATE" not in enrolment
    private = [bureau.folder / "tls" / "tls.key", bureau.folder / "stewards" / "steward.pem"]
    for path in [*private, *(bureau.folder / "keys").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0


def test_an_existing_node_is_never_overwritten(city, bureau):
    kit = city.kit(PARTY, by="admin")
    bureau.begin(kit)
    before = node_signer(bureau.folder).public_key
    with pytest.raises(NodeExists):
        bureau.begin(kit)
    assert node_signer(bureau.folder).public_key == before


def test_a_folder_that_could_not_be_made_leaves_nothing(city, bureau):
    kit = city.kit(PARTY, by="admin")
    with pytest.raises(Fault):
        bureau.begin(tampered(kit, "party", to="police"))
    assert list(bureau.folder.parent.glob("*bureau*")) == []


def test_a_department_that_has_a_node_gets_no_kit(city):
    with pytest.raises(NodeEnrolled):
        city.kit("police", by="admin")
    with pytest.raises(NodeUnknown):
        city.kit("nobody", by="admin")


def test_a_code_is_good_once(city, bureau, tmp_path):
    kit = city.kit(PARTY, by="admin")
    city.admit(bureau.begin(kit), by="admin")
    second = bureau.begin(kit, folder=tmp_path / "second")
    with pytest.raises(NodeEnrolled):
        city.admit(second, by="admin")
    city.retire(PARTY, reason=REASON, by="admin")
    with pytest.raises(EnrolmentCodeWrong):
        city.admit(second, by="admin")


def test_a_new_kit_takes_the_place_of_the_old_one(city, bureau):
    old = city.kit(PARTY, by="admin")
    city.kit(PARTY, by="admin")
    with pytest.raises(EnrolmentCodeWrong):
        city.admit(bureau.begin(old), by="admin")


def test_a_kit_is_good_for_fourteen_days(city, bureau, later):
    kit = city.kit(PARTY, by="admin")
    enrolment = bureau.begin(kit)
    later(days=14, seconds=1)
    with pytest.raises(EnrolmentCodeExpired):
        city.admit(enrolment, by="admin")
    with pytest.raises(KitExpired):
        open_kit(kit, bureau.now + timedelta(days=15))


@pytest.mark.parametrize(
    "field", ["party", "hub_key", "authority", "code", "issuer_key", "expires"]
)
def test_a_kit_that_was_changed_is_no_kit(city, bureau, field):
    kit = city.kit(PARTY, by="admin")
    with pytest.raises(KitWrong):
        open_kit(tampered(kit, field, to=generate_signer().public_key), bureau.now)


@pytest.mark.parametrize("document", [{}, {"body": {}}, {"body": {"hub_key": "04"}}, {"body": 1}])
def test_nonsense_is_neither_kit_nor_enrolment(bureau, document):
    with pytest.raises(KitWrong):
        open_kit(document, bureau.now)
    with pytest.raises(EnrolmentWrong):
        open_enrolment(document)


@pytest.mark.parametrize("field", ["party", "node_key", "steward_key", "url", "request", "code"])
def test_an_enrolment_that_was_changed_is_none(city, bureau, field):
    enrolment = bureau.begin(city.kit(PARTY, by="admin"))
    with pytest.raises(EnrolmentWrong):
        city.admit(tampered(enrolment, field, to=generate_signer().public_key), by="admin")


def test_a_request_for_another_partys_certificate_is_refused_and_the_code_stays(city, bureau):
    enrolment = bureau.begin(city.kit(PARTY, by="admin"))
    signer = node_signer(bureau.folder)
    renamed = seal({**enrolment["body"], "party": "police"}, signer)
    with pytest.raises(CertificateRequestWrong):
        city.admit(renamed, by="admin")
    assert city.admit(enrolment, by="admin").node.party == PARTY


@pytest.mark.parametrize("url", ["http://a:1", "https://a", "https://a:1/x", "https://u@a:1", "a"])
def test_an_address_that_is_none_is_refused(city, bureau, url):
    enrolment = bureau.begin(city.kit(PARTY, by="admin"))
    with pytest.raises(UrlWrong):
        city.admit(seal({**enrolment["body"], "url": url}, node_signer(bureau.folder)), by="admin")


def test_an_answer_that_was_changed_or_is_anothers_is_not_installed(city, bureau, tmp_path):
    kit = city.kit(PARTY, by="admin")
    other = tmp_path / "other"
    bureau.begin(kit, folder=other)
    admitted = city.admit(bureau.begin(kit), by="admin")
    for document in ({}, tampered(admitted.document, "certificate", to="-----BEGIN X"), kit):
        with pytest.raises(EnrolledWrong):
            accept(bureau.folder, document)
    with pytest.raises(EnrolledWrong):
        accept(other, admitted.document)
    assert not (bureau.folder / "tls" / "tls.crt").exists()


def test_a_certificate_of_another_authority_or_key_is_not_installed(city, bureau, home):
    admitted = city.admit(bureau.begin(city.kit(PARTY, by="admin")), by="admin")
    hub, body = city.registrar.signer, admitted.document["body"]
    own = (home / "tls" / "tls.crt").read_text(encoding="ascii")
    for changed, fault in (
        ({"authority": own}, CertificateOfAnotherAuthority),
        ({"certificate": own}, CertificateOfAnotherKey),
    ):
        with pytest.raises(fault):
            accept(bureau.folder, seal({**body, **changed}, hub))


def test_a_certificate_is_renewed_and_the_address_may_change(city, bureau, later):
    bureau.accept(city.admit(bureau.begin(city.kit(PARTY, by="admin")), by="admin"))
    before = read_certificate(bureau.folder / "tls" / "tls.crt")
    later(days=300)
    config = bureau.folder / "NODE.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("8443", "9443"), encoding="utf-8")
    asked = renewal(bureau.folder, hosts=["10.0.0.9"], now=bureau.now)
    bureau.accept(city.renew(asked, by="admin"))
    after = read_certificate(bureau.folder / "tls" / "tls.crt")
    node = next(n for n in city.registrar.listed() if n.party == PARTY)
    assert after.not_after > before.not_after
    assert (node.url, node.fingerprint) == ("https://10.0.0.9:9443", after.fingerprint)


def test_only_the_registered_node_renews(city, bureau, tmp_path):
    kit = city.kit(PARTY, by="admin")
    stranger = tmp_path / "stranger"
    bureau.begin(kit, folder=stranger)
    asked = renewal(stranger, hosts=["127.0.0.1"], now=bureau.now)
    with pytest.raises(NodeRetired):
        city.renew(asked, by="admin")
    city.admit(bureau.begin(kit), by="admin")
    with pytest.raises(EnrolmentKeyWrong):
        city.renew(asked, by="admin")
    city.retire(PARTY, reason=REASON, by="admin")
    with pytest.raises(EnrolmentCodeWrong):
        city.admit(asked, by="admin")


def test_a_retired_node_is_asked_no_more_by_a_hub_that_runs_already(home):
    from builder.app.enrolling import city_of

    running = open_platform(home)
    assert running.hub.link(PARTY)
    with city_of(home) as city:
        city.retire(PARTY, reason=REASON, by="admin")
    with pytest.raises(NodeRetired) as caught:
        running.hub.offer(PARTY)
    assert 400 <= caught.value.http < 500
    assert all(g.state != "approved" for g in running.hub.grants(owner=PARTY))
    running.close()


def test_a_retired_node_is_retired_once(city):
    with pytest.raises(NodeRetired):
        city.retire(PARTY, reason=REASON, by="admin")
    with pytest.raises(NodeUnknown):
        city.retire("nobody", reason=REASON, by="admin")


def test_what_a_retired_node_had_given_is_asked_of_the_new_one(city, bureau):
    hub = city.platform.hub
    lost = {(g.ask.dataset, g.ask.purpose) for g in hub.grants(owner=PARTY)}
    city.admit(bureau.begin(city.kit(PARTY, by="admin")), by="admin")
    waiting = [g for g in hub.grants(owner=PARTY) if g.state == "asked"]
    assert {(g.ask.dataset, g.ask.purpose) for g in waiting} == lost
    assert len(waiting) == len(lost)


def test_the_issuer_believes_the_nodes_that_are_registered_now(city, bureau):
    from builder.app.nodes import RegisteredKeys

    trusted = RegisteredKeys(city.platform.hub_engine)
    assert PARTY not in trusted
    assert "police" in trusted
    node = city.admit(bureau.begin(city.kit(PARTY, by="admin")), by="admin").node
    assert dict(trusted)[PARTY] == node.public_key


def test_a_department_apart_decides_on_its_own_machine_only(city, bureau):
    city.admit(bureau.begin(city.kit(PARTY, by="admin")), by="admin")
    with pytest.raises(StewardKeyUnknown):
        city.platform.steward_signer(PARTY)
    assert city.platform.steward_signer("police")


def test_a_city_of_an_earlier_release_brings_its_nodes_over(home):
    from sqlalchemy import delete

    from federation.hub.tables import node_table
    from federation.store import write

    platform = open_platform(home)
    keys = {n.party: n.public_key for n in platform.hub.nodes.values()}
    with write(platform.hub_engine) as conn:
        conn.execute(delete(node_table))
    platform.close()
    (home / "nodes.json").write_text(json.dumps(keys), encoding="utf-8")
    brought = open_platform(home)
    assert {n.party: n.public_key for n in brought.hub.nodes.values()} == keys
    brought.close()
