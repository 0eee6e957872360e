"""The tree is RFC 6962's, whatever its size and wherever one stopped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.audit.merkle import Edge, leaf_hash
from federation.crypto import sm3_bytes


def root(leaves):
    """RFC 6962, 2.1, word for word."""
    if not leaves:
        return sm3_bytes(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sm3_bytes(b"\x01" + root(leaves[:split]) + root(leaves[split:]))


@pytest.mark.parametrize("size", range(40))
def test_the_root_is_the_one_the_rfc_defines(size):
    leaves = [leaf_hash(bytes([number])) for number in range(size)]
    edge = Edge()
    for leaf in leaves:
        edge.append(leaf)
    assert edge.root() == root(leaves)
    assert len(edge.peaks) == size.bit_count()


@given(st.lists(st.binary(max_size=5), max_size=40), st.integers(0, 40))
def test_a_tree_goes_on_where_it_stopped(bodies, stop):
    leaves = [leaf_hash(body) for body in bodies]
    edge = Edge()
    for leaf in leaves[:stop]:
        edge.append(leaf)
    later = Edge(edge.size, edge.peaks)
    for leaf in leaves[stop:]:
        later.append(leaf)
    assert later.root() == root(leaves)


def test_an_entry_is_never_an_inner_node():
    assert leaf_hash(bytes(64)) != sm3_bytes(b"\x01" + bytes(64))
    assert leaf_hash(b"") != sm3_bytes(b"")


def test_an_edge_with_the_wrong_number_of_peaks_is_refused():
    with pytest.raises(ValueError, match="peak"):
        Edge(3, [bytes(32)])
