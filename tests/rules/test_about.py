from __future__ import annotations

from pathlib import Path

from residency.explain.store import finding_tree, look
from residency.model import Role, Severity
from residency.rules import rule_of
from residency.rules.about import about_copy, about_store
from tests.build import TODAY, a_copy, a_store, judge, save_run
from tests.rules.cases import JP, SG, config_of

ONE = "tf:prod/aws_s3_bucket.one"
RULE = rule_of("store-unclassified")


def test_a_finding_on_a_whole_store_is_about_all_of_its_copies(tmp_path: Path) -> None:
    run = save_run(tmp_path / "run.jsonl", a_store(ONE, a_copy(JP), a_copy(SG, Role.REPLICA), address="one"))
    store = judge(run, config_of())[0][ONE]
    finding = about_store(RULE, store, facts={"countries": "JP"}, word="three")
    assert (finding.subject.id, finding.subject.stack) == (ONE, "prod")
    assert (finding.subject.role, finding.subject.place) == (None, None)
    assert finding.facts == {"store": "one", "data_class": "personal", "countries": "JP", "word": "three"}
    each = [about_copy(RULE, store, copy) for copy in store.copies]
    assert finding.evidence == tuple(dict.fromkeys(line for one in each for line in one.evidence))

    chain = finding_tree(finding, look(ONE, run, config_of(), TODAY), run, TODAY)
    assert [copy["role"] for copy in chain["copies"]] == ["primary", "replica"]
    chain = finding_tree(each[1], look(ONE, run, config_of(), TODAY), run, TODAY)
    assert [copy["role"] for copy in chain["copies"]] == ["replica"]


def test_a_row_is_told_with_the_severity_of_the_data(tmp_path: Path) -> None:
    stores = [a_store(f"arn:aws:s3:::{data}", tags={"data": data}) for data in ("personal", "special")]
    judged, _ = judge(save_run(tmp_path / "run.jsonl", *stores), config_of())
    found = [about_store(RULE, one, row=(RULE.status, Severity.LOW, Severity.HIGH)) for one in judged.values()]
    assert [finding.severity for finding in found] == [Severity.LOW, Severity.HIGH]
