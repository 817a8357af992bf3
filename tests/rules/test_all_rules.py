"""What is true of every rule, whatever it says."""

from __future__ import annotations

import re
import string
from pathlib import Path
from types import ModuleType

import pytest

import residency.rules
from residency.model import FindingStatus
from residency.rules import rules
from residency.rules.base import Texts

FOLDER = Path(residency.rules.__file__).parent
MODULES = pytest.mark.parametrize("module", rules().values(), ids=list(rules()))
TEXTS = ("title", "message", "fix", "clause")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_what_checks_or_concludes_is_a_rule(file: Path) -> None:
    """A module without `RULE` is shared by rules: one that only forgot it would never be asked."""
    asked = re.search(r"^def (check|conclude)\(", file.read_text("utf-8"), re.MULTILINE)
    assert not asked or file.stem.replace("_", "-") in rules(), f"{file.name} has no RULE: give it a head"


@MODULES
def test_a_rules_id_is_the_name_of_its_module(module: ModuleType) -> None:
    assert module.RULE.id == module.__name__.rpartition(".")[2].replace("_", "-")


@MODULES
def test_a_rule_has_a_test_file_of_the_same_name(module: ModuleType) -> None:
    test = f"test_{Path(module.__file__ or '').name}"
    assert Path(__file__).with_name(test).is_file(), f"write tests/rules/{test}: a case that fires, one that does not"


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


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
