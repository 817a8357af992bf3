"""The shipped atlas against the records in the installed packages, without a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from residency.atlas import Atlas
from residency.cli import run_cli
from residency.cli.commands import cli
from residency.clouds.installed import records, silent
from residency.shipped import shipped_config
from residency.survey import Record, compare
from residency.where import open_config

ATLAS = open_config(shipped_config()).atlas
RECORDS = list(records())


def without(*codes: str) -> Atlas:
    return Atlas({key: entry for key, entry in ATLAS.entries.items() if entry.code not in codes})


def test_the_records_hold_every_partition_and_the_zones_of_aws() -> None:
    botocore, parameters = RECORDS
    assert len(botocore.known) > 40
    assert {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-e"} <= {k.namespace for k in botocore.known}
    kinds = {known.kind for known in parameters.known}
    assert kinds == {"region", "availability-zone", "local-zone-id", "wavelength-zone-id"}
    assert sum(known.country is not None for known in parameters.known) > 150
    assert all("holds no list of locations" in line for line in silent())


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name.split()[0])
def test_the_shipped_atlas_differs_from_no_record(record: Record) -> None:
    assert [str(difference) for difference in compare(ATLAS, record)] == []


@pytest.mark.parametrize("code", ["ap-northeast-1", "apne1-az4", "euc1-ist1-az1", "euw3-cmn1-wlz1", "cn-north-1"])
def test_a_row_that_is_missing_is_named_as_new(code: str) -> None:
    differences = [d for record in RECORDS for d in compare(without(code), record)]
    assert {(d.what, d.code) for d in differences} == {("new", code)}


def test_the_command_is_quiet_when_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(cli, ["atlas", "check", "-f", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "locations compared" in err
    assert run_cli(cli, ["-q", "atlas", "check"]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_command_ends_with_1_when_something_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "atlas").mkdir()
    (tmp_path / "atlas/ours.csv").write_text(
        "namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note,reason\n"
        "aws,ap-northeast-1,region,,SG,,aws,current,high,a rumour,2026-11-22,,a test\n"
    )
    assert run_cli(cli, ["atlas", "check", "-c", str(tmp_path)]) == 1
    out, _ = capsys.readouterr()
    assert out == "changed   aws:ap-northeast-1  region  SG -> JP  (AWS SSM public parameters (record in moto 5.2.5))\n"
