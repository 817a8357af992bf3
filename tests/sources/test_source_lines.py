"""Where the resources of a plan are written, on configurations of every shape that Terraform reads."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from residency.errors import InputError
from residency.model import Finding, FindingStatus, Severity, Subject
from residency.reports.json_result import finding_as_json
from residency.sources.source_lines import MAX_BYTES, SourceLines
from residency.sources.terraform_parts import steps_of
from tests.build import write_config
from tests.sources.plans import PLANS

BUCKET = 'resource "aws_s3_bucket" "this" {\n}\n'
DB = 'resource "aws_rds_cluster" "this" {\n}\n'
CALL = 'module "db" {\n  source = "./modules/db"\n}\n'
REGISTRY = 'module "db" {\n  source  = "acme/db/aws"\n  version = "1.0.0"\n}\n'
INSTALLED = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "db", "Dir": ".terraform/modules/db"}]}
THIS = "aws_s3_bucket.this"
IN_DB = "module.db.aws_rds_cluster.this"


@pytest.fixture(autouse=True)
def _warnings_are_seen() -> Iterator[None]:
    """The command line sets up the program's logger for itself, in whichever test ran before."""
    logger = logging.getLogger("residency")
    before = logger.propagate, logger.level
    logger.propagate, logger.level = True, logging.WARNING
    yield
    logger.propagate, logger.level = before


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def at(root: Path, address: str, **limits: float) -> str | None:
    with SourceLines(root, **limits) as lines:
        return lines.at(address)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (BUCKET, 1),
        ("\n# one {\n// two {\n/* three {\n*/ " + BUCKET, 5),
        ("locals {\n  a = <<-EOT\n    }\n    " + BUCKET + "    EOT\n}\n" + BUCKET, 8),
        ('locals {\n  a = "${jsonencode({ b = "}" })}"\n}\n' + BUCKET, 4),
        ('resource "aws_s3_bucket" "that" {\n}\n' + BUCKET, 3),
        ('data "aws_s3_bucket" "this" {\n}\n' + BUCKET, 3),
        ('resource "aws_s3_bucket" "this" { bucket = "x" }', 1),
        ("resource aws_s3_bucket this {\n}\n", 1),
        ('resource "aws_s3_bucket" this {\n}\n', 1),
        (f"\ufeff\n{BUCKET}", 2),
        (f"\n{BUCKET}".replace("\n", "\r\n"), 2),
        (f"# 個人情報の保存先\n{BUCKET}", 2),
        ('resource "aws_s3_bucket" "outer" {\n  resource "aws_s3_bucket" "this" {\n  }\n}\n', None),
        ("", None),
    ],
)
def test_a_block_is_found_by_its_header(tmp_path: Path, text: str, expected: int | None) -> None:
    write(tmp_path, {"main.tf": text})
    assert at(tmp_path, THIS) == (f"main.tf:{expected}" if expected else None)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("aws_s3_bucket.this", "b.tf:2"),
        ("aws_s3_bucket.this[0]", "b.tf:2"),
        ('aws_s3_bucket.this["a.b]:14"]', "b.tf:2"),
        ("data.aws_s3_bucket.this", "a.tf:2"),
        ('module.app["a"].aws_s3_bucket.this', "modules/app/main.tf:5"),
        ('module.app["a.b"].module.db.aws_rds_cluster.this[0]', "modules/db/main.tf:4"),
        ("module.app", "a.tf:4"),
        ("aws_s3_bucket.gone", None),
        ("module.gone.aws_s3_bucket.this", None),
        ("module.app.aws_s3_bucket.gone", "a.tf:4"),
        ("", None),
        ("module", None),
        ("][", None),
        ("module.app." * 3000 + "aws_s3_bucket.this", "a.tf:4"),
    ],
)
def test_an_address_leads_through_local_modules_whatever_its_indexes(
    tmp_path: Path, address: str, expected: str | None
) -> None:
    files = {
        "a.tf": '\ndata "aws_s3_bucket" "this" {\n}\nmodule "app" {\n  for_each = toset(["a"])\n'
        '  source = "./modules/app"\n}\n',
        "b.tf": "\n" + BUCKET,
        "modules/app/main.tf": 'module "db" {\n  source = "../db"\n}\n\n' + BUCKET,
        "modules/db/main.tf": "\n\n\n" + DB,
    }
    assert at(write(tmp_path, files), address) == expected


@pytest.mark.parametrize("name", ["override.tf", "a_override.tf", "a_override.tf.json"])
def test_an_override_changes_the_source_of_a_module_and_no_line(tmp_path: Path, name: str) -> None:
    override = (
        '{"module": {"db": {"source": "./other"}}}' if name.endswith("json") else CALL.replace("modules/db", "other")
    )
    files = {name: override, "main.tf": "\n" + CALL, "other/main.tf": DB, "modules/db/main.tf": "\n\n" + DB}
    write(tmp_path, files)
    assert (at(tmp_path, IN_DB), at(tmp_path, "module.db")) == ("other/main.tf:1", "main.tf:2")


@pytest.mark.parametrize("name", ["b.tf", "a.tofu"])
def test_what_two_files_write_has_no_one_line(tmp_path: Path, name: str) -> None:
    write(tmp_path, {"a.tf": BUCKET + CALL, name: CALL.replace("modules", "other") + BUCKET, "modules/db/main.tf": DB})
    assert (at(tmp_path, THIS), at(tmp_path, IN_DB)) == (None, None)


def test_a_folder_without_a_configuration_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert at(tmp_path, THIS) is None
    assert "holds no file of a configuration" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"resource": {"aws_s3_bucket": {"this": {}}}}', 1),
        ('{\n"//": "x",\n"resource": {\n"aws_s3_bucket": {\n"that": {},\n\t"this": {"a": "}\\"{"}}}}', 6),
        ('{"data": {"aws_s3_bucket": {"this": {}}},\n"resource": [\n{"aws_s3_bucket": [\n{"this":\n[{}]}]}]}', 4),
        ('{"output": {"x": {"value":\n{"resource": {"aws_s3_bucket": {"this": {}}}}}}}', None),
        ('{"resource": {"aws_s3_bucket": {"this": {}}}', None),
        ("[" * 100_000, None),
        ("[1]", None),
        ('""', None),
    ],
)
def test_a_block_of_the_json_syntax_is_found_by_its_key(tmp_path: Path, text: str, expected: int | None) -> None:
    write(tmp_path, {"main.tf.json": text})
    assert at(tmp_path, THIS) == (f"main.tf.json:{expected}" if expected else None)


def test_a_module_call_of_the_json_syntax_is_followed(tmp_path: Path) -> None:
    call = json.dumps({"module": {"db": [{"name": "x", "source": "./modules/db"}]}}, indent=1)
    assert at(write(tmp_path, {"main.tf.json": call, "modules/db/main.tf": DB}), IN_DB) == "modules/db/main.tf:1"


@pytest.mark.parametrize(
    ("call", "manifest", "expected"),
    [
        (REGISTRY, INSTALLED, ".terraform/modules/db/main.tf:1"),
        ('module "db" {\n  source = "${var.where}/db"\n}\n', INSTALLED, ".terraform/modules/db/main.tf:1"),
        (REGISTRY, None, "main.tf:1"),
        (REGISTRY, {"Modules": [{"Key": "db", "Dir": "../outside"}]}, "main.tf:1"),
        (REGISTRY, {"Modules": [{"Key": "db", "Dir": "\0"}, 1, {"Key": 1}]}, "main.tf:1"),
        (REGISTRY, [], "main.tf:1"),
        (CALL.replace("./modules/db", "../outside"), INSTALLED, "main.tf:1"),
        (CALL.replace("./modules/db", "./link"), INSTALLED, "main.tf:1"),
        (CALL.replace("./modules/db", "./gone"), INSTALLED, "main.tf:1"),
    ],
)
def test_a_module_from_elsewhere_is_read_where_it_is_installed_and_is_its_call_otherwise(
    tmp_path: Path, call: str, manifest: Any, expected: str
) -> None:
    write(tmp_path, {"outside/main.tf": DB, "root/.terraform/modules/db/main.tf": DB, "root/main.tf": call})
    (tmp_path / "root/link").symlink_to(tmp_path / "outside")
    if manifest is not None:
        write(tmp_path, {"root/.terraform/modules/modules.json": json.dumps(manifest)})
    assert at(tmp_path / "root", IN_DB) == expected


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("bad.tf", b'resource "a" {{{', "does not understand line 1"),
        ("bad.tf", b"\x7fELF\xff\xfe\0", "not UTF-8"),
        ("bad.tf", b"\n" * (MAX_BYTES + 1), "larger than 5,242,880 bytes"),
        ("bad.tf.json", b'{"resource": }', "Expecting value"),
        ("bad\x1b[31m.tf", b"}", r"'bad\x1b[31m.tf'"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_of_and_hides_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, raw: bytes, said: str
) -> None:
    assert at(write(tmp_path, {name: raw, "good.tf": BUCKET}), THIS) == "good.tf:1"
    (record,) = caplog.records
    assert said in record.getMessage()


def test_what_is_no_regular_file_of_the_configuration_is_not_opened(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write(tmp_path, {"outside.tf": BUCKET, "root/z.tf": "\n" + BUCKET}) / "root"
    (root / "a.tf").symlink_to(tmp_path / "outside.tf")
    (root / "b.tf").symlink_to("b.tf")
    (root / "c.tf").mkdir()
    os.mkfifo(root / "d.tf")
    write(root, {".hidden.tf": BUCKET})
    assert at(root, THIS) == "z.tf:2"
    assert len(caplog.records) == 4


def test_a_file_that_takes_too_long_is_left_and_the_next_is_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slow = "locals {\n  a = <<EOT\n" + "\n" * 1_000_000 + "x\nEOT\n}\n"  # hours for the expression of a heredoc
    write(tmp_path, {"a.tf": slow, "b.tf": BUCKET})
    began = time.monotonic()
    assert at(tmp_path, THIS, seconds_per_file=4) == "b.tf:1"
    assert time.monotonic() - began < 20
    assert "in time" in caplog.text


def test_all_files_together_have_a_limit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert at(write(tmp_path, {"a.tf": BUCKET}), THIS, seconds=0) is None
    assert "took too long" in caplog.text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", "locals {\n  a = " + "(" * 20_000 + "1" + ")" * 20_000 + "\n}\n"),
        ("main.tf", "a {\n" * 5_000 + "}\n" * 5_000),
        ("main.tf", 'module "db" {\n  source = "./"\n}\n'),
        ("main.tf.json", '{"a":' * 900 + "1" + "}" * 900),
    ],
)
def test_a_deep_file_stops_nothing(tmp_path: Path, name: str, text: str) -> None:
    assert at(write(tmp_path, {name: text, "z.tf": BUCKET}), THIS) == "z.tf:1"
    assert at(tmp_path, "module.db." * 50 + THIS) == ("z.tf:1" if "source" in text else None)


def test_only_the_folders_that_lead_to_an_address_are_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, {"main.tf": CALL + BUCKET, "modules/db/main.tf": "{"})
    assert at(tmp_path, THIS) == "main.tf:4"
    assert not caplog.records


def test_without_the_parser_it_is_said_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("residency.sources.source_lines.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'residency\[iac\]'"):
        SourceLines(tmp_path)


# --- through the command line -----------------------------------------------------------------


US_ONLY = "version: 1\nkind: policy\nid: us\nlocation: {allow: [US]}\n"


def gate(tmp_path: Path, plan: str, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "residency",
        "-c",
        str(write_config(tmp_path / "config", policy=US_ONLY)),
        "gate",
        str(PLANS / f"{plan}.json"),
    ]
    return subprocess.run(
        [*command, *more], capture_output=True, text=True, env=os.environ | environment, cwd=tmp_path, timeout=120
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The root module that regions.json was planned from; its neighbours were planned one by one."""
    shutil.copytree(PLANS / "src/modules", tmp_path / "src/modules")
    shutil.copy(PLANS / "src/regions.tf", tmp_path / "src")
    return tmp_path / "src"


def test_findings_of_the_gate_point_to_the_source_and_stay_the_same_findings(tmp_path: Path, source: Path) -> None:
    plain, told = (gate(tmp_path, "regions", "-f", "json", *more) for more in ((), ("--source-root", str(source))))
    assert plain.returncode == told.returncode != 2, told.stderr
    before, after = (json.loads(done.stdout)["findings"] for done in (plain, told))
    assert [f["fingerprint"] for f in before] == [f["fingerprint"] for f in after]
    pairs = [(b["address"], a["file"], a["line"]) for b, a in zip(before, after, strict=True) if b["address"]]
    assert {file for _, file, _ in pairs} == {"src/regions.tf", "src/modules/pair/main.tf"}
    for address, file, line in pairs:
        kind, name = [step for step, _ in steps_of(address)][-2:]
        assert (source.parent / file).read_text().splitlines()[line - 1].startswith(f'resource "{kind}" "{name}"')


def test_the_text_shows_the_address_and_the_line(tmp_path: Path, source: Path) -> None:
    done = gate(tmp_path, "regions", RESIDENCY_SOURCE_ROOT=str(source))
    assert 'module.many["a.b"].aws_s3_bucket.here' in done.stdout
    assert "terraform:aws_s3_bucket region (src/modules/pair/main.tf:13)" in done.stdout


def test_an_address_with_a_colon_is_no_file_and_line() -> None:
    about = Subject(kind="store", id="tf:s/x")
    finding = Finding(
        rule="copy-place-unknown",
        status=FindingStatus.NOT_CHECKED,
        severity=Severity.HIGH,
        subject=about,
        facts=dict.fromkeys(("role", "data_class", "why", "place", "store"), ""),
        policy="p",
        at='aws_s3_bucket.this["a:14"]',
    )
    told = finding_as_json(finding, "")
    assert (told["file"], told["line"], told["address"]) == (None, None, 'aws_s3_bucket.this["a:14"]')
