"""Whatever a plan does not know, or does not say clearly, never becomes a place, a pass or an absent copy."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from residency.clouds.answers import Unknown
from residency.model import Why
from residency.services import terraform_types
from residency.services.base import Each
from residency.sources.terraform_parts import steps_of
from residency.sources.terraform_plan import Plan, Scope
from tests.sources.plans import (
    SINGAPORE,
    TOKYO,
    Block,
    Read,
    a_bucket,
    a_plan,
    a_provider,
    a_replication,
    a_resource,
    constant,
    read,
    recorded,
    refer,
    where,
)

NOT_YET = "not-known-yet"
TWO = {"aws": a_provider(TOKYO), "aws.sg": a_provider(SINGAPORE, alias="sg")}
ROLE = "arn:aws:iam::123456789012:role/r"


def copies(plan: Read, address: str) -> list[str]:
    """Role and place, or why there is none, of each copy but the primary; with its holder."""
    lines = [line.partition(" <- ")[0].partition(" grade ")[0] for line in plan.told(address)[2:]]
    return [line.replace("unresolved held by ", "") for line in lines]


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("aws_s3_bucket.b", [("aws_s3_bucket", ""), ("b", "")]),
        ("aws_s3_bucket.b[0].id", [("aws_s3_bucket", ""), ("b", "[0]"), ("id", "")]),
        ('module.m["a.b"].data.x.y["]"]', [("module", ""), ("m", '["a.b"]'), ("data", ""), ("x", ""), ("y", '["]"]')]),
        (r'module.m["q\"]."].x.y', [("module", ""), ("m", r'["q\"]."]'), ("x", ""), ("y", "")]),
    ],
)
def test_an_address_is_cut_where_a_key_does_not_stand(text: str, steps: list[tuple[str, str]]) -> None:
    assert steps_of(text) == steps


@pytest.mark.parametrize("key", ["a.b", "module.x.", "]", 'q"]', "日本", ".aws_s3_bucket.other"])
def test_a_key_may_hold_anything(key: str) -> None:
    index = json.dumps(key, ensure_ascii=False)
    plan = Plan(a_plan(a_bucket(f"aws_s3_bucket.b[{index}]", "b")))
    (resource,) = plan.resources
    assert (resource.name, resource.scope.index, resource.scope.modules) == ("aws_s3_bucket.b", f"[{index}]", ())
    assert resource.config["expressions"]["bucket"] == constant("b")


# --- a known value inside an expression is not the value ---------------------------------------


@pytest.mark.parametrize("given", ["member", "arn:aws:s3:::member", ["a"], None, {"a": "b"}])
def test_a_name_that_is_made_from_a_variable_is_not_that_variable(given: Any) -> None:
    """`"${var.prefix}-${uuid()}"` refers to var.prefix alone."""
    bucket = a_bucket("aws_s3_bucket.b", unknown={"bucket": True}, expressions={"bucket": refer("var.prefix")})
    plan = Read(a_plan(bucket, variables={"prefix": {"value": given}}))
    assert plan.stores["aws_s3_bucket.b"].id == "tf:s/aws_s3_bucket.b"


def test_a_destination_that_is_made_from_a_known_name_is_not_the_bucket_of_that_name() -> None:
    target = a_bucket("aws_s3_bucket.target", "target", after={"arn": "arn:aws:s3:::target"}, unknown={"arn": False})
    rule = a_replication("aws_s3_bucket_replication_configuration.r", "b", refer("aws_s3_bucket.target.arn"))
    plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), target, rule))
    assert copies(plan, "aws_s3_bucket.b") == ["replica not-known-yet"]


@pytest.mark.parametrize("value", [None, "", 3, ["eu-west-1"], {"a": "eu-west-1"}, True])
def test_a_region_that_is_no_text_places_nothing(value: Any) -> None:
    for expression, variables in ((constant(value), {}), (refer("var.r"), {"r": {"value": value}})):
        document = a_plan(a_bucket("aws_s3_bucket.b", "b"), providers={"aws": a_provider(expression)})
        assert Read(document | {"variables": variables}).place("aws_s3_bucket.b") == "unresolved"


@pytest.mark.parametrize(
    "references",
    [[], ["local.r"], ["var.a", "var.b"], ["var.missing"], ["each.value"], ["module.m.r"], ["aws_x.y.z"], ["var.a.b"]],
)
def test_a_region_that_cannot_be_followed_is_not_known_yet(references: list[str]) -> None:
    document = a_plan(a_bucket("aws_s3_bucket.b", "b"), providers={"aws": a_provider(refer(*references))})
    document["variables"] = {name: {"value": TOKYO} for name in ("a", "b")}
    assert Read(document, region=SINGAPORE).place("aws_s3_bucket.b") == NOT_YET


# --- providers --------------------------------------------------------------------------------


def test_the_only_block_of_a_provider_is_not_meant_where_it_has_an_alias() -> None:
    """The default provider without a block takes the region of the machine that applies the plan."""
    plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), providers={"aws.sg": a_provider(SINGAPORE, alias="sg")}))
    assert plan.place("aws_s3_bucket.b") == "unresolved"


def in_a_module(key: str, providers: Block) -> Read:
    resource = a_bucket("aws_s3_bucket.b", "b", key=key)
    resource["change"] |= {"address": "module.m.aws_s3_bucket.b", "module_address": "module.m"}
    module = {"module": {"resources": [resource["config"]]}}
    document = a_plan(resource, providers=providers, root={"resources": [], "module_calls": {"m": module}})
    return Read(document)


@pytest.mark.parametrize(
    ("key", "providers", "place"),
    [
        ("aws.sg", TWO, "aws:ap-southeast-1"),
        ("module.m:aws", TWO, NOT_YET),  # passed in by its caller, the plan does not say which
        ("module.m:aws.x", TWO, NOT_YET),
        ("module.m:aws", {"aws": a_provider(TOKYO)}, "aws:ap-northeast-1"),
        ("module.m:aws", {"aws.sg": a_provider(SINGAPORE, alias="sg")}, NOT_YET),
        ("module.m:aws", {"module.n:aws": a_provider(SINGAPORE, module_address="module.n")}, NOT_YET),
        ("module.m:aws", {"module.m:aws": a_provider(SINGAPORE, module_address="module.m")}, "aws:ap-southeast-1"),
        ("module.m:aws", {"google": {"name": "google", "full_name": "x/google"}}, "unresolved"),
        ("", {"aws": a_provider(TOKYO)}, NOT_YET),
    ],
)
def test_a_module_of_an_old_plan_has_a_place_only_where_one_provider_can_be_meant(
    key: str, providers: Block, place: str
) -> None:
    assert in_a_module(key, providers).place("module.m.aws_s3_bucket.b") == place


def test_a_provider_inside_a_module_reads_the_variables_of_its_module() -> None:
    resource = a_bucket("aws_s3_bucket.b", "b", key="module.m:aws")
    resource["change"]["address"] = "module.m.aws_s3_bucket.b"
    call = {
        "expressions": {"region": refer("var.there")},
        "module": {"resources": [resource["config"]], "variables": {"region": {"default": TOKYO}}},
    }
    provider = a_provider(refer("var.region"), module_address="module.m")
    root = {"resources": [], "module_calls": {"m": call}}
    document = a_plan(resource, providers={"module.m:aws": provider}, root=root)
    variables = {"there": {"value": SINGAPORE}, "region": {"value": TOKYO}}
    assert Read(document | {"variables": variables}).place("module.m.aws_s3_bucket.b") == "aws:ap-southeast-1"
    call["expressions"] = {"region": refer("local.there")}
    assert Read(document | {"variables": variables}).place("module.m.aws_s3_bucket.b") == NOT_YET


def test_a_resource_that_the_configuration_does_not_hold_takes_no_providers_region() -> None:
    document = a_plan(a_bucket("aws_s3_bucket.b", "b"))
    document["configuration"]["root_module"] = {}
    plan = Read(document)
    assert plan.place("aws_s3_bucket.b") == NOT_YET
    assert copies(plan, "aws_s3_bucket.b") == ["replica not-known-yet may-appear"]
    control = plan.stores["aws_s3_bucket.b"].copies[0].control
    assert control is not None
    assert control.grade is None
    assert plan.stores["aws_s3_bucket.b"].tags is None


def test_a_plan_without_any_configuration_is_read_and_passes_nothing() -> None:
    document = a_plan(a_bucket("aws_s3_bucket.b", "b"))
    del document["configuration"]
    assert Read(document).place("aws_s3_bucket.b") == NOT_YET


# --- one of several ---------------------------------------------------------------------------


def zoned(address: str, zone: str, **more: Any) -> Block:
    return a_resource(
        address, {"availability_zone": zone}, {"id": True}, {"availability_zone": refer("local.z")}, **more
    )


def test_an_index_that_is_written_is_the_one_that_is_meant() -> None:
    disks = [zoned(f"aws_ebs_volume.v[{number}]", f"{TOKYO}{zone}") for number, zone in enumerate("ac")]
    snapshot = a_resource(
        "aws_ebs_snapshot.s[0]",
        {},
        {"id": True, "volume_id": True},
        {"volume_id": refer("aws_ebs_volume.v[1].id", "aws_ebs_volume.v[1]", "aws_ebs_volume.v")},
    )
    assert Read(a_plan(*disks, snapshot)).edges == ["tf:s/aws_ebs_volume.v[1] -> tf:s/aws_ebs_snapshot.s[0]"]


@pytest.mark.parametrize(
    "references",
    [
        ["aws_s3_bucket.t"],  # one(aws_s3_bucket.t[*].arn), element(…, 1)
        ["aws_s3_bucket.t[2].arn", "aws_s3_bucket.t[2]", "aws_s3_bucket.t"],  # of which there is none
        ["aws_s3_bucket.t", "var.which"],
        ["aws_s3_bucket.t", "each.value.target", "each.value"],
        ["aws_s3_bucket.t", "count.index"],
    ],
)
def test_of_several_instances_in_several_regions_none_is_taken_for_the_destination(references: list[str]) -> None:
    targets = [
        a_bucket(f"aws_s3_bucket.t[{number}]", after={"region": region}, unknown={"region": False})
        for number, region in enumerate((TOKYO, SINGAPORE))
    ]
    rule = a_replication("aws_s3_bucket_replication_configuration.r[0]", "b", refer(*references))
    plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), *targets, rule))
    assert copies(plan, "aws_s3_bucket.b") == ["replica not-known-yet"]


def test_instances_that_all_stand_alike_may_be_told_by_their_index() -> None:
    buckets = [a_bucket(f"aws_s3_bucket.{name}[{key}]") for name in "st" for key in ('"x"', '"y"')]
    rules = [
        a_replication(
            f"aws_s3_bucket_replication_configuration.r[{key}]",
            refer("aws_s3_bucket.s", "each.key"),
            refer("aws_s3_bucket.t", "each.key"),
        )
        for key in ('"x"', '"y"')
    ]
    plan = Read(a_plan(*buckets, *rules))
    assert copies(plan, 'aws_s3_bucket.s["y"]') == ['replica tf:s/aws_s3_bucket.t["y"]']


def test_buckets_that_replicate_in_a_ring_do_not_replicate_to_themselves() -> None:
    buckets = [a_bucket(f"aws_s3_bucket.ring[{number}]") for number in range(2)]
    ring = refer("aws_s3_bucket.ring", "count.index")
    rules = [a_replication(f"aws_s3_bucket_replication_configuration.r[{n}]", ring, ring) for n in range(2)]
    plan = Read(a_plan(*buckets, *rules))
    assert copies(plan, "aws_s3_bucket.ring[0]") == ["replica not-known-yet"]
    assert plan.edges == []


def test_a_companion_of_a_region_of_its_own_finds_the_bucket_with_its_index() -> None:
    """Provider 6: one block, an instance in each region; each companion belongs to another one."""
    buckets = [
        a_bucket(f'aws_s3_bucket.b["{region}"]', after={"region": region}, unknown={"region": False})
        for region in (TOKYO, SINGAPORE)
    ]
    rule = a_replication(
        f'aws_s3_bucket_replication_configuration.r["{SINGAPORE}"]',
        refer("aws_s3_bucket.b", "each.key"),
        "arn:aws:s3:::other",
    )
    plan = Read(a_plan(*buckets, rule))
    assert copies(plan, f'aws_s3_bucket.b["{SINGAPORE}"]') == ["replica arn:aws:s3:::other"]
    assert copies(plan, f'aws_s3_bucket.b["{TOKYO}"]') == []


def test_a_companion_that_repeats_over_the_buckets_themselves_finds_its_own() -> None:
    buckets = [a_bucket(f'aws_s3_bucket.b["{key}"]') for key in "xy"]
    rule = a_replication(
        'aws_s3_bucket_replication_configuration.r["y"]',
        refer("each.value.id", "each.value"),
        "arn:aws:s3:::other",
        config={"for_each_expression": refer("aws_s3_bucket.b")},
    )
    plan = Read(a_plan(*buckets, rule))
    assert [copies(plan, f'aws_s3_bucket.b["{key}"]') for key in "xy"] == [[], ["replica arn:aws:s3:::other"]]


@pytest.mark.parametrize(
    "bucket",
    [
        refer("aws_s3_bucket.a.id", "aws_s3_bucket.a", "aws_s3_bucket.b.id", "aws_s3_bucket.b"),  # one or the other
        refer("aws_s3_bucket.a.id", "aws_s3_bucket.a", "var.x", "aws_s3_bucket.b"),
    ],
)
def test_a_companion_of_one_of_two_buckets_leaves_both_open(bucket: Block) -> None:
    rule = a_replication("aws_s3_bucket_replication_configuration.r", bucket, "arn:aws:s3:::other")
    plan = Read(a_plan(a_bucket("aws_s3_bucket.a", "a"), a_bucket("aws_s3_bucket.b", "b"), rule))
    assert copies(plan, "aws_s3_bucket.a") == copies(plan, "aws_s3_bucket.b") == ["replica not-known-yet"]
    assert plan.told("aws_s3_bucket_replication_configuration.r")[1].startswith("primary unresolved grade None")


def test_a_doubt_stays_beside_what_is_sure() -> None:
    sure = a_replication("aws_s3_bucket_replication_configuration.sure", "a", "arn:aws:s3:::sure")
    either = refer("aws_s3_bucket.a.id", "aws_s3_bucket.b.id")
    doubt = a_replication("aws_s3_bucket_replication_configuration.doubt", either, "arn:aws:s3:::other")
    buckets = (a_bucket("aws_s3_bucket.a", "a"), a_bucket("aws_s3_bucket.b", "b"))
    for companions in ((sure, doubt), (doubt, sure)):
        assert sorted(copies(Read(a_plan(*buckets, *companions)), "aws_s3_bucket.a")) == [
            "replica arn:aws:s3:::sure",
            "replica not-known-yet",
        ]


@pytest.mark.parametrize("bucket", [refer("local.x"), refer("each.value"), {}, refer("aws_s3_bucket.missing.id")])
def test_a_companion_whose_bucket_cannot_be_told_is_told_by_itself(bucket: Block) -> None:
    rule = a_replication("aws_s3_bucket_replication_configuration.r", bucket, "arn:aws:s3:::other")
    plan = Read(a_plan(a_bucket("aws_s3_bucket.a", "a"), rule))
    told = plan.told("aws_s3_bucket_replication_configuration.r")
    assert told[0] == "tf:s/aws_s3_bucket_replication_configuration.r aws.s3.bucket None"
    assert told[1].startswith("primary unresolved grade None")
    assert told[2].startswith("replica unresolved held by arn:aws:s3:::other")


def test_a_reference_to_what_is_no_store_holds_nothing() -> None:
    rule = a_replication("aws_s3_bucket_replication_configuration.r", "a", refer("data.aws_s3_bucket.late.arn"))
    late = a_resource("data.aws_s3_bucket.late", {}, {"arn": True, "region": True})
    plan = Read(a_plan(a_bucket("aws_s3_bucket.a", "a"), late, rule))
    assert copies(plan, "aws_s3_bucket.a") == ["replica not-known-yet"]
    assert plan.edges == []


def test_an_alias_that_is_two_keys_proves_nothing() -> None:
    """One name, read in two regions: an imported key here, one of an external key store there."""
    keys = [
        a_resource(f"data.aws_kms_key.{origin}", {"key_id": "alias/x", "key_manager": "CUSTOMER", "origin": origin})
        for origin in ("EXTERNAL", "EXTERNAL_KEY_STORE")
    ]
    volume = a_resource(
        "aws_ebs_volume.v",
        {"availability_zone": "ap-northeast-1a", "encrypted": True, "kms_key_id": "alias/x"},
        {"id": True},
    )
    assert (
        Read(a_plan(*keys, volume))
        .told("aws_ebs_volume.v")[1]
        .startswith("primary aws:ap-northeast-1a grade None by alias/x")
    )


# --- lists and blocks -------------------------------------------------------------------------


def with_rules(after: Any, unknown: Any, expressions: Any = None) -> list[str]:
    rule = a_resource(
        "aws_s3_bucket_replication_configuration.r",
        {"bucket": "b", "rule": after},
        {"rule": unknown},
        {"bucket": constant("b")} | ({} if expressions is None else {"rule": expressions}),
    )
    target = a_bucket("aws_s3_bucket.t", "t")
    return copies(Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), target, rule)), "aws_s3_bucket.b")


KNOWN = {"status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::t"}]}
LATE: Block = {"status": "Enabled", "destination": [{}]}
LATE_UNKNOWN = {"destination": [{"bucket": True}]}
LATE_WRITTEN = {"status": constant("Enabled"), "destination": [{"bucket": refer("aws_s3_bucket.t.arn")}]}


def test_what_is_unknown_as_a_whole_may_be_a_replica() -> None:
    assert with_rules(None, True) == ["replica not-known-yet may-appear"]


@pytest.mark.parametrize("unknown", [[], [{}, {}], [True], [{"destination": True}], [{"destination": []}]])
def test_a_list_of_unknowns_that_does_not_fit_makes_everything_unknown(unknown: Any) -> None:
    assert with_rules([KNOWN], unknown) == ["replica not-known-yet"]


def test_a_list_of_unknowns_that_is_too_short_hides_no_element() -> None:
    assert with_rules([KNOWN, KNOWN], [{}]) == ["replica not-known-yet"] * 2


def test_a_block_that_stands_twice_where_one_can_stand_is_not_chosen_from() -> None:
    twice = KNOWN | {"destination": [{"bucket": "arn:aws:s3:::t"}, {"bucket": "arn:aws:s3:::u"}]}
    assert with_rules([twice], [{}]) == ["replica unresolved"]


@pytest.mark.parametrize(
    "expressions", [None, [], [LATE_WRITTEN] * 2, [LATE_WRITTEN | {"status": constant("Disabled")}]]
)
def test_expressions_that_are_not_the_elements_name_no_destination(expressions: Any) -> None:
    """Dynamic blocks are missing in the configuration; another number of blocks is not its elements."""
    assert with_rules([LATE], [LATE_UNKNOWN], expressions) == ["replica not-known-yet"]


def test_a_known_and_an_unknown_destination_in_the_order_of_a_set_are_both_told() -> None:
    known = {"status": constant("Disabled"), "destination": [{"bucket": constant("arn:aws:s3:::u")}]}
    after = [LATE, {"status": "Disabled", "destination": [{"bucket": "arn:aws:s3:::u"}]}]
    assert with_rules(after, [LATE_UNKNOWN, {}], [known, LATE_WRITTEN]) == [
        "replica arn:aws:s3:::t",
        "replica unresolved former held by arn:aws:s3:::u",
    ]


def test_an_empty_list_of_rules_is_no_replica() -> None:
    assert with_rules([], []) == []


def test_a_block_that_only_repeats_in_the_plan_is_read_once_for_each_element() -> None:
    assert with_rules([KNOWN, LATE], [{}, LATE_UNKNOWN]) == ["replica arn:aws:s3:::t", "replica not-known-yet"]


# --- companions -------------------------------------------------------------------------------


def test_two_companions_of_one_bucket_hide_nothing_of_each_other() -> None:
    rules = [a_replication(f"aws_s3_bucket_replication_configuration.{n}", "b", f"arn:aws:s3:::{n}") for n in "xy"]
    plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), *rules))
    assert copies(plan, "aws_s3_bucket.b") == ["replica arn:aws:s3:::x", "replica arn:aws:s3:::y"]
    assert [line.rpartition(".")[2] for line in plan.told("aws_s3_bucket.b")[2:]] == ["x", "y"]


def test_a_companion_of_unknown_rules_hides_not_the_known_ones() -> None:
    known = a_replication("aws_s3_bucket_replication_configuration.known", "b", "arn:aws:s3:::x")
    late = a_resource("aws_s3_bucket_replication_configuration.late", {"bucket": "b"}, {"rule": True})
    for companions in ((known, late), (late, known)):
        plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), *companions))
        assert sorted(copies(plan, "aws_s3_bucket.b")) == ["replica arn:aws:s3:::x", "replica not-known-yet"]


def test_a_block_that_is_written_and_a_companion_are_both_told() -> None:
    inline = [{"rules": [{"status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::inside"}]}]}]
    written = [{"rules": [{"status": constant("Enabled")}]}]
    bucket = a_bucket(
        "aws_s3_bucket.b",
        "b",
        after={"replication_configuration": inline},
        unknown={"replication_configuration": False},
        expressions={"replication_configuration": written},
    )
    rule = a_replication("aws_s3_bucket_replication_configuration.r", "b", "arn:aws:s3:::beside")
    assert copies(Read(a_plan(bucket, rule)), "aws_s3_bucket.b") == [
        "replica arn:aws:s3:::inside",
        "replica arn:aws:s3:::beside",
    ]


def test_what_the_provider_read_of_a_standing_bucket_gives_way_to_its_companion() -> None:
    seen = [{"rules": [{"status": "Enabled", "destination": [{"bucket": "arn:aws:s3:::before"}]}]}]
    bucket = a_bucket(
        "aws_s3_bucket.b",
        "b",
        after={"replication_configuration": seen},
        unknown={"replication_configuration": False},
    )
    rule = a_replication("aws_s3_bucket_replication_configuration.r", "b", "arn:aws:s3:::after")
    assert copies(Read(a_plan(bucket)), "aws_s3_bucket.b") == ["replica arn:aws:s3:::before"]
    assert copies(Read(a_plan(bucket, rule)), "aws_s3_bucket.b") == ["replica arn:aws:s3:::after"]


def test_two_encryptions_of_one_bucket_prove_none() -> None:
    def encryption(name: str, algorithm: str) -> Block:
        default = {"apply_server_side_encryption_by_default": [{"sse_algorithm": algorithm}]}
        kind = "aws_s3_bucket_server_side_encryption_configuration"
        return a_resource(f"{kind}.{name}", {"bucket": "b", "rule": [default]}, {"rule": [{}]})

    bucket = a_bucket("aws_s3_bucket.b", "b")
    one = Read(a_plan(bucket, encryption("x", "aws:kms")))
    both = Read(a_plan(bucket, encryption("x", "aws:kms"), encryption("y", "AES256")))
    assert one.told("aws_s3_bucket.b")[1].startswith("primary aws:ap-northeast-1 grade 2 provider-managed-key")
    assert both.told("aws_s3_bucket.b")[1].startswith("primary aws:ap-northeast-1 grade None <-")


def test_an_unknown_algorithm_or_key_proves_nothing() -> None:
    kind = "aws_s3_bucket_server_side_encryption_configuration"
    for after, unknown in (
        ({}, {"sse_algorithm": True}),
        ({"sse_algorithm": "aws:kms"}, {"kms_master_key_id": True}),
        ({"sse_algorithm": "aws:fsx"}, {}),
    ):
        blocks = [{"apply_server_side_encryption_by_default": [part]} for part in (after, unknown)]
        companion = a_resource(f"{kind}.e", {"bucket": "b", "rule": blocks[:1]}, {"rule": blocks[1:]})
        told = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), companion)).told("aws_s3_bucket.b")
        assert told[1].startswith("primary aws:ap-northeast-1 grade None")


# --- volumes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "unknown", "line"),
    [
        ({"availability_zone": "ap-northeast-1a", "encrypted": None}, {"outpost_arn": True}, "not-known-yet grade 0"),
        ({}, {"availability_zone": True}, "not-known-yet grade 0"),
        ({"availability_zone": None}, {}, "unresolved grade 0"),
        ({"availability_zone": ""}, {}, "unresolved grade 0"),
        ({"availability_zone": "ap-northeast-1a", "outpost_arn": "no arn"}, {}, "unresolved grade 0"),
        (
            {"availability_zone": "ap-northeast-1a", "encrypted": True},
            {"kms_key_id": True},
            "aws:ap-northeast-1a grade None",
        ),
        ({"availability_zone": "ap-northeast-1a"}, {"encrypted": True}, "aws:ap-northeast-1a grade None"),
    ],
)
def test_what_is_unknown_of_a_volume_is_neither_its_zone_nor_its_encryption(
    after: Block, unknown: Block, line: str
) -> None:
    written = dict.fromkeys(unknown, refer("local.x"))
    plan = Read(a_plan(a_resource("aws_ebs_volume.v", after, unknown | {"id": True}, written)))
    assert plan.told("aws_ebs_volume.v")[1].startswith(f"primary {line} <- ")


def test_a_copied_snapshot_is_not_called_unencrypted_because_nobody_wrote_it() -> None:
    after = {"source_snapshot_id": "snap-1", "source_region": TOKYO, "encrypted": None}
    plan = Read(a_plan(a_resource("aws_ebs_snapshot_copy.c", after, {"id": True})))
    assert plan.told("aws_ebs_snapshot_copy.c")[1].startswith("primary aws:ap-northeast-1 grade None <-")


def test_a_snapshot_of_what_the_plan_cannot_tell_comes_from_nowhere() -> None:
    snapshot = a_resource("aws_ebs_snapshot.s", {}, {"id": True, "volume_id": True}, {"volume_id": refer("local.v")})
    assert Read(a_plan(snapshot)).edges == []


# --- subnets ----------------------------------------------------------------------------------


def an_instance(after: Block, unknown: Block, written: Block) -> Block:
    return a_resource("aws_instance.i", after, unknown | {"id": True, "availability_zone": True}, written)


@pytest.mark.parametrize(
    ("references", "place"),
    [
        (["aws_subnet.a.id"], "aws:ap-northeast-1a"),
        (["aws_subnet.a.id", "aws_subnet.b.id"], "aws:ap-northeast-1-tpe-1a or aws:ap-northeast-1a"),
        (["aws_subnet.a.id", "aws_subnet.open.id"], NOT_YET),
        (["aws_subnet.open.id"], NOT_YET),
        (["aws_subnet.plain.id"], "unresolved"),  # AWS chooses its zone
        (["local.subnet"], "unresolved"),
        (["data.aws_subnets.all"], "unresolved"),
    ],
)
def test_a_subnet_that_may_be_another_is_no_zone(references: list[str], place: str) -> None:
    subnets = [
        zoned("aws_subnet.a", "ap-northeast-1a"),
        zoned("aws_subnet.b", "ap-northeast-1-tpe-1a"),
        a_resource("aws_subnet.open", {}, {"availability_zone": True}, {"availability_zone": refer("local.z")}),
        a_resource("aws_subnet.plain", {}, {"availability_zone": True}, {"cidr_block": constant("10.0.0.0/8")}),
    ]
    instance = an_instance({}, {"subnet_id": True}, {"subnet_id": refer(*references)})
    assert Read(a_plan(*subnets, instance)).place("aws_instance.i") == place


def test_a_subnet_by_its_id_is_looked_for_among_what_stands_and_what_was_read() -> None:
    read = a_resource("data.aws_subnet.s", {"id": "subnet-1", "availability_zone": "ap-northeast-1-tpe-1a"})
    for address, place in (("subnet-1", "aws:ap-northeast-1-tpe-1a"), ("subnet-2", "unresolved")):
        instance = an_instance({"subnet_id": address}, {}, {"subnet_id": refer("data.aws_subnet.s.id")})
        assert Read(a_plan(read, instance)).place("aws_instance.i") == place


def test_what_stands_in_several_subnets_stands_in_all_their_zones() -> None:
    subnets = [zoned("aws_subnet.a", "ap-northeast-1a"), zoned("aws_subnet.b", "ap-northeast-1-tpe-1a")]
    written = {"subnet_ids": refer("aws_subnet.a.id", "aws_subnet.b.id")}
    cluster = a_resource(
        "aws_fsx_windows_file_system.f", {"subnet_ids": [None, None]}, {"subnet_ids": [True, True]}, written
    )
    plan = Read(a_plan(*subnets, cluster))
    assert plan.place("aws_fsx_windows_file_system.f") == "aws:ap-northeast-1-tpe-1a or aws:ap-northeast-1a"


# --- tags -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "unknown", "written", "tags"),
    [
        ({"tags_all": {"a": "b"}}, {}, {}, {"a": "b"}),
        ({"tags": {"a": "b"}}, {"tags_all": True}, {"tags": constant({"a": "b"})}, {"a": "b"}),
        ({"tags": {"a": "b", "c": None}}, {"tags": {"c": True}, "tags_all": True}, {"tags": refer("local.t")}, None),
        ({}, {"tags": True, "tags_all": True}, {"tags": refer("local.t")}, None),
        ({"tags": None}, {"tags_all": True}, {}, {}),
        ({"tags": [{"key": "a"}]}, {}, {"tags": refer("local.t")}, None),
    ],
)
def test_tags_that_are_partly_known_are_not_known(after: Block, unknown: Block, written: Block, tags: Any) -> None:
    queue = a_resource("aws_sqs_queue.q", after, unknown, written)
    assert Read(a_plan(queue)).stores["aws_sqs_queue.q"].tags == tags


@pytest.mark.parametrize(
    ("block", "tags"),
    [
        ([{"tags": constant({"a": "b"})}], {"a": "b"}),
        ([{"tags": constant(None)}], {}),
        ([{}], {}),
        ([], {}),
        ([{"tags": refer("var.tags")}], None),
    ],
)
def test_default_tags_that_cannot_be_read_are_not_left_out(block: Any, tags: Any) -> None:
    provider = a_provider()
    provider["expressions"]["default_tags"] = block
    bucket = a_bucket("aws_s3_bucket.b", "b", unknown={"tags_all": True})
    assert Read(a_plan(bucket, providers={"aws": provider})).stores["aws_s3_bucket.b"].tags == tags


# --- changes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "stays"),
    [
        (["no-op"], True),
        (["create"], True),
        (["update"], True),
        (["delete", "create"], True),
        (["create", "delete"], True),
        (["create", "forget"], True),
        (["delete"], False),
        (["forget"], False),
    ],
)
def test_every_change_that_leaves_something_is_read(actions: list[str], stays: bool) -> None:
    bucket = a_bucket("aws_s3_bucket.b", "b", change={"actions": actions})
    assert ("aws_s3_bucket.b" in Read(a_plan(bucket)).stores) is stays


def test_a_deposed_object_is_not_the_one_that_stays() -> None:
    bucket, deposed = (
        a_bucket("aws_s3_bucket.b", "b"),
        a_bucket("aws_s3_bucket.b", "old", change={"actions": ["delete"]}),
    )
    deposed["change"]["deposed"] = "abcdef01"
    assert Read(a_plan(bucket, deposed)).stores["aws_s3_bucket.b"].id == "arn:aws:s3:::b"


def test_what_no_change_is_listed_of_is_read_from_the_planned_values() -> None:
    """As in a state, which is read as a plan that changes nothing."""
    values = {"bucket": "kept", "region": TOKYO, "arn": "arn:aws:s3:::kept"}
    item = {"address": "aws_s3_bucket.kept", "mode": "managed", "type": "aws_s3_bucket", "values": values}
    inner = {"address": "module.m", "resources": [item | {"address": "module.m.aws_s3_bucket.kept"}]}
    planned = {"root_module": {"resources": [item], "child_modules": [inner]}}
    plan = Read(a_plan(a_bucket("aws_s3_bucket.b", "b"), planned_values=planned))
    assert sorted(plan.stores) == ["aws_s3_bucket.b", "aws_s3_bucket.kept", "module.m.aws_s3_bucket.kept"]
    assert plan.place("aws_s3_bucket.kept") == "aws:ap-northeast-1"


def test_references_in_a_circle_end() -> None:
    outputs = {"o": {"expression": refer("module.m.o")}}
    module: Block = {"module": {"outputs": outputs, "module_calls": {}}}
    variables = {
        "expressions": {"v": refer("module.m.o")},
        "module": {"outputs": {"o": {"expression": refer("var.v")}}},
    }
    for call in (module, variables):
        document = a_plan(root={"resources": [], "module_calls": {"m": call}})
        found = Plan(document).follow(refer("module.m.o"), Scope())
        assert isinstance(found, Unknown)
        assert found.why is Why.NOT_KNOWN_YET


def test_a_large_plan_is_read_in_linear_time() -> None:
    """Each resource has a companion and a subnet of its own: what is looked up by walking would take minutes."""

    def seconds(count: int) -> float:
        resources = []
        for n in range(count // 4):
            resources += [a_bucket(f"aws_s3_bucket.b{n}"), zoned(f"aws_subnet.s{n}", "ap-northeast-1a")]
            resources.append(
                a_replication(f"aws_s3_bucket_replication_configuration.r{n}", refer(f"aws_s3_bucket.b{n}.id"), "arn:x")
            )
            instance = an_instance({}, {"subnet_id": True}, {"subnet_id": refer(f"aws_subnet.s{n}.id")})
            instance["change"]["address"] = instance["config"]["address"] = f"aws_instance.i{n}"
            resources.append(instance)
        document = a_plan(*resources)
        began = time.process_time()
        assert Read(document).result.stores == count // 2
        return time.process_time() - began

    seconds(400)
    small, large = seconds(1000), seconds(8000)
    assert large < 8 * 3 * small


# --- everything at once -----------------------------------------------------------------------


def attributes_that_matter() -> set[str]:
    """The first word of every attribute of every table, and those that place an unfollowed kind."""
    found = {"region", "tags", "tags_all", "arn", "id", "subnet_id", "network_interface"}
    for template in terraform_types().values():
        for field in template.fields.values():
            name = field.block if isinstance(field, Each) else field
            found.add(str(name).partition(".")[0])
    return found


def copy_places(plan: Read) -> dict[str, list[tuple[str, str]]]:
    return {
        address: [(copy.role.value, where(copy)) for copy in store.copies if copy.role != "key"]
        for address, store in plan.stores.items()
    }


OPEN = {"not-known-yet", "unresolved"}
DYNAMIC = ("aws_s3_bucket.dynamic_block", "aws_s3_bucket.late_block")


def unplaced(copies: dict[str, list[tuple[str, str]]]) -> int:
    return sum(place in OPEN for places in copies.values() for _, place in places)


@pytest.mark.parametrize("name", ["regions", "replication", "volumes", "instances", "applied", "provider6"])
def test_whatever_becomes_unknown_no_copy_moves_and_none_is_lost_in_silence(name: str) -> None:
    """Each attribute of each resource in turn: a copy stays, or loses its place, or an unplaced one stands for it."""
    before = copy_places(read(name))
    matter = attributes_that_matter()
    document = recorded(name)
    for resource in document["resource_changes"]:
        change = resource["change"]
        # A dynamic block that is unknown as a whole looks in a plan like the block that nobody wrote.
        unseen = {"replication_configuration"} if resource["address"] in DYNAMIC else set()
        for attribute in sorted((matter - unseen) & (change["after"] or {}).keys()):
            value, unknown = change["after"].pop(attribute), change["after_unknown"].get(attribute)
            change["after_unknown"][attribute] = True
            after = copy_places(Read(document))
            for address, known in before.items():
                now = after.get(address, [])
                assert {place for _, place in now} <= {place for _, place in known} | OPEN, (address, attribute)
                opened = unplaced({address: now}) > 0 or unplaced(after) > unplaced(before)
                assert len(now) >= len(known) or opened, (address, attribute)
            change["after"][attribute] = value
            change["after_unknown"].pop(attribute)
            if unknown is not None:
                change["after_unknown"][attribute] = unknown
