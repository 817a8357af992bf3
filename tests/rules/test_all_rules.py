"""What is true of every rule, whatever it says."""

from __future__ import annotations

import string
from pathlib import Path
from types import ModuleType

import pytest

import residency.rules
from residency.model import FindingStatus
from residency.rules import rules
from residency.rules.base import Texts

# The ids of the issue. A new rule is added here, to contract and docs, and gets a test of its own.
IDS = [
    "access-prevention-not-in-effect",
    "access-prevention-undocumented",
    "atlas-contradicted",
    "atlas-outdated",
    "copies-not-followed",
    "copy-outside-territory",
    "copy-place-unbounded",
    "copy-place-unknown",
    "copy-shared-outside",
    "coverage-gap",
    "exception-expired",
    "exception-unused",
    "key-outside-territory",
    "operator-not-permitted",
    "operator-not-registered",
    "store-unclassified",
]
MODULES = pytest.mark.parametrize("module", rules().values(), ids=list(rules()))
TEXTS = ("title", "message", "fix", "clause")


def test_the_rules_are_those_of_the_issue() -> None:
    assert sorted(rules()) == IDS


@MODULES
def test_a_rules_id_is_the_name_of_its_module(module: ModuleType) -> None:
    assert module.RULE.id == module.__name__.rpartition(".")[2].replace("_", "-")


@MODULES
def test_a_rule_has_a_test_file_of_the_same_name(module: ModuleType) -> None:
    assert (Path(__file__).parent / f"test_{Path(module.__file__ or '').name}").is_file()


@MODULES
def test_a_rule_checks_stores_or_concludes(module: ModuleType) -> None:
    assert callable(getattr(module, "check", None)) or callable(getattr(module, "conclude", None))


@MODULES
@pytest.mark.parametrize("name", TEXTS)
def test_a_rule_has_every_text_in_both_languages(module: ModuleType, name: str) -> None:
    texts: Texts = getattr(module.RULE, name)
    assert texts.en.strip()
    assert texts.en.isascii() or name == "message"
    assert any("\u3040" <= char <= "\u9fff" for char in texts.ja)
    assert texts.ja != texts.en


@MODULES
@pytest.mark.parametrize("name", TEXTS)
def test_both_languages_tell_the_same_facts(module: ModuleType, name: str) -> None:
    texts: Texts = getattr(module.RULE, name)
    assert _fields(texts.en) == _fields(texts.ja)


@MODULES
def test_a_rule_names_the_source_of_its_clause(module: ModuleType) -> None:
    assert len(module.RULE.source) > 10


@MODULES
def test_a_rule_ships_with_a_status_that_no_approval_gave(module: ModuleType) -> None:
    assert module.RULE.status is not FindingStatus.EXCEPTED


@MODULES
def test_special_care_data_are_never_judged_more_mildly(module: ModuleType) -> None:
    assert module.RULE.special.rank <= module.RULE.personal.rank


@MODULES
def test_a_rule_is_pure(module: ModuleType) -> None:
    """No clock, no network, no file: it imports nothing that has them."""
    source = Path(module.__file__ or "").read_text(encoding="utf-8")
    imports = [line.split()[1] for line in source.splitlines() if line.startswith(("from ", "import "))]
    allowed = ("__future__", "collections.abc", "dataclasses", "datetime", "residency.")
    assert [name for name in imports if not name.startswith(allowed)] == []
    assert ".now(" not in source
    assert ".today(" not in source


def test_every_module_of_the_package_is_a_rule_or_shared_by_rules() -> None:
    folder = Path(residency.rules.__file__).parent
    shared = {"__init__", "about", "base", "papers", "places", "sources", "texts"}
    names = {path.stem for path in folder.glob("*.py")} - shared
    assert {name.replace("_", "-") for name in names} == set(IDS)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
