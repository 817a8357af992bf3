"""What the gate is given is recognised in every encoding and between the lines of a log, or refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from residency.model import Edge, Store
from residency.sources import template_files
from residency.sources.template_files import FileError, Given, Template, open_template
from residency.sources.templates import Context
from tests.sources import plans
from tests.sources.plans import TOKYO, a_bucket, a_plan, where

PLAN = a_plan(a_bucket("aws_s3_bucket.b", "会員"))
TEXT = json.dumps(PLAN, ensure_ascii=False)
PRETTY = json.dumps(PLAN, ensure_ascii=False, indent=2)
TEMPLATE = "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: member}\n"
CHANGE_SET = {
    "StackName": "s",
    "Changes": [],
    "StackId": "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/s/1",
}


def a_state(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A terraform.tfstate as Terraform 1.9 writes it."""
    return {
        "version": 4,
        "terraform_version": "1.9.0",
        "serial": 1,
        "lineage": "l",
        "resources": list(resources),
    } | more


def in_state(kind: str, *instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    provider = 'provider["registry.terraform.io/hashicorp/aws"]'
    settings = {"mode": "managed", "type": kind, "name": "x", "provider": provider}
    return settings | more | {"instances": list(instances)}


def of(**attributes: Any) -> dict[str, Any]:
    return {"attributes": attributes}


SHOWN = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                {
                    "address": "aws_s3_bucket.b",
                    "mode": "managed",
                    "type": "aws_s3_bucket",
                    "provider_name": "registry.terraform.io/hashicorp/aws",
                    "values": {"bucket": "member", "region": TOKYO, "arn": "arn:aws:s3:::member"},
                }
            ]
        }
    },
}
KEPT = a_state(in_state("aws_s3_bucket", of(bucket="member", region=TOKYO)))


def opened(folder: Path, content: str | bytes | dict[str, Any], **given: Any) -> list[Template]:
    text = json.dumps(content) if isinstance(content, dict) else content
    path = folder / "file.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_template(str(path), Given(**given))


def places(template: Template, region: str | None = None) -> dict[str, str]:
    """Where the primary of each store stands, or why that is not known."""
    config = plans._config()
    context = Context("s", config.atlas, config.holds, config.local_providers, config.regionless, region)
    records: list[Store | Edge] = []
    template.read(template.cell, context, records.append)
    return {str(store.address): where(store.copies[0]) for store in records if isinstance(store, Store)}


# --- encodings and logs -----------------------------------------------------------------------

MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff", "utf-32-le": b"\xff\xfe\0\0", "utf-32-be": b"\0\0\xfe\xff"}
ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 with a mark": TEXT.encode("utf-8-sig"),
    **{encoding: TEXT.encode(encoding) for encoding in ("utf-16-le", "utf-16-be")},
    **{f"{encoding} with a mark": mark + TEXT.encode(encoding) for encoding, mark in MARKS.items()},
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_a_plan_is_read_in_the_encoding_that_a_shell_wrote_it_in(tmp_path: Path, encoding: str) -> None:
    (template,) = opened(tmp_path, ENCODED[encoding])
    assert places(template) == {"aws_s3_bucket.b": "aws:ap-northeast-1"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_template_is_read_in_the_encoding_that_a_shell_wrote_it_in(tmp_path: Path, encoding: str) -> None:
    (template,) = opened(tmp_path, TEMPLATE.encode(encoding), region=TOKYO)
    assert places(template) == {"B": "aws:ap-northeast-1"}


LOG = '{"@level":"info","@message":"Terraform 1.9.0","type":"version"}'
LOGGED = {
    "a line before": f"aws_s3_bucket.b: Refreshing state... [id=member]\n{TEXT}",
    "a line with braces before": f"reading {{what}} is there\n{TEXT}",
    "a line after": f"{TEXT}\nReleasing state lock. This may take a few moments...\n",
    "lines round it": f"::group::plan {{1}}\n{PRETTY}\n::endgroup::\n",
    "a time before it": f"2026-11-22T03:00:00.0000000Z {TEXT}",
    "a log in JSON before": "\n".join([*[LOG] * 200, TEXT]),
    "a log in JSON after": f"{TEXT}\n{LOG}\n",
    "a log on the same line": LOG + TEXT,
    "a validation before": f'{{"format_version": "1.0", "valid": true}}\n{TEXT}',
    "a plan between CR and LF": PRETTY.replace("\n", "\r\n"),
    "spaces and empty lines": f"\n\n \t{TEXT}\n\n",
}


@pytest.mark.parametrize("name", LOGGED)
def test_a_plan_is_found_between_the_lines_of_a_log(tmp_path: Path, name: str) -> None:
    (template,) = opened(tmp_path, LOGGED[name])
    assert places(template) == {"aws_s3_bucket.b": "aws:ap-northeast-1"}


TWO = {
    "the same plan twice": TEXT + "\n" + TEXT,
    "a list of plans": f"[{TEXT}, {TEXT}]",
    "a whole plan and half of one": TEXT + "\n" + PRETTY[:-30],
    "half a plan and a whole one": PRETTY[:-30] + "\n" + TEXT,
    "a plan and a state": TEXT + "\n" + json.dumps(SHOWN),
    "two pages of a change set": json.dumps(CHANGE_SET) * 2,
    "a plan of which only the prior state is whole": '{"format_version": "1.2", "resource_changes": [\n'
    f'"prior_state": {json.dumps(SHOWN)}',
}


@pytest.mark.parametrize("name", TWO)
def test_of_two_plans_none_is_left_unjudged(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileError, match=r"file\.json: holds more than one plan, state or change set, or a part of one"):
        opened(tmp_path, TWO[name])


def test_stdin_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(TEXT.encode("utf-16"))))
    (template,) = open_template("-", Given())
    assert (template.shown_as, template.stack, places(template)) == (
        "-",
        "stdin",
        {"aws_s3_bucket.b": "aws:ap-northeast-1"},
    )
    with pytest.raises(FileError, match=r"^-: is empty"):
        open_template("-", Given())


# --- what a file is ---------------------------------------------------------------------------

KINDS = {
    "terraform-plan": TEXT,
    "terraform-state": json.dumps(SHOWN),
    "change-set": json.dumps(CHANGE_SET),
    "cloudformation": TEMPLATE,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("forced", KINDS)
def test_type_refuses_what_is_anything_else(tmp_path: Path, kind: str, forced: str) -> None:
    if kind == forced:
        assert len(opened(tmp_path, KINDS[kind], type=forced)) == 1
    else:
        with pytest.raises(FileError, match=r"file\.json"):
            opened(tmp_path, KINDS[kind], type=forced)


def test_type_cdk_wants_a_directory(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="is no cdk"):
        opened(tmp_path, TEXT, type="cdk")


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0", "1.1", "1.2"])
def test_every_format_version_of_a_known_major_is_read(tmp_path: Path, version: str) -> None:
    (template,) = opened(tmp_path, PLAN | {"format_version": version})
    assert places(template) == {"aws_s3_bucket.b": "aws:ap-northeast-1"}


def test_a_plan_of_opentofu_is_read(tmp_path: Path) -> None:
    text = json.dumps(PLAN | {"terraform_version": "1.9.1"}).replace("registry.terraform.io", "registry.opentofu.org")
    (template,) = opened(tmp_path, text)
    assert places(template) == {"aws_s3_bucket.b": "aws:ap-northeast-1"}


REFUSED: dict[str, Any] = {
    "is empty": " \n",
    r"format_version 2\.0": PLAN | {"format_version": "2.0"},
    r"format_version 12": PLAN | {"format_version": 12},
    r"format_version 3\.0": SHOWN | {"format_version": "3.0"},
    "a state of version 3 is not read: `terraform show -json` of Terraform 0.12": a_state() | {"version": 3},
    r"resources is damaged": a_state() | {"resources": None},
    "is no plan or state of Terraform, and no template": "{}",
    "is no plan or state of Terraform, and no": "Plan: 3 to add, 0 to change",
    "is no plan or state": '{"format_version": "1.0"}',
    "holds a part of a plan": PRETTY[:-30],
    "is not UTF-8: save it as UTF-8": TEXT.encode("cp932"),
    "file.json:1:9: is not JSON": '{"a": 1,}',
    "is nested": "[" * 100_000,
    "is larger than 5 MiB": "x" * 50_000_000,
    "holds half a character": TEXT.replace("会員", "\\ud800"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_name(tmp_path: Path, message: str) -> None:
    with pytest.raises(FileError, match=rf"file\.json.*{message.replace('file.json', '')}"):
        opened(tmp_path, REFUSED[message])


@pytest.mark.parametrize("text", [TEMPLATE, '{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Name": "member"}}}'])
def test_half_a_character_in_a_template_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match="holds half a character"):
        opened(tmp_path, text.replace('"member"', "member").replace("member", '"\\ud800"'))


def test_braces_without_an_end_are_refused(tmp_path: Path) -> None:
    for text in ('{"a":' * 100_000, "{\n" * 100_000, '{"a": {"format_version": ' * 5_000):
        with pytest.raises(FileError, match=r"file\.json"):
            opened(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="nowhere: cannot be read: No such file"):
        open_template(str(tmp_path / "nowhere"), Given())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0)
    with pytest.raises(FileError, match=r"plan\.json: cannot be read: Permission denied"):
        open_template(str(path), Given())


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_files, "MAX_BYTES", 1024**2)
    with pytest.raises(FileError, match="is larger than 1 MiB"):
        opened(tmp_path, TEXT + " " * 1024**2)


@pytest.mark.parametrize("given", ["auto", "cdk", "terraform-plan"])
def test_a_directory_without_a_manifest_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(FileError, match="is a directory without a CDK assembly: give the directory that `cdk synth`"):
        open_template(str(tmp_path), Given(given))


def test_an_assembly_without_a_stack_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}', encoding="utf-8")
    with pytest.raises(FileError, match="the assembly holds no stack"):
        open_template(str(tmp_path), Given())


def test_the_name_of_a_stack_is_never_guessed_from_the_files(tmp_path: Path) -> None:
    """`${AWS::StackName}` would become the id of somebody else's bucket."""
    text = TEMPLATE.replace("member", "!Sub '${AWS::StackName}-data'")
    config = plans._config()
    context = Context("s", config.atlas, config.holds, config.local_providers, config.regionless)
    ids = []
    for stack in ("", "prod"):
        records: list[Store | Edge] = []
        (template,) = opened(tmp_path, text, stack=stack)
        template.read(template.cell, context, records.append)
        ids += [record.id for record in records if isinstance(record, Store)]
    assert ids == ["tf:s/B", "arn:aws:s3:::prod-data"]


# --- states -----------------------------------------------------------------------------------

STATES = {
    "shown": (SHOWN, {"aws_s3_bucket.b": "aws:ap-northeast-1"}),
    "kept": (KEPT, {"aws_s3_bucket.x": "aws:ap-northeast-1"}),
    "empty": (a_state(), {}),
    "index by number": (
        a_state(in_state("aws_s3_bucket", of(bucket="b", region=TOKYO) | {"index_key": 0})),
        {"aws_s3_bucket.x[0]": "aws:ap-northeast-1"},
    ),
    "index by text": (
        a_state(in_state("aws_s3_bucket", of(bucket="b", region=TOKYO) | {"index_key": 'a"b'})),
        {'aws_s3_bucket.x["a\\"b"]': "aws:ap-northeast-1"},
    ),
    "in a module": (
        a_state(in_state("aws_ebs_volume", of(availability_zone="ap-northeast-1a"), module='module.m["a.b"]')),
        {'module.m["a.b"].aws_ebs_volume.x': "aws:ap-northeast-1a"},
    ),
    "by its arn": (
        a_state(in_state("aws_sqs_queue", of(arn="arn:aws:sqs:eu-west-1:123456789012:q", name="q"))),
        {"aws_sqs_queue.x": "aws:eu-west-1"},
    ),
    "a provider with an alias": (
        a_state(
            in_state(
                "aws_s3_bucket",
                of(bucket="b", region="eu-west-1"),
                provider='module.a.provider["registry.terraform.io/hashicorp/aws"].there',
            )
        ),
        {"aws_s3_bucket.x": "aws:eu-west-1"},
    ),
    "a provider of Terraform 0.12": (
        a_state(in_state("aws_s3_bucket", of(bucket="b", region="eu-west-1"), provider="provider.aws.there")),
        {"aws_s3_bucket.x": "aws:eu-west-1"},
    ),
    "data that is only asked for": (a_state(in_state("aws_caller_identity", of(id="1"), mode="data")), {}),
    "nothing says where": (a_state(in_state("aws_s3_bucket", of(bucket="b"))), {"aws_s3_bucket.x": "unresolved"}),
    "deposed": (
        a_state(
            in_state(
                "aws_s3_bucket",
                of(bucket="b", region=TOKYO),
                of(bucket="a", region="eu-west-1") | {"deposed": "1a2b"},
            )
        ),
        {"aws_s3_bucket.x": "aws:ap-northeast-1", "aws_s3_bucket.x (deposed 1a2b)": "aws:eu-west-1"},
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_what_a_state_holds_stands_where_its_attributes_say(tmp_path: Path, name: str) -> None:
    document, expected = STATES[name]
    (template,) = opened(tmp_path, document)
    assert places(template) == expected


def test_region_fills_what_a_state_leaves_open_and_nothing_else(tmp_path: Path) -> None:
    resources = in_state("aws_s3_bucket", of(bucket="a") | {"index_key": 0}, of(bucket="b", region=TOKYO))
    (template,) = opened(tmp_path, a_state(resources))
    assert places(template, "eu-west-1") == {
        "aws_s3_bucket.x[0]": "aws:eu-west-1",
        "aws_s3_bucket.x": "aws:ap-northeast-1",
    }


DAMAGED_STATES = {
    "no resource": None,
    "without instances": {"mode": "managed", "type": "a", "name": "x"},
    "instances are none": in_state("a") | {"instances": None},
    "an instance that is a text": in_state("a") | {"instances": ["x"]},
    "an instance without attributes": in_state("a", {"index_key": 0}),
    "attributes of Terraform 0.11": in_state("a", {"attributes_flat": {"bucket": "b"}}),
    "an index that is a list": in_state("a", of() | {"index_key": []}),
    "a module that is a number": in_state("a", of(), module=7),
    "no type": in_state("", of()),
    "tags that are a text": in_state("a", of(tags="x")),
}


@pytest.mark.parametrize("name", DAMAGED_STATES)
def test_a_damaged_state_is_refused_with_the_place(tmp_path: Path, name: str) -> None:
    whole = in_state("aws_s3_bucket", of(bucket="b", region=TOKYO))
    document = a_state() | {"resources": [whole, DAMAGED_STATES[name]]}
    with pytest.raises(FileError, match=r"file\.json: resources\[1\] is damaged: fetch it again with `terraform state"):
        opened(tmp_path, document)


def test_a_state_that_shows_no_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="planned_values is damaged"):
        opened(tmp_path, SHOWN | {"values": None})
