from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from residency.rules.atlas_outdated import OLD_AFTER_DAYS
from residency.rules.texts import message
from tests.build import TODAY, a_copy, a_geography, a_store
from tests.rules.cases import NONE, NOWHERE, SPECIAL, changed, config_of, found, row

RULE = "atlas-outdated"
STORE = a_store("arn:aws:s3:::new", a_copy(NOWHERE))
LATER = TODAY + timedelta(days=OLD_AFTER_DAYS + 1)


@pytest.mark.parametrize("tags", [{"data": "personal"}, SPECIAL, {}], ids=["personal", "special-care", "unclassified"])
def test_an_old_atlas_is_named_for_a_place_that_it_does_not_hold(tmp_path: Path, tags: dict[str, str]) -> None:
    (finding,) = found(tmp_path, RULE, a_store("arn:aws:s3:::new", a_copy(NOWHERE), tags=tags), today=LATER)
    assert (row(finding), finding.subject.kind, finding.subject.id) == (("not-checked", "medium"), "atlas", NOWHERE)
    as_of = config_of().atlas.as_of
    assert message(finding, "en") == f"the atlas of {as_of} does not hold {NOWHERE}; stores there: 1"
    assert NOWHERE in message(finding, "ja")


def test_a_fresh_atlas_is_only_named_where_the_provider_itself_names_the_place(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, STORE) == []
    (finding,) = found(tmp_path, RULE, STORE, geographies=[a_geography(NOWHERE, "Türkiye")])
    assert message(finding, "en").endswith(f"does not hold {NOWHERE} (Türkiye); stores there: 1")
    assert finding.evidence == ("test:Listing Things[].Place: Türkiye", "arn:aws:s3:::new")


def test_an_old_atlas_is_good_enough_for_what_it_holds(tmp_path: Path) -> None:
    assert found(tmp_path, RULE, a_store(), today=LATER) == []


def test_what_no_store_of_ours_uses_concerns_nobody(tmp_path: Path) -> None:
    public = a_store("arn:aws:s3:::new", a_copy(NOWHERE), tags=NONE)
    assert found(tmp_path, RULE, public, today=LATER) == []


def test_a_row_of_the_config_closes_it(tmp_path: Path) -> None:
    files: Any = {
        "atlas__ours.csv": (
            "namespace,code,kind,parent,countries,members,operator,status,confidence,source,read_on,note\n"
            "aws,xx-nowhere-1,region,,JP,,aws,current,medium,a letter of the provider,2026-11-22,\n"
        )
    }
    assert found(tmp_path, RULE, STORE, today=LATER, **files) == []


def test_a_policy_may_change_the_severity_and_never_the_status(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, RULE, STORE, today=LATER, policy=changed(RULE, "warning"))
    assert row(finding) == ("not-checked", "low")
