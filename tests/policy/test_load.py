"""A config directory over the shipped defaults: what is taken over, what is refused, what is reported."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from residency.model import Place, Role
from residency.policy.load import Config, load_config
from residency.policy.models import Counting, DataClass
from residency.policy.reader import ConfigError
from residency.shipped import shipped_config
from tests.build import VENDOR_AWS, write_config

Write = Callable[..., Path]
POLICY = "version: 1\nkind: policy\nid: {id}\n"
SPECIAL = POLICY.format(id="a") + "applies_to: [{id: x}]\n"
TWO_SOURCES = "sources:\n  - {name: a, provider: aws}\n  - {name: a, provider: aws}\n"
OPERATORS = "version: 1\nkind: operators\noperators:\n"
OWN_OPERATOR = (
    '  - {id: us, names: {legal: "Example K.K."}, operating: {name: "Example K.K.", country: JP}, '
    "source: own, read_on: 2026-11-01, confidence: high}\n"
)
ATLAS = "namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note,reason\n"
APPROVED = (
    "match: {id: a}, reason: r, owner: a@example.jp, approved_by: b@example.jp, "
    "approved_on: 2026-11-01, expires: 2026-12-01"
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files of a config, by their names; the directory that holds them."""

    def write(**files: str | bytes) -> Path:
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("_csv", ".csv").replace("_yaml", ".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def mistakes_of(folder: Path) -> list[str]:
    """Every mistake of a config, without the name of its directory."""
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    return [line.removeprefix(f"{folder}/") for line in caught.value.lines()]


def test_an_empty_directory_is_the_shipped_default(tmp_path: Path) -> None:
    config, shipped = load_config(tmp_path), load_config(shipped_config())
    assert config.policies == shipped.policies
    assert config.policy.id == "personal-information-jp-us-eu"
    assert config.policy.location.allow == ("JP", "US", "EU")
    assert config.coverage.scope.required.holds == ("data", "logs", "secrets")
    assert (config.sources, config.classification.rules, config.exceptions.exceptions) == ((), (), ())
    assert config.owners.default is None
    assert config.vendors == {}
    assert config.operators["aws"].operating.country == "US"
    assert config.holds("aws.kms.key") == "keys"
    assert config.holds("nobody.heard.of") == "data"
    assert config.atlas.entries == shipped.atlas.entries
    assert config.replaced == []


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path / "none") == [
        f"{tmp_path}/none: is not a directory: write one with `residency init`, or name yours with --config"
    ]


def test_policy_yaml_is_read_over_the_shipped_one_key_by_key(write: Write) -> None:
    own = (
        POLICY.format(id="mine")
        + "location: {allow: [JP]}\ncopies: {cache: saved}\naccess_prevention: {min_grade: 1}\n"
    )
    policy, shipped = load_config(write(policy_yaml=own)).policy, load_config(shipped_config()).policy
    assert (policy.id, policy.location.allow, policy.access_prevention.min_grade) == ("mine", ("JP",), 1)
    assert policy.copies == {**shipped.copies, Role.CACHE: Counting.SAVED}
    assert policy.access_prevention.special_care == shipped.access_prevention.special_care
    assert (policy.jurisdictions, policy.vendors, policy.timezone) == (
        shipped.jurisdictions,
        shipped.vendors,
        "Asia/Tokyo",
    )
    assert policy.basis is None
    assert policy.title.en is None


def test_a_policy_must_have_an_id_of_its_own(write: Write) -> None:
    assert mistakes_of(write(policy_yaml="version: 1\nkind: policy\n")) == ["policy.yaml:1:1: the key `id` is missing"]


def test_coverage_is_read_over_the_shipped_one(write: Write) -> None:
    own = f"version: 1\nkind: coverage\naccept:\n  - {{id: CG-1, cause: {{status: denied}}, {APPROVED}}}\n"
    coverage = load_config(write(coverage_yaml=own)).coverage
    assert coverage.scope.required.holds == ("data", "logs", "secrets")
    assert [row.id for row in coverage.accept] == ["CG-1"]


def test_the_sha256_of_a_policy_is_that_of_the_bytes_of_its_file(write: Write, tmp_path: Path) -> None:
    shipped = hashlib.sha256((shipped_config() / "policy.yaml").read_bytes()).hexdigest()
    assert load_config(tmp_path).policy_sha256 == {"personal-information-jp-us-eu": shipped}
    main, game = POLICY.format(id="mine") + "# remark\n", POLICY.format(id="game") + "applies_to: [{account: 'x'}]\n"
    config = load_config(write(policy_yaml=main, policies__game_yaml=game))
    digests = {"mine": main, "game": game}
    assert config.policy_sha256 == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in digests.items()}


def test_the_sha256_of_the_config_changes_with_any_byte_of_any_file(write: Write) -> None:
    digests = [
        load_config(write(**files)).sha256
        for files in ({}, {"owners_yaml": "version: 1\nkind: owners\n"}, {"owners_yaml": "version: 1\nkind: owners\n#"})
    ]
    digests.append(load_config(write(vendors__evidence__paper="text")).sha256)
    assert len(set(digests)) == 4


def two_policies(write: Write) -> Config:
    game = POLICY.format(id="game") + "applies_to: [{account: '1*'}, {name: game-*}]\nlocation: {allow: [JP]}\n"
    bank = POLICY.format(id="bank") + "applies_to: [{account: '2*'}]\nlocation: {allow: [EU]}\n"
    return load_config(write(policies__game_yaml=game, policies__bank_yaml=bank))


@pytest.mark.parametrize(
    ("names", "policy"),
    [
        ({"account": "1", "name": "a"}, "game"),
        ({"account": "3", "name": "game-a"}, "game"),
        ({"account": "2", "name": "a"}, "bank"),
        ({"account": "3", "name": "a"}, "personal-information-jp-us-eu"),
        ({"account": None, "name": None}, "personal-information-jp-us-eu"),
    ],
)
def test_a_store_is_judged_by_the_policy_that_applies_to_it(
    write: Write, names: dict[str, str | None], policy: str
) -> None:
    assert two_policies(write).policy_for(names).id == policy


@pytest.mark.parametrize("name", ["arn:x", ["arn:x", "aws_s3_bucket.x"]])
def test_a_store_that_two_policies_match_is_a_mistake_that_names_both(write: Write, name: str | list[str]) -> None:
    config = two_policies(write)
    with pytest.raises(ConfigError, match="'arn:x' is claimed by two policies, bank and game"):
        config.policy_for({"id": name, "account": "2", "name": "game-a"})


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"policies__a_yaml": POLICY.format(id="a")}, "policies/a.yaml: `applies_to` is missing"),
        (
            {"policies__b_yaml": SPECIAL},
            "policies/b.yaml:3:5: the id 'a' is not the file's name: call the file a.yaml",
        ),
        (
            {"policies__a_yaml": SPECIAL, "policy_yaml": POLICY.format(id="a")},
            "policies: two policies have the id 'a'",
        ),
        (
            {"policy_yaml": SPECIAL},
            "policy.yaml: policy.yaml judges the rest: `applies_to` belongs in policies/",
        ),
    ],
)  # fmt: skip
def test_each_policy_has_an_id_and_a_domain_of_its_own(write: Write, files: dict[str, str], says: str) -> None:
    assert any(line.startswith(says) for line in mistakes_of(write(**files)))


@pytest.mark.parametrize("key", ["repo", "status", "call"])
def test_a_policy_that_can_match_no_store_is_refused_with_its_line(write: Write, key: str) -> None:
    text = POLICY.format(id="a") + f"applies_to:\n  - {{id: x}}\n  - {{name: y, {key}: '*'}}\n"
    (line,) = mistakes_of(write(policies__a_yaml=text))
    assert line.startswith("policies/a.yaml:6:")
    assert "no store has this key" in line
    assert key in line


@pytest.mark.parametrize(
    "name", ["policies.yaml", "policy.yml", "README.md", "countries.csv", "notes", "policies/a.yml", "atlas/a.yaml",
             "vendors/aws.csv", "vendors/a/b.yaml"],
)  # fmt: skip
def test_a_file_that_nobody_would_read_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("version: 1\n")
    (line,) = mistakes_of(tmp_path)
    assert line.startswith(name.removesuffix("/b.yaml") + ": ")


def test_hidden_files_and_evidence_may_lie_in_a_config(write: Write) -> None:
    folder = write(vendors__evidence__report="binary", **{".gitignore": "x", "vendors__.keep": ""})
    assert load_config(folder).vendors == {}


@pytest.mark.parametrize("name", ["policy.yaml", "exceptions.yaml", "operators.yaml", "kinds.csv", "places.csv"])
def test_a_file_that_is_there_and_cannot_be_read_is_no_absent_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "gone")
    assert any(line.startswith(f"{name}: cannot be read") for line in mistakes_of(tmp_path))
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert any(line.startswith(f"{name}: cannot be read") for line in mistakes_of(tmp_path))


def a_vendor(name: str, operates: str) -> str:
    return f"version: 1\nkind: vendor\nid: {name}\nstate: draft\noperates: [{operates}]\n"


def test_a_vendor_answers_for_the_operators_it_names(write: Write) -> None:
    config = load_config(write(vendors__amazon_yaml=a_vendor("amazon", "aws, aws-iso")))
    assert {name: vendor.id for name, vendor in config.vendor_of_operator.items()} == {
        "aws": "amazon",
        "aws-iso": "amazon",
    }


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"vendors__amazon_yaml": a_vendor("aws", "aws")},
            "vendors/amazon.yaml:3:5: the id 'aws' is not the file's name: call the file aws.yaml",
        ),
        (
            {"vendors__aws_yaml": a_vendor("aws", "aws, amazone")},
            "vendors/aws.yaml:5:17: 'amazone' is not in operators.yaml: add it there, with a source",
        ),
        (
            {"vendors__a_yaml": a_vendor("a", "aws"), "vendors__b_yaml": a_vendor("b", "aws-iso, aws")},
            "vendors/b.yaml:5:21: 'aws' is operated by 'a' already",
        ),
    ],
)
def test_every_operator_has_one_vendor_at_most(write: Write, files: dict[str, str], says: str) -> None:
    assert mistakes_of(write(**files)) == [says]


def test_a_vendor_record_moves_no_operator_to_another_country(write: Write) -> None:
    moved = VENDOR_AWS.replace("country: US", "country: JP")
    (line,) = mistakes_of(write(vendors__aws_yaml=moved))
    assert line.startswith("vendors/aws.yaml:9:")
    assert "the record says JP, operators.yaml says that 'aws' is run from US" in line
    row = OWN_OPERATOR.replace("id: us", "id: aws").replace("high}", "high, reason: we run it}")
    config = load_config(write(operators_yaml=OPERATORS + row))
    assert config.replaced == ["operator aws: we run it"]


def test_each_operator_of_a_vendor_is_run_from_the_country_of_its_record(write: Write) -> None:
    both = VENDOR_AWS.replace("operates: [aws]", "operates: [aws, aws-iso, aws-eusc]")
    (line,) = mistakes_of(write(vendors__aws_yaml=both))
    assert "the record says US, operators.yaml says that 'aws-eusc' is run from DE" in line


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        ("sources_yaml", f"kind: sources\n{TWO_SOURCES}", "5:12"),
        (
            "exceptions_yaml",
            f"kind: exceptions\nexceptions:\n  - {{id: E, rule: x, {APPROVED}}}\n  - {{rule: y, id: E, {APPROVED}}}\n",
            "5:19",
        ),
        (
            "coverage_yaml",
            f"kind: coverage\nscope:\n  out:\n    - {{id: C, {APPROVED}}}\n    - {{id: C, {APPROVED}}}\n",
            "6:12",
        ),
        (
            "coverage_yaml",
            f"kind: coverage\nscope: {{out: [{{id: C, {APPROVED}}}]}}\n"
            f"accept:\n  - {{id: C, cause: {{status: denied}}, {APPROVED}}}\n",
            "5:10",
        ),
    ],
)  # fmt: skip
def test_an_id_that_stands_twice_is_told_with_line_and_column(write: Write, name: str, text: str, place: str) -> None:
    (line,) = mistakes_of(write(**{name: f"version: 1\n{text}"}))
    assert line == f"{name.replace('_', '.')}:{place}: the same id stands twice: ids are unique"


def test_own_operators_are_added_to_the_shipped_ones(write: Write) -> None:
    config = load_config(write(operators_yaml=OPERATORS + OWN_OPERATOR))
    assert {"us", "aws"} <= set(config.operators)
    assert config.replaced == []


def test_an_operator_that_stands_twice_is_refused_even_with_a_reason(write: Write) -> None:
    row = OWN_OPERATOR.replace("confidence: high", "confidence: high, reason: because")
    assert mistakes_of(write(operators_yaml=OPERATORS + row + row)) == [
        "operators.yaml:5:10: the same id stands twice: ids are unique"
    ]


def test_a_shipped_operator_is_replaced_only_with_a_reason_that_is_reported(write: Write) -> None:
    row = OWN_OPERATOR.replace("id: us", "id: aws")
    assert mistakes_of(write(operators_yaml=OPERATORS + row)) == [
        "operators.yaml:4:10: 'aws' is shipped: give a `reason` to replace it"
    ]
    config = load_config(write(operators_yaml=OPERATORS + row.replace("high}", "high, reason: we run it}")))
    assert config.operators["aws"].operating.country == "JP"
    assert config.replaced == ["operator aws: we run it"]


@pytest.mark.parametrize(
    ("terraform", "says"),
    [
        ("aws: sinnet", "operators.yaml:5:18: the operator of the Terraform provider 'aws' is shipped"),
        ("own: nobody", "operators.yaml:5:18: 'nobody' is not in operators.yaml: add it there, with a source"),
        ("local: [random, aws]", "operators.yaml:5:29: 'aws' stands with the operator aws: it is not local"),
        ("builtin: [aws]", "operators.yaml:5:23: 'aws' stands with the operator aws: it is not local"),
    ],
)
def test_no_config_declares_a_shipped_provider_to_be_local_or_somebody_elses(
    write: Write, terraform: str, says: str
) -> None:
    (line,) = mistakes_of(write(operators_yaml=f"{OPERATORS}{OWN_OPERATOR}terraform: {{{terraform}}}\n"))
    assert line.startswith(says)


def test_a_config_says_which_of_its_own_providers_are_local(write: Write) -> None:
    text = f"{OPERATORS}{OWN_OPERATOR}terraform: {{mine: us, local: [ours]}}\n"
    config = load_config(write(operators_yaml=text))
    assert config.terraform_operators["mine"] == "us"
    assert "ours" in config.local_providers
    assert "aws" not in config.local_providers


def test_own_kinds_are_added_and_shipped_ones_replaced_only_with_a_reason(write: Write) -> None:
    text = "kind,holds,reason\nour.thing,config,\naws.ebs.volume,nothing,scratch only\n"
    config = load_config(write(kinds_csv=text))
    assert (config.holds("our.thing"), config.holds("aws.ebs.volume")) == ("config", "nothing")
    assert config.replaced == ["kind aws.ebs.volume: scratch only"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind,holds\na,data\naws.ebs.volume,nothing\n", "kinds.csv:3:1: 'aws.ebs.volume' is shipped: give a `reason`"),
        ("kind,holds\na,data\nb,everything\n", "kinds.csv:3:1: `holds` of 'b' must be one of data, logs, secrets"),
        ("kind,holds,reason\na,data,\na,nothing,x\n", "kinds.csv:3:1: the kind 'a' stands twice"),
        ("kind,holds\n,data\n", "kinds.csv:2:1: `holds` of '' must be one of"),
        ("kind,what\na,data\n", "kinds.csv:1:1: these columns are missing: holds"),
        ("kind,holds\na\n", "kinds.csv:2:1: the number of fields is not that of the header"),
        ("kind,holds\n日本,data\n".encode("shift_jis"), "kinds.csv: cannot be read: "),
        ("kind,holds\n" + "x" * 200_000 + ",data\n", "kinds.csv: cannot be read: "),
    ],
)
def test_a_row_of_kinds_that_cannot_be_used_is_told_with_its_line(write: Write, text: str | bytes, says: str) -> None:
    (line,) = mistakes_of(write(kinds_csv=text))
    assert line.startswith(says)


def an_atlas(*rows: str) -> str:
    return ATLAS + "\n".join(rows) + "\n"


def test_a_shipped_place_is_replaced_only_with_a_reason_that_is_reported(write: Write) -> None:
    row = "aws,eu-west-2,region,,IE,,aws,current,high,https://example.com,2026-11-01,note,"
    assert mistakes_of(write(atlas__own_csv=an_atlas(row))) == [
        "atlas/own.csv:2:1: aws:eu-west-2 is there already: give a `reason` to replace it"
    ]
    config = load_config(write(atlas__own_csv=an_atlas(row + "we asked")))
    assert config.atlas.find(Place.parse("aws:eu-west-2")).countries == ("IE",)
    assert config.replaced == ["location aws:eu-west-2: we asked"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x,a,region,,UK,,aws,current,high,s,2026-11-01,,", "'UK' is not an ISO 3166-1 country code"),
        ("x,a,region,,JP,,aws,current,high,,2026-11-01,,", "`source` is empty"),
        ("x,a,region,,JP,,aws,current,high,s,,,", "`read_on` is empty"),
        ("x,a,region,,JP,,aws,current,high,s,yesterday,,", "'yesterday' is not a day"),
        (",a,region,,JP,,aws,current,high,s,2026-11-01,,", "`namespace` is empty"),
        ("x,a,region,,,tokyo,aws,current,high,s,2026-11-01,,", "'tokyo' is not a location of the form NAMESPACE:CODE"),
        ("x,a,region", "the number of fields is not that of the header"),
    ],
)
def test_a_row_of_the_atlas_that_cannot_be_used_is_told_with_its_line(write: Write, row: str, says: str) -> None:
    first = "x,first,region,,JP,,aws,current,high,s,2026-11-01,,"
    (line,) = mistakes_of(write(atlas__own_csv=an_atlas(first, row)))
    assert line.startswith(f"atlas/own.csv:3:1: {says}")


def test_the_operator_of_a_place_must_be_known(write: Write) -> None:
    row = "x,a,region,,JP,,nobody,current,high,s,2026-11-01,,"
    assert mistakes_of(write(atlas__own_csv=an_atlas(row))) == [
        "atlas/own.csv:2:1: the operator 'nobody' is not in operators.yaml: add it there, with a source"
    ]


PLACES = "id,country,operator,name,source,read_on\n"


def test_own_sites_are_places_of_the_namespace_site(write: Write) -> None:
    config = load_config(
        write(
            places_csv=f"{PLACES}tokyo-1,JP,us,Tokyo,contract 7,2026-11-01\n", operators_yaml=OPERATORS + OWN_OPERATOR
        )
    )
    location = config.atlas.find(Place.parse("site:tokyo-1"))
    assert (location.countries, location.complete, location.operator) == (("JP",), True, "us")
    assert config.replaced == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PLACES + "a,UK,aws,n,s,2026-11-01\n", "places.csv:2:1: 'UK' is not an ISO 3166-1 country code"),
        (PLACES + "a,,aws,n,s,2026-11-01\n", "places.csv:2:1: '' is not an ISO 3166-1 country code"),
        (PLACES + "a,JP,aws,n,,2026-11-01\n", "places.csv:2:1: `source` is empty"),
        (PLACES + ",JP,aws,n,s,2026-11-01\n", "places.csv:2:1: `id` is empty"),
        (PLACES + "a,JP,,n,s,2026-11-01\n", "places.csv:2:1: `operator` is empty"),
        (PLACES + "a,JP,aws,n\n", "places.csv:2:1: the number of fields is not that of the header"),
        (PLACES + "a,JP,aws,n,s,2026-11-01\n" * 2, "places.csv:3:1: site:a is there already"),
        ("id,country\na,JP\n", "places.csv:1:1: these columns are missing: operator, name, source, read_on"),
    ],
)
def test_a_site_without_a_country_a_source_or_a_day_is_refused(write: Write, text: str, says: str) -> None:
    (line,) = mistakes_of(write(places_csv=text))
    assert line.startswith(says)


def test_all_mistakes_of_all_files_are_told_at_once(write: Write) -> None:
    lines = mistakes_of(
        write(
            policy_yaml=POLICY.format(id="a") + "locatoin: {}\n",
            sources_yaml="version: 1\nkind: sources\nsources: [{name: a, provider: aws, account: 123456789012}]\n",
            owners_yaml="version: 1\nkind: owner\n",
            kinds_csv="kind,holds\na,b\n",
        )
    )
    starts = ["policy.yaml:4:1: ", "sources.yaml:3:45: account: is a number", "owners.yaml:2:7: ", "kinds.csv:2:1: "]
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_classification_reads_classes_by_tag_and_by_rule(write: Write) -> None:
    text = (
        "version: 1\nkind: classification\ntag_keys: [data]\nvalues: {pii: personal, NO: none}\n"
        "rules: [{match: {id: 'arn:*'}, data_class: my-number}]\n"
    )
    classification = load_config(write(classification_yaml=text)).classification
    assert classification.values == {"pii": DataClass.PERSONAL, "NO": DataClass.NONE}
    assert classification.rules[0].data_class is DataClass.MY_NUMBER


CONTRACT_EXAMPLES = {
    "sources_yaml": """\
version: 1
kind: sources
sources:
  - {name: prod, provider: aws, account: "123456789012", role_arn: "arn:aws:iam::123456789012:role/residency-readonly", external_id: null, regions: all-enabled}
  - {name: org, provider: aws, organization: true, role_name: residency-readonly, exclude: {ou: [ou-sandbox]}}
  - {name: analytics, provider: gcp, scope: organizations/123}
  - {name: corp, provider: azure, management_group: corp}
  - {name: shibuya-dc, provider: netbox, url: "https://netbox.example.co.jp", token_env: NETBOX_TOKEN}
  - {name: colo, provider: file, file: datacentres.csv}
""",  # noqa: E501
    "classification_yaml": """\
version: 1
kind: classification
tag_keys: [data-classification, DataClass]
values: {confidential-pii: personal, public: none}
rules:
  - {match: {id: "arn:aws:s3:::user-*"}, data_class: personal, reason: "account exports with name and birth date", owner: data@example.co.jp, reviewed: 2026-10-01}
  - {match: {tag: "data-classification=public"}, data_class: none, reason: "published assets", owner: data@example.co.jp, reviewed: 2026-10-01}
""",  # noqa: E501
    "exceptions_yaml": """\
version: 1
kind: exceptions
exceptions:
  - {id: EX-2026-001, rule: copy-outside-territory, match: {id: "arn:aws:s3:::legacy-sg", role: primary}, basis: migration, reason: "migration to Tokyo under way",
     owner: team-a@example.co.jp, approved_by: dpo@example.co.jp, approved_on: 2026-11-01, expires: 2026-12-31, ticket: SEC-4411}
""",  # noqa: E501
    "coverage_yaml": """\
version: 1
kind: coverage
scope: {required: {holds: [data, logs, secrets]}, tracked: {holds: [code, keys, config], unfollowed: true}, out: [{id: OUT-1, match: {account: "210987654321"}, reason: "sandbox, wiped nightly", owner: cloud@example.co.jp, approved_by: dpo@example.co.jp, approved_on: 2026-11-01, expires: 2027-06-30}]}
accept:
  - {id: CG-2026-001, match: {provider: aws, region: "sa-east-1", status: guarded}, cause: {policy: p-1a2b3c4d, sha256: "…"}, reason: "region deny since 2023-04", owner: cloud@example.co.jp, approved_by: dpo@example.co.jp, approved_on: 2026-11-22, expires: 2027-11-21}
""",  # noqa: E501
}  # fmt: skip


def test_the_examples_of_the_contract_are_read_as_they_stand(write: Write) -> None:
    config = load_config(write(**CONTRACT_EXAMPLES))
    assert [source.name for source in config.sources] == ["prod", "org", "analytics", "corp", "shibuya-dc", "colo"]
    assert config.classification.values["confidential-pii"] is DataClass.PERSONAL
    assert config.exceptions.exceptions[0].ticket == "SEC-4411"
    assert [row.id for row in (*config.coverage.scope.out, *config.coverage.accept)] == ["OUT-1", "CG-2026-001"]


def test_an_exception_for_a_rule_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    text = (
        "version: 1\nkind: exceptions\nexceptions:\n"
        "  - id: EX-1\n    rule: copy-outside-teritory\n    match: {id: x}\n    reason: r\n    owner: a@example.com\n"
        "    approved_by: b@example.com\n    approved_on: 2026-11-01\n    expires: 2026-12-01\n"
    )
    config = load_config(write_config(tmp_path, exceptions=text))
    with pytest.raises(ConfigError) as error:
        config.check_rules(["copy-outside-territory", "coverage-gap"])
    (mistake,) = error.value.mistakes
    assert (mistake.line, mistake.column) == (5, 11)
    assert "did you mean 'copy-outside-territory'?" in mistake.text


PAPER = '[{type: doc, url: "https://example.com/measure", retrieved_on: 2026-11-01}]'
READ = "0c509ee4ebf13f597875d27572378b6fc76e75d0230d7cd914de8766fd5f46f6"  # sha256 of "as read\n"


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        ("path: evidence/kms.txt", None),
        (f'path: evidence/kms.txt, sha256: "{READ}"', None),
        (f'path: evidence/kms.txt, sha256: "sha256:{READ.upper()}"', None),
        ("path: evidence/gone.txt", "'evidence/gone.txt' is no file in vendors/"),
        ("path: evidence", "'evidence' is no file in vendors/"),
        ("path: ../policy.yaml", "'../policy.yaml' is no file in vendors/"),
        (f'path: evidence/kms.txt, sha256: "{READ[::-1]}"', "'evidence/kms.txt' is not the file that `sha256` names"),
    ],
)
def test_a_paper_that_is_named_as_a_file_is_there_and_is_the_one_that_was_read(
    tmp_path: Path, paper: str, says: str | None
) -> None:
    vendor = VENDOR_AWS.replace(PAPER, f"[{{type: doc, {paper}, retrieved_on: 2026-11-01}}]")
    assert vendor != VENDOR_AWS
    folder = write_config(tmp_path, vendors__aws=vendor)
    (folder / "vendors" / "evidence").mkdir()
    (folder / "vendors" / "evidence" / "kms.txt").write_text("as read\n", encoding="utf-8")
    if says is None:
        assert load_config(folder).vendors["aws"].technical_measures
        return
    with pytest.raises(ConfigError) as error:
        load_config(folder)
    (mistake,) = error.value.mistakes
    assert mistake.text.startswith(says)
    assert mistake.line == vendor[: vendor.index("{type")].count("\n") + 1
