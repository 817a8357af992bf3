"""`residency init`: a config that explains every key, decides nothing, and never overwrites."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from wcwidth import width

from residency.cli import run_cli
from residency.cli.commands import cli
from residency.cli.starting import PROVIDERS
from residency.policy.load import load_config
from residency.policy.reader import read_yaml
from residency.run import open_config
from residency.schemas import CONFIG
from residency.shipped import shipped_config
from residency.start import TEMPLATES, Wanted, contents, start
from tests.build import a_copy, a_store, judge, said, save_run

EXAMPLE = "#~ "
# Together they bring every template.
WANTED = {
    "aws": Wanted(),
    "one account": Wanted(account="012345678901"),
    "organization": Wanted(organization=True),
    "own sites": Wanted(providers=("file",)),
    "everything": Wanted(providers=PROVIDERS),
}


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """`residency init …` in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ended:
        code = run_cli(cli, ["init", *arguments])
        return Ended(code, *capsys.readouterr())

    return call


def files_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# --- what is written --------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
def test_what_is_written_is_a_valid_config(tmp_path: Path, wanted: Wanted) -> None:
    written = start(tmp_path / "config", wanted)
    assert [path.relative_to(tmp_path / "config").as_posix() for path in written] == list(contents(wanted))
    assert files_of(tmp_path / "config") == sorted(contents(wanted))
    open_config(tmp_path / "config")


def test_there_is_a_template_for_every_kind_of_file_and_no_other() -> None:
    assert sorted(_kind(path) for path in TEMPLATES.iterdir()) == sorted(CONFIG)


def _kind(template: Path) -> str:
    found = re.search(r"^kind: (\w+)$", template.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else "none"


@pytest.mark.parametrize("template", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_a_template_speaks_of_every_key_of_its_kind(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    missing = [key for key in _keys(CONFIG[_kind(template)].model_json_schema()) if not re.search(rf"\b{key}\b", text)]
    assert missing == []


def _keys(schema: dict[str, Any]) -> Iterator[str]:
    """Every key that may stand anywhere in a file; a match has keys that not every kind of row can use."""
    parts = [part for name, part in schema.get("$defs", {}).items() if name != "Match"]
    for part in (schema, *parts):
        yield from part.get("properties", ())


@pytest.mark.parametrize("template", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_a_template_fits_a_terminal_and_points_at_no_schema_elsewhere(template: Path) -> None:
    lines = template.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if width(line) > 100] == []
    assert not any("$schema" in line for line in lines)


def test_every_provider_of_a_source_can_be_asked_for() -> None:
    tags = CONFIG["sources"].model_json_schema()["properties"]["sources"]["items"]["discriminator"]["mapping"]
    assert set(PROVIDERS) == set(tags)


# --- the examples -----------------------------------------------------------------------------


class Example(NamedTuple):
    """Lines of a file that begin with `#~ `, one after the other."""

    wanted: Wanted
    file: str
    first: int
    last: int


def _examples() -> Iterator[Example]:
    for wanted in (WANTED["aws"], WANTED["own sites"]):
        for file, text in contents(wanted).items():
            lines = text.splitlines()
            inside = [line.startswith(EXAMPLE) for line in lines] + [False]
            starts = [i for i, now in enumerate(inside) if now and not (i and inside[i - 1])]
            yield from (Example(wanted, file, i, inside.index(False, i)) for i in starts)


EXAMPLES = list(_examples())


def uncommented(text: str, first: int, last: int) -> str:
    """The file with one example made part of it, in place of an empty list that stood for the same key."""
    lines = text.splitlines()
    lines[first:last] = [line.removeprefix(EXAMPLE) for line in lines[first:last]]
    key = lines[first].partition(":")[0]
    alone = [line for number, line in enumerate(lines) if number == first or line != f"{key}: []"]
    return re.sub(r"^sources: \[\].*$", "sources:", "\n".join(alone) + "\n", flags=re.MULTILINE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.wanted.providers[0]}-{e.file}-{e.first + 1}")
def test_every_example_is_valid_without_its_comment(tmp_path: Path, example: Example) -> None:
    start(tmp_path, example.wanted)
    path = tmp_path / example.file
    before = read_yaml(path, "before").value
    path.write_text(uncommented(path.read_text(encoding="utf-8"), example.first, example.last), encoding="utf-8")
    open_config(tmp_path)
    assert read_yaml(path, "after").value != before


def test_all_examples_of_a_file_are_valid_together(tmp_path: Path) -> None:
    start(tmp_path, WANTED["aws"])
    for path in sorted(tmp_path.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(f"^{EXAMPLE}", "", text, flags=re.MULTILINE), encoding="utf-8")
    config = open_config(tmp_path)
    assert len(config.sources) > 5
    assert (len(config.classification.rules), len(config.exceptions.exceptions)) == (2, 1)
    assert (len(config.coverage.accept), len(config.coverage.scope.out), len(config.owners.rules)) == (1, 1, 2)


def test_there_is_an_example_in_every_file() -> None:
    assert {example.file for example in EXAMPLES} == {*contents(WANTED["aws"]), "operators.yaml"}


# --- nothing is decided -----------------------------------------------------------------------


def test_the_policy_judges_exactly_as_the_shipped_one(tmp_path: Path) -> None:
    start(tmp_path, Wanted())
    own, shipped = (load_config(folder).policy for folder in (tmp_path, shipped_config()))
    differing = {name for name in type(own).model_fields if getattr(own, name) != getattr(shipped, name)}
    assert differing == {"id", "basis"}
    assert (own.copies, own.jurisdictions, own.rules) == (shipped.copies, shipped.jurisdictions, {})


def test_nobody_decided_anything_yet(tmp_path: Path) -> None:
    start(tmp_path, Wanted())
    config, shipped = load_config(tmp_path), load_config(shipped_config())
    assert (config.classification, config.coverage) == (shipped.classification, shipped.coverage)
    assert (config.exceptions.exceptions, config.owners) == ((), shipped.owners)
    assert [(vendor.id, vendor.state, vendor.checks) for vendor in config.vendors.values()] == [("aws", "draft", {})]
    assert config.replaced == []


def test_a_run_is_judged_as_without_a_config(tmp_path: Path) -> None:
    stores = [a_store("arn:aws:s3:::a", a_copy("aws:ap-southeast-1"), tags={}), a_store("arn:aws:s3:::b", tags={})]
    run = save_run(tmp_path / "run.jsonl", *stores)
    start(tmp_path / "config", Wanted(account="123456789012"))
    (tmp_path / "empty").mkdir()
    (own, found), (other, expected) = (judge(run, load_config(tmp_path / name)) for name in ("config", "empty"))
    told = [[(f.rule, f.status, f.subject) for f in findings] for findings in (found, expected)]
    asked = [finding for finding in told[0] if finding[0] != "coverage-gap"]  # the run did not ask the config's source
    assert (asked, len(told[0])) == (told[1], len(told[1]) + 1)
    assert [store.verdict for store in own.values()] == [store.verdict for store in other.values()]


def test_the_draft_of_a_vendor_proves_nothing(tmp_path: Path) -> None:
    start(tmp_path, Wanted())
    rule = "{match: {id: '*'}, data_class: personal}"
    text = f"version: 1\nkind: classification\nrules: [{rule}]\n"
    (tmp_path / "classification.yaml").write_text(text, encoding="utf-8")
    _, findings = judge(save_run(tmp_path.parent / "run.jsonl", a_store()), load_config(tmp_path))
    assert [f.status.value for f in said(findings, "access-prevention-undocumented")] == ["violation"]


# --- the sources that were asked for ----------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WANTED["aws"], {"account": None, "organization": False}),
        (WANTED["one account"], {"account": "012345678901", "organization": False}),
        (WANTED["organization"], {"account": None, "organization": True, "role_name": "residency-readonly"}),
    ],
)
def test_the_source_is_the_one_that_was_asked_for(tmp_path: Path, wanted: Wanted, expected: dict[str, Any]) -> None:
    start(tmp_path, wanted)
    (source,) = load_config(tmp_path).sources
    assert {key: getattr(source, key) for key in expected} == expected


def test_a_source_that_only_its_reader_can_fill_in_is_not_invented(init: Callable[..., Ended]) -> None:
    ended = init("--provider", "gcp", "--provider", "netbox")
    assert (ended.code, load_config(Path("config")).sources) == (0, ())
    assert "fill in sources.yaml: gcp, netbox\n" in ended.out
    assert run_cli(cli, ["scan", "--no-save"]) == 5


# --- the command ------------------------------------------------------------------------------


def test_it_prints_what_it_wrote_and_the_next_three_steps(init: Callable[..., Ended]) -> None:
    ended = init()
    assert (ended.code, ended.err) == (0, "")
    wrote = [line.removeprefix("wrote ") for line in ended.out.splitlines() if line.startswith("wrote ")]
    assert sorted(wrote) == [f"config/{name}" for name in files_of(Path("config"))]
    steps = [line.split()[1:3] for line in ended.out.splitlines() if line.startswith("  residency")]
    assert steps == [["validate", "check"], ["scan", "--plan"], ["scan", "list"]]
    assert run_cli(cli, ["validate"]) == 0


def test_the_steps_name_another_directory(init: Callable[..., Ended]) -> None:
    assert "  residency -c 'my config' validate" in init("my config").out
    assert "  residency -c other validate" in init("-c", "other").out


def test_quiet_says_nothing(init: Callable[..., Ended]) -> None:
    assert init("-q") == (0, "", "")


@pytest.mark.parametrize("name", ["policy.yaml", "owners.yaml", "vendors/aws.yaml"])
def test_nothing_is_written_where_one_file_is_there(init: Callable[..., Ended], name: str) -> None:
    there = Path("config") / name
    there.parent.mkdir(parents=True)
    there.write_text("mine\n", encoding="utf-8")
    ended = init()
    assert (ended.code, ended.out, files_of(Path("config"))) == (2, "", [name])
    assert f"config holds {name} already" in ended.err
    assert there.read_text(encoding="utf-8") == "mine\n"


def test_a_broken_link_is_there_too(init: Callable[..., Ended]) -> None:
    Path("config").mkdir()
    Path("config/policy.yaml").symlink_to("nowhere")
    assert init().code == 2
    assert [path.name for path in Path("config").iterdir()] == ["policy.yaml"]


def test_what_cannot_be_written_whole_is_taken_back(init: Callable[..., Ended]) -> None:
    Path("config").mkdir()
    Path("config/vendors").write_text("no folder\n", encoding="utf-8")
    ended = init()
    assert (ended.code, files_of(Path("config"))) == (2, ["vendors"])
    assert "nothing was written" in ended.err


def test_a_directory_that_holds_other_things_is_refused_and_left_alone(init: Callable[..., Ended]) -> None:
    Path("config").mkdir()
    Path("config/README").write_text("hello\n", encoding="utf-8")
    ended = init()
    assert (ended.code, files_of(Path("config"))) == (2, ["README"])
    assert "config/README: is not a config file" in ended.err
    assert [path.name for path in Path("config").iterdir()] == ["README"]


def test_folders_that_were_made_for_nothing_are_gone(init: Callable[..., Ended]) -> None:
    Path("file").write_text("", encoding="utf-8")
    assert init("file/config").code == 2
    assert files_of(Path()) == ["file"]


def test_an_interrupted_start_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(_: Path) -> None:
        raise KeyboardInterrupt

    wanted = contents(Wanted())
    monkeypatch.setattr("residency.start.load_config", stopped)
    monkeypatch.setattr("residency.start.contents", lambda _: wanted)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path / "a" / "b", Wanted())
    assert list(tmp_path.iterdir()) == []


BAD = {
    "an account that is a number": ["--account", "1.23456789012e11"],
    "an account without its zeros": ["--account", "12345678901"],
    "an account that is too long": ["--account", "1234567890123"],
    "an account in other digits": ["--account", "１２３４５６７８９０１２"],
    "an account that is empty": ["--account", ""],
    "an account and an organization": ["--account", "123456789012", "--organization"],
    "an account of nobody": ["--account", "123456789012", "--provider", "gcp"],
    "an organization of nobody": ["--organization", "--provider", "file"],
    "an unknown provider": ["--provider", "oracle"],
    "two directories": ["a", "b"],
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_with_2_and_writes_nothing(init: Callable[..., Ended], what: str) -> None:
    ended = init(*BAD[what])
    assert (ended.code, ended.out, files_of(Path())) == (2, "", [])
    assert "error" in ended.err.lower()


def test_a_long_value_is_not_repeated(init: Callable[..., Ended]) -> None:
    err = init("--account", "9" * 500).err
    assert "12 digits" in err
    assert "9" * 81 not in err
