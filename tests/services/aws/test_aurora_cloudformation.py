"""What CloudFormation templates say of clusters, their copies and what they are made from."""

from __future__ import annotations

import pytest

from tests.sources.stacks import Read

TOKYO = "aws:ap-northeast-1"
FAR = "arn:aws:rds:us-east-1:123456789012"


def read() -> Read:
    return Read("rds.yaml")


def test_what_protects_a_cluster_depends_on_its_engine() -> None:
    stack = read()
    expected = {
        "Cluster": f"grade 3 by Key in {TOKYO}",
        "MultiZone": "grade 0",
        "Plain": "grade None",  # new, an Aurora cluster is encrypted; a template does not say that it is new
        "Second": "grade None",
    }
    found = {address: stack.copies(address)[0].partition(" grade")[2] for address in expected}
    assert {address: f"grade{control}" for address, control in found.items()} == expected


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("tf:s/Cluster", "ClusterSnapshot"),
        (f"{FAR}:cluster:far", "ClusterReplica"),
        ("tf:s/ClusterSnapshot", "ClusterFromSnapshot"),
        ("tf:s/Cluster", "ClusterRestored"),
    ],
)
def test_what_is_made_from_something_else_says_so(source: str, target: str) -> None:
    assert f"{source} -> tf:s/{target}" in read().edges


def test_the_members_of_a_global_database_have_what_the_others_have() -> None:
    stack = read()
    for member in ("Second", "Third"):
        assert {f"tf:s/Cluster -> tf:s/{member}", f"tf:s/{member} -> tf:s/Cluster"} <= set(stack.edges)
        assert len(stack.copies(member)) == 1


def test_of_a_global_database_of_another_stack_the_other_members_are_not_seen() -> None:
    assert read().copies("OfElsewhere")[1] == "replica unresolved may-appear"
