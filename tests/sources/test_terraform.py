"""Recorded plans as stores: where each copy stands, who says so, what protects it."""

from __future__ import annotations

import pytest

from residency.model import Status
from residency.sources import terraform
from tests.sources.plans import SINGAPORE, TOKYO, Block, Read, a_plan, a_provider, a_resource, read, recorded

# --- regions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("home", "aws:ap-northeast-1"),  # a variable with a default
        ("chosen", "aws:eu-west-1"),  # tfvars win over the default
        ("data", "aws:eu-west-1"),  # a data source that was read while planning
        ("object", "aws:ap-northeast-3"),  # one field of a variable
        ("output", "aws:ap-northeast-3"),  # a module's output
        ("local", "not-known-yet"),  # a plan does not hold locals
        ("silent", "unresolved"),  # no region at all: the machine's own is not in the plan
    ],
)
def test_a_bucket_stands_in_the_region_that_its_provider_is_set_to(name: str, place: str) -> None:
    assert read("regions").place(f"aws_s3_bucket.{name}") == place


def test_region_on_the_command_line_fills_only_what_the_file_leaves_open() -> None:
    plan = read("regions", region="us-west-2")
    assert plan.place("aws_s3_bucket.silent") == "aws:us-west-2"
    assert plan.place("aws_s3_bucket.home") == "aws:ap-northeast-1"
    assert plan.place("aws_s3_bucket.local") == "not-known-yet"


def test_a_variable_without_a_value_in_the_plan_gives_no_place_although_it_has_a_default() -> None:
    document = recorded("regions")
    del document["variables"]["home"]["value"]
    assert Read(document).place("aws_s3_bucket.home") == "not-known-yet"


def test_an_old_plan_that_lists_no_variable_takes_the_default() -> None:
    document = recorded("regions")
    del document["variables"]
    assert Read(document).place("aws_s3_bucket.chosen") == "aws:us-east-1"


def test_providers_that_are_passed_into_a_module_place_its_buckets() -> None:
    plan = read("regions")
    assert plan.place("module.pair.aws_s3_bucket.here") == "aws:ap-northeast-1"
    assert plan.place("module.pair.aws_s3_bucket.there") == "aws:eu-west-1"
    assert plan.place('module.many["a.b"].aws_s3_bucket.here') == "aws:eu-west-1"
    assert plan.place('module.many["a.b"].aws_s3_bucket.there') == "aws:ap-northeast-1"


def test_each_instance_of_a_module_has_its_own_replica() -> None:
    plan = read("regions")
    assert plan.told('module.many["a.b"].aws_s3_bucket.here') == [
        'tf:s/module.many["a.b"].aws_s3_bucket.here aws.s3.bucket {}',
        'primary aws:eu-west-1 grade 2 <- region of module.many["a.b"].aws_s3_bucket.here',
        "replica unresolved held by arn:aws:s3:::a.b-there <- rule.destination.bucket of "
        'module.many["a.b"].aws_s3_bucket_replication_configuration.this',
    ]
    assert 'tf:s/module.many["c"].aws_s3_bucket.here -> arn:aws:s3:::c-there' in plan.edges


def test_default_tags_of_the_provider_belong_to_the_store() -> None:
    plan = read("regions")
    assert plan.stores["aws_s3_bucket.home"].tags == {"data": "personal", "team": "member"}
    assert plan.stores["module.pair.aws_s3_bucket.here"].tags == {"team": "member"}
    assert plan.stores["aws_s3_bucket.chosen"].tags == {}


def test_provider_6_gives_each_resource_a_region_of_its_own() -> None:
    plan = read("provider6")
    assert plan.place("aws_s3_bucket.reference") == "aws:ap-northeast-1"
    assert plan.place("aws_s3_bucket.there") == "aws:ap-southeast-1"
    assert plan.place("aws_s3_bucket.named") == "aws:ap-northeast-3"


def test_a_region_of_its_own_that_is_not_known_yet_is_not_the_providers() -> None:
    assert read("provider6").place("aws_s3_bucket.unknown") == "not-known-yet"


def test_a_plan_of_terraform_0_12_places_what_stands_in_the_root() -> None:
    plan = read("format_0_1")
    assert plan.told("aws_s3_bucket.home") == [
        "arn:aws:s3:::member-home aws.s3.bucket {'data': 'personal', 'team': 'member'}",
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.home",
    ]
    assert plan.place("aws_s3_bucket.chosen") == "aws:eu-west-1"


def test_which_provider_a_module_of_an_old_plan_was_given_is_not_guessed() -> None:
    plan = read("format_0_1")
    assert plan.place("module.pair.aws_s3_bucket.here") == "not-known-yet"
    assert plan.place("module.pair.aws_s3_bucket.there") == "not-known-yet"
    assert plan.stores["module.pair.aws_s3_bucket.there"].tags is None  # nor its default tags


# --- replication ------------------------------------------------------------------------------

RULE = "rule.destination.bucket of aws_s3_bucket_replication_configuration"


def test_a_destination_of_the_same_plan_is_held_by_that_bucket_with_its_key() -> None:
    assert read("replication").told("aws_s3_bucket.reference") == [
        "arn:aws:s3:::member-reference aws.s3.bucket {'data': 'personal'}",
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.reference",
        "replica unresolved held by tf:s/aws_s3_bucket.there grade 3 by aws_kms_key.there in aws:ap-southeast-1"
        f" <- {RULE}.reference",
    ]


def test_the_bucket_that_holds_a_replica_says_where_it_stands() -> None:
    plan = read("replication")
    assert plan.told("aws_s3_bucket.there") == [
        "tf:s/aws_s3_bucket.there aws.s3.bucket {}",
        "primary aws:ap-southeast-1 grade 2 <- region of aws_s3_bucket.there",
    ]
    assert "arn:aws:s3:::member-reference -> tf:s/aws_s3_bucket.there" in plan.edges


def test_a_destination_by_its_literal_name_has_no_place() -> None:
    assert read("replication").told("aws_s3_bucket.literal") == [
        "arn:aws:s3:::member-literal aws.s3.bucket {}",
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.literal",
        f"replica unresolved held by arn:aws:s3:::foreign-bucket of 210987654321 <- {RULE}.literal",
    ]


def test_a_disabled_rule_still_places_its_copy_as_a_former_one() -> None:
    plan = read("replication")
    assert plan.told("aws_s3_bucket.disabled")[2:] == [
        f"replica unresolved former held by arn:aws:s3:::member-named <- {RULE}.disabled"
    ]
    assert "arn:aws:s3:::member-disabled -> arn:aws:s3:::member-named former" in plan.edges


def test_two_rules_are_two_replicas() -> None:
    assert read("replication").told("aws_s3_bucket.two") == [
        "tf:s/aws_s3_bucket.two aws.s3.bucket {}",
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.two",
        f"replica unresolved held by tf:s/aws_s3_bucket.there <- {RULE}.two",
        f"replica unresolved former held by arn:aws:s3:::member-literal <- {RULE}.two",
    ]


@pytest.mark.parametrize("name", ["unknown", "dynamic", "late"])
def test_a_destination_that_cannot_be_told_is_a_replica_without_a_place(name: str) -> None:
    """A choice between two buckets, a dynamic block, a dynamic block over what is not known yet."""
    assert read("replication").told(f"aws_s3_bucket.{name}")[2:] == [f"replica not-known-yet <- {RULE}.{name}"]


def test_the_rules_of_the_old_block_keep_their_destinations_although_the_plan_sorts_them() -> None:
    said = "replication_configuration.rules.destination.bucket of aws_s3_bucket.block"
    assert read("replication").told("aws_s3_bucket.block") == [
        "arn:aws:s3:::member-block aws.s3.bucket {}",
        "primary aws:ap-northeast-1 grade 3 by aws_kms_key.home in aws:ap-northeast-1 <- region of aws_s3_bucket.block",
        f"replica unresolved former held by arn:aws:s3:::member-literal <- {said}",
        f"replica unresolved held by tf:s/aws_s3_bucket.there <- {said}",
    ]


@pytest.mark.parametrize("name", ["dynamic_block", "late_block"])
def test_an_old_block_that_is_made_dynamically_is_a_replica_without_a_place(name: str) -> None:
    assert read("replication").told(f"aws_s3_bucket.{name}")[2:] == [
        f"replica not-known-yet <- replication_configuration.rules.destination.bucket of aws_s3_bucket.{name}"
    ]


def test_a_companion_of_a_bucket_that_the_plan_does_not_make_leaves_its_place_tags_and_copies_open() -> None:
    address = "aws_s3_bucket_replication_configuration.elsewhere"
    plan = read("replication")
    assert plan.told(address) == [
        "arn:aws:s3:::made-elsewhere aws.s3.bucket None",
        f"primary unresolved grade 2 <- BucketRegion of {address}",  # the grade is the other companion's
        f"replica unresolved held by tf:s/aws_s3_bucket.there <- {RULE}.elsewhere",
    ]
    assert "aws_s3_bucket_server_side_encryption_configuration.elsewhere" not in plan.stores


def test_a_bucket_without_a_companion_has_no_replica() -> None:
    assert len(read("replication").stores["aws_s3_bucket.named"].copies) == 1


def test_a_destination_that_a_data_source_read_stands_where_that_says() -> None:
    assert read("applied").told("aws_s3_bucket.kept")[2] == (
        "replica aws:ap-southeast-1 held by arn:aws:s3:::member-abroad"
        " <- rule.destination.bucket of aws_s3_bucket_replication_configuration.kept[0]"
    )


# --- keys -------------------------------------------------------------------------------------

FOREIGN = "arn:aws:kms:ap-southeast-1:210987654321:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("own", "grade 3 by aws_kms_key.own in aws:ap-northeast-1"),
        ("dsse", "grade 3 by aws_kms_key.own in aws:ap-northeast-1"),
        ("imported", "grade 3 by aws_kms_external_key.imported in aws:ap-northeast-1"),
        ("xks", "grade 4 by aws_kms_key.xks in aws:ap-northeast-1"),
        ("hsm", "grade 3 hsm by aws_kms_key.hsm in aws:ap-northeast-1"),
        ("aes", "grade 2"),
        ("aws", "grade 2 provider-managed-key"),
        ("foreign", f"grade None by {FOREIGN} in aws:ap-southeast-1"),
    ],
)
def test_a_companion_says_which_key_protects_its_bucket(name: str, control: str) -> None:
    assert read("encryption").told(f'aws_s3_bucket.b["{name}"]') == [
        f"arn:aws:s3:::member-{name} aws.s3.bucket {{}}",
        f'primary aws:ap-northeast-1 {control} <- region of aws_s3_bucket.b["{name}"]',
    ]


def test_a_bucket_without_a_companion_has_the_encryption_that_every_bucket_has() -> None:
    assert read("encryption").told("aws_s3_bucket.plain")[1:] == [
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.plain"
    ]


def test_a_key_that_stands_is_the_same_key_as_a_resource_and_as_a_data_source() -> None:
    key = "arn:aws:kms:ap-northeast-1:123456789012:key/00000001-1111-1111-1111-111111111111"
    for name in ("kept", "changed"):
        control = read("applied").stores[f"aws_s3_bucket.{name}"].copies[0].control
        assert control is not None
        assert (control.grade, control.key, control.key_account) == (3, key, "123456789012")


# --- volumes, snapshots, images ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plain", "primary aws:ap-northeast-1a grade 0 <- availability_zone"),
        ("managed", "primary aws:ap-northeast-1c grade 2 provider-managed-key <- availability_zone"),
        (
            "abroad",
            "primary aws:ap-northeast-1-tpe-1a grade 3 by aws_kms_key.own in aws:ap-northeast-1 <- availability_zone",
        ),
        ("somewhere", "primary not-known-yet grade 0 <- availability_zone"),
        ("outpost", "primary aws.outpost:op-1234567890abcdef0 grade 0 <- outpost_arn"),
    ],
)
def test_a_volume_stands_in_its_zone_or_on_its_outpost_and_never_in_its_region(name: str, line: str) -> None:
    plan = read("volumes")
    assert plan.told(f"aws_ebs_volume.{name}")[1:] == [f"{line} of aws_ebs_volume.{name}"]
    assert plan.stores[f"aws_ebs_volume.{name}"].region == TOKYO


def test_a_snapshot_stands_in_its_region_with_everybody_it_is_shared_with() -> None:
    share = "aws_snapshot_create_volume_permission"
    assert read("volumes").told("aws_ebs_snapshot.of_volume") == [
        "tf:s/aws_ebs_snapshot.of_volume aws.ebs.snapshot {}",
        "primary aws:ap-northeast-1 grade None <- id of aws_ebs_snapshot.of_volume",  # its volume decides
        f"share aws:ap-northeast-1 of 210987654321 <- account_id of {share}.first",
        f"share aws:ap-northeast-1 of 333333333333 <- account_id of {share}.second",
    ]


def test_a_copy_of_a_snapshot_stands_where_its_provider_does() -> None:
    plan = read("volumes")
    assert plan.told("aws_ebs_snapshot_copy.sg") == [
        "tf:s/aws_ebs_snapshot_copy.sg aws.ebs.snapshot {}",
        "primary aws:ap-southeast-1 grade 2 provider-managed-key <- id of aws_ebs_snapshot_copy.sg",
    ]
    assert "tf:s/aws_ebs_snapshot.of_volume -> tf:s/aws_ebs_snapshot_copy.sg" in plan.edges
    assert "tf:s/aws_ebs_volume.abroad -> tf:s/aws_ebs_snapshot.of_volume" in plan.edges


def test_the_origin_of_a_copy_is_looked_for_in_the_region_that_it_names() -> None:
    edges = read("volumes").edges
    assert "arn:aws:ec2:us-east-1::snapshot/snap-33333333 -> tf:s/aws_ebs_snapshot_copy.of_stranger" in edges
    assert "arn:aws:ec2:us-east-1::image/ami-55555555 -> tf:s/aws_ami_copy.outpost" in edges


def test_a_volume_of_an_account_that_the_plan_does_not_name_gets_no_made_up_id() -> None:
    plan = read("volumes")
    assert not [edge for edge in plan.edges if "of_stranger" in edge and "volume" in edge]
    assert "None" not in " ".join(plan.edges)


def test_an_image_is_shared_with_everyone_and_with_accounts() -> None:
    plan = read("volumes")
    assert plan.told("aws_ami.made") == [
        "tf:s/aws_ami.made aws.ebs.image {}",
        "primary aws:ap-northeast-1 held by tf:s/aws_ebs_snapshot.of_volume <- id of aws_ami.made",
        "share aws:ap-northeast-1 of 210987654321 <- account_id of aws_ami_launch_permission.account",
        "share aws:ap-northeast-1 of * <- group of aws_ami_launch_permission.everyone",
    ]
    assert "tf:s/aws_ebs_snapshot.of_volume -> tf:s/aws_ami.made" in plan.edges


def test_a_copied_image_stands_abroad_and_is_shared_with_an_organization() -> None:
    assert read("volumes").told("aws_ami_copy.sg")[1:] == [
        "primary aws:ap-southeast-1 <- id of aws_ami_copy.sg",
        "share aws:ap-southeast-1 of arn:aws:organizations::123456789012:organization/o-1234567890"
        " <- organization_arn of aws_ami_launch_permission.organization",
    ]


def test_an_image_that_is_copied_to_an_outpost_does_not_stand_in_the_region() -> None:
    assert read("volumes").told("aws_ami_copy.outpost")[1:] == [
        "primary aws.outpost:op-1234567890abcdef0 <- destination_outpost_arn of aws_ami_copy.outpost"
    ]


def test_a_share_of_an_image_that_the_plan_does_not_make_is_told_without_a_place() -> None:
    told = read("volumes").told("aws_ami_launch_permission.of_stranger")
    assert told[0] == "tf:s/aws_ami_launch_permission.of_stranger aws.ebs.image None"
    assert told[1].startswith("primary unresolved <- ")
    assert told[2] == "share unresolved of 210987654321 <- account_id of aws_ami_launch_permission.of_stranger"


def test_a_directory_bucket_stands_in_the_zone_of_its_name_and_has_no_tags() -> None:
    plan = read("volumes")
    assert plan.place("aws_s3_directory_bucket.zonal") == "aws:apne1-az4"
    assert plan.place("aws_s3_directory_bucket.abroad") == "aws:apne1-tpe1-az1"
    assert plan.told("aws_s3_directory_bucket.zonal")[0].endswith(" aws.s3.directory-bucket {}")


# --- what stands already ----------------------------------------------------------------------


def test_what_a_plan_deletes_is_gone_and_what_it_replaces_is_as_it_will_be() -> None:
    plan = read("applied")
    assert sorted(plan.stores) == [
        "aws_ebs_snapshot.fresh[0]",
        "aws_ebs_snapshot.kept",
        "aws_ebs_volume.kept",
        "aws_ebs_volume.replaced",
        "aws_s3_bucket.changed",
        "aws_s3_bucket.imported[0]",
        "aws_s3_bucket.kept",
        "aws_s3_bucket.replaced",
    ]
    assert plan.place("aws_ebs_volume.replaced") == "aws:ap-northeast-1c"
    assert plan.stores["aws_s3_bucket.replaced"].id == "arn:aws:s3:::member-replaced-2"


def test_what_stays_keeps_the_id_that_the_provider_gave_it() -> None:
    plan = read("applied")
    volume = "arn:aws:ec2:ap-northeast-1::volume/vol-00000000000000001"
    assert plan.stores["aws_ebs_volume.kept"].id == volume
    assert f"{volume} -> tf:s/aws_ebs_snapshot.fresh[0]" in plan.edges
    assert plan.stores["aws_s3_bucket.changed"].tags == {"step": "2"}
    assert plan.told("aws_s3_bucket.imported[0]") == [
        "arn:aws:s3:::member-imported aws.s3.bucket {}",
        "primary aws:ap-northeast-1 grade 2 <- region of aws_s3_bucket.imported[0]",
    ]


def test_what_stands_is_where_its_name_says_whatever_its_provider_is_set_to() -> None:
    document = recorded("applied")
    document["configuration"]["provider_config"]["aws"]["expressions"]["region"] = {"constant_value": SINGAPORE}
    plan = Read(document)
    assert plan.place("aws_ebs_snapshot.kept") == "aws:ap-northeast-1"  # its ARN
    assert plan.place("aws_s3_bucket.kept") == "aws:ap-northeast-1"  # its own attribute
    assert plan.place("aws_ebs_snapshot.fresh[0]") == "aws:ap-southeast-1"  # new


def test_a_plan_that_only_refreshes_lists_no_change_and_is_read_from_its_state() -> None:
    plan = read("refresh_only")
    assert plan.place("aws_s3_bucket.kept") == "aws:ap-northeast-1"
    assert plan.stores["aws_s3_bucket.kept"].tags == {"data": "personal"}
    assert len(plan.stores) == 7


def test_a_plan_of_planned_values_alone_is_read_and_leaves_open_what_they_leave_out() -> None:
    document = recorded("replication")
    del document["resource_changes"]
    plan = Read(document)
    assert plan.place("aws_s3_bucket.named") == "aws:ap-southeast-1"
    assert plan.told("aws_s3_bucket.reference")[2].startswith("replica unresolved held by tf:s/aws_s3_bucket.there")


# --- kinds without a service file, other providers --------------------------------------------


def test_an_unfollowed_kind_is_told_with_its_own_place_and_its_copies_are_not() -> None:
    plan = read("instances")
    stream = plan.stores["aws_kinesis_stream.home"]
    assert plan.told("aws_kinesis_stream.home") == [
        "tf:s/aws_kinesis_stream.home aws_kinesis_stream {}",
        "primary aws:ap-northeast-1 <- region of aws_kinesis_stream.home",
    ]
    assert (stream.followed, stream.name) == ("none", "members")
    assert plan.place("aws_kinesis_stream.sg") == "aws:ap-southeast-1"


def test_what_holds_nothing_is_no_store() -> None:
    stores = read("instances").stores
    assert not [address for address in stores if address.startswith(("aws_iam_role", "aws_subnet"))]


@pytest.mark.parametrize(
    ("name", "place", "attribute"),
    [
        ("named", "aws:ap-northeast-1c", "availability_zone"),
        ("by_subnet", "aws:ap-northeast-1-tpe-1a", "subnet_id"),
        ("fixed_index[0]", "aws:ap-northeast-1-tpe-1a", "subnet_id"),
        ("by_interface", "aws:ap-northeast-1-tpe-1a", "network_interface.network_interface_id"),
        ("stranger", "unresolved", "subnet_id"),
        ("by_nothing", "aws:ap-northeast-1", "region"),
        # `zone[count.index]` and `zone[1 - count.index]` look the same in a plan.
        ("same_index[0]", "aws:ap-northeast-1-tpe-1a or aws:ap-northeast-1a", "subnet_id"),
        ("other_index[0]", "aws:ap-northeast-1-tpe-1a or aws:ap-northeast-1a", "subnet_id"),
    ],
)
def test_an_instance_stands_in_the_zone_of_its_subnet(name: str, place: str, attribute: str) -> None:
    assert read("instances").told(f"aws_instance.{name}")[1:] == [
        f"primary {place} <- {attribute} of aws_instance.{name}"
    ]


@pytest.mark.parametrize(
    "kind",
    ["aws_cloudfront_distribution", "aws_route53_query_log", "aws_bcmdataexports_export", "aws_cur_report_definition"],
)
def test_a_kind_that_belongs_to_no_region_does_not_stand_in_its_providers(kind: str) -> None:
    plan = Read(a_plan(a_resource(f"{kind}.x", {}, {"arn": True})))
    assert plan.place(f"{kind}.x") == "unresolved"
    regional = Read(a_plan(a_resource("aws_route53_resolver_query_log_config.x", {}, {"arn": True})))
    assert regional.place("aws_route53_resolver_query_log_config.x") == "aws:ap-northeast-1"


def test_everything_of_another_provider_is_one_store_that_nobody_placed() -> None:
    one, other, local = (a_resource(f"{kind}.x", {}) for kind in ("google_storage_bucket", "google_x", "null_resource"))
    for resource, provider in ((one, "google"), (other, "google"), (local, "null")):
        resource["change"]["provider_name"] = f"registry.terraform.io/hashicorp/{provider}"
    plan = Read(a_plan(one, other, local))
    store = plan.stores["google_storage_bucket.x"]
    assert (store.id, store.name) == ("tf:s/provider/google", "2 resources of the provider google")
    assert plan.told("google_storage_bucket.x")[1] == "primary unresolved <-  of google_storage_bucket.x"
    assert len(plan.stores) == 1


# --- the file itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code"), [({"errored": True}, "errored"), ({"complete": False}, "complete"), ({}, None)]
)
def test_a_plan_that_says_that_it_is_not_whole_is_a_gap(change: Block, code: str | None) -> None:
    result = Read(a_plan(**change)).result
    assert [gap.code for gap in result.gaps] == ([code] if code else [])
    assert result.status == (Status.PARTIAL if code else Status.LISTED)


def test_a_plan_that_terraform_gave_up_is_partial_and_its_stores_are_told() -> None:
    plan = read("errored")
    assert plan.result.status == Status.PARTIAL
    assert (plan.result.stores, plan.place("aws_s3_bucket.seen")) == (1, "aws:ap-northeast-1")


@pytest.mark.parametrize(
    ("document", "is_one"),
    [
        ({"format_version": "1.2", "resource_changes": []}, True),
        ({"format_version": "0.1", "planned_values": {}}, True),
        ({"format_version": "2.0", "resource_changes": []}, False),  # nobody knows what it will mean
        ({"resource_changes": []}, False),
        ({"format_version": "1.0", "values": {}}, False),  # a state
        ([], False),
    ],
)
def test_only_a_plan_of_a_known_format_is_read(document: object, is_one: bool) -> None:
    assert terraform.is_plan(document) is is_one


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_plan_is_read_in_the_encoding_that_a_shell_wrote_it_in(encoding: str) -> None:
    assert terraform.read_json('{"format_version": "1.2"}'.encode(encoding), "p") == {"format_version": "1.2"}


def test_what_is_no_json_is_refused_with_line_and_column() -> None:
    with pytest.raises(terraform.PlanError, match=r"^plan\.json:2:3: is not JSON: "):
        terraform.read_json(b'{"a": 1,\n  b', "plan.json")


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", b"[" * 200_000, b"Plan: 3 to add", b""])
def test_a_file_that_is_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(terraform.PlanError, match="is not JSON"):
        terraform.read_json(raw, "plan.json")


def test_a_partition_gives_the_ids_and_places_of_its_own() -> None:
    bucket = a_resource("aws_s3_bucket.b", {"bucket": "b", "region": None}, {"arn": True}, {})
    plan = Read(a_plan(bucket, providers={"aws": a_provider("cn-north-1")}))
    assert plan.stores["aws_s3_bucket.b"].id == "arn:aws-cn:s3:::b"
    assert plan.place("aws_s3_bucket.b") == "aws-cn:cn-north-1"


DAMAGED: list[dict[str, object]] = [
    {"format_version": "1.2", "resource_changes": [{}]},
    {"format_version": "1.2", "resource_changes": {"a": 1}},
    {"format_version": "1.2", "resource_changes": [{"address": "a.b", "type": "a", "change": {"after": {}}}]},
    {
        "format_version": "1.2",
        "resource_changes": [{"address": "a.b", "type": "a", "change": {"actions": [], "after": 1}}],
    },
]


@pytest.mark.parametrize("document", DAMAGED)
def test_a_damaged_plan_is_bad_input(document: dict[str, object]) -> None:
    with pytest.raises(terraform.PlanError, match=r"resource_changes\[0\] is damaged"):
        terraform.check_plan(document, "plan.json")
