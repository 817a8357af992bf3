from __future__ import annotations

from pathlib import Path

import pytest

from residency.model import Place
from residency.rules.texts import message
from tests.build import a_copy, a_geography, a_store
from tests.rules.cases import JP, NONE, NOWHERE, SPECIAL, US, changed, found, row

RULE = "atlas-contradicted"
HONG_KONG = "aws:ap-east-1"


@pytest.mark.parametrize("tags", [{"data": "personal"}, SPECIAL, {}], ids=["personal", "special-care", "unclassified"])
@pytest.mark.parametrize("words", ["TR", "Türkiye", "turkey"])
def test_a_provider_that_says_another_country_leaves_the_place_undecided(
    tmp_path: Path, words: str, tags: dict[str, str]
) -> None:
    (finding,) = found(tmp_path, RULE, a_store(tags=tags), geographies=[a_geography(JP, words)])
    assert (row(finding), finding.subject.kind, finding.subject.id) == (("not-checked", "medium"), "atlas", JP)
    assert message(finding, "en") == (
        f"the atlas has {JP} in Japan (JP), the provider itself says {words}; stores there: 1"
    )
    assert finding.evidence == (f"test:Listing Things[].Place: {words}", "arn:aws:s3:::one")


@pytest.mark.parametrize("words", ["JP", "Japan"])
def test_the_same_country_contradicts_nothing(tmp_path: Path, words: str) -> None:
    assert found(tmp_path, RULE, a_store(), geographies=[a_geography(JP, words)]) == []


@pytest.mark.parametrize("words", ["Neverland", "Oceania", "Japan, Singapore"])
def test_words_that_name_no_one_country_are_no_agreement(tmp_path: Path, words: str) -> None:
    assert found(tmp_path, RULE, a_store(), geographies=[a_geography(JP, words)])


def test_a_place_where_a_copy_may_stand_is_contradicted_too(tmp_path: Path) -> None:
    store = a_store("arn:aws:s3:::one", a_copy(None, candidates=(Place.parse(JP), Place.parse(US))))
    assert found(tmp_path, RULE, store, geographies=[a_geography(US, "SG")])


def test_what_no_store_of_ours_uses_concerns_nobody(tmp_path: Path) -> None:
    elsewhere = a_geography("aws:eu-west-1", "TR")
    assert found(tmp_path, RULE, a_store(), geographies=[elsewhere]) == []
    assert found(tmp_path, RULE, a_store(tags=NONE), geographies=[a_geography(JP, "TR")]) == []


def test_a_place_that_the_atlas_does_not_hold_is_not_contradicted(tmp_path: Path) -> None:
    assert (
        found(tmp_path, RULE, a_store("arn:aws:s3:::x", a_copy(NOWHERE)), geographies=[a_geography(NOWHERE, "TR")])
        == []
    )


@pytest.mark.parametrize(("words", "findings"), [("CN", 0), ("China", 0), ("Hong Kong", 0), ("JP", 1)])
def test_a_difference_that_the_atlas_knows_of_is_none(tmp_path: Path, words: str, findings: int) -> None:
    store = a_store("arn:aws:s3:::hk", a_copy(HONG_KONG))
    assert len(found(tmp_path, RULE, store, geographies=[a_geography(HONG_KONG, words)])) == findings


def test_several_stores_and_several_answers_are_one_finding_for_each_answer(tmp_path: Path) -> None:
    stores = [a_store(f"arn:aws:s3:::{n}") for n in range(12)]
    findings = found(tmp_path, RULE, *stores, geographies=[a_geography(JP, "TR"), a_geography(JP, "SG")])
    assert [finding.facts["words"] for finding in findings] == ["TR", "SG"]
    assert {finding.facts["stores"] for finding in findings} == {"12"}


def test_a_policy_may_change_the_severity_and_never_the_status(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, a_store(), geographies=[a_geography(JP, "TR")], policy=changed(RULE, "warning"))
    assert row(finding) == ("not-checked", "low")
